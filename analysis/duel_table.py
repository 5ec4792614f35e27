"""Duels as arrays: one unit for each (criterion, rater, pair, dialogue), its verdicts counted by order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.inputs import (
    Codes,
    as_categories,
    cluster_codes,
    encode,
    is_judge,
    outcome_codes,
    repeat_codes,
    require,
)
from judge.analysis.jackknife import present_codes, sum_by
from judge.analysis.rating_table import mark_missing, refuse_duplicates
from judge.errors import TableError

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

COLUMNS = (
    "dialogue_id", "system_a", "system_b", "criterion", "rater_id", "rater_kind", "order", "verdict",
)  # fmt: skip
NO_VERDICT = "missing_verdict"
"""The outcome of a row that claims to be ok but has no verdict."""
WIN, TIE, LOSS, FAILED = 0, 1, 2, 3
"""Columns of the counts, in terms of the pair's first system (the first by name)."""


@dataclass(frozen=True)
class Units:
    """Counts of verdicts by unit, order and kind.

    `counts` has shape (units, 2, 4): order 0 shows the pair's first system first; kinds are WIN, TIE, LOSS
    of the pair's first system, and FAILED.
    """

    pair: Ints
    dialogue: Ints
    cluster: Ints
    counts: Floats

    def __len__(self) -> int:
        """Return the number of units."""
        return int(self.pair.size)

    def take(self, keep: Bools) -> Units:
        """Return the units where `keep` is true."""
        return Units(self.pair[keep], self.dialogue[keep], self.cluster[keep], self.counts[keep])

    @cached_property
    def answered(self) -> Floats:
        """Number of verdicts by order, shape (units, 2)."""
        return np.asarray(self.counts[:, :, :FAILED].sum(axis=2))

    @cached_property
    def by_order(self) -> Floats:
        """Mean score of the pair's first system by order, ties one half; not-a-number where none."""
        points = self.counts[:, :, WIN] + 0.5 * self.counts[:, :, TIE]
        empty = np.full(points.shape, np.nan)
        out: Floats = np.divide(points, self.answered, out=empty, where=self.answered > 0)
        return out

    @cached_property
    def score(self) -> Floats:
        """Score of the pair's first system, repeats averaged first, then orders; NaN without verdicts."""
        shown = self.answered > 0
        total = np.where(shown, self.by_order, 0.0).sum(axis=1)
        orders = shown.sum(axis=1)
        out: Floats = np.divide(total, orders, out=np.full(total.shape, np.nan), where=orders > 0)
        return out

    @cached_property
    def both_orders(self) -> Bools:
        """Units with a verdict in both orders."""
        return np.asarray((self.answered > 0).all(axis=1))

    def bound(self, points: float) -> Floats:
        """Score as if each failed presentation had given `points` to the pair's first system."""
        asked = self.counts.sum(axis=2)
        total = self.counts[:, :, WIN] + 0.5 * self.counts[:, :, TIE] + points * self.counts[:, :, FAILED]
        mean = np.divide(total, asked, out=np.zeros(total.shape), where=asked > 0)
        return np.asarray(mean.sum(axis=1) / np.maximum((asked > 0).sum(axis=1), 1))


@dataclass(frozen=True)
class DuelTable:
    """All duels of an audit, as units by criterion and rater.

    `pairs[k]` are the codes of the two systems of pair k, the first by name first.
    """

    system: Codes
    criterion: Codes
    rater: Codes
    rater_is_judge: Bools
    dialogues: int
    pairs: Ints
    outcome: Codes
    row_criterion: Ints
    row_rater: Ints
    row_cluster: Ints
    unit_key: Ints
    units: Units
    dialogue_names: tuple[str, ...] = ()

    @cached_property
    def judges(self) -> tuple[int, ...]:
        """Codes of the judges."""
        return tuple(int(code) for code in np.flatnonzero(self.rater_is_judge))

    @cached_property
    def people(self) -> tuple[int, ...]:
        """Codes of the human raters."""
        return tuple(int(code) for code in np.flatnonzero(~self.rater_is_judge))

    def of(self, criterion: int, rater: int) -> Units:
        """Return the units of one rater on one criterion."""
        key = criterion * len(self.rater) + rater
        low, high = np.searchsorted(self.unit_key, [key, key + 1])
        part = slice(int(low), int(high))
        units = self.units
        return Units(units.pair[part], units.dialogue[part], units.cluster[part], units.counts[part])

    def pooled(self, criterion: int) -> list[Units]:
        """Return the units of each human rater on one criterion (those who gave any)."""
        found = [self.of(criterion, rater) for rater in self.people]
        return [units for units in found if len(units)]


