"""How far agreement can go when people are noisy: the ceiling, and agreement with the noise taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.icc import cluster_sums, forms, left_out, one_way, total
from judge.analysis.estimate import Estimate, unidentified
from judge.analysis.jackknife import dense_codes, from_replicates, sum_by

if TYPE_CHECKING:
    import numpy.typing as npt

    from judge.analysis.agreement.matched import People

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

AT_CEILING = "at the ceiling within the error: collect more raters to tell more"
MAX_LEAVE_OUT = 30
"""With more people than this the leave-one-person-out ceiling is not computed."""


def noise_ceiling(people: People, judge: Floats, *, confidence: float = 0.95) -> dict[str, Estimate]:
    r"""Estimate the largest Pearson correlation that any judge can have with people's mean, and r against it.

    Parameters
    ----------
    people
        Ratings of the items that the judge rated too.
    judge
        The judge's scores of these items, shape (items,).

    Returns
    -------
    dict
        ``reliability`` of people's mean, ``noise_ceiling`` = its root, and ``disattenuated`` =
        r / ceiling: the correlation with what people would say on average over very many raters. Both parts
        are recomputed in each replicate of the jackknife.

    Notes
    -----
    Reliability is ICC(C,k) where all people rated all items (their severity then cancels), else one-way by
    Spearman-Brown with the harmonic mean number of ratings. Assumes that people's errors are independent
    of each other and of the judge's. A value above 1 is not cut: it says that the ceiling is not known well.

    References
    ----------
    Spearman 1904, doi:10.2307/1412159.
    """
    method = "r / sqrt(reliability of people's mean); delete-one-cluster jackknife, t"
    names = ("reliability", "noise_ceiling", "disattenuated")
    n = int(judge.size)
    if n < 3 or not (people.size >= 2).any():
        reason = "fewer than three items in common" if n < 3 else "no item was rated by two people"
        return {name: unidentified(reason, n=n, method=method) for name in names}
    code, count = dense_codes(people.cluster)
    reliability, reliability_without, how = _reliability(people)
    r, r_without = _pearson(judge, people.first / people.size, code, count)
    if not reliability > 0:
        reason = "people agree no better than chance: there is nothing to agree with"
        return {name: unidentified(reason, n=n, clusters=count, method=method) for name in names}
    root = np.sqrt(np.where(reliability_without > 0, reliability_without, np.nan))
    ceiling = float(np.sqrt(reliability))
    out = {
        "reliability": (reliability, reliability_without, how),
        "noise_ceiling": (ceiling, root, f"root of the reliability of people's mean ({how})"),
        "disattenuated": (r / ceiling, r_without / root, f"r / ceiling ({how})"),
    }
    found = {
        name: from_replicates(
            value, without, n=n, confidence=confidence, method=f"{text}; delete-one-cluster jackknife, t"
        )
        for name, (value, without, text) in out.items()
    }
    top = found["disattenuated"]
    if top.ci_high is not None and top.ci_high > 1:
        found["disattenuated"] = top.warn(AT_CEILING)
    return found


def _reliability(people: People) -> tuple[float, Floats, str]:
    """Compute the reliability of the mean of people, of all and without each cluster."""
    complete = people.complete()
    if complete is not None and complete[0].shape[0] == people.items.size:
        matrix, clusters = complete
        sums, _ = cluster_sums(matrix - matrix.mean(), clusters)
        every, rest = forms(total(sums))["ICC(C,k)"], forms(left_out(sums))["ICC(C,k)"]
        return float(every[0]), rest, "ICC(C,k)"
    centre = people.score.mean()
    first = people.first - people.size * centre
    second = people.second - 2 * centre * people.first + people.size * centre**2
    value, without = one_way(people.size, first, second, people.cluster)
    raters = people.items.size / (1 / people.size).sum()
    stepped = raters * without / (1 + (raters - 1) * without)
    return raters * value / (1 + (raters - 1) * value), stepped, "one-way ICC, Spearman-Brown"


def _pearson(x: Floats, y: Floats, code: Ints, count: int) -> tuple[float, Floats]:
    """Compute r of all items and without each cluster."""
    x, y = x - x.mean(), y - y.mean()
    columns = (np.ones(x.size), x, y, x * x, y * y, x * y)
    sums = [sum_by(code, column, count) for column in columns]

    def of(parts: list[Floats]) -> Floats:
        n, sx, sy, xx, yy, xy = parts
        safe = np.where(n > 0, n, 1.0)
        spread = (xx - sx**2 / safe) * (yy - sy**2 / safe)
        good = spread > 1e-12
        root = np.sqrt(np.where(good, spread, 1.0))
        return np.asarray(np.where(good, (xy - sx * sy / safe) / root, np.nan))

    value = of([np.array([part.sum()]) for part in sums])
    return float(value[0]), of([part.sum() - part for part in sums])


def lower_ceiling(people: People, *, confidence: float = 0.95) -> Estimate:
    """Estimate how well one person agrees with the mean of the others: mean over people of Pearson's r.

    A judge above it agrees with people better than a person does.
    """
    method = "mean over people of r with the mean of the others; delete-one-cluster jackknife, t"
    enough = people.take(people.size >= 2)
    if not enough.items.size:
        return unidentified("no item was rated by two people", method=method)
    code, count = dense_codes(enough.cluster)
    present = np.unique(enough.rater)
    if present.size > MAX_LEAVE_OUT:
        reason = f"more than {MAX_LEAVE_OUT} people"
        return unidentified(reason, n=enough.items.size, clusters=count, method=method)
    values, without = [], []
    for rater in present:
        rows = enough.rater == rater
        unit = enough.unit[rows]
        others = (enough.first[unit] - enough.score[rows]) / (enough.size[unit] - 1)
        value, parts = _pearson(enough.score[rows], others, code[unit], count)
        values.append(value)
        without.append(parts)
    value = float(np.mean(values))
    if not np.isfinite(value):
        return unidentified(
            "a person's scores are constant", n=enough.items.size, clusters=count, method=method
        )
    mean = np.mean(np.stack(without), axis=0)
    return from_replicates(value, mean, n=enough.items.size, confidence=confidence, method=method)
