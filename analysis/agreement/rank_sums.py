"""Leave-one-cluster-out correlations of continuous scores, in closed form and O(n log n).

Deleting a cluster takes from each remaining rank the number of deleted rows below it, and from the balance of
concordant pairs the deleted rows' own balances; both are counts of dominated points. The pairs inside a
cluster are then put right one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.dominance import prepare
from judge.analysis.jackknife import sum_by

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Two columns of scores and the clusters of the rows (codes 0..clusters-1)."""

    x: Floats
    y: Floats
    cluster: Ints
    clusters: int

    @cached_property
    def size(self) -> Floats:
        """Rows of each cluster."""
        return self.total(np.ones(self.x.size))

    @cached_property
    def inner(self) -> tuple[Ints, Ints]:
        """All ordered pairs of rows of the same cluster, each row with itself included."""
        return inner_pairs(self.cluster)

    def total(self, values: Floats) -> Floats:
        """Sum values by cluster."""
        return sum_by(self.cluster, values, self.clusters)

    def total_inner(self, values: Floats) -> Floats:
        """Sum values of inner pairs by cluster."""
        return sum_by(self.cluster[self.inner[0]], values, self.clusters)


def inner_pairs(cluster: Ints) -> tuple[Ints, Ints]:
    """List all ordered pairs (i, j) of rows of the same cluster, i = j included.

    >>> [list(map(int, side)) for side in inner_pairs(np.array([0, 1, 0]))]
    [[0, 0, 2, 2, 1], [0, 2, 0, 2, 1]]
    """
    order = np.argsort(cluster, kind="stable").astype(np.int64)
    _, start, size = np.unique(cluster[order], return_index=True, return_counts=True)
    mates = np.repeat(size, size)
    first = np.repeat(np.arange(cluster.size), mates)
    offset = np.arange(first.size) - np.repeat(np.cumsum(mates) - mates, mates)
    second = np.repeat(start, size)[first] + offset
    return order[first], order[second]


@dataclass(frozen=True)
class Ties:
    """Groups of equal values of a column: level of each row, and rows of each level."""

    level: Ints
    count: Ints

    @classmethod
    def of(cls, values: Floats) -> Ties:
        """Find the groups."""
        _, level, count = np.unique(values, return_inverse=True, return_counts=True)
        return cls(level.astype(np.int64), count.astype(np.int64))

    def ranks(self) -> Floats:
        """Return mid-ranks, 1-based."""
        last = np.cumsum(self.count)
        return np.asarray((last - (self.count - 1) / 2)[self.level], dtype=float)

    def without(self, rows: Rows, term: Callable[[Floats], Floats]) -> tuple[float, Floats]:
        """Sum `term` of the group sizes, over all rows and without each cluster."""
        sizes = self.count.astype(float)
        total = float(term(sizes).sum())
        cells, taken = np.unique(rows.cluster * sizes.size + self.level, return_counts=True)
        cluster, level = np.divmod(cells, sizes.size)
        change = term(sizes[level] - taken) - term(sizes[level])
        return total, total + sum_by(cluster, change, rows.clusters)


def leave_one_out(name: str, x: Floats, y: Floats, cluster: Ints, clusters: int) -> tuple[float, Floats]:
    """Compute a correlation of all rows and without each cluster (codes 0..clusters-1).

    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> value, without = leave_one_out("spearman", x, x**2, np.arange(4), 4)
    >>> value, float(without.min())
    (1.0, 1.0)
    """
    value, without = FUNCTIONS[name](Rows(x, y, cluster, clusters))
    return float(np.clip(value, -1.0, 1.0)), np.clip(without, -1.0, 1.0)


def value_only(name: str, x: Floats, y: Floats) -> float:
    """Compute a correlation without replicates; the columns must vary."""
    rows = Rows(x, y, np.zeros(x.size, dtype=np.int64), 1)
    if name == "pearson":
        return _pearson_value(x, y)
    ties = Ties.of(x), Ties.of(y)
    if name == "spearman":
        return _pearson_value(ties[0].ranks(), ties[1].ranks())
    balance = float(_balances(rows).sum() / 2)
    if name == "kendall_tau_b":
        tied = [float((t.count * (t.count - 1) / 2).sum()) for t in ties]
        pairs = x.size * (x.size - 1) / 2
        return float(np.clip(balance / np.sqrt((pairs - tied[0]) * (pairs - tied[1])), -1.0, 1.0))
    levels = min(ties[0].count.size, ties[1].count.size)
    return 2 * balance * levels / (x.size**2 * (levels - 1))


def _pearson_value(x: Floats, y: Floats) -> float:
    x, y = x - x.mean(), y - y.mean()
    return float(np.clip((x @ y) / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0))


def _divide(top: Floats, bottom: Floats, floor: float = 0.0) -> Floats:
    """Divide; NaN where the denominator is nought."""
    out: Floats = np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > floor)
    return out


def pearson(rows: Rows) -> tuple[float, Floats]:
    """Compute Pearson's r, of all and without each cluster."""
    x, y = rows.x - rows.x.mean(), rows.y - rows.y.mean()
    n = rows.x.size - rows.size
    sums = [values.sum() - rows.total(values) for values in (x, y, x * x, y * y, x * y)]
    xx, yy, xy = sums[2] - sums[0] ** 2 / n, sums[3] - sums[1] ** 2 / n, sums[4] - sums[0] * sums[1] / n
    floor = 1e-12 * float((x @ x) * (y @ y))
    return _pearson_value(rows.x, rows.y), _divide(xy, np.sqrt(np.where(xx * yy > floor, xx * yy, 0.0)))


