"""How a judge uses the scale: leniency against people, levels in use, the share of its favourite score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.alpha import coded
from judge.analysis.bias.common import FAMILY, material_finding
from judge.analysis.estimate import Estimate, equivalence_verdict, finding, unidentified
from judge.analysis.inputs import PEOPLE
from judge.analysis.jackknife import cluster_mean, dense_codes, from_replicates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LENIENCY = "mean of judge less people over items that both rated; cluster jackknife, t"
RANGE = "exp(entropy of the scores) / levels of the scale; cluster jackknife, t"
MODAL = "share of the most frequent score; cluster jackknife, t"
MOST_LEVELS = 12


def leniency_finding(
    material: Material, table: RatingTable, criterion: int, options: AuditOptions
) -> Finding:
    """Give the points by which the judge scores above people, where both use one scale.

    The margin of equivalence is `options.margin` standard deviations of the judge. Nothing is corrected for
    noise: a mean needs no second rater.
    """
    reason = different_scales(table, material, criterion, options)
    seen = np.isfinite(material.people.mean) & np.isfinite(material.score)
    if reason or not seen.any():
        nothing = unidentified(reason or "judge and people rated no item in common", method=LENIENCY)
        return material_finding(material, "leniency", nothing, level="pooled")
    apart = material.score[seen] - _plain_means(table, criterion, material.item[seen])
    estimate = cluster_mean(
        apart, material.cluster[seen], confidence=options.confidence, method=LENIENCY, null=0.0
    )
    sd = float(material.score[seen].std(ddof=1)) if seen.sum() > 1 else 0.0
    verdict, notes = equivalence_verdict(estimate, options.margin * sd)
    return material_finding(material, "leniency", estimate, level="pooled", verdict=verdict, warnings=notes)


def _plain_means(table: RatingTable, criterion: int, item: Ints) -> Floats:
    """People's mean rating of items as it was given (severity is the point here)."""
    theirs, _, score = table.cells.pooled(criterion, table.people)
    size = len(table.dialogue) * len(table.system)
    count = np.bincount(theirs, minlength=size)
    total = np.bincount(theirs, weights=score, minlength=size)
    return np.asarray((total / np.maximum(count, 1))[item])


def different_scales(table: RatingTable, material: Material, criterion: int, options: AuditOptions) -> str:
    """Return why judge and people cannot be taken to use one scale, or nothing.

    One scale is assumed where the judge's scores lie inside the range that people use, or both have the
    same highest score; scales that are stated and agree are believed.
    """
    ours = table.ok & (table.criterion.codes == criterion)
    judge = ours & (table.rater.codes == material.rater)
    human = ours & ~table.rater_is_judge[table.rater.codes]
    if not human.any():
        return "no person rated on this criterion: leniency is against people"
    (low, high), (bottom, top) = _ends(table.score[judge]), _ends(table.score[human])
    stated = options.scales.get(material.criterion)
    if stated is not None and stated[0] <= min(low, bottom) and max(high, top) == stated[1]:
        return ""
    if (bottom <= low and high <= top) or high == top:
        return ""
    return (
        f"the judge's scores run from {low:g} to {high:g} and people's from {bottom:g} to {top:g}: leniency"
        " needs one scale"
    )


def _ends(values: Floats) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def range_findings(table: RatingTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield range use and modal share of each judge, and of people taken together, on each criterion."""
    for criterion, name in enumerate(table.criterion.names):
        ours = table.ok & (table.criterion.codes == criterion)
        levels = scale_levels(table, criterion, options)
        kind = table.rater_is_judge[table.rater.codes]
        groups = [(table.rater.names[judge], ours & (table.rater.codes == judge)) for judge in table.judges]
        for judge, rows in [*groups, (PEOPLE, ours & ~kind)]:
            if rows.any():
                columns = {"judge": judge, "criterion": name, "level": "pooled"}
                for statistic, estimate in range_use(
                    table.score[rows], table.cluster[rows], levels, options.confidence
                ).items():
                    yield finding(FAMILY, statistic, estimate, **columns)


def scale_levels(table: RatingTable, criterion: int, options: AuditOptions) -> int:
    """Return the number of levels of a criterion's scale, or 0 where it is not a scale of whole points."""
    scores = table.score[table.ok & (table.criterion.codes == criterion)]
    name = table.criterion.names[criterion]
    low, high = options.scales.get(name, table.scale(criterion))
    if not scores.size or (scores != np.round(scores)).any() or high - low + 1 > MOST_LEVELS:
        return 0
    return round(high - low) + 1


def range_use(score: Floats, cluster: Ints, levels: int, confidence: float) -> dict[str, Estimate]:
    """Estimate how much of the scale is used.

    Parameters
    ----------
    score, cluster
        Shape (n,).
    levels
        Of the scale; below 2 range use is not identified.
    confidence
        Of the intervals.

    Returns
    -------
    dict
        ``range_use``: effective number of levels (exp of the entropy) over the levels there are, 1 if all
        are used alike; ``modal_share``: share of the most frequent score.

    Examples
    --------
    >>> found = range_use(np.array([1.0, 2, 3, 4] * 10), np.arange(40), 4, .95)
    >>> round(found["range_use"].value, 6), found["modal_share"].value
    (1.0, 0.25)
    """
    code, count = dense_codes(cluster)
    values, place = coded(score)
    sums = np.bincount(code * values.size + place, minlength=count * values.size)
    table = sums.reshape(count, values.size).astype(np.float64)
    total = table.sum(axis=0)
    mode = int(np.argmax(total))
    share = (place == mode).astype(np.float64)
    modal = cluster_mean(share, cluster, confidence=confidence, method=f"{MODAL}; here {values[mode]:g}")
    if levels < 2:
        reason = f"not a scale of at most {MOST_LEVELS} whole points"
        return {
            "range_use": unidentified(reason, n=score.size, method=RANGE),
            "modal_share": modal.clip(0, 1),
        }
    used = from_replicates(
        float(_effective(total[None])[0]) / levels,
        _effective(total - table) / levels,
        n=score.size,
        confidence=confidence,
        method=f"{RANGE}; {levels} levels",
    )
    return {"range_use": used.clip(0, 1), "modal_share": modal.clip(0, 1)}


def _effective(counts: Floats) -> Floats:
    """Return exp(entropy) of each row; not-a-number where a row is empty."""
    whole = counts.sum(axis=1, keepdims=True)
    p = np.divide(counts, whole, out=np.full(counts.shape, np.nan), where=whole > 0)
    logs = np.log(np.where(p > 0, p, 1.0))
    return np.asarray(np.exp(-(p * logs).sum(axis=1)))
