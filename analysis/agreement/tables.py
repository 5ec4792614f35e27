"""Correlations as functions of a table of counts, for all leave-one-out tables at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.jackknife import blocks, count_by

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Levels = tuple[Floats, Floats]


def leave_one_out(
    x: Ints, y: Ints, cluster: Ints, levels: Levels, statistics: tuple[str, ...]
) -> tuple[dict[str, float], dict[str, Floats]]:
    """Compute statistics of all rows and without each cluster, from counts.

    Parameters
    ----------
    x, y
        Level of each row as a code, shape (n,).
    cluster
        Cluster of each row, 0..D-1, none empty.
    levels
        The scores behind the codes.
    """
    clusters = int(cluster.max()) + 1
    shape = (levels[0].size, levels[1].size)
    cells = shape[0] * shape[1]
    cell = x * shape[1] + y
    total = count_by(cell, cells).reshape(shape)
    value = {name: float(FUNCTIONS[name](total[None], levels)[0]) for name in statistics}
    without = {name: np.empty(clusters) for name in statistics}
    order = np.argsort(cluster, kind="stable")
    cluster, cell = cluster[order], cell[order]
    for part in blocks(clusters, cells):
        low, high = np.searchsorted(cluster, [part.start, part.stop])
        index = (cluster[low:high] - part.start) * cells + cell[low:high]
        mine = count_by(index, (part.stop - part.start) * cells)
        rest = total[None] - mine.reshape(-1, *shape)
        for name in statistics:
            without[name][part] = FUNCTIONS[name](rest, levels)
    return value, without


def _ratio(top: Floats, bottom: Floats) -> Floats:
    """Divide; NaN where the denominator is nought."""
    out: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return out


def pearson(table: Floats, levels: Levels) -> Floats:
    """Compute Pearson's r of tables of counts, shape (B, K, L).

    >>> pearson(np.eye(3)[None], (np.arange(3.0), np.arange(3.0)))
    array([1.])
    """
    n = table.sum(axis=(1, 2))
    x, y = levels[0] - levels[0].mean(), levels[1] - levels[1].mean()
    rows, columns = table.sum(axis=2), table.sum(axis=1)
    cross = ((table @ y) @ x) * n - (rows @ x) * (columns @ y)
    spread_x = (rows @ x**2) * n - (rows @ x) ** 2
    spread_y = (columns @ y**2) * n - (columns @ y) ** 2
    return _safe(_ratio(cross, np.sqrt(_positive(spread_x, n) * _positive(spread_y, n))))


def spearman(table: Floats, levels: Levels) -> Floats:
    """Compute Spearman's rho (mid-ranks) of tables of counts, shape (B, K, L)."""
    del levels
    n = table.sum(axis=(1, 2))[:, None]
    rows, columns = table.sum(axis=2), table.sum(axis=1)
    x = np.cumsum(rows, axis=1) - rows / 2 - n / 2
    y = np.cumsum(columns, axis=1) - columns / 2 - n / 2
    cross = ((table @ y[:, :, None])[:, :, 0] * x).sum(axis=1)
    return _safe(_ratio(cross, np.sqrt((rows * x**2).sum(axis=1) * (columns * y**2).sum(axis=1))))


def kendall_tau_b(table: Floats, levels: Levels) -> Floats:
    """Compute tau-b of tables of counts, shape (B, K, L)."""
    del levels
    n = table.sum(axis=(1, 2))
    rows, columns = table.sum(axis=2), table.sum(axis=1)
    pairs = n * (n - 1) / 2
    tied_x, tied_y = (rows * (rows - 1) / 2).sum(axis=1), (columns * (columns - 1) / 2).sum(axis=1)
    return _safe(_ratio(balance(table), np.sqrt((pairs - tied_x) * (pairs - tied_y))))


def kendall_tau_c(table: Floats, levels: Levels) -> Floats:
    """Compute tau-c (Stuart) of tables of counts, shape (B, K, L); levels that do not occur do not count."""
    del levels
    n = table.sum(axis=(1, 2))
    used = np.minimum((table.sum(axis=2) > 0).sum(axis=1), (table.sum(axis=1) > 0).sum(axis=1))
    return _safe(_ratio(2 * balance(table) * used, n**2 * (used - 1.0)))


def balance(table: Floats) -> Floats:
    """Count concordant less discordant pairs of tables, shape (B, K, L).

    >>> balance(np.array([[[1.0, 0], [0, 1]], [[0, 1], [1, 0]]]))
    array([ 1., -1.])
    """
    before = np.zeros_like(table)
    np.cumsum(table[:, :-1], axis=1, out=before[:, 1:])
    left, right = np.zeros_like(table), np.zeros_like(table)
    np.cumsum(before[:, :, :-1], axis=2, out=left[:, :, 1:])
    right[:, :, :-1] = np.cumsum(before[:, :, :0:-1], axis=2)[:, :, ::-1]
    return np.asarray((table * (left - right)).sum(axis=(1, 2)))


def _positive(spread: Floats, n: Floats) -> Floats:
    """Set spreads that are nought but for rounding to nought."""
    return np.where(spread > 1e-12 * np.maximum(n, 1.0) ** 2, spread, 0.0)


def _safe(value: Floats) -> Floats:
    """Cut rounding beyond +-1."""
    return np.asarray(np.clip(value, -1.0, 1.0))


FUNCTIONS: dict[str, Callable[[Floats, Levels], Floats]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall_tau_b": kendall_tau_b,
    "kendall_tau_c": kendall_tau_c,
}
