"""Delete-one-cluster jackknife: from sums per cluster, or from replicates, to an estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from judge.analysis.estimate import Estimate, t_estimate, t_quantile, unidentified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

GROUPS = 200
"""Groups of a delete-a-group jackknife, where deleting every cluster by itself would be too dear."""
CHUNK = 1 << 21
"""Cells held at once when replicates are computed block by block (16 MiB of float64)."""


def dense_codes(codes: npt.NDArray[np.integer]) -> tuple[Ints, int]:
    """Renumber cluster codes to 0..D-1 without gaps; clusters without observations do not count.

    >>> dense_codes(np.array([7, 3, 7]))
    (array([1, 0, 1]), 2)
    """
    if codes.size and codes.min() >= 0 and codes.max() < 4 * codes.size + 1024:
        place = np.cumsum(np.bincount(codes) > 0)
        count = int(place[-1])
        return (codes.astype(np.int64, copy=False) if count == place.size else (place - 1)[codes]), count
    present, dense = np.unique(codes, return_inverse=True)
    return dense.astype(np.int64), int(present.size)


def present_codes(codes: npt.NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Return the codes that occur, sorted, and the place of each row's code among them.

    What `numpy.unique` with the inverse gives, by counting instead of sorting where codes are small.

    >>> present_codes(np.array([7, 3, 7]))
    (array([3, 7]), array([1, 0, 1]))
    """
    if codes.size and codes.min() >= 0 and codes.max() < 4 * codes.size + 1024:
        used = np.bincount(codes) > 0
        return np.flatnonzero(used), (np.cumsum(used) - 1)[codes]
    present, place = np.unique(codes, return_inverse=True)
    return present.astype(np.int64), place.astype(np.int64)


def sum_by(codes: npt.NDArray[np.integer], values: npt.ArrayLike, count: int) -> Floats:
    """Sum values by code; a result of `count` numbers.

    >>> sum_by(np.array([0, 1, 0]), np.array([1.0, 2.0, 3.0]), 2)
    array([4., 2.])
    """
    sums: Floats = np.bincount(codes, np.asarray(values, dtype=float), count).astype(np.float64, copy=False)
    return sums


def count_by(codes: npt.NDArray[np.integer], count: int) -> Floats:
    """Count rows by code, as floats.

    >>> count_by(np.array([0, 1, 0]), 2)
    array([2., 1.])
    """
    return np.bincount(codes, minlength=count).astype(np.float64)


def group_codes(codes: npt.NDArray[np.integer], groups: int = GROUPS) -> tuple[Ints, int]:
    """Put clusters into at most `groups` groups, in turn by their code: deterministic, no seed.

    >>> group_codes(np.array([0, 1, 2, 3, 4]), 2)
    (array([0, 1, 0, 1, 0]), 2)
    """
    dense, count = dense_codes(codes)
    return (dense, count) if count <= groups else (dense % groups, groups)


def from_replicates(
    value: float,
    replicates: Floats,
    *,
    n: int,
    confidence: float,
    method: str,
    scale: Literal["plain", "fisher"] = "plain",
    null: float | None = None,
) -> Estimate:
    r"""Make an estimate from the values with one cluster left out.

    SE^2 = (D-1)/D sum_d (theta_(d) - mean)^2, with Student's t of D-1 degrees of freedom.

    Parameters
    ----------
    value
        The statistic of all the data.
    replicates
        The statistic without cluster d, shape (D,). Not-a-number where it is undefined.
    n
        Number of observations.
    scale
        ``fisher`` takes the interval on the scale of arctanh and turns it back (for correlations).
    null
        The value that the p-value is about; no p-value without it.

    Notes
    -----
    Assumes that clusters are independent; nothing is assumed inside a cluster. Where the statistic or a
    replicate is +-1, arctanh is infinite and the interval is taken on the plain scale, cut at +-1.

    References
    ----------
    Efron & Stein 1981, doi:10.1214/aos/1176345462. Cameron & Miller 2015, doi:10.3368/jhr.50.2.317.

    Examples
    --------
    For a mean the jackknife is the usual standard error, 1.29 / sqrt(4):

    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> e = from_replicates(x.mean(), (x.sum() - x) / 3, n=4, confidence=0.95, method="")
    >>> round(e.std_error, 4)
    0.6455
    """
    count = replicates.size
    if not np.isfinite(value):
        return unidentified("the statistic is undefined for these data", n=n, clusters=count, method=method)
    why = "one cluster only" if count < 2 else ""
    if not why and not np.isfinite(replicates).all():
        why = "undefined without one of the clusters"
    if why:
        bare = Estimate(value=float(value), n=n, clusters=count, confidence=confidence, method=method)
        return bare.warn(f"{why}: no interval can be given")
    inner = scale == "fisher" and max(abs(value), float(np.abs(replicates).max())) < 1 - 1e-10
    theta, reps = (np.arctanh(value), np.arctanh(replicates)) if inner else (value, replicates)
    std_error = float(np.sqrt((count - 1) / count * ((reps - reps.mean()) ** 2).sum()))
    out = t_estimate(float(theta), std_error, count - 1, n=n, confidence=confidence, method=method, null=null)
    if scale == "plain":
        return out
    return _from_fisher(out, float(value)) if inner else out.clip(-1.0, 1.0)


