"""Ratings as arrays of codes, one cell for each (criterion, rater, dialogue, system)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.inputs import (
    Codes,
    cluster_codes,
    encode,
    is_judge,
    numbers,
    outcome_codes,
    repeat_codes,
    require,
)
from judge.analysis.jackknife import present_codes
from judge.errors import TableError

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

COLUMNS = ("dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score")
NO_SCORE = "missing_score"
"""The outcome of a row that claims to be ok but has no finite score."""
DECIMALS = 12
"""Means are rounded to so many: 0.1 + 0.2 and 0.3 must tie in a rank correlation."""


@dataclass(frozen=True)
class RatingTable:
    """All rows (scores and failures) as codes; a rater is a pair of id and kind.

    `item` numbers (dialogue, system); `outcome` 0 is ok.
    """

    dialogue: Codes
    system: Codes
    criterion: Codes
    rater: Codes
    rater_is_judge: npt.NDArray[np.bool_]
    cluster: Ints
    cluster_of_dialogue: Ints
    outcome: Codes
    score: Floats

    @cached_property
    def ok(self) -> npt.NDArray[np.bool_]:
        """Rows with a score."""
        good = np.array([name == "ok" for name in self.outcome.names], dtype=bool)
        return good[self.outcome.codes]

    @cached_property
    def judges(self) -> tuple[int, ...]:
        """Codes of the judges."""
        return tuple(int(code) for code in np.flatnonzero(self.rater_is_judge))

    @cached_property
    def people(self) -> tuple[int, ...]:
        """Codes of the human raters."""
        return tuple(int(code) for code in np.flatnonzero(~self.rater_is_judge))

    @cached_property
    def cells(self) -> Cells:
        """Scores averaged over repeats."""
        return _average_repeats(self)

    def scale(self, criterion: int) -> tuple[float, float]:
        """Return the lowest and highest score seen for a criterion."""
        seen = self.score[self.ok & (self.criterion.codes == criterion)]
        return (float(seen.min()), float(seen.max())) if seen.size else (np.nan, np.nan)


@dataclass(frozen=True)
class Cells:
    """One score for each (criterion, rater, item), sorted in this order; repeats are averaged."""

    criterion: Ints
    rater: Ints
    item: Ints
    score: Floats
    systems: int
    raters: int

    def of(self, criterion: int, rater: int) -> tuple[Ints, Floats]:
        """Return items (sorted) and scores of one rater on one criterion."""
        part = self._slice(criterion, rater)
        return self.item[part], self.score[part]

    def pooled(self, criterion: int, raters: tuple[int, ...]) -> tuple[Ints, Ints, Floats]:
        """Return items, raters and scores of several raters on one criterion, sorted by rater and item."""
        parts = [self._slice(criterion, rater) for rater in raters]
        index = np.concatenate([np.arange(p.start, p.stop) for p in parts]) if parts else np.zeros(0, int)
        return self.item[index], self.rater[index], self.score[index]

    @cached_property
    def _starts(self) -> Ints:
        return self.criterion * self.raters + self.rater

    def _slice(self, criterion: int, rater: int) -> slice:
        key = criterion * self.raters + rater
        low, high = np.searchsorted(self._starts, [key, key + 1])
        return slice(int(low), int(high))


@dataclass(frozen=True)
class ItemScores:
    """People's scores of one criterion, one entry an item that anybody rated (items sorted)."""

    item: Ints
    mean: Floats
    median: Floats
    raters: Ints


