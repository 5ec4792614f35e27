"""Train the embedded EPITOME judge and print its cross-validated scores.

    python benchmarks/train_epitome.py DATA.jsonl.gz                 # scores, then the weights
    python benchmarks/train_epitome.py DATA.jsonl.gz --no-cv         # weights only
    python benchmarks/train_epitome.py DATA.jsonl.gz --out-of-fold OOF.jsonl   # keep the held-out predictions

DATA has one pair a line: {sp_id, rp_id, seeker_post, response_post, levels: {ER, IP, EX}, rationales: {...}}
(the Reddit part of Sharma et al. 2020). Needs scikit-learn; the package itself does not. Same data, seed
and library versions give the same digest.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from judge.hashed import Hasher, Sparse, inverse_frequency, tfidf, tokens
from judge.providers.embedded.features import BITS, counts, sentences
from judge.providers.embedded.model import EpitomeModel, Weights, ordinal, stacked

SHORT = ("ER", "IP", "EX")
TARGET = Path(__file__).parents[1] / "judge" / "providers" / "embedded" / "epitome.npz"
C_TEXT, C_STACK = 4.0, 0.1
GRID = np.exp(np.linspace(-1.5, 4.0, 23))


@dataclass
class Corpus:
    """All pairs, encoded once. A fold is a list of pair numbers."""

    rows: list[dict]
    whole: list[list[str]]
    sentence: list[list[str]]
    owner: np.ndarray
    per_text: np.ndarray
    counted: np.ndarray
    levels: np.ndarray  # (n, 3)
    sentence_levels: np.ndarray  # (number of sentences, 3)
    group: np.ndarray

    @classmethod
    def read(cls, path: Path) -> Corpus:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            rows = [json.loads(line) for line in stream]
        split = [sentences(row["response_post"]) for row in rows]
        per_text = np.array([len(parts) for parts in split])
        return cls(
            rows=rows,
            whole=[[w for part in parts for w in part] for parts in split],
            sentence=[part for parts in split for part in parts],
            owner=np.repeat(np.arange(len(rows)), per_text),
            per_text=per_text,
            counted=np.array([counts(tokens(r["seeker_post"]), p) for r, p in zip(rows, split, strict=True)]),
            levels=np.array([[row["levels"][m] for m in SHORT] for row in rows]),
            sentence_levels=np.array(
                [label(row, part) for row, parts in zip(rows, split, strict=True) for part in parts]
            ),
            group=np.array([row["sp_id"] for row in rows]),
        )


def label(row: dict, part: list[str]) -> list[int]:
    """Give a sentence the level of the pair where at least half of it lies in the annotators' rationale."""
    mine = pairs(part)
    found = []
    for m in SHORT:
        theirs = [pairs(tokens(text)) for text in row["rationales"][m]]
        hit = any(t and len(mine & t) >= 0.5 * min(len(mine), len(t)) for t in theirs)
        found.append(row["levels"][m] if hit else 0)
    return found


def pairs(words: list[str]) -> set:
    return set(pairwise(words)) or set(words)


def logistic(x, y, c: float) -> tuple[np.ndarray, float]:
    model = LogisticRegression(C=c, solver="liblinear", max_iter=200, random_state=0).fit(x, y)
    return model.coef_[0], float(model.intercept_[0])


def two_steps(x, y, c: float) -> tuple[np.ndarray, np.ndarray]:
    """Fit "at least 1" on all and "2" among those; return (features, 2) and (2,)."""
    some, some_bias = logistic(x, y > 0, c)
    strong, strong_bias = logistic(x[y > 0], y[y > 0] > 1, c)
    return np.stack([some, strong], axis=1), np.array([some_bias, strong_bias])


def matrix(texts: list[list[str]], idf: np.ndarray) -> sp.csr_matrix:
    found: Sparse = tfidf(Hasher(BITS)(texts), idf)
    return sp.csr_matrix((found.value, (found.row, found.column)), shape=(found.n, len(idf)))


