"""Emotions in groups (positive, negative, ambiguous): a table that anyone can replace."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = Path(__file__).resolve().parent / "ed_sentiments.json"


def load_groups(path: Path | None = None) -> dict[str, str]:
    """Read which group each emotion belongs to.

    Parameters
    ----------
    path
        JSON ``{"groups": {"positive": ["joyful", ...], ...}}``, or CSV with the columns emotion and group.
        Our own table by default, which fits the counts of Loh and Raamkumar 2023 (arXiv 2310.08017).

    Returns
    -------
    dict
        Emotion to group.

    Raises
    ------
    TableError
        The file cannot be read, is no such table, or puts an emotion into two groups.

    Examples
    --------
    >>> groups = load_groups()
    >>> len(groups), groups["joyful"], groups["surprised"]
    (32, 'positive', 'ambiguous')
    """
    table = path or TABLE
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"cannot be read: {error}", path=table) from error
    pairs = _from_csv(text, table) if table.suffix.lower() == ".csv" else _from_json(text, table)
    found: dict[str, str] = {}
    for emotion, group in pairs:
        if found.setdefault(emotion, group) != group:
            raise TableError(f"{emotion!r} is in two groups: {found[emotion]!r} and {group!r}", path=table)
    if not found:
        raise TableError("holds no emotion", path=table)
    return found


def _from_json(text: str, path: Path) -> list[tuple[str, str]]:
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        raise TableError(f"not JSON: {error}", path=path) from error
    groups: Mapping[str, Any] = value.get("groups", value) if isinstance(value, dict) else {}
    pairs = []
    for group, emotions in groups.items():
        if not isinstance(emotions, list) or not all(isinstance(emotion, str) for emotion in emotions):
            raise TableError(
                f"the group {group!r} is not a list of emotions",
                path=path,
                mend='write {"groups": {"positive": ["joyful"], "negative": ["sad"]}}',
            )
        pairs += [(emotion.strip().lower(), str(group)) for emotion in emotions]
    return pairs


def _from_csv(text: str, path: Path) -> list[tuple[str, str]]:
    rows = csv.DictReader(text.splitlines())
    names = rows.fieldnames or []
    for column in ("emotion", "group"):
        if column not in names:
            raise TableError("the column is missing", path=path, row=1, column=column)
    return [(row["emotion"].strip().lower(), row["group"].strip()) for row in rows if row["emotion"]]
