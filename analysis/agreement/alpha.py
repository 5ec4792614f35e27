"""Krippendorff's alpha with the delete-one-cluster jackknife, from coincidence counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, unidentified
from judge.analysis.jackknife import (
    CHUNK,
    GROUPS,
    blocks,
    count_by,
    dense_codes,
    from_replicates,
    sum_by,
)  # fmt: skip

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Pair = tuple[float, Floats]

LEVELS = ("nominal", "ordinal", "interval")
MAX_VALUES = 64
"""Most distinct values for counts; above it sums (interval) or ranks (ordinal) are used."""

MAX_PATTERNS = 1 << 20
"""Most conceivable patterns of one unit's ratings for counting units by pattern."""


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
    return mean_alpha([labels], (level,), confidence=confidence)[level]


def mean_alpha(
    versions: list[Labels], levels: tuple[str, ...] = LEVELS, *, confidence: float = 0.95
) -> dict[str, Estimate]:
    """Estimate the mean of the alphas of several versions of the labels, jackknifed together.

    For a judge in one rater's place: one version for each rater who gives way. All versions must number
    their clusters alike. Returns an estimate by level.
    """
    parts = [_pairable(labels) for labels in versions]
    units = max((part.cluster.size for part in parts), default=0)
    if units == 0:
        return {level: unidentified("no unit has two ratings", method=_method(level)) for level in levels}
    present = np.flatnonzero(np.bincount(np.concatenate([part.cluster for part in parts])))
    if any(part.value.size == 0 or np.ptp(part.value) == 0 for part in parts):
        reason, clusters = "all ratings are equal", int(present.size)
        return {
            level: unidentified(reason, n=units, clusters=clusters, method=_method(level)) for level in levels
        }
    found = [_replicates(part, present, levels) for part in parts]
    out = {}
    for level in levels:
        mine = [part[level] for part in found]
        if any(pair is None for pair in mine):
            reason = f"more than {MAX_VALUES} distinct scores are no categories"
            out[level] = unidentified(reason, n=units, clusters=int(present.size), method=_method(level))
            continue
        pairs = [pair for pair in mine if pair is not None]
        without = np.mean(np.stack([pair[1] for pair in pairs]), axis=0)
        value = float(np.mean([pair[0] for pair in pairs]))
        grouped = without.size < present.size
        out[level] = from_replicates(
            value, without, n=units, confidence=confidence, method=_method(level, grouped=grouped)
        )
    return out


def _method(level: str, *, grouped: bool = False) -> str:
    how = f"delete-a-group jackknife, {GROUPS} groups" if grouped else "delete-one-cluster jackknife"
    return f"Krippendorff's alpha ({level}); {how}, t"


def _pairable(labels: Labels) -> Labels:
    """Keep units with at least two ratings; units are renumbered without gaps."""
    size = np.bincount(labels.unit, minlength=labels.cluster.size)
    good = size >= 2
    if good.all():
        return labels
    rows = np.flatnonzero(good[labels.unit])
    unit = (np.cumsum(good) - 1)[labels.unit[rows]]
    return Labels(unit, labels.value[rows], labels.cluster[good])


def _replicates(labels: Labels, present: Ints, levels: tuple[str, ...]) -> dict[str, Pair | None]:
    """Compute alpha of all units and without each of the clusters `present`; None where it makes no sense."""
    values, value_code = coded(labels.value)
    place = np.searchsorted(present, labels.cluster)
    code, clusters = dense_codes(labels.cluster)
    if values.size <= MAX_VALUES:
        found = _by_counts(labels.unit, value_code, values, code, levels)
        return {level: _spread(pair, place, present.size) for level, pair in found.items()}
    out: dict[str, Pair | None] = {}
    for level in levels:
        if level == "nominal":
            out[level] = None
        elif level == "ordinal":
            out[level] = _by_ranks(labels.unit, labels.value, place, int(present.size))
        else:
            out[level] = _spread(_by_sums(labels.unit, labels.value, code, clusters), place, present.size)
    return out


def _spread(pair: Pair, place: Ints, clusters: int) -> Pair:
    """Give clusters without units of this version the value of all units as their replicate."""
    without = np.full(clusters, pair[0])
    without[np.flatnonzero(np.bincount(place, minlength=clusters))] = pair[1]
    return pair[0], without


def coded(values: Floats) -> tuple[Floats, Ints]:
    """Return the distinct values and the code of each; fast for small whole numbers.

    >>> coded(np.array([3.0, 1.0, 3.0]))
    (array([1., 3.]), array([1, 0, 1]))
    """
    if not values.size:
        return values, np.zeros(0, dtype=np.int64)
    low, high = float(values.min()), float(values.max())
    if high - low < 1000:
        whole = (values - low).astype(np.int64)
        if np.array_equal(whole, values - low):
            used = np.bincount(whole) > 0
            code = whole if used.all() else (np.cumsum(used) - 1)[whole]
            return np.flatnonzero(used).astype(np.float64) + low, code
    distinct, code = np.unique(values, return_inverse=True)
    return distinct, code.astype(np.int64)


