"""Small rows and files that the tests of the tables share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

RATING: dict[str, Any] = {
    "dialogue_id": "d1",
    "system_id": "kemp",
    "criterion": "empathy",
    "rater_id": "ann",
    "rater_kind": "human",
    "score": 3,
}
DUEL: dict[str, Any] = {
    "dialogue_id": "d1",
    "system_a": "kemp",
    "system_b": "moel",
    "criterion": "empathy",
    "rater_id": "openai/gpt-4o",
    "rater_kind": "judge",
    "order": "AB",
    "verdict": "A",
}


def rating(**changes: Any) -> dict[str, Any]:
    """Return a row of ratings with some cells changed."""
    return {**RATING, **changes}


def duel(**changes: Any) -> dict[str, Any]:
    """Return a row of duels with some cells changed."""
    return {**DUEL, **changes}


def jsonl(path: Path, *rows: Any) -> Path:
    """Write rows (or lines as they are) to a file."""
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
