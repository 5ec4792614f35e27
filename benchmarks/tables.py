"""Measure what reading and writing the tables of a run costs: processor time, least of several.

python benchmarks/tables.py [DUELS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge import tables
from judge.types import Dialogue, Response, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = "a dog ran over the field and I was so proud of her that I told all my friends about it "


def cost(work: Callable[[], object], times: int = 9) -> float:
    """Return the least processor time of some runs, in milliseconds."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1000 * min(spent)


def made(n: int) -> dict[str, list[Any]]:
    """Make the tables of a run of n duels between two systems."""
    who = {"criterion": "overall", "rater_id": "openai/gpt-4o-mini", "rater_kind": "judge"}
    asked = {
        **who,
        "repeat": 0,
        "rubric": "overall@1",
        "outcome": "ok",
        "probability": None,
        "reason": "short",
    }
    size = {
        "n_words": 25.0,
        "n_chars": 140.0,
        "sim_chrf": 0.1234567,
        "sim_chrf_placebo": None,
        "is_reference": False,
    }
    return {
        "dialogues": [Dialogue(f"d{k}", (Turn("speaker", WORDS * 4),)) for k in range(n)],
        "responses": [Response(f"d{k}", system, WORDS * 2) for k in range(n) for system in "ab"],
        "duels": [
            {"dialogue_id": f"d{k}", "system_a": "a", "system_b": "b", "order": "AB", **asked, "verdict": "A",
             "key": f"sha256:{k:064x}"}
            for k in range(n)
        ],
        "features": [
            {"dialogue_id": f"d{k}", "system_id": system, **size} for k in range(n) for system in "ab"
        ],
    }  # fmt: skip


def main() -> None:
    """Print one line a table."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder:
        for kind, rows in made(n).items():
            path = Path(folder) / f"{kind}.jsonl"
            write, read = getattr(tables, f"write_{kind}"), getattr(tables, f"read_{kind}")
            writing = cost(partial(write, rows, path))
            reading = cost(partial(read, path))
            print(f"{kind:10} {len(rows):8,} rows   written in {writing:7.1f} ms   read in {reading:7.1f} ms")


if __name__ == "__main__":
    main()