def _from_fisher(out: Estimate, value: float) -> Estimate:
    """Turn an estimate on the arctanh scale back; the SE by the delta method."""
    from dataclasses import replace

    if out.std_error is None or out.df is None or out.confidence is None:
        return replace(out, value=value)
    half = t_quantile(out.df, out.confidence) * out.std_error
    z = np.arctanh(value)
    return replace(
        out,
        value=value,
        std_error=out.std_error * (1 - value**2),
        ci_low=float(np.tanh(z - half)),
        ci_high=float(np.tanh(z + half)),
    )


def leave_one_out(
    sums: Floats, statistic: Callable[[Floats], Floats], *, chunk: int = CHUNK
) -> tuple[float, Floats]:
    """Compute a statistic of sums, of all clusters and without each of them.

    Parameters
    ----------
    sums
        What each cluster adds, shape (D, ...).
    statistic
        Maps sums of shape (B, ...) to B values; vectorised over the first axis.

    Returns
    -------
    tuple
        The value of all the data, and D replicates. Work is done block by block: little memory at large D.

    Examples
    --------
    >>> leave_one_out(np.array([[1.0, 1], [3, 1], [5, 1]]), lambda s: s[:, 0] / s[:, 1])
    (3.0, array([4., 3., 2.]))
    """
    total = sums.sum(axis=0)
    value = float(statistic(total[None])[0])
    replicates = np.empty(sums.shape[0])
    for part in blocks(sums.shape[0], max(1, int(np.prod(sums.shape[1:]))), chunk):
        replicates[part] = statistic(total[None] - sums[part])
    return value, replicates


def blocks(rows: int, width: int, chunk: int = CHUNK) -> Iterator[slice]:
    """Cut `rows` rows of `width` cells into slices of about `chunk` cells.

    >>> list(blocks(5, 10, 20))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, chunk // max(1, width))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def cluster_mean(
    values: Floats,
    clusters: npt.NDArray[np.integer],
    *,
    confidence: float,
    method: str,
    null: float | None = None,
    weights: Floats | None = None,
) -> Estimate:
    """Estimate a mean (or a ratio of sums) with the cluster jackknife.

    Parameters
    ----------
    values, clusters
        Observations and the codes of their clusters, shape (n,).
    weights
        The denominators of a ratio sum(values) / sum(weights); ones by default, that is a mean.
    null
        The value that the p-value is about.

    Examples
    --------
    Two observations in each of two clusters are two independent units, not four:

    >>> e = cluster_mean(np.array([0.0, 0, 1, 1]), np.array([0, 0, 1, 1]), confidence=0.95, method="t")
    >>> e.value, e.clusters, e.std_error
    (0.5, 2, 0.5)
    """
    n = int(values.size)
    if n == 0:
        return unidentified("no observations", method=method)
    code, count = dense_codes(clusters)
    top = sum_by(code, values, count)
    bottom = count_by(code, count) if weights is None else sum_by(code, weights, count)
    total, size = top.sum(), bottom.sum()
    kept = size - bottom
    if size <= 0:
        return unidentified("no observations", n=n, clusters=count, method=method)
    value = float(total / size)
    replicates = np.divide(total - top, kept, out=np.full(count, np.nan), where=kept > 0)
    return from_replicates(value, replicates, n=n, confidence=confidence, method=method, null=null)
