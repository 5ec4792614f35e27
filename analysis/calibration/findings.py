"""What people would say of all items, from the judge and the labels there are; as findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.calibration.active import active_mean
from judge.analysis.calibration.chances import chance_by_item, chance_by_unit
from judge.analysis.calibration.ppi import MIN_LABELS, MIN_RARE, ppi_mean
from judge.analysis.estimate import Estimate, few_clusters, finding, t_p_value, unidentified
from judge.analysis.jackknife import cluster_mean, dense_codes, sum_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.inputs import AuditInput, AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

METHOD = "PPI++: the judge's mean corrected by people's labels; cluster jackknife, t"
METHOD_LABELS = "people's labels alone; cluster jackknife, t"
ALL_LABELLED = "every judged item has labels: the labels alone are used"
ASSUMES = "assumes that the labelled items are a random part of the judged ones"
UNEQUAL_P = 0.01


@dataclass(frozen=True)
class Matched:
    """One number an item from the judge, and from people where they labelled it.

    `item` is sorted; `people` is NaN without a label; `chance` that of being labelled, NaN where even.
    """

    item: Ints
    judge: Floats
    people: Floats
    cluster: Ints
    chance: Floats

    def take(self, keep: NDArray[np.bool_] | Ints) -> Matched:
        """Return the items where `keep` is true, or those of the numbers given."""
        return Matched(*(getattr(self, n)[keep] for n in ("item", "judge", "people", "cluster", "chance")))


def calibrated_findings(
    ratings: RatingTable | None, duels: DuelTable | None, data: AuditInput, options: AuditOptions
) -> Iterator[Finding]:
    """Yield what people would say of everything the judges judged.

    Parameters
    ----------
    ratings, duels
        The encoded tables; None where there are none.
    data
        The frames: people's rows may have a column ``inclusion``, the chance that the item was labelled
        (see `judge.analysis.calibration.active.next_labels`).
    options
        Confidence and clusters.

    Yields
    ------
    Finding
        Family ``calibrated``: ``mean_score`` (system), ``mean_difference`` and ``win_rate`` (pair), each with
        its ``judge_weight`` (how far the judge's differences are used, 0 to 1) and ``label_worth`` (how many
        labels one label is worth with the judge's help). Nothing where people labelled nothing, or no
        judge judged.
    """
    if ratings is not None:
        yield from _rating_findings(ratings, data.ratings, options)
    if duels is not None:
        yield from _duel_findings(duels, data.duels, options)


def _rating_findings(
    table: RatingTable, frame: pd.DataFrame | None, options: AuditOptions
) -> Iterator[Finding]:
    from judge.analysis.rating_table import people_scores

    if not (table.people and table.judges):
        return
    chances = chance_by_item(table, frame)
    systems = len(table.system)
    for number, criterion in enumerate(table.criterion.names):
        people = people_scores(table, number)
        if not people.item.size:
            continue
        for rater in table.judges:
            item, score = table.cells.of(number, rater)
            if not item.size:
                continue
            cluster = table.cluster_of_dialogue[item // systems]
            matched = _match(item, score, cluster, labelled=people.item, label=people.mean, chances=chances)
            names = {"judge": table.rater.names[rater], "criterion": criterion}
            yield from _system_findings(matched, table.system.names, names, options)


def _match(
    item: Ints, score: Floats, cluster: Ints, *, labelled: Ints, label: Floats, chances: dict[int, float]
) -> Matched:
    people, chance = np.full(item.size, np.nan), np.full(item.size, np.nan)
    _, mine, theirs = np.intersect1d(item, labelled, assume_unique=True, return_indices=True)
    people[mine] = label[theirs]
    if chances:
        chance[mine] = [chances.get(int(code), np.nan) for code in item[mine]]
    return Matched(item, score, people, cluster, chance)


def _system_findings(
    matched: Matched, names: tuple[str, ...], columns: dict[str, str], options: AuditOptions
) -> Iterator[Finding]:
    dialogue, system = np.divmod(matched.item, len(names))
    present = [int(code) for code in np.unique(system)]
    for code in present:
        part = matched.take(np.asarray(system == code))
        yield from _rows("mean_score", part, options, columns | {"level": "system", "system": names[code]})
    for place, one in enumerate(present):
        for two in present[place + 1 :]:
            part = _difference(matched, dialogue, system == one, system == two)
            pair = {"level": "pair", "system": names[one], "system_b": names[two]}
            yield from _rows("mean_difference", part, options, columns | pair)


def _difference(
    matched: Matched, dialogue: Ints, first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> Matched:
    """Pair two systems' items by dialogue; `item` is then the dialogue."""
    a, b = matched.take(first), matched.take(second)
    shared, left, right = np.intersect1d(
        dialogue[first], dialogue[second], assume_unique=True, return_indices=True
    )
    a, b = a.take(left), b.take(right)
    if not (np.isfinite(a.chance).any() or np.isfinite(b.chance).any()):
        return Matched(shared, a.judge - b.judge, a.people - b.people, a.cluster, a.chance)
    # With chances each item counts by itself: the mean of twice the signed scores is the difference, and
    # nobody has to know the chance that both items of a dialogue were drawn.
    signs = np.repeat([2.0, -2.0], shared.size)
    return Matched(
        np.concatenate([shared, shared]),
        signs * np.concatenate([a.judge, b.judge]),
        signs * np.concatenate([a.people, b.people]),
        np.concatenate([a.cluster, b.cluster]),
        np.concatenate([a.chance, b.chance]),
    )


def _duel_findings(table: DuelTable, frame: pd.DataFrame | None, options: AuditOptions) -> Iterator[Finding]:
    from judge.analysis.duel_table import average_raters

    if not (table.people and table.judges):
        return
    chances = chance_by_unit(table, frame)
    for number, criterion in enumerate(table.criterion.names):
        parts = table.pooled(number)
        if not parts:
            continue
        units, label = average_raters(parts, table.dialogues)
        known = np.isfinite(label)
        labelled = (units.pair * table.dialogues + units.dialogue)[known]
        for rater in table.judges:
            mine = table.of(number, rater)
            mine = mine.take(np.isfinite(mine.score))
            if not len(mine):
                continue
            item = mine.pair * table.dialogues + mine.dialogue
            matched = _match(
                item, mine.score, mine.cluster, labelled=labelled, label=label[known], chances=chances
            )
            names = {"judge": table.rater.names[rater], "criterion": criterion, "level": "pair"}
            for pair in np.unique(mine.pair):
                one, two = (table.system.names[int(code)] for code in table.pairs[pair])
                part = matched.take(np.asarray(mine.pair == pair))
                yield from _rows("win_rate", part, options, names | {"system": one, "system_b": two})


def _rows(
    statistic: str, matched: Matched, options: AuditOptions, columns: dict[str, str]
) -> Iterator[Finding]:
    """Yield the estimate, and how much the judge had to do with it."""
    labelled = np.isfinite(matched.people)
    if not labelled.any():
        return
    estimate, weight, worth = estimate_mean(matched, options.confidence, win_rate=statistic == "win_rate")
    yield finding("calibrated", statistic, estimate, **columns)
    of = f"of the calibrated {statistic}"
    parts = (
        ("judge_weight", weight, f"weight {of}"),
        ("label_worth", worth, f"variance of the labels alone over that {of}"),
    )
    for name, value, method in parts:
        if value is not None:
            made = Estimate(value=value, n=estimate.n, clusters=estimate.clusters, method=method)
            yield finding("calibrated", name, made, term=statistic, **columns)


def estimate_mean(
    matched: Matched, confidence: float, *, win_rate: bool = False
) -> tuple[Estimate, float | None, float | None]:
    """Estimate people's mean over all judged items.

    Returns
    -------
    tuple
        The estimate; the weight of the judge; how many labels a label is worth. The last two are None where
        the judge has no part in it.
    """
    labelled = np.isfinite(matched.people)
    n = int(labelled.sum())
    y, f = matched.people[labelled], matched.judge[labelled]
    clusters = int(np.unique(matched.cluster[labelled]).size)
    if labelled.all():
        alone = cluster_mean(y, matched.cluster, confidence=confidence, method=METHOD_LABELS).warn(
            ALL_LABELLED
        )
        return (alone.clip(0.0, 1.0) if win_rate else alone), None, None
    reason = _too_few(y, win_rate=win_rate)
    if reason or clusters < 3:
        why = reason or f"labels on {clusters} dialogues; at least 3 are needed"
        return unidentified(why, n=n, clusters=clusters, method=METHOD), None, None
    if np.isfinite(matched.chance[labelled]).any():
        return _with_chances(matched, labelled, confidence, win_rate=win_rate), None, None
    rest, cluster = matched.judge[~labelled], matched.cluster
    got = ppi_mean(y, f, rest, cluster[labelled], cluster[~labelled], confidence=confidence)
    estimate = Estimate(
        value=got.value, std_error=got.std_error, ci_low=got.ci_low, ci_high=got.ci_high, df=got.df, n=n,
        clusters=got.n_clusters, confidence=confidence, method=f"{METHOD}; {ASSUMES}",
        warnings=_uneven(matched, labelled),
    )  # fmt: skip
    if not got.std_error > 0:
        estimate = replace(estimate, std_error=None, ci_low=None, ci_high=None).warn(
            "no variation between labels: no interval can be given"
        )
    estimate = few_clusters(estimate)
    worth = (got.human_std_error / got.std_error) ** 2 if got.std_error > 0 else None
    return (estimate.clip(0.0, 1.0) if win_rate else estimate), got.lam, worth


def _too_few(y: Floats, *, win_rate: bool) -> str:
    """Say why the labels do not carry an interval, or nothing where they do."""
    if y.size < MIN_LABELS:
        return f"{y.size} labels; {MIN_LABELS} are needed for an interval that holds"
    if win_rate:
        wins, losses = int((y > 0.5).sum()), int((y < 0.5).sum())
        if min(wins, losses) < MIN_RARE:
            return f"people's labels hold {wins} wins and {losses} losses; {MIN_RARE} of each are needed"
        return ""
    values, counts = np.unique(y, return_counts=True)
    if values.size == 2 and counts.min() < MIN_RARE:
        return f"the rarer label has {counts.min()} items; {MIN_RARE} are needed"
    return ""


def _with_chances(
    matched: Matched, labelled: NDArray[np.bool_], confidence: float, *, win_rate: bool
) -> Estimate:
    chance = matched.chance[labelled]
    n = int(labelled.sum())
    if not ((chance > 0) & (chance <= 1)).all():
        reason = "some labels have a chance of being drawn (inclusion, above 0 to 1), others have none"
        return unidentified(reason, n=n, method=METHOD)
    got = active_mean(
        matched.judge, np.flatnonzero(labelled), matched.people[labelled], chance, matched.cluster,
        confidence=confidence,
    )  # fmt: skip
    got = few_clusters(got)
    return got.clip(0.0, 1.0) if win_rate else got


def _uneven(matched: Matched, labelled: NDArray[np.bool_]) -> tuple[str, ...]:
    """Warn where the judge scores the labelled items unlike the others: then they are no random part."""
    moments = []
    for part in (labelled, ~labelled):
        code, count = dense_codes(matched.cluster[part])
        x = matched.judge[part]
        if count < 3:
            return ()
        sums = sum_by(code, x - x.mean(), count)
        moments.append((float(x.mean()), float(count / (count - 1) * (sums**2).sum() / x.size**2), count))
    (one, var_one, n_one), (two, var_two, n_two) = moments
    error = float(np.sqrt(var_one + var_two))
    if error <= 0:
        return ()
    p = t_p_value((one - two) / error, min(n_one, n_two) - 1)
    if p >= UNEQUAL_P:
        return ()
    note = (
        f"the judge gives the labelled items {one:.2f} and the others {two:.2f} on average (p = {p:.1g}):"
        " they do not look like a random part, and the correction may not hold for the rest"
    )
    return (note,)
