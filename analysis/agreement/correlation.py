"""Pearson, Spearman and Kendall with the exact delete-one-cluster jackknife.

Two roads to the same replicates. Ordinal scores: every cluster becomes a table of counts, and the
replicates are statistics of (all - cluster), vectorised. Continuous scores: closed forms for what deleting a
cluster does to the sums of ranks and of concordant pairs, from counts of dominated points. Only where both
would be too dear are clusters put into groups (`judge.analysis.jackknife.GROUPS`), and `method` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement import rank_sums, tables
from judge.analysis.agreement.alpha import coded
from judge.analysis.estimate import Estimate, unidentified
from judge.analysis.jackknife import GROUPS, dense_codes, from_replicates, group_codes

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

STATISTICS = ("spearman", "kendall_tau_b", "pearson")
MAX_CELLS = 1024
"""Largest table of counts per cluster (levels of x times levels of y)."""
MAX_PAIRS = 5_000_000
"""Most pairs inside clusters for the closed forms."""
NAMES = {
    "spearman": "Spearman's rho",
    "kendall_tau_b": "Kendall's tau-b",
    "kendall_tau_c": "Kendall's tau-c",
    "pearson": "Pearson's r",
}


@dataclass(frozen=True)
class Replicates:
    """Values of several statistics: of all data, and without each cluster."""

    value: dict[str, float]
    without: dict[str, Floats]
    groups: int
    clusters: int


def correlate(
    x: Floats,
    y: Floats,
    clusters: npt.NDArray[np.integer],
    *,
    statistics: tuple[str, ...] = STATISTICS,
    confidence: float = 0.95,
) -> dict[str, Estimate]:
    """Estimate correlations of two columns with cluster-jackknife z-t intervals.

    Parameters
    ----------
    x, y
        Scores, shape (n,), finite.
    clusters
        Code of the independent unit of each row, shape (n,).
    statistics
        Some of ``spearman``, ``kendall_tau_b``, ``kendall_tau_c``, ``pearson``.

    Returns
    -------
    dict
        An estimate by statistic; not identified where a column is constant or there are fewer than three
        rows.

    Notes
    -----
    The interval is taken on the arctanh scale with Student's t of D-1 degrees of freedom; its coverage was
    .94-.97 with clustered items where the usual Fisher interval covers .85-.90. Assumes independent
    clusters. No p-value: those in common use assume independent rows.

    References
    ----------
    Kendall 1945, doi:10.1093/biomet/33.3.239 (tau-b); Stuart 1953, doi:10.1093/biomet/40.1-2.105 (tau-c).

    Examples
    --------
    >>> x = np.array([1.0, 2, 2, 3, 4, 4, 5, 1, 3, 5])
    >>> y = np.array([1.0, 1, 2, 3, 3, 4, 5, 2, 3, 4])
    >>> found = correlate(x, y, np.arange(10))
    >>> round(found["kendall_tau_b"].value, 10), round(found["spearman"].value, 10)
    (0.8355099778, 0.9182571549)
    """
    n = int(x.size)
    reason = degenerate(x, y)
    if reason:
        return {name: unidentified(reason, n=n, method=NAMES[name]) for name in statistics}
    found = replicates(x, y, clusters, statistics)
    return {
        name: from_replicates(
            found.value[name],
            found.without[name],
            n=n,
            confidence=confidence,
            method=_method(name, found),
            scale="fisher",
        )
        for name in statistics
    }


def degenerate(x: Floats, y: Floats) -> str:
    """Say why a correlation is undefined; empty if it is not.

    >>> degenerate(np.ones(5), np.arange(5.0))
    'the first column is constant'
    """
    if x.size < 3:
        return f"{x.size} rows in common: a correlation needs three"
    if np.ptp(x) == 0:
        return "the first column is constant"
    if np.ptp(y) == 0:
        return "the second column is constant"
    return ""


def _method(name: str, found: Replicates) -> str:
    how = "delete-one-cluster jackknife"
    if found.groups < found.clusters:
        how = f"delete-a-group jackknife, {found.groups} groups of clusters taken in turn"
    return f"{NAMES[name]}; {how} on arctanh, t"


def replicates(
    x: Floats, y: Floats, clusters: npt.NDArray[np.integer], statistics: tuple[str, ...]
) -> Replicates:
    """Compute statistics of all the data and without each cluster, by the cheapest exact road."""
    code, count = dense_codes(clusters)
    levels_x, x_code = coded(x)
    levels_y, y_code = coded(y)
    sizes = np.bincount(code)
    cells = levels_x.size * levels_y.size
    if cells <= MAX_CELLS and cells * count <= 16 * max(x.size, 200_000):
        value, without = tables.leave_one_out(x_code, y_code, code, (levels_x, levels_y), statistics)
        return Replicates(value, without, count, count)
    if float((sizes.astype(float) ** 2).sum()) <= MAX_PAIRS:
        found = {name: rank_sums.leave_one_out(name, x, y, code, count) for name in statistics}
        return Replicates(
            {name: f[0] for name, f in found.items()}, {name: f[1] for name, f in found.items()}, count, count
        )
    return _by_groups(x, y, code, count, statistics)


def _by_groups(x: Floats, y: Floats, code: Ints, count: int, statistics: tuple[str, ...]) -> Replicates:
    """Recompute without each group of clusters."""
    group, groups = group_codes(code, GROUPS)
    value = {name: plain(name, x, y) for name in statistics}
    without = {name: np.empty(groups) for name in statistics}
    for number in range(groups):
        keep = group != number
        for name in statistics:
            without[name][number] = plain(name, x[keep], y[keep])
    return Replicates(value, without, groups, count)


def plain(name: str, x: Floats, y: Floats) -> float:
    """Compute one correlation without an interval; NaN where it is undefined.

    >>> round(plain("pearson", np.array([1.0, 2, 3]), np.array([1.0, 3, 2])), 3)
    0.5
    """
    if degenerate(x, y):
        return float("nan")
    return rank_sums.value_only(name, x, y)