def people_scores(table: RatingTable, criterion: int) -> ItemScores:
    """Return mean, median and number of people's ratings of each item."""
    item, _, score = table.cells.pooled(criterion, table.people)
    order = np.lexsort((score, item))
    item, score = item[order], score[order]
    unique, start, count = np.unique(item, return_index=True, return_counts=True)
    if unique.size == 0:
        return ItemScores(unique, score, score, count.astype(np.int64))
    mean = np.round(np.add.reduceat(score, start) / count, DECIMALS)
    middle = (score[start + (count - 1) // 2] + score[start + count // 2]) / 2
    return ItemScores(unique, mean, middle, count.astype(np.int64))


def encode_ratings(frame: pd.DataFrame, dialogues: pd.DataFrame | None, cluster: str) -> RatingTable:
    """Turn a frame of ratings into codes.

    A row that says ok but has no finite score becomes the outcome ``missing_score``: it is counted, and
    never dropped in silence.

    Raises
    ------
    judge.errors.TableError
        A column or an id is missing, a rater_kind is unknown, a score is no number or too large, or two rows
        have the same key.
    """
    require(frame, COLUMNS, "ratings")
    dialogue = encode(frame["dialogue_id"])
    kind = is_judge(frame)
    raters = encode(frame["rater_id"])
    pair = raters.codes * 2 + kind
    present, rater = present_codes(pair)
    names = tuple(raters.names[int(code) // 2] for code in present)
    score = numbers(frame["score"], what="score")
    clusters = cluster_codes(frame, dialogue, dialogues, cluster)
    of_dialogue = np.zeros(len(dialogue), dtype=np.int64)
    of_dialogue[dialogue.codes] = clusters
    table = RatingTable(
        dialogue=dialogue,
        system=encode(frame["system_id"]),
        criterion=encode(frame["criterion"]),
        rater=Codes(rater.astype(np.int64), names),
        rater_is_judge=present % 2 == 1,
        cluster=clusters,
        cluster_of_dialogue=of_dialogue,
        outcome=mark_missing(outcome_codes(frame), np.isfinite(score), NO_SCORE),
        score=score,
    )
    _check_duplicates(table, frame)
    return table


def mark_missing(outcome: Codes, present: npt.NDArray[np.bool_], name: str) -> Codes:
    """Give rows that say ok but hold nothing an outcome of their own."""
    ok = np.array([text == "ok" for text in outcome.names], dtype=bool)[outcome.codes]
    bad = ok & ~present
    if not bad.any():
        return outcome
    codes = outcome.codes.copy()
    codes[bad] = len(outcome)
    return Codes(codes, (*outcome.names, name))


def _key(table: RatingTable) -> Ints:
    """Give numbers to the cells (criterion, rater, dialogue, system) in sorted order."""
    key = table.criterion.codes * len(table.rater) + table.rater.codes
    return (key * len(table.dialogue) + table.dialogue.codes) * len(table.system) + table.system.codes


def _check_duplicates(table: RatingTable, frame: pd.DataFrame) -> None:
    """Refuse two rows of one rater about the same thing."""
    key = _key(table)
    repeat = repeat_codes(frame)
    refuse_duplicates(key if repeat is None else key * (int(repeat.max()) + 1) + repeat)


def refuse_duplicates(key: Ints) -> None:
    """Raise if a key occurs twice, naming the row.

    Raises
    ------
    judge.errors.TableError
        Two rows have the same key.
    """
    if key.size and key.max() < 8 * key.size and np.bincount(key).max() == 1:
        return
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1])
    if same.size:
        first, second = int(order[same[0]]) + 1, int(order[same[0] + 1]) + 1
        raise TableError(
            f"rows {first} and {second} have the same key ({same.size} such rows in all)",
            row=second,
            mend="keep one of them, or number them in the column repeat",
        )


def _average_repeats(table: RatingTable) -> Cells:
    """Average the scores of repeats; sorted by criterion, rater, dialogue, system."""
    key = _key(table)[table.ok]
    unique, inverse = present_codes(key)
    count = np.bincount(inverse, minlength=unique.size)
    score = np.bincount(inverse, table.score[table.ok], unique.size) / np.maximum(count, 1)
    score = np.round(score, DECIMALS) if unique.size < key.size else score
    items = len(table.dialogue) * len(table.system)
    rest, item = np.divmod(unique, max(items, 1))
    criterion, rater = np.divmod(rest, max(len(table.rater), 1))
    return Cells(criterion, rater, item, score, len(table.system), len(table.rater))