def spearman(rows: Rows) -> tuple[float, Floats]:
    """Compute Spearman's rho (mid-ranks), of all and without each cluster."""
    n = rows.x.size
    ties = Ties.of(rows.x), Ties.of(rows.y)
    ranks = ties[0].ranks(), ties[1].ranks()
    r, q = ranks[0] - (n + 1) / 2, ranks[1] - (n + 1) / 2
    spread = [tie.without(rows, lambda size: size**3 - size) for tie in ties]
    kept = n - rows.size
    variance = [(kept**3 - kept - without) / 12 for _, without in spread]
    every = [(n**3 - n - total) / 12 for total, _ in spread]
    cross = _remaining_products(rows, ranks, (r, q), ties)
    value = float(r @ q / np.sqrt(every[0] * every[1]))
    return value, _divide(cross, np.sqrt(variance[0] * variance[1]))


def _remaining_products(
    rows: Rows, ranks: tuple[Floats, Floats], centred: tuple[Floats, Floats], ties: tuple[Ties, Ties]
) -> Floats:
    """Sum the products of the remaining rows' new centred ranks, without each cluster.

    A remaining row i has the new centred rank r_i - a_i, where a_i is the number of deleted rows below it
    (equal ones count half) less half the number deleted. The sum over all rows is a sum of counts; the
    deleted rows' own products are then taken off.
    """
    n, m = rows.x.size, rows.size
    (r, q), (one, two) = centred, rows.inner
    above_q = rows.total(_sums_above(ties[0], q))
    above_r = rows.total(_sums_above(ties[1], r))
    sum_a, sum_b = (rows.total(n - rank + 0.5) for rank in ranks)
    corners = prepare(rows.x, rows.y).corners(rows.x[one], rows.y[two])
    below_both = (corners[0] + corners[1] + corners[2] + corners[3]) / 4
    both = rows.total_inner(n - (ranks[0][one] - 0.5) - (ranks[1][two] - 0.5) + below_both)
    everywhere = r @ q - above_q - above_r + both - m / 2 * (sum_a + sum_b) + n * m**2 / 4
    half = m[rows.cluster] / 2
    a, b = (_deleted_below(values, one, two) - half for values in (rows.x, rows.y))
    return np.asarray(everywhere - rows.total((r - a) * (q - b)))


def _deleted_below(values: Floats, one: Ints, two: Ints) -> Floats:
    """Count for each row the rows of its own cluster below it, equal ones (itself too) half."""
    steps = (np.sign(values[one] - values[two]) + 1) / 2
    return sum_by(one, steps, values.size)


def _sums_above(ties: Ties, values: Floats) -> Floats:
    """Sum for each row the values of the rows above it, those level with it half."""
    by_level = sum_by(ties.level, values, ties.count.size)
    above = by_level[::-1].cumsum()[::-1] - by_level / 2
    return np.asarray(above[ties.level])


def _balances(rows: Rows) -> Floats:
    """Count for each row the rows concordant with it less those discordant."""
    n = rows.x.size
    x_sorted, y_sorted = np.sort(rows.x), np.sort(rows.y)
    x_low, x_high = (np.searchsorted(x_sorted, rows.x, side) for side in ("left", "right"))
    y_low, y_high = (np.searchsorted(y_sorted, rows.y, side) for side in ("left", "right"))
    ll, lh, hl, hh = prepare(rows.x, rows.y).corners(rows.x, rows.y)
    concordant = ll + (n - x_high - y_high + hh)
    discordant = (x_low - lh) + (y_low - hl)
    return np.asarray(concordant - discordant, dtype=float)


def _balance_without(rows: Rows) -> tuple[float, Floats]:
    """Count concordant less discordant pairs, of all and without each cluster."""
    own = _balances(rows)
    one, two = rows.inner
    signs = np.sign(rows.x[one] - rows.x[two]) * np.sign(rows.y[one] - rows.y[two])
    total = float(own.sum() / 2)
    return total, total - rows.total(own) + rows.total_inner(signs) / 2


def kendall_tau_b(rows: Rows) -> tuple[float, Floats]:
    """Compute Kendall's tau-b, of all and without each cluster."""
    total, without = _balance_without(rows)
    n, kept = rows.x.size, rows.x.size - rows.size
    every, rest = n * (n - 1) / 2, kept * (kept - 1) / 2
    tied = [Ties.of(v).without(rows, lambda size: size * (size - 1) / 2) for v in (rows.x, rows.y)]
    value = total / float(np.sqrt((every - tied[0][0]) * (every - tied[1][0])))
    return value, _divide(without, np.sqrt((rest - tied[0][1]) * (rest - tied[1][1])))


def kendall_tau_c(rows: Rows) -> tuple[float, Floats]:
    """Compute Stuart's tau-c, of all and without each cluster; levels that vanish do not count."""
    total, without = _balance_without(rows)
    n, kept = rows.x.size, rows.x.size - rows.size
    used = [Ties.of(v).without(rows, lambda size: (size > 0).astype(float)) for v in (rows.x, rows.y)]
    all_levels = min(used[0][0], used[1][0])
    levels = np.minimum(used[0][1], used[1][1])
    value = 2 * total * all_levels / (n**2 * (all_levels - 1))
    return value, _divide(2 * without * levels, kept**2 * (levels - 1))


FUNCTIONS: dict[str, Callable[[Rows], tuple[float, Floats]]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall_tau_b": kendall_tau_b,
    "kendall_tau_c": kendall_tau_c,
}
