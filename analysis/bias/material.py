"""What a bias test is made of: a judge's numbers, what people said of the same rows, and the features."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.analysis.bias.eiv import HumanMoments, Ratings, human_moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from judge.analysis.bias.columns import FeatureColumns
    from judge.analysis.duel_table import DuelTable
    from judge.analysis.rating_table import RatingTable

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CENTRE_FROM = 20
"""Ratings that a rater needs (median over raters) before taking his own mean off is safe."""


@dataclass(frozen=True)
class Material:
    """Rows of one judge and criterion.

    Parameters
    ----------
    judge, criterion
        Names.
    mode
        ``ratings`` (a row an item) or ``duels`` (a row a pair of one dialogue, orders averaged).
    score
        The judge's number: the mean score, or the win share of the pair's first system less a half.
    people
        For the same rows.
    features, placebos
        By name, for the same rows (differences in duels).
    cluster
        Unit of independence.
    n_raters, centred
        People behind `people`, and whether their severity was taken off.
    item
        Which row of the table it is: dialogue * systems + system, or pair * dialogues + dialogue.
    rater
        Code of the judge in its table.
    fits
        Regressions that were made already: several findings ask for the same one.
    """

    judge: str
    criterion: str
    mode: str
    score: Floats
    people: HumanMoments
    features: dict[str, Floats]
    placebos: dict[str, Floats]
    cluster: Ints
    n_raters: int
    centred: bool
    item: Ints
    rater: int = -1
    fits: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def n_double(self) -> int:
        """Rows that at least two people rated."""
        return int((self.people.dof > 0).sum())

    @property
    def n_rated(self) -> int:
        """Rows that anybody rated."""
        return int(np.isfinite(self.people.mean).sum())


@dataclass(frozen=True)
class PeopleOfItems:
    """People's moments over all (dialogue, system) items of a table, for one criterion."""

    moments: HumanMoments
    n_raters: int
    centred: bool


def people_of_items(table: RatingTable, criterion: int, system_names: tuple[str, ...]) -> PeopleOfItems:
    """Reduce people's ratings of a criterion to moments over items numbered by `system_names`.

    `system_names` must hold the table's systems; items are dialogue * len(system_names) + system.
    """
    item, rater, score = table.cells.pooled(criterion, table.people)
    place = np.array([system_names.index(name) for name in table.system.names], dtype=np.int64)
    dialogue, system = np.divmod(item, max(len(table.system), 1))
    moved = dialogue * len(system_names) + place[system]
    counts = np.unique(rater, return_counts=True)[1]
    centre = bool(counts.size) and float(np.median(counts)) >= CENTRE_FROM
    codes = np.unique(rater, return_inverse=True)[1].astype(np.int64)
    size = len(table.dialogue) * len(system_names)
    moments = human_moments(Ratings(moved, codes, score, size), centre=centre)
    return PeopleOfItems(moments, int(counts.size), centre)


