"""How unsure the judges are of each item: said again, in the other order, or among themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.jackknife import sum_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.rating_table import RatingTable

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Uncertainty:
    """`spread` of each item (sorted codes), 0 where all that was said agrees; `labelled` by people."""

    item: Ints
    spread: Floats
    labelled: NDArray[np.bool_]


def rating_uncertainty(table: RatingTable) -> Uncertainty:
    """Return the spread of the judges' scores of each (dialogue, system).

    Scores are centred and scaled by judge and criterion; the spread is the standard deviation of all that was
    said of an item: by repeats and by different judges. One judge without repeats shows none.

    Returns
    -------
    Uncertainty
        `item` is dialogue code times systems plus system code.
    """
    judged = table.ok & table.rater_is_judge[table.rater.codes]
    item = table.dialogue.codes * len(table.system) + table.system.codes
    labelled = np.unique(item[table.ok & ~table.rater_is_judge[table.rater.codes]])
    voice = (table.criterion.codes * len(table.rater) + table.rater.codes)[judged]
    _, voice = np.unique(voice, return_inverse=True)
    z = _standardised(table.score[judged], voice)
    return _spread(item[judged], table.criterion.codes[judged], z, labelled)


def duel_uncertainty(table: DuelTable) -> Uncertainty:
    """Return the spread of the judges' verdicts on each (pair, dialogue): over orders, repeats and judges.

    Returns
    -------
    Uncertainty
        `item` is pair code times dialogues plus dialogue code; `spread` is at most .5.
    """
    units = table.units
    rater = (table.unit_key % max(len(table.rater), 1)).astype(np.int64)
    judged = table.rater_is_judge[rater] & (units.answered.sum(axis=1) > 0)
    item = units.pair * table.dialogues + units.dialogue
    labelled = np.unique(item[~table.rater_is_judge[rater] & np.isfinite(units.score)])
    counts = units.counts[judged].sum(axis=1)
    criterion = table.unit_key[judged] // max(len(table.rater), 1)
    rows = np.repeat(np.arange(counts.shape[0]), counts[:, :3].sum(axis=1).astype(np.int64))
    values = np.repeat(np.tile([1.0, 0.5, 0.0], counts.shape[0]), counts[:, :3].astype(np.int64).ravel())
    return _spread(item[judged][rows], criterion[rows], values, labelled)


def _standardised(score: Floats, group: Ints) -> Floats:
    count = int(group.max()) + 1 if group.size else 0
    n = np.maximum(np.bincount(group, minlength=count), 1)
    centred = score - (sum_by(group, score, count) / n)[group]
    sd = np.sqrt(sum_by(group, centred**2, count) / n)
    return np.asarray(centred / np.where(sd > 0, sd, 1.0)[group])


def _spread(item: Ints, criterion: Ints, value: Floats, labelled: Ints) -> Uncertainty:
    """Root mean square over criteria of the standard deviation within (item, criterion)."""
    unique, code = np.unique(item, return_inverse=True)
    criteria = int(criterion.max()) + 1 if criterion.size else 1
    cells, cell = np.unique(code * criteria + criterion, return_inverse=True)
    n = np.bincount(cell, minlength=cells.size)
    mean = sum_by(cell, value, cells.size) / np.maximum(n, 1)
    variance = sum_by(cell, (value - mean[cell]) ** 2, cells.size) / np.maximum(n, 1)
    owner = cells // criteria
    many = np.maximum(np.bincount(owner, minlength=unique.size), 1)
    spread = np.sqrt(sum_by(owner, variance, unique.size) / many)
    return Uncertainty(unique, spread, np.isin(unique, labelled))
