"""Measure how long neighbours take, and how much memory.

python benchmarks/retrieval.py dense [CANDIDATES] [DIMENSIONS] [QUERIES]     random vectors
python benchmarks/retrieval.py tfidf TRAIN.jsonl TEST.jsonl                  tables of dialogues
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

from judge.generators.embeddings import DenseIndex


def dense(candidates: int = 1_000_000, dimensions: int = 64, queries: int = 200) -> None:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((candidates, dimensions), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    asked = rng.standard_normal((queries, dimensions), dtype=np.float32)
    index = DenseIndex(rows, lambda texts: asked[: len(texts)], "random")
    before = memory()
    start = time.perf_counter()
    found = index.nearest([""] * queries, 5)
    spent = time.perf_counter() - start
    exact = np.argsort(-(asked[:3] / np.linalg.norm(asked[:3], axis=1, keepdims=True) @ rows.T), axis=1)[
        :, :5
    ]
    assert (found.indices[:3] == exact).all()
    print(f"dense: {candidates:,} x {dimensions}, {queries} queries: {spent:.1f} s, peak {memory():.0f} MB")
    print(f"       {before:.0f} MB before the search")


def tfidf(train: Path, test: Path) -> None:
    from judge.generators.exemplars import make_pool
    from judge.tables import read_dialogues

    start = time.perf_counter()
    pool = make_pool(read_dialogues(train))
    asked = read_dialogues(test)
    read = time.perf_counter() - start
    found = pool.nearest_many(asked, 5)
    spent = time.perf_counter() - start - read
    top = np.mean([row[0].emotion == d.emotion for row, d in zip(found, asked, strict=True)])
    any5 = np.mean([any(n.emotion == d.emotion for n in row) for row, d in zip(found, asked, strict=True)])
    print(f"tfidf: {len(pool.candidates):,} candidates, {len(asked):,} queries: {spent:.1f} s")
    print(f"       reading the tables {read:.1f} s")
    print(f"       peak {memory():.0f} MB; the gold emotion has the top 1 {top:.3f}, any of 5 {any5:.3f}")


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "dense":
        dense(*(int(value) for value in rest))
    else:
        tfidf(*(Path(value) for value in rest))
