"""Which items of a run people should label next: read the run, draw, write the list."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.errors import InputError
from judge.tables import read_duels, read_ratings
from judge.tables.lines import format_of
from judge.tables.write import atomic_text, csv_cell, json_line

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from judge.analysis.calibration.uncertainty import Uncertainty
    from judge.pipeline.runfolder import RunFolder

    Names = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class LabelPlan:
    """The items drawn, with their chances.

    `rows` have dialogue_id, system_id (or system_a and system_b), ``inclusion`` and ``spread``; `items` were
    to choose from, `labelled` were left out because people labelled them already. `informed` is False where
    the judges show no uncertainty and the draw is even.
    """

    rows: tuple[dict[str, Any], ...]
    items: int
    labelled: int
    informed: bool


def plan_labels(folder: RunFolder, n: int, *, kind: str | None = None, seed: int = 0) -> LabelPlan:
    """Draw the items of a run that people should label next.

    Parameters
    ----------
    folder
        A run folder with judgments.
    n
        How many; all that are left where there are fewer.
    kind
        ``ratings`` or ``duels``; by default the ratings, where the run has any by a judge.
    seed
        Of the draw.

    Raises
    ------
    InputError
        No judge judged, or people have labelled everything.
    """
    from judge.analysis.calibration.active import next_labels

    names, found = _uncertainty(folder, kind)
    free = np.flatnonzero(~found.labelled)
    if not free.size:
        raise InputError(f"{folder.root}: people have labelled every item that the judges judged")
    spread = found.spread[free]
    drawn = next_labels(spread, min(n, free.size), rng=np.random.default_rng(seed))
    rows = tuple(
        {
            **names(int(found.item[free[i]])),
            "inclusion": float(drawn.inclusion[i]),
            "spread": float(spread[i]),
        }
        for i in drawn.index
    )
    return LabelPlan(rows, int(free.size), int(found.labelled.sum()), bool((spread > 0).any()))


def _uncertainty(folder: RunFolder, kind: str | None) -> tuple[Names, Uncertainty]:
    """Return how an item's code becomes its ids, and the uncertainty of the items."""
    wanted = (kind,) if kind else ("ratings", "duels")
    for name in wanted:
        path = folder.table(name)
        if not path.exists():
            continue
        read = read_ratings if name == "ratings" else read_duels
        frame = read(path, allow_empty=True)
        if (frame["rater_kind"] == "judge").any():
            return _of_ratings(frame) if name == "ratings" else _of_duels(frame)
    raise InputError(
        f"{folder.root} holds no {' or '.join(wanted)} of a judge: there is nothing to draw from"
    )


def _of_ratings(frame: pd.DataFrame) -> tuple[Names, Uncertainty]:
    from judge.analysis.calibration.uncertainty import rating_uncertainty
    from judge.analysis.rating_table import encode_ratings

    table = encode_ratings(frame, None, "dialogue_id")

    def names(code: int) -> dict[str, Any]:
        dialogue, system = divmod(code, len(table.system))
        return {"dialogue_id": table.dialogue.names[dialogue], "system_id": table.system.names[system]}

    return names, rating_uncertainty(table)


def _of_duels(frame: pd.DataFrame) -> tuple[Names, Uncertainty]:
    from judge.analysis.calibration.uncertainty import duel_uncertainty
    from judge.analysis.duel_table import encode_duels

    table = encode_duels(frame, None, "dialogue_id")

    def names(code: int) -> dict[str, Any]:
        pair, dialogue = divmod(code, table.dialogues)
        one, two = (table.system.names[int(c)] for c in table.pairs[pair])
        return {"dialogue_id": table.dialogue_names[dialogue], "system_a": one, "system_b": two}

    return names, duel_uncertainty(table)


def write_plan(plan: LabelPlan, path: Path | str) -> None:
    """Write the drawn items as .jsonl or .csv.

    Raises
    ------
    InputError
        The ending is another one.
    """
    target = Path(path)
    form = format_of(target)
    if form == "parquet":
        raise InputError(f"{target}: the list is written as .jsonl or .csv; choose one of them")
    with atomic_text(target) as stream:
        if form == "jsonl":
            stream.writelines(map(json_line, plan.rows))
            return
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(plan.rows[0])
        writer.writerows([csv_cell(cell) for cell in row.values()] for row in plan.rows)