def encode_duels(frame: pd.DataFrame, dialogues: pd.DataFrame | None, cluster: str) -> DuelTable:
    """Turn a frame of duels into units.

    The pair (a, b) and the pair (b, a) are the same: verdicts are turned so that the first system by name
    comes first. A row that says ok but has no verdict becomes the outcome ``missing_verdict``.

    Raises
    ------
    judge.errors.TableError
        A column or an id is missing; an order or a verdict is unknown; a system meets itself; two rows
        have the same key.
    """
    require(frame, COLUMNS, "duels")
    dialogue = encode(frame["dialogue_id"])
    system, first, second = _systems(frame)
    criterion, raters, kind = encode(frame["criterion"]), encode(frame["rater_id"]), is_judge(frame)
    present, rater = present_codes(raters.codes * 2 + kind)
    swapped = first > second
    low, high = np.minimum(first, second), np.maximum(first, second)
    pair_key, pair = present_codes(low * len(system) + high)
    verdict = _choices(frame["verdict"], ("A", "tie", "B"), "verdict")
    outcome = mark_missing(outcome_codes(frame), verdict >= 0, NO_VERDICT)
    ok = np.array([name == "ok" for name in outcome.names], dtype=bool)[outcome.codes]
    result = np.where(ok, np.where(swapped, 2 - verdict, verdict), FAILED)
    order = _orders(frame) ^ swapped
    clusters = cluster_codes(frame, dialogue, dialogues, cluster)
    rater_key = criterion.codes * present.size + rater
    key = (rater_key * pair_key.size + pair) * len(dialogue) + dialogue.codes
    refuse_duplicates(_with_repeat(key * 2 + order, frame))
    unique, inverse = present_codes(key)
    counts = np.bincount(inverse * 8 + order * 4 + result, minlength=unique.size * 8)
    cluster_of = np.zeros(unique.size, dtype=np.int64)
    cluster_of[inverse] = clusters
    rest, unit_dialogue = np.divmod(unique, max(len(dialogue), 1))
    unit_key, unit_pair = np.divmod(rest, max(pair_key.size, 1))
    units = Units(unit_pair, unit_dialogue, cluster_of, counts.reshape(-1, 2, 4).astype(float))
    return DuelTable(
        system=system,
        criterion=criterion,
        rater=Codes(rater.astype(np.int64), tuple(raters.names[int(code) // 2] for code in present)),
        rater_is_judge=present % 2 == 1,
        dialogues=len(dialogue),
        pairs=np.stack(np.divmod(pair_key, max(len(system), 1)), axis=1),
        outcome=outcome,
        row_criterion=criterion.codes,
        row_rater=rater.astype(np.int64),
        row_cluster=clusters,
        unit_key=unit_key,
        units=units,
        dialogue_names=dialogue.names,
    )


def average_raters(parts: list[Units], dialogues: int) -> tuple[Units, Floats]:
    """Put several raters' units together: counts are added, scores averaged over the raters.

    Returns
    -------
    tuple
        Units with the added counts, and the mean score of each (not-a-number where nobody gave a verdict).
    """
    pair, dialogue = np.concatenate([u.pair for u in parts]), np.concatenate([u.dialogue for u in parts])
    key = pair * dialogues + dialogue
    unique, start, inverse = np.unique(key, return_index=True, return_inverse=True)
    counts = np.zeros((unique.size, 2, 4))
    np.add.at(counts, inverse, np.concatenate([u.counts for u in parts]))
    score = np.concatenate([u.score for u in parts])
    known = np.isfinite(score)
    raters = np.bincount(inverse[known], minlength=unique.size)
    total = sum_by(inverse[known], score[known], unique.size)
    cluster = np.concatenate([u.cluster for u in parts])[start]
    mean = np.divide(total, raters, out=np.full(unique.size, np.nan), where=raters > 0)
    return Units(pair[start], dialogue[start], cluster, counts), mean


def _systems(frame: pd.DataFrame) -> tuple[Codes, Ints, Ints]:
    """Code both system columns by one list of names."""
    one, two = encode(frame["system_a"]), encode(frame["system_b"])
    names = tuple(sorted({*one.names, *two.names}))
    place = {name: code for code, name in enumerate(names)}
    first = np.array([place[name] for name in one.names], dtype=np.int64)[one.codes]
    second = np.array([place[name] for name in two.names], dtype=np.int64)[two.codes]
    if (first == second).any():
        row = int(np.argmax(first == second)) + 1
        raise TableError("a system meets itself", row=row, column="system_b", mend="name two systems")
    return Codes(first, names), first, second


def _orders(frame: pd.DataFrame) -> Ints:
    """Code the order; 0 shows system_a first."""
    order = _choices(frame["order"], ("AB", "BA"), "order")
    if (order < 0).any():
        row = int(np.argmax(order < 0)) + 1
        raise TableError("the order is missing", row=row, column="order", mend="write AB or BA")
    return order


def _choices(column: pd.Series, allowed: tuple[str, ...], name: str) -> Ints:
    """Code a column of fixed words; -1 where it is empty."""
    categories = as_categories(column)
    words = [str(value) for value in categories.cat.categories]
    codes = np.asarray(categories.cat.codes, dtype=np.int64)
    used = np.bincount(codes[codes >= 0], minlength=len(words)) > 0
    for number, word in enumerate(words):
        if word not in allowed and used[number]:
            row = int(np.argmax(codes == number)) + 1
            raise TableError(f"unknown {name} {word!r}", row=row, column=name, mend=f"write one of {allowed}")
    lookup = np.array([allowed.index(word) if word in allowed else -1 for word in words] + [-1])
    return np.asarray(lookup[codes], dtype=np.int64)


def _with_repeat(key: Ints, frame: pd.DataFrame) -> Ints:
    """Add the repeat number to a key."""
    repeat = repeat_codes(frame)
    return key if repeat is None else np.asarray(key * (int(repeat.max()) + 1) + repeat)