def first_level(x: sp.csr_matrix, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (buckets, 6) and offsets (6,); empty columns are left out of the fitting."""
    used = np.flatnonzero(x.getnnz(axis=0))
    packed, weights, bias = x[:, used], np.zeros((x.shape[1], 6)), np.zeros(6)
    for m in range(3):
        weights[used, 2 * m : 2 * m + 2], bias[2 * m : 2 * m + 2] = two_steps(packed, y[:, m], C_TEXT)
    return weights, bias


def folds(corpus: Corpus, index: np.ndarray, m: int, seed: int, k: int = 5):
    split = StratifiedGroupKFold(k, shuffle=True, random_state=seed)
    for a, b in split.split(index, corpus.levels[index, m], corpus.group[index]):
        yield index[a], index[b]


def macro_f1(truth: np.ndarray, said: np.ndarray) -> float:
    table = np.bincount(truth * 3 + said, minlength=9).reshape(3, 3)
    return float(np.mean(2 * np.diag(table) / np.maximum(1, table.sum(0) + table.sum(1))))


def tune(p: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the level weights (1, a, b) of the grid with the best macro-F1."""
    best = max(
        (macro_f1(truth, (p * [1, a, b]).argmax(1)), -abs(np.log(a)), a, b) for a in GRID for b in GRID
    )
    return np.array([1.0, best[2], best[3]])


def train(corpus: Corpus, index: np.ndarray, seed: int) -> Weights:
    """Train on the pairs of `index` alone; the last step sees only held-out readings of the first."""
    idf = inverse_frequency(Hasher(BITS)([corpus.whole[i] for i in index]), 2 << BITS)
    whole, sentence = matrix(corpus.whole, idf), matrix(corpus.sentence, idf)
    read_whole, read_sentence = np.zeros((whole.shape[0], 6)), np.zeros((sentence.shape[0], 6))
    for a, b in folds(corpus, index, 1, seed):
        w, bias = first_level(whole[a], corpus.levels[a])
        read_whole[b] = whole[b] @ w + bias
        mine, held = np.isin(corpus.owner, a), np.isin(corpus.owner, b)
        w, bias = first_level(sentence[mine], corpus.sentence_levels[mine])
        read_sentence[held] = sentence[held] @ w + bias
    features = stacked(read_whole, read_sentence, corpus.per_text, corpus.counted)
    stack, stack_bias, decision = last_step(corpus, index, features, seed)
    mine = np.isin(corpus.owner, index)
    w, bias = first_level(whole[index], corpus.levels[index])
    ws, bias_s = first_level(sentence[mine], corpus.sentence_levels[mine])
    (q, scale), (qs, scale_s) = quantised(w), quantised(ws)
    f32 = np.float32
    return Weights(
        idf, q, scale, bias.astype(f32), qs, scale_s, bias_s.astype(f32),
        stack.astype(f32), stack_bias.astype(f32), decision.astype(f32),
    )  # fmt: skip


def last_step(corpus: Corpus, index: np.ndarray, features: np.ndarray, seed: int):
    stack, offsets, decision = [], [], []
    for m in range(3):
        held = np.zeros((len(corpus.rows), 3))
        for a, b in folds(corpus, index, m, seed + 1):
            w, bias = standardised(features[a, m], corpus.levels[a, m])
            held[b] = ordinal(features[b, m] @ w + bias)
        decision.append(tune(held[index], corpus.levels[index, m]))
        w, bias = standardised(features[index, m], corpus.levels[index, m])
        stack.append(w.T)
        offsets.append(bias)
    return np.concatenate(stack), np.concatenate(offsets), np.array(decision)


def standardised(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, sd = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    w, bias = two_steps((x - mean) / sd, y, C_STACK)
    w = w / sd[:, None]
    return w, bias - mean @ w


def quantised(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = np.abs(w).max(axis=0) / 127.0
    return np.rint(w / scale).astype(np.int8), scale.astype(np.float32)


def predict(model: EpitomeModel, corpus: Corpus, index: np.ndarray):
    chosen = [corpus.rows[i] for i in index]
    return model.predict([r["seeker_post"] for r in chosen], [r["response_post"] for r in chosen])


def cross_validate(corpus: Corpus, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return held-out probabilities (n, 3, 3) and levels (n, 3) of the whole procedure, tuning included."""
    n = len(corpus.rows)
    p, levels = np.zeros((n, 3, 3)), np.zeros((n, 3), int)
    for a, b in folds(corpus, np.arange(n), 1, 100 + seed):
        done = predict(EpitomeModel(train(corpus, a, seed)), corpus, b)
        p[b], levels[b] = done.probabilities, done.levels
    return p, levels


def show(corpus: Corpus, p: np.ndarray, levels: np.ndarray) -> None:
    print("| mechanism | accuracy | macro-F1 | F1 none | F1 weak | F1 strong | log loss | base | ECE |")
    print("|---|---|---|---|---|---|---|---|---|")
    for m, name in enumerate(SHORT):
        truth, said = corpus.levels[:, m], levels[:, m]
        table = np.bincount(truth * 3 + said, minlength=9).reshape(3, 3)
        f1 = 2 * np.diag(table) / (table.sum(0) + table.sum(1))
        share = np.bincount(truth) / len(truth)
        loss = -np.log(np.maximum(1e-9, p[np.arange(len(truth)), m, truth])).mean()
        cells = [(truth == said).mean(), f1.mean(), *f1, loss, -(share * np.log(share)).sum()]
        cells.append(calibration_error(p[:, m], truth))
        print(f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")


def calibration_error(p: np.ndarray, truth: np.ndarray) -> float:
    """Return |expected level - mean observed level|, averaged over ten equal-sized bins, in levels."""
    expected = p @ np.arange(3)
    bins = np.array_split(np.argsort(expected, kind="stable"), 10)
    return float(np.mean([abs(expected[b].mean() - truth[b].mean()) for b in bins]))


def keep(corpus: Corpus, p: np.ndarray, levels: np.ndarray, path: Path) -> None:
    with path.open("w", encoding="utf-8") as stream:
        for row, probability, level in zip(corpus.rows, p, levels, strict=True):
            kept = {"sp_id": row["sp_id"], "rp_id": row["rp_id"], "levels": level.tolist()}
            stream.write(
                json.dumps({**kept, "expected": (probability @ np.arange(3)).round(4).tolist()}) + "\n"
            )


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--no-cv", action="store_true")
    parser.add_argument("--out-of-fold", type=Path)
    args = parser.parse_args(argv)
    start, corpus = time.perf_counter(), Corpus.read(args.data)
    if not args.no_cv:
        p, levels = cross_validate(corpus, args.seed)
        show(corpus, p, levels)
        if args.out_of_fold:
            keep(corpus, p, levels, args.out_of_fold)
    weights = train(corpus, np.arange(len(corpus.rows)), args.seed)
    np.savez_compressed(args.target, **{f.name: getattr(weights, f.name) for f in fields(weights)})
    size = args.target.stat().st_size / 1e6
    print(f"digest {weights.digest()}, {size:.2f} MB, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
