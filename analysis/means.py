"""Mean scores of systems, and their differences paired by dialogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import FEW_CLUSTERS, Estimate, finding, holm, sign_flip_p, unidentified
from judge.analysis.inputs import PEOPLE
from judge.analysis.jackknife import cluster_mean, dense_codes, sum_by
from judge.analysis.rating_table import people_scores

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Differences = list[list[tuple[int, int, Estimate, float | None]]]

METHOD_MEAN = "mean over dialogues; cluster jackknife, t"
METHOD_DIFFERENCE = "mean of differences paired by dialogue; cluster jackknife, t"


@dataclass(frozen=True)
class Scores:
    """One voice's scores of one criterion: a row a rated item."""

    judge: str
    criterion: str
    dialogue: Ints
    system: Ints
    cluster: Ints
    score: Floats
    raters: int


def voices(table: RatingTable) -> Iterator[Scores]:
    """Yield each judge's scores, and those of people (mean over raters), criterion by criterion."""
    for number, criterion in enumerate(table.criterion.names):
        for rater in table.judges:
            item, score = table.cells.of(number, rater)
            if item.size:
                yield _scores(table, (table.rater.names[rater], criterion), item, score, 1)
        if table.people:
            people = people_scores(table, number)
            if people.item.size:
                raters = int(np.unique(table.cells.pooled(number, table.people)[1]).size)
                yield _scores(table, (PEOPLE, criterion), people.item, people.mean, raters)


def _scores(table: RatingTable, names: tuple[str, str], item: Ints, score: Floats, raters: int) -> Scores:
    dialogue, system = np.divmod(item, max(len(table.system), 1))
    cluster = table.cluster_of_dialogue[dialogue]
    return Scores(*names, dialogue, system, cluster, score, raters)


def all_differences(table: RatingTable, confidence: float) -> Differences:
    """Return `differences` of each of the `voices`, in their order."""
    return [differences(scores, confidence) for scores in voices(table)]


def mean_findings(
    table: RatingTable, options: AuditOptions, known: Differences | None = None
) -> Iterator[Finding]:
    """Yield mean scores, paired differences (Holm over all pairs of a judge and criterion), and bounds.

    `known` are the differences where they were computed already.
    """
    found = all_differences(table, options.confidence) if known is None else known
    for scores, gaps in zip(voices(table), found, strict=True):
        for code in np.unique(scores.system):
            rows = scores.system == code
            estimate = cluster_mean(
                scores.score[rows], scores.cluster[rows], confidence=options.confidence, method=METHOD_MEAN
            )
            yield _finding("mean_score", estimate, scores, system=table.system.names[int(code)])
        for one, two, estimate, adjusted in gaps:
            names = {"system": table.system.names[one], "system_b": table.system.names[two]}
            extra = {"p_adjusted": adjusted, "correction": "holm" if adjusted is not None else ""}
            yield _finding("mean_difference", estimate, scores, level="pair", **names, **extra)
    yield from _bound_findings(table, options)


def differences(scores: Scores, confidence: float) -> list[tuple[int, int, Estimate, float | None]]:
    """Estimate the difference of each two systems on the dialogues that both answered, with Holm's p."""
    systems = [int(code) for code in np.unique(scores.system)]
    by_system = {code: np.flatnonzero(scores.system == code) for code in systems}
    found = []
    for one, two in combinations(systems, 2):
        a, b = by_system[one], by_system[two]
        if not np.array_equal(scores.dialogue[a], scores.dialogue[b]):
            _, left, right = np.intersect1d(
                scores.dialogue[a], scores.dialogue[b], assume_unique=True, return_indices=True
            )
            a, b = a[left], b[right]
        gap = scores.score[a] - scores.score[b]
        found.append((one, two, difference(gap, scores.cluster[a], confidence)))
    known = [item[2].p for item in found if item[2].p is not None]
    adjusted = iter(holm(known)) if known else iter(())
    return [(one, two, e, None if e.p is None else next(adjusted)) for one, two, e in found]


def difference(gap: Floats, clusters: Ints, confidence: float) -> Estimate:
    """Estimate a mean difference; below 15 clusters p comes from the sign-flip test.

    >>> difference(np.array([1.0, 2, 1, 2, 1]), np.arange(5), 0.95).p
    0.0625
    """
    if gap.size == 0:
        return unidentified("no dialogue has both", method=METHOD_DIFFERENCE)
    estimate = cluster_mean(gap, clusters, confidence=confidence, method=METHOD_DIFFERENCE, null=0.0)
    if 2 <= estimate.clusters < FEW_CLUSTERS:
        sums = sum_by(dense_codes(clusters)[0], gap, estimate.clusters)
        return replace(estimate, p=sign_flip_p(sums), method=f"{METHOD_DIFFERENCE}; p by sign flips")
    return estimate


def _finding(statistic: str, estimate: Estimate, scores: Scores, **columns: object) -> Finding:
    level = {"level": "system"} | columns
    return finding(
        "means", statistic, estimate, judge=scores.judge, criterion=scores.criterion,
        n_raters=scores.raters, **level,
    )  # fmt: skip


def _bound_findings(table: RatingTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield the means as if every failure had got the lowest, then the highest score of the scale."""
    if table.ok.all():
        return
    for number, criterion in enumerate(table.criterion.names):
        scale = options.scales.get(criterion) or table.scale(number)
        note = () if criterion in options.scales else ("the scale is taken from the scores seen",)
        for rater in table.judges:
            mine = (table.rater.codes == rater) & (table.criterion.codes == number)
            for code in np.unique(table.system.codes[mine & ~table.ok]):
                rows = mine & (table.system.codes == code)
                columns = {
                    "level": "system",
                    "judge": table.rater.names[rater],
                    "criterion": criterion,
                    "system": table.system.names[int(code)],
                }
                for name, points in zip(("mean_score_worst", "mean_score_best"), scale, strict=True):
                    filled = np.where(table.ok[rows], table.score[rows], points)
                    yield finding(
                        "means", name, _bound(filled, table.cluster[rows], options, note), **columns
                    )


def _bound(filled: Floats, clusters: Ints, options: AuditOptions, note: tuple[str, ...]) -> Estimate:
    """Estimate a mean with failures filled in."""
    method = "mean with every failure set to the end of the scale; cluster jackknife, t"
    if not np.isfinite(filled).all():
        return unidentified("no score was given, so the scale is not known", n=filled.size, method=method)
    return cluster_mean(filled, clusters, confidence=options.confidence, method=method).warn(*note)
