"""Measure how long the prompts of all strategies take: 5,255 dialogues by eight strategies.

python benchmarks/prompts.py TEST.jsonl TRAIN.jsonl
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from judge.generators import Ask, Resources, get_strategy
from judge.generators.exemplars import make_pool
from judge.generators.knowledge import Precomputed
from judge.pipeline.resources import small_model
from judge.tables import read_dialogues

if TYPE_CHECKING:
    from judge.generators import Strategy

NAMES = ("zero-shot", "few-shot", "two-stage", "two-stage-true", "knowledge", "hef", "loh", "cot")


def main() -> None:
    test, train = (Path(value) for value in sys.argv[1:3])
    dialogues = [d for d in read_dialogues(test) if d.emotion and d.situation][:5255]
    resources = Resources(make_pool(read_dialogues(train)), small_model("embedded"), Precomputed({}))
    start, first = time.perf_counter(), time.process_time()
    for dialogue in dialogues:
        assert resources.sem is not None
        resources.sem.probabilities(dialogue)
        resources.sem.cause_words(dialogue, 1)
    print(f"small model, {len(dialogues):,} dialogues: {spent(start, first)}")
    start, first = time.perf_counter(), time.process_time()
    for name in NAMES:
        build(get_strategy(name, resources=resources), dialogues)
    print(f"prompts, {len(dialogues):,} dialogues x {len(NAMES)} strategies: {spent(start, first)}")


def build(strategy: Strategy, dialogues: list) -> None:
    began, first = time.perf_counter(), time.process_time()
    for dialogue in dialogues:
        assert isinstance(strategy.start(dialogue), Ask)
    print(f"  {strategy.name}: {spent(began, first)}")


def spent(start: float, first: float) -> str:
    return f"{time.process_time() - first:.1f} s of CPU, {time.perf_counter() - start:.1f} s by the clock"


if __name__ == "__main__":
    main()
