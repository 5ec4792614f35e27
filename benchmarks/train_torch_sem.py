"""Train the transformer with attention as a small empathetic model and print its accuracy.

    python benchmarks/train_torch_sem.py FOLDER WEIGHTS.pt

FOLDER holds turns_train.jsonl.gz, turns_valid.jsonl.gz and turns_test.jsonl.gz of EmpatheticDialogues, one
listener turn a line: {id, emotion, situation, context: [...]}. Each pass reads one context of every train
dialogue, drawn anew, and its situation. The valid split sets the temperature; the test split is only scored.
Needs torch, on one CPU core or more. The same seed, torch and number of threads give the same weights.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from train_sem import labels, read

from judge.generators.sem.accuracy import top_k_accuracy
from judge.generators.sem.torch_sem import WORD_BITS, Encoded, Encoding, Shape, TorchSEM, batch, network
from judge.hashed import Hasher, inverse_frequency, tokens

TABLE_RATE = 4.0
"""The table learns this much faster: a bucket is met in few batches."""


def word_idf(rows: list[dict]) -> np.ndarray:
    hasher = Hasher(WORD_BITS, words=(1,), characters=(1, 0))
    counts = hasher([tokens(" ".join(row["context"])) for row in rows])
    return inverse_frequency(counts, hasher.buckets, at_least=0)


def passes(rows: list[dict], rng: np.random.Generator, n: int) -> list[np.ndarray]:
    """Return for each pass the texts it reads: one context of each dialogue, and all situations."""
    dialogues: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        dialogues.setdefault(row["id"], []).append(i)
    groups = [np.array(group) for group in dialogues.values()]
    situations = len(rows) + np.arange(len(groups))
    drawn = [[int(rng.choice(group)) for group in groups] for _ in range(n)]
    return [np.concatenate([contexts, situations]) for contexts in drawn]


def batches(encoded: Encoded, texts: np.ndarray, size: int, rng: np.random.Generator) -> list[list[int]]:
    """Return batches of texts of about the same length, in random order."""
    length = np.array([len(encoded.tokens[i]) for i in texts])
    order = texts[np.lexsort((rng.random(len(texts)), length))]
    found = [order[i : i + size].tolist() for i in range(0, len(order), size)]
    return [found[i] for i in rng.permutation(len(found))]


def optimisers(net: torch.nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Return one for the table of buckets, of which a batch touches few rows, and one for the rest."""
    rest = [p for name, p in net.named_parameters() if name != "words.weight"]
    table = torch.optim.SparseAdam([net.words.weight], lr=rate)
    return [table, torch.optim.AdamW(rest, lr=rate, weight_decay=0.01)]


def fit(
    net: torch.nn.Module, encoded: Encoded, y: np.ndarray, plan: list[list[int]], args: argparse.Namespace
) -> None:
    """Read the batches once, with a rate that rises over a twentieth of them and then falls to 0."""
    net.words.sparse = True
    net.train()
    steps, target = optimisers(net, args.rate), torch.from_numpy(y)
    generator = torch.Generator().manual_seed(args.seed)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    started, seen = time.perf_counter(), []
    for i, rows in enumerate(plan):
        rate = args.rate * min((i + 1) / (0.05 * len(plan)), (len(plan) - i) / (0.95 * len(plan)), 1.0)
        for step, times in zip(steps, (TABLE_RATE, 1.0), strict=True):
            step.param_groups[0]["lr"] = times * rate
        column, starts, number, turn, there = batch(encoded, rows)
        kept = torch.rand(there.shape, generator=generator) >= args.unseen
        kept[:, 0] = True
        loss = loss_of(net(column, starts, number, turn, there & kept)[0], target[rows])
        for step in steps:
            step.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in net.parameters() if p is not net.words.weight], 1.0)
        for step in steps:
            step.step()
        seen.append(loss.item())
        if i % 100 == 99:
            spent = time.perf_counter() - started
            print(f"{i + 1}/{len(plan)}: loss {np.mean(seen[-100:]):.3f}, {spent:.0f} s", flush=True)
    net.words.sparse = False


def temperature(net: torch.nn.Module, model: TorchSEM, rows: list[dict]) -> float:
    """Scale the logits by the number that gives the best log loss on the rows; return it."""
    p, y = np.log(np.maximum(model.predict([row["context"] for row in rows]), 1e-12)), labels(rows)
    tried = np.arange(0.5, 2.01, 0.02)
    losses = [log_loss(np.exp(p * t) / np.exp(p * t).sum(axis=1, keepdims=True), y) for t in tried]
    best = float(tried[int(np.argmin(losses))])
    with torch.no_grad():
        net.out.weight *= best
        net.out.bias *= best
    return best


def log_loss(p: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(np.maximum(1e-12, p[np.arange(len(y)), y])).mean())


def score(model: TorchSEM, name: str, rows: list[dict]) -> None:
    start, y = time.perf_counter(), labels(rows)
    p = model.predict([row["context"] for row in rows])
    seconds = time.perf_counter() - start
    found = top_k_accuracy(p, [row["emotion"] for row in rows])
    cells = " | ".join(f"{100 * result.accuracy:.2f}" for result in found)
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    bins = np.array_split(np.argsort(confidence, kind="stable"), 10)
    ece = np.mean([abs(confidence[b].mean() - right[b].mean()) for b in bins])
    print(f"| {name} | {len(rows)} | {cells} | {log_loss(p, y):.3f} | {ece:.3f} | {seconds:.1f} s |")


def train(rows: list[dict], shape: Shape, args: argparse.Namespace) -> TorchSEM:
    """Train on the rows of the train split."""
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    firsts = list({row["id"]: row for row in rows}.values())
    encoding = Encoding(shape)
    encoded = encoding([*(row["context"] for row in rows), *([row["situation"]] for row in firsts)])
    y = np.concatenate([labels(rows), labels(firsts)])
    net = network(shape, encoding.buckets)
    plan = [b for texts in passes(rows, rng, args.passes) for b in batches(encoded, texts, args.batch, rng)]
    fit(net, encoded, y, plan, args)
    about = {
        "seed": args.seed,
        "passes": args.passes,
        "rate": args.rate,
        "batch": args.batch,
        "unseen": args.unseen,
        "torch": str(torch.__version__),
        "texts": len(y),
    }
    return TorchSEM(net, shape, word_idf(rows), about)


def options(argv: list[str]) -> argparse.Namespace:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--passes", type=int, default=6)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--unseen", type=float, default=0.15, help="share of the words hidden while training")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    args = options(argv)
    torch.set_num_threads(args.threads)
    shape = Shape(width=args.width, layers=args.layers, inner=2 * args.width, dropout=args.dropout)
    start = time.perf_counter()
    rows, valid, test = (read(args.folder / f"turns_{s}.jsonl.gz") for s in ("train", "valid", "test"))
    model = train(rows, shape, args)
    print(f"logits x {temperature(model.net, model, valid):.2f} for the log loss on the valid split")
    model.save(args.target)
    print("| split | turns | top 1 | top 3 | top 10 | top 20 | log loss | calibration error | time |")
    print("|---|---|---|---|---|---|---|---|---|")
    score(model, "valid", valid)
    score(model, "test", test)
    size, seconds = args.target.stat().st_size / 1e6, time.perf_counter() - start
    print(f"{size:.1f} MB, {seconds:.0f} s ({time.process_time():.0f} s of CPU)")


if __name__ == "__main__":
    main(sys.argv[1:])
