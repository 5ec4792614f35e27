"""People's ratings of one criterion beside a judge's, as arrays that several statistics share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.jackknife import count_by, present_codes, sum_by

if TYPE_CHECKING:
    import numpy.typing as npt

    from judge.analysis.estimate import Estimate
    from judge.analysis.rating_table import RatingTable

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class People:
    """All human ratings of one criterion in long form, sorted by item and rater.

    `items` are the distinct item numbers; `unit` and `rater` (0..raters-1) have shape (n,); `cluster` and
    `dialogue` have a value for each item.
    """

    items: Ints
    unit: Ints
    rater: Ints
    score: Floats
    cluster: Ints
    dialogue: Ints

    @cached_property
    def size(self) -> Floats:
        """Number of ratings of each item."""
        return count_by(self.unit, self.items.size)

    @cached_property
    def first(self) -> Floats:
        """Sum of the ratings of each item."""
        return sum_by(self.unit, self.score, self.items.size)

    @cached_property
    def second(self) -> Floats:
        """Sum of squares of the ratings of each item."""
        return sum_by(self.unit, self.score**2, self.items.size)

    @cached_property
    def raters(self) -> int:
        """Number of people."""
        return int(self.rater.max()) + 1 if self.rater.size else 0

    def take(self, keep: npt.NDArray[np.bool_]) -> People:
        """Keep some items; raters keep their numbers."""
        rows = keep[self.unit]
        place = np.cumsum(keep) - 1
        return People(
            self.items[keep],
            place[self.unit[rows]],
            self.rater[rows],
            self.score[rows],
            self.cluster[keep],
            self.dialogue[keep],
        )

    def matrix(self) -> Floats:
        """Return ratings as items by raters; NaN where there is none."""
        out = np.full((self.items.size, self.raters), np.nan)
        out[self.unit, self.rater] = self.score
        return out

    def complete(self) -> tuple[Floats, Ints] | None:
        """Return the matrix of the items that all people rated, and their clusters; None without any."""
        full = self.size == self.raters
        if self.raters < 2 or full.sum() < 2 or self.raters > 100:
            return None
        part = self.take(full)
        return part.matrix(), part.cluster


def people_of(table: RatingTable, criterion: int) -> People:
    """Collect the human ratings of one criterion."""
    item, rater, score = table.cells.pooled(criterion, table.people)
    order = np.lexsort((rater, item))
    items, unit = present_codes(item[order])
    _, code = present_codes(rater[order])
    dialogue = items // max(len(table.system), 1)
    return People(
        items,
        unit,
        code,
        score[order],
        table.cluster_of_dialogue[dialogue],
        dialogue,
    )


def with_judge(people: People, item: Ints, score: Floats) -> tuple[People, Floats]:
    """Keep the items that a judge rated as well; returns them and the judge's score of each."""
    keep = np.isin(people.items, item, assume_unique=True)
    part = people.take(keep)
    return part, score[np.searchsorted(item, part.items)]


@dataclass(frozen=True)
class Matched:
    """A judge's scores beside people's, on the items that both rated; shape (n,) each."""

    judge: Floats
    people: Floats
    dialogue: Ints
    system: Ints
    cluster: Ints


def voices_named(estimate: Estimate) -> Estimate:
    """Say whose scores are constant."""
    names = {"the first column": "the judge's scores are", "the second column": "people's scores are"}
    texts = []
    for text in estimate.warnings:
        for column, voice in names.items():
            text = text.replace(f"{column} is", voice)  # noqa: PLW2901 - one text, two replacements
        texts.append(text)
    return replace(estimate, warnings=tuple(texts))
