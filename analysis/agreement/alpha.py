"""Krippendorff's alpha with the delete-one-cluster jackknife, from coincidence counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, unidentified
from judge.analysis.jackknife import GROUPS, blocks, dense_codes, from_replicates

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

LEVELS = ("nominal", "ordinal", "interval")
MAX_VALUES = 64
"""Most distinct values for counts; above it sums (interval) or ranks (ordinal) are used."""


@dataclass(frozen=True)
class Labels:
    """Ratings in long form: unit, rater is not needed, value; and the cluster of each unit.

    `unit` and `value` have shape (n,); `cluster` has shape (units,).
    """

    unit: Ints
    value: Floats
    cluster: Ints


def alpha(labels: Labels, level: str, *, confidence: float = 0.95) -> Estimate:
    r"""Estimate Krippendorff's alpha, 1 - observed / expected disagreement.

    Parameters
    ----------
    labels
        Ratings in long form; missing ratings are just absent. Units with one rating do not count.
    level
        ``nominal``, ``ordinal`` or ``interval``.

    Returns
    -------
    Estimate
        `n` counts the units with at least two ratings. Not identified without any, or where all ratings
        are equal (no disagreement can be expected).

    Notes
    -----
    Ordinal differences are differences of mid-ranks, (sum_{g=c..k} n_g - (n_c + n_k)/2)^2, so ordinal alpha
    is interval alpha on mid-ranks. Units are independent only between clusters.

    References
    ----------
    Krippendorff 2019, Content Analysis, 4th ed., ch. 12; Hayes & Krippendorff 2007,
    doi:10.1080/19312450709336664.

    Examples
    --------
    Three units, two raters who differ once:

    >>> labels = Labels(np.array([0, 0, 1, 1, 2, 2]), np.array([1.0, 1, 2, 2, 1, 2]), np.arange(3))
    >>> round(alpha(labels, "nominal").value, 4)
    0.4444
    """
    return mean_alpha([labels], level, confidence=confidence)


def mean_alpha(versions: list[Labels], level: str, *, confidence: float = 0.95) -> Estimate:
    """Estimate the mean of the alphas of several versions of the labels, jackknifed together.

    For a judge in one rater's place: one version for each rater who gives way. All versions must number
    their clusters alike.
    """
    method = f"Krippendorff's alpha ({level}); delete-one-cluster jackknife, t"
    parts = [_pairable(labels) for labels in versions]
    units = max((part.cluster.size for part in parts), default=0)
    present = np.unique(np.concatenate([part.cluster for part in parts])) if parts else np.zeros(0)
    if units == 0:
        return unidentified("no unit has two ratings", method=method)
    if any(part.value.size == 0 or np.ptp(part.value) == 0 for part in parts):
        return unidentified("all ratings are equal", n=units, clusters=present.size, method=method)
    distinct = max(np.unique(part.value).size for part in parts)
    if level == "nominal" and distinct > MAX_VALUES:
        reason = f"{distinct} distinct scores are no categories"
        return unidentified(reason, n=units, clusters=present.size, method=method)
    if level == "ordinal" and distinct > MAX_VALUES and present.size > GROUPS:
        method = f"Krippendorff's alpha (ordinal); delete-a-group jackknife, {GROUPS} groups, t"
    values, without = zip(*(_replicates(part, present, level) for part in parts), strict=True)
    mean = np.mean(np.stack(without), axis=0)
    return from_replicates(float(np.mean(values)), mean, n=units, confidence=confidence, method=method)


def _pairable(labels: Labels) -> Labels:
    """Keep units with at least two ratings; units are renumbered without gaps."""
    size = np.bincount(labels.unit, minlength=labels.cluster.size)
    keep = (size >= 2)[labels.unit]
    unit, _ = dense_codes(labels.unit[keep])
    return Labels(unit, labels.value[keep], labels.cluster[size >= 2])


def _replicates(labels: Labels, present: Ints, level: str) -> tuple[float, Floats]:
    """Compute alpha of all units and without each of the clusters `present`."""
    values, value_code = np.unique(labels.value, return_inverse=True)
    place = np.searchsorted(present, labels.cluster)
    if values.size > MAX_VALUES and level == "ordinal":
        return _by_ranks(labels.unit, labels.value, place, int(present.size))
    code, clusters = dense_codes(labels.cluster)
    if values.size <= MAX_VALUES:
        value, some = _by_counts(labels.unit, value_code, values, code, clusters, level)
    else:
        value, some = _by_sums(labels.unit, labels.value, code, clusters)
    without = np.full(present.size, value)
    without[np.unique(place)] = some
    return value, without


def _by_counts(
    unit: Ints, value: Ints, values: Floats, cluster: Ints, clusters: int, level: str
) -> tuple[float, Floats]:
    """Compute alpha of all units and without each cluster from coincidence matrices."""
    k = values.size
    counts = np.bincount(unit * k + value, minlength=cluster.size * k).reshape(-1, k).astype(float)
    weights = counts / (counts.sum(axis=1, keepdims=True) - 1)
    total = weights.T @ counts
    total[np.diag_indices(k)] -= weights.sum(axis=0)
    whole = float(_alpha(total[None], values, level)[0])
    without = np.empty(clusters)
    order = np.argsort(cluster, kind="stable")
    start = np.searchsorted(cluster[order], np.arange(clusters + 1))
    for part in blocks(clusters, k * k):
        rows = order[start[part.start] : start[part.stop]]
        first = start[part.start : part.stop] - start[part.start]
        own = weights[rows][:, :, None] * counts[rows][:, None, :]
        own[:, np.arange(k), np.arange(k)] -= weights[rows]
        if rows.size > first.size:
            own = np.add.reduceat(own, first, axis=0)
        without[part] = _alpha(total[None] - own, values, level)
    return whole, without


def _alpha(coincidence: Floats, values: Floats, level: str) -> Floats:
    """Compute alpha of coincidence matrices, shape (B, K, K)."""
    margin = coincidence.sum(axis=2)
    n = margin.sum(axis=1)
    if level == "nominal":
        observed = n - np.trace(coincidence, axis1=1, axis2=2)
        expected = n**2 - (margin**2).sum(axis=1)
    else:
        points = np.broadcast_to(values - values.mean(), margin.shape)
        if level == "ordinal":
            points = np.cumsum(margin, axis=1) - margin / 2 - n[:, None] / 2
        square = (margin * points**2).sum(axis=1)
        cross = ((coincidence @ points[:, :, None])[:, :, 0] * points).sum(axis=1)
        observed = 2 * (square - cross)
        expected = 2 * (n * square - (margin * points).sum(axis=1) ** 2)
    good = expected > 1e-9
    ratio = np.divide((n - 1) * observed, expected, out=np.full(n.shape, np.nan), where=good)
    return np.asarray(1 - ratio)


def _by_sums(unit: Ints, value: Floats, cluster: Ints, clusters: int) -> tuple[float, Floats]:
    """Compute interval alpha from each unit's sums: exact for any number of distinct scores."""
    value = value - value.mean()
    size = np.bincount(unit).astype(float)
    first, second = np.bincount(unit, value), np.bincount(unit, value * value)
    apart = 2 * (size * second - first**2) / (size - 1)
    sums = [np.bincount(cluster, column, clusters) for column in (size, first, second, apart)]
    whole = [column.sum() for column in sums]
    rest = [w - column for w, column in zip(whole, sums, strict=True)]
    every = _interval(*(np.array([w]) for w in whole))
    return float(every[0]), _interval(*rest)


def _interval(n: Floats, first: Floats, second: Floats, apart: Floats) -> Floats:
    expected = 2 * (n * second - first**2)
    return np.asarray(
        1 - np.divide((n - 1) * apart, expected, out=np.full(n.shape, np.nan), where=expected > 1e-12)
    )


def _by_ranks(unit: Ints, value: Floats, cluster: Ints, clusters: int) -> tuple[float, Floats]:
    """Compute ordinal alpha of scores with many values: ranks anew without each group of clusters."""
    groups = min(clusters, GROUPS)
    group = cluster % groups
    alone = np.zeros(cluster.size, dtype=np.int64)
    whole = _by_sums(unit, _mid_ranks(value), alone, 1)[0]
    without = np.empty(groups)
    for number in range(groups):
        keep = (group != number)[unit]
        rest, count = dense_codes(unit[keep])
        without[number] = _by_sums(rest, _mid_ranks(value[keep]), np.zeros(count, dtype=np.int64), 1)[0]
    return whole, without


def _mid_ranks(value: Floats) -> Floats:
    _, code, count = np.unique(value, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[code], dtype=float)