def rating_materials(table: RatingTable, features: FeatureColumns) -> Iterator[Material]:
    """Yield the material of every judge and criterion in a table of ratings."""
    for criterion, name in enumerate(table.criterion.names):
        people = people_of_items(table, criterion, table.system.names)
        for judge in table.judges:
            item, score = table.cells.of(criterion, judge)
            if not item.size:
                continue
            yield Material(
                judge=table.rater.names[judge],
                criterion=name,
                mode="ratings",
                score=score,
                people=people.moments.take(item),
                features={f: features.of(f, item) for f in features.values},
                placebos={f: features.placebo_of(f, item) for f in features.placebo if f in features.values},
                cluster=table.cluster_of_dialogue[item // max(len(table.system), 1)],
                n_raters=people.n_raters,
                centred=people.centred,
                item=item,
                rater=judge,
            )


def duel_materials(
    duels: DuelTable, ratings: RatingTable | None, features: FeatureColumns
) -> Iterator[Material]:
    """Yield the material of every judge and criterion in a table of duels.

    People's side is their own duels of the criterion, or the difference of their ratings where they gave
    no duels.
    """
    for criterion, name in enumerate(duels.criterion.names):
        for judge in duels.judges:
            units = duels.of(criterion, judge)
            rows = np.flatnonzero(np.isfinite(units.score))
            if not rows.size:
                continue
            first, second = items_of_pairs(duels, units.pair[rows], units.dialogue[rows])
            people = _people_of_pairs(duels, ratings, criterion, units.pair[rows], units.dialogue[rows])
            yield Material(
                judge=duels.rater.names[judge],
                criterion=name,
                mode="duels",
                score=units.score[rows] - 0.5,
                people=people.moments,
                features={f: features.of(f, first) - features.of(f, second) for f in features.values},
                placebos={
                    f: features.placebo_of(f, first) - features.placebo_of(f, second)
                    for f in features.placebo
                    if f in features.values
                },
                cluster=units.cluster[rows],
                n_raters=people.n_raters,
                centred=people.centred,
                item=units.pair[rows] * duels.dialogues + units.dialogue[rows],
                rater=judge,
            )


def items_of_pairs(duels: DuelTable, pair: Ints, dialogue: Ints) -> tuple[Ints, Ints]:
    """Return the item (dialogue * systems + system) of each side of a pair."""
    systems = duels.pairs[pair]
    base = dialogue * len(duels.system)
    return base + systems[:, 0], base + systems[:, 1]


def _people_of_pairs(
    duels: DuelTable, ratings: RatingTable | None, criterion: int, pair: Ints, dialogue: Ints
) -> PeopleOfItems:
    votes = _votes(duels, criterion, pair, dialogue)
    if votes.n_raters or ratings is None or duels.criterion.names[criterion] not in ratings.criterion.names:
        return votes
    return _rating_differences(duels, ratings, criterion, pair, dialogue)


def _votes(duels: DuelTable, criterion: int, pair: Ints, dialogue: Ints) -> PeopleOfItems:
    """People's own duels: one vote in [-1, 1] a person and pair."""
    people = [rater for rater in range(len(duels.rater)) if rater not in duels.judges]
    key = pair * duels.dialogues + dialogue
    order = np.argsort(key, kind="stable")
    item, rater, score = [], [], []
    for code in people:
        units = duels.of(criterion, code)
        good = np.isfinite(units.score)
        theirs = units.pair[good] * duels.dialogues + units.dialogue[good]
        at = np.searchsorted(key, theirs, sorter=order)
        at = order[np.minimum(at, key.size - 1)]
        same = key[at] == theirs
        item.append(at[same])
        rater.append(np.full(int(same.sum()), code))
        score.append(2.0 * units.score[good][same] - 1.0)
    together = Ratings(_joined(item), _joined(rater), _joined(score).astype(np.float64), key.size)
    present = int(np.unique(together.rater).size)
    # A vote is about a difference: severity has cancelled already.
    moments = replace(human_moments(together, centre=False), step=0.0)
    return PeopleOfItems(moments, present, centred=False)


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _rating_differences(
    duels: DuelTable, ratings: RatingTable, criterion: int, pair: Ints, dialogue: Ints
) -> PeopleOfItems:
    """People rated the two responses one by one: the difference of their means, with both noises."""
    names = tuple(sorted({*ratings.system.names, *duels.system.names}))
    number = ratings.criterion.names.index(duels.criterion.names[criterion])
    people = people_of_items(ratings, number, names)
    where = {name: code for code, name in enumerate(ratings.dialogue.names)}
    of_dialogue = np.array([where.get(name, -1) for name in duels.dialogue_names], dtype=np.int64)[dialogue]
    of_system = np.array([names.index(name) for name in duels.system.names], dtype=np.int64)
    both = []
    for side in (0, 1):
        item = of_dialogue * len(names) + of_system[duels.pairs[pair][:, side]]
        part = people.moments.take(np.maximum(item, 0))
        known = item >= 0
        both.append(
            replace(
                part,
                mean=np.where(known, part.mean, np.nan),
                squares=np.where(known, part.squares, 0.0),
                dof=np.where(known, part.dof, 0.0),
            )
        )
    return PeopleOfItems(both[0].minus(both[1]), people.n_raters, people.centred)
