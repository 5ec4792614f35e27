"""Train the embedded small empathetic model and print its accuracy.

    python benchmarks/train_sem.py FOLDER

FOLDER holds turns_train.jsonl.gz, turns_valid.jsonl.gz and turns_test.jsonl.gz of EmpatheticDialogues, one
listener turn a line: {id, emotion, situation, context: [...]}. Trained on the contexts of the train split
and, as further texts, on the situations of the train split. The valid split sets the temperature and was
used to choose the settings; the test split is only scored. Needs scipy. Same data and library versions give
the same digest.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize, minimize_scalar

from judge.generators.sem.accuracy import top_k_accuracy
from judge.generators.sem.linear import LinearSEM, Weights, hasher, word_hasher
from judge.hashed import Sparse, inverse_frequency, tfidf, tokens
from judge.types import EMOTIONS

TARGET = Path(__file__).parents[1] / "generators" / "sem" / "linear.npz"
RIDGE, STEPS = 2.0, 50
COLUMN = {label: i for i, label in enumerate(EMOTIONS)}


def read(path: Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def labels(rows: list[dict]) -> np.ndarray:
    return np.array([COLUMN[row["emotion"]] for row in rows])


def matrix(sparse: Sparse, columns: int) -> sp.csr_matrix:
    value = sparse.value.astype(np.float32)
    return sp.csr_matrix((value, (sparse.row, sparse.column)), shape=(sparse.n, columns))


def softmax_regression(x: sp.csr_matrix, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (columns, 32) and offsets (32,) of the ridge-penalised fit; L-BFGS, stopped early."""
    n, d, k = *x.shape, len(EMOTIONS)
    transposed, hot = x.T.tocsr(), np.zeros((n, k), np.float32)
    hot[np.arange(n), y] = 1.0

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w, bias = flat[:-k].reshape(d, k), flat[-k:]
        logits = x @ w.astype(np.float32) + bias.astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        total = p.sum(axis=1, keepdims=True)
        value = -(logits[np.arange(n), y] - np.log(total[:, 0])).sum() + 0.5 * RIDGE * (w**2).sum()
        p /= total
        p -= hot
        gradient = (transposed @ p).astype(float) + RIDGE * w
        return float(value), np.concatenate([gradient.ravel(), p.sum(axis=0, dtype=float)])

    options = {"maxiter": STEPS, "maxcor": 6}
    found = minimize(loss, np.zeros(d * k + k), jac=True, method="L-BFGS-B", options=options).x
    return found[:-k].reshape(d, k), found[-k:]


def train(rows: list[dict]) -> Weights:
    contexts, encode, size = [tokens(" ".join(row["context"])) for row in rows], hasher(), hasher().buckets
    counts = encode(contexts)
    idf = inverse_frequency(counts, size)
    word_idf = inverse_frequency(word_hasher()(contexts), word_hasher().buckets, at_least=0)
    firsts = list({row["id"]: row for row in reversed(rows)}.values())
    situations = matrix(tfidf(encode([tokens(row["situation"]) for row in firsts]), idf), size)
    x = sp.vstack([matrix(tfidf(counts, idf), size), situations]).tocsr()
    y = np.concatenate([labels(rows), labels(firsts)])
    used = np.flatnonzero(idf)
    table, bias = np.zeros((size, len(EMOTIONS))), np.zeros(len(EMOTIONS))
    table[used], bias = softmax_regression(x[:, used], y)
    scale = np.abs(table).max(axis=0) / 127.0
    quantised = np.rint(table / scale).astype(np.int8)
    return Weights(idf, quantised, scale.astype(np.float32), bias.astype(np.float32), word_idf)


def log_loss(p: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(np.maximum(1e-12, p[np.arange(len(y)), y])).mean())


def sharpened(weights: Weights, rows: list[dict]) -> Weights:
    """Scale the logits by the one number that gives the best log loss on the rows."""
    p, y = np.log(LinearSEM(weights).predict([row["context"] for row in rows])), labels(rows)

    def at(temperature: float) -> float:
        q = np.exp(p * temperature)
        return log_loss(q / q.sum(axis=1, keepdims=True), y)

    best = np.float32(round(minimize_scalar(at, bounds=(0.5, 2.0), method="bounded").x, 3))
    print(f"logits x {best} for the log loss on the valid split")
    return replace(weights, scale=weights.scale * best, bias=weights.bias * best)


def score(model: LinearSEM, name: str, rows: list[dict]) -> None:
    start, y = time.perf_counter(), labels(rows)
    p = model.predict([row["context"] for row in rows])
    seconds = time.perf_counter() - start
    found = top_k_accuracy(p, [row["emotion"] for row in rows])
    cells = " | ".join(f"{100 * result.accuracy:.2f}" for result in found)
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    bins = np.array_split(np.argsort(confidence, kind="stable"), 10)
    ece = np.mean([abs(confidence[b].mean() - right[b].mean()) for b in bins])
    print(f"| {name} | {len(rows)} | {cells} | {log_loss(p, y):.3f} | {ece:.3f} | {seconds:.1f} s |")


def main(argv: list[str]) -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--target", type=Path, default=TARGET)
    args = parser.parse_args(argv)
    start = time.perf_counter()
    train_rows, valid, test = (read(args.folder / f"turns_{s}.jsonl.gz") for s in ("train", "valid", "test"))
    weights = sharpened(train(train_rows), valid)
    np.savez_compressed(args.target, **{f.name: getattr(weights, f.name) for f in fields(weights)})
    model = LinearSEM(weights)
    print("| split | turns | top 1 | top 3 | top 10 | top 20 | log loss | calibration error | time |")
    print("|---|---|---|---|---|---|---|---|---|")
    score(model, "valid", valid)
    score(model, "test", test)
    size, seconds = args.target.stat().st_size / 1e6, time.perf_counter() - start
    print(f"digest {model.digest}, {size:.2f} MB, {seconds:.0f} s ({time.process_time():.0f} s of CPU)")


if __name__ == "__main__":
    main(sys.argv[1:])
