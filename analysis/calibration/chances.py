"""The chance with which each item was given to people, from the column ``inclusion`` of their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.rating_table import RatingTable

COLUMN = "inclusion"


def chance_by_item(table: RatingTable, frame: pd.DataFrame | None) -> dict[int, float]:
    """Return item code -> chance, of the people's ratings that have one."""
    if frame is None or COLUMN not in frame.columns:
        return {}
    chance = _numbers(frame)
    rows = np.isfinite(chance) & ~table.rater_is_judge[table.rater.codes]
    item = table.dialogue.codes[rows] * len(table.system) + table.system.codes[rows]
    return dict(zip(item.tolist(), chance[rows].tolist(), strict=True))


def chance_by_unit(table: DuelTable, frame: pd.DataFrame | None) -> dict[int, float]:
    """Return (pair, dialogue) code -> chance, of the people's duels that have one."""
    if frame is None or COLUMN not in frame.columns:
        return {}
    chance = _numbers(frame)
    rows = np.isfinite(chance) & ~table.rater_is_judge[table.row_rater]
    # The table keeps units, not rows: names lead from a row to its unit.
    dialogue = {name: code for code, name in enumerate(table.dialogue_names)}
    system = {name: code for code, name in enumerate(table.system.names)}
    pair = {(int(a), int(b)): code for code, (a, b) in enumerate(table.pairs)}
    found: dict[int, float] = {}
    part = frame.loc[rows, ["dialogue_id", "system_a", "system_b"]]
    for at, one, two, p in zip(*(part[c] for c in part.columns), chance[rows], strict=True):
        first, second = sorted((system[str(one)], system[str(two)]))
        found[pair[first, second] * table.dialogues + dialogue[str(at)]] = float(p)
    return found


def _numbers(frame: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    import pandas as pd

    return pd.to_numeric(frame[COLUMN], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
