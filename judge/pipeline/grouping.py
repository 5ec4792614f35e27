"""Kinds of systems from a file: the mixed model of an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.errors import InputError, TableError
from judge.tables.chunks import read_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from judge.analysis.inputs import AuditOptions
    from judge.types import Dialogue, Finding


def read_groups(path: Path) -> dict[str, str]:
    """Read which kind of model each system is: a table with the columns system_id and kind.

    Raises
    ------
    TableError
        A column or a cell is missing.
    """
    kinds: dict[str, str] = {}
    for chunk in read_chunks(path):
        for name in ("system_id", "kind"):
            if name not in chunk.columns:
                raise TableError(
                    "column missing", path=path, row=1, column=name, mend="name system_id and kind"
                )
        cells = zip(chunk.rows, chunk.columns["system_id"], chunk.columns["kind"], strict=True)
        for row, system, kind in cells:
            if system in (None, "") or kind in (None, ""):
                raise TableError("a cell is empty", path=path, row=row, mend="fill it in")
            kinds[str(system)] = str(kind)
    return kinds


def group_findings(
    path: Path,
    threshold: float | None,
    ratings: pd.DataFrame | None,
    dialogues: Iterable[Dialogue],
    options: AuditOptions,
) -> tuple[Finding, ...]:
    """Fit the mixed model of scores cut at a threshold, by kind of system and sentiment of the dialogue.

    The sentiment is the column ``sentiment`` of the dialogues; without it the model has kinds only.

    Raises
    ------
    InputError
        There are no ratings, no threshold, or none of the systems has a kind.
    """
    if ratings is None or not len(ratings):
        raise InputError("--groups needs ratings: scores are cut at the threshold")
    if threshold is None:
        raise InputError("--groups needs --threshold: a score of at least this counts as 1")
    kinds = read_groups(path)
    if not set(kinds) & {str(s) for s in ratings["system_id"].unique()}:
        raise InputError(f"{path}: it names none of the systems that were rated")
    from judge.analysis.mixed.findings import mixed_from_ratings
    from judge.analysis.rating_table import encode_ratings

    moods = {d.dialogue_id: str(d.extra["sentiment"]) for d in dialogues if d.extra.get("sentiment")}
    table = encode_ratings(ratings, None, "dialogue_id")
    return tuple(mixed_from_ratings(table, kinds, moods, threshold, options))