def _by_counts(
    unit: Ints, value: Ints, values: Floats, cluster: Ints, levels: tuple[str, ...]
) -> dict[str, Pair]:
    """Compute alphas of all units and without each cluster from coincidence matrices."""
    k, clusters = values.size, int(cluster.max()) + 1
    counts = count_by(unit * k + value, cluster.size * k).reshape(-1, k)
    if (found := _by_patterns(counts, values, cluster, levels)) is not None:
        return found
    order = np.argsort(cluster, kind="stable")
    counts = counts[order]
    weights = counts / (counts.sum(axis=1, keepdims=True) - 1)
    total = weights.T @ counts
    total[np.diag_indices(k)] -= weights.sum(axis=0)
    whole = {level: float(_alpha(total[None], values, level)[0]) for level in levels}
    without = {level: np.empty(clusters) for level in levels}
    start = np.searchsorted(cluster[order], np.arange(clusters + 1))
    for part in blocks(clusters, k * k * max(1, cluster.size // clusters), CHUNK // 4):
        rows = slice(int(start[part.start]), int(start[part.stop]))
        own = weights[rows, :, None] * counts[rows, None, :]
        own[:, np.arange(k), np.arange(k)] -= weights[rows]
        first = start[part.start : part.stop] - start[part.start]
        if own.shape[0] > first.size:
            own = np.add.reduceat(own, first, axis=0)
        np.subtract(total[None], own, out=own)
        for level in levels:
            without[level][part] = _alpha(own, values, level)
    return {level: (whole[level], without[level]) for level in levels}


def _by_patterns(
    counts: Floats, values: Floats, cluster: Ints, levels: tuple[str, ...]
) -> dict[str, Pair] | None:
    """Compute what `_by_counts` does from the patterns of ratings that units have.

    Units with the same ratings, whoever gave them, add the same to the coincidences: what is counted is how
    often each cluster holds each pattern. None where the patterns would be too many.
    """
    from scipy.sparse import coo_array

    k, base = counts.shape[1], counts.max() + 1
    if k * np.log(base) > np.log(MAX_PATTERNS):
        return None
    code = (counts @ base ** np.arange(k)).astype(np.int64)
    often = np.bincount(code)
    present = np.flatnonzero(often)
    if present.size * 4 > counts.shape[0]:
        return None
    kinds = np.floor(present[:, None] / base ** np.arange(k)) % base
    weights = kinds / (kinds.sum(axis=1, keepdims=True) - 1)
    own = weights[:, :, None] * kinds[:, None, :]
    own[:, np.arange(k), np.arange(k)] -= weights
    total = np.tensordot(often[present], own, axes=1)
    pattern = (np.cumsum(often > 0) - 1)[code]
    clusters = int(cluster.max()) + 1
    which = np.arange(clusters)
    if clusters == cluster.size:
        which[cluster] = pattern
    else:
        held = coo_array((np.ones(code.size), (cluster, pattern)), shape=(clusters, present.size)).tocsr()
        own = (held @ own.reshape(present.size, -1)).reshape(clusters, k, k)
    without = total[None] - own
    return {
        level: (float(_alpha(total[None], values, level)[0]), _alpha(without, values, level)[which])
        for level in levels
    }


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


def _by_sums(unit: Ints, value: Floats, cluster: Ints, clusters: int) -> Pair:
    """Compute interval alpha from each unit's sums: exact for any number of distinct scores."""
    value = value - value.mean()
    size = count_by(unit, cluster.size)
    first, second = sum_by(unit, value, cluster.size), sum_by(unit, value * value, cluster.size)
    apart = 2 * (size * second - first**2) / (size - 1)
    sums = [sum_by(cluster, column, clusters) for column in (size, first, second, apart)]
    whole = [column.sum() for column in sums]
    every = _interval(*(np.array([w]) for w in whole))
    return float(every[0]), _interval(*(w - column for w, column in zip(whole, sums, strict=True)))


def _interval(n: Floats, first: Floats, second: Floats, apart: Floats) -> Floats:
    expected = 2 * (n * second - first**2)
    return np.asarray(
        1 - np.divide((n - 1) * apart, expected, out=np.full(n.shape, np.nan), where=expected > 1e-12)
    )


def _by_ranks(unit: Ints, value: Floats, cluster: Ints, clusters: int) -> Pair:
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
