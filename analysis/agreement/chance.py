"""Agreement beyond chance of categories: Cohen's kappa, Fleiss' kappa, Gwet's AC1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from judge.analysis.agreement.alpha import MAX_VALUES, coded
from judge.analysis.estimate import Estimate, unidentified
from judge.analysis.jackknife import blocks, count_by, dense_codes, from_replicates

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Weights = Literal["nominal", "linear", "quadratic"]

NAMES = {"nominal": "Cohen's kappa", "linear": "Cohen's linear kappa", "quadratic": "Cohen's quadratic kappa"}


def disagreement(values: Floats, weights: Weights) -> Floats:
    """Return the cost of confusing two values: 0/1, distance, or squared distance; shape (K, K).

    >>> disagreement(np.array([1.0, 2.0, 3.0]), "quadratic")[0].tolist()
    [0.0, 1.0, 4.0]
    """
    gap = np.abs(values[:, None] - values[None, :])
    costs = {"nominal": (gap > 0).astype(float), "linear": gap, "quadratic": gap**2}
    return costs[weights]


def kappa_of(table: Floats, cost: Floats) -> Floats:
    """Compute weighted kappa of tables of counts, shape (B, K, K); NaN where chance leaves no room.

    The textbook table [[20, 5], [10, 15]] has kappa .4:

    >>> kappa_of(np.array([[[20.0, 5], [10, 15]]]), disagreement(np.arange(2.0), "nominal")).round(6)
    array([0.4])
    """
    n = table.sum(axis=(1, 2))
    seen = (table * cost).sum(axis=(1, 2)) * n
    chance = np.einsum("bi,bj,ij->b", table.sum(axis=2), table.sum(axis=1), cost)
    ratio = np.divide(seen, chance, out=np.full(n.shape, np.nan), where=chance > 1e-12)
    return np.asarray(1 - ratio)


def ac1_of(table: Floats, cost: Floats) -> Floats:
    """Compute Gwet's AC1 of tables of counts, shape (B, K, K).

    Chance agreement is sum pi (1 - pi) / (K - 1) with pi the mean share of a category: it does not sink
    when one category is frequent, as kappa's does.

    References
    ----------
    Gwet 2008, doi:10.1348/000711006X126600.
    """
    n = table.sum(axis=(1, 2))
    safe = np.where(n > 0, n, 1.0)
    seen = (table * (cost == 0)).sum(axis=(1, 2)) / safe
    share = (table.sum(axis=2) + table.sum(axis=1)) / (2 * safe[:, None])
    chance = (share * (1 - share)).sum(axis=1) / (cost.shape[0] - 1)
    out = np.divide(seen - chance, 1 - chance, out=np.full(n.shape, np.nan), where=chance < 1)
    return np.asarray(np.where(n > 0, out, np.nan))


def cohen_kappa(
    x: Floats, y: Floats, clusters: npt.NDArray[np.integer], weights: Weights, *, confidence: float = 0.95
) -> Estimate:
    """Estimate Cohen's kappa of two raters, plain or weighted, with the cluster jackknife.

    Parameters
    ----------
    x, y
        Scores of the same items by two raters, shape (n,).
    clusters
        Code of the independent unit of each item.
    weights
        ``nominal`` (plain), ``linear`` or ``quadratic``.

    Notes
    -----
    Kappa may be low with 95 % agreement where one category prevails: read it beside AC1. Quadratic kappa
    rewards equal margins. The intervals in common use assume independent items; this one does not.

    References
    ----------
    Cohen 1960, doi:10.1177/001316446002000104; 1968, doi:10.1037/h0026256.

    Examples
    --------
    >>> x = np.repeat([0.0, 0, 1, 1], [20, 5, 10, 15])
    >>> y = np.repeat([0.0, 1, 0, 1], [20, 5, 10, 15])
    >>> round(cohen_kappa(x, y, np.arange(50), "nominal").value, 6)
    0.4
    """
    return of_table((x, y), clusters, (NAMES[weights], weights), kappa_of, confidence)


def gwet_ac1(
    x: Floats, y: Floats, clusters: npt.NDArray[np.integer], *, confidence: float = 0.95
) -> Estimate:
    """Estimate Gwet's AC1 of two raters with the cluster jackknife.

    >>> x = np.repeat([0.0, 0, 1, 1], [90, 5, 5, 0])
    >>> y = np.repeat([0.0, 1, 0, 1], [90, 5, 5, 0])
    >>> round(gwet_ac1(x, y, np.arange(100)).value, 3), round(
    ...     cohen_kappa(x, y, np.arange(100), "nominal").value, 3)
    (0.89, -0.053)
    """
    return of_table((x, y), clusters, ("Gwet's AC1", "nominal"), ac1_of, confidence)


def of_table(
    scores: tuple[Floats, Floats],
    clusters: npt.NDArray[np.integer],
    how: tuple[str, Weights],
    statistic: Callable[[Floats, Floats], Floats],
    confidence: float,
) -> Estimate:
    """Jackknife a statistic of the table of two raters' categories."""
    method = f"{how[0]}; delete-one-cluster jackknife, t"
    n = int(scores[0].size)
    if not n:
        return unidentified("the two rated nothing in common", method=method)
    values, code = coded(np.concatenate(scores))
    if values.size < 2:
        return unidentified("all ratings are equal", n=n, method=method)
    if values.size > MAX_VALUES:
        return unidentified(f"{values.size} distinct scores are no categories", n=n, method=method)
    cost = disagreement(values, how[1])
    k = values.size
    cell = code[:n] * k + code[n:]
    cluster, count = dense_codes(clusters)
    total = count_by(cell, k * k).reshape(k, k)
    order = np.argsort(cluster, kind="stable")
    cluster, cell = cluster[order], cell[order]
    without = np.empty(count)
    for part in blocks(count, k * k):
        low, high = np.searchsorted(cluster, [part.start, part.stop])
        mine = count_by(
            (cluster[low:high] - part.start) * k * k + cell[low:high], (part.stop - part.start) * k * k
        )
        without[part] = statistic(total[None] - mine.reshape(-1, k, k), cost)
    value = float(statistic(total[None], cost)[0])
    return from_replicates(value, without, n=n, confidence=confidence, method=method)


def fleiss_kappa(unit: Ints, value: Floats, cluster: Ints, *, confidence: float = 0.95) -> Estimate:
    r"""Estimate Fleiss' kappa: several raters, categories, the same number of ratings an item.

    Parameters
    ----------
    unit, value
        Ratings in long form, shape (n,).
    cluster
        Cluster of each unit, shape (units,).

    Returns
    -------
    Estimate
        Only the items with the most common number of ratings (at least two) are used; how many others were
        left out is a warning.

    References
    ----------
    Fleiss 1971, doi:10.1037/h0031619.

    Examples
    --------
    >>> unit = np.repeat(np.arange(4), 3)
    >>> value = np.array([1.0, 1, 1, 2, 2, 2, 1, 1, 2, 2, 2, 1])
    >>> round(fleiss_kappa(unit, value, np.arange(4)).value, 4)
    0.3333
    """
    method = "Fleiss' kappa; delete-one-cluster jackknife, t"
    size = np.bincount(unit, minlength=cluster.size)
    usual = int(np.argmax(np.bincount(size[size >= 2]))) if (size >= 2).any() else 0
    if not usual:
        return unidentified("no item has two ratings", method=method)
    keep = size == usual
    values, code = coded(value[keep[unit]])
    if values.size < 2 or values.size > MAX_VALUES:
        reason = (
            "all ratings are equal" if values.size < 2 else f"{values.size} distinct scores are no categories"
        )
        return unidentified(reason, n=int(keep.sum()), method=method)
    item, items = dense_codes(unit[keep[unit]])
    counts = count_by(item * values.size + code, items * values.size).reshape(items, values.size)
    group, groups = dense_codes(cluster[keep])
    same = (counts * (counts - 1)).sum(axis=1) / (usual * (usual - 1))
    sums = np.stack([count_by(group, groups), np.bincount(group, same, groups)], axis=1)
    margins = np.stack([np.bincount(group, column, groups) for column in counts.T], axis=1)
    rest, left = sums.sum(axis=0) - sums, margins.sum(axis=0) - margins
    value_all = float(_fleiss(sums.sum(axis=0)[None], margins.sum(axis=0)[None])[0])
    out = from_replicates(value_all, _fleiss(rest, left), n=items, confidence=confidence, method=method)
    dropped = int(((size > 0) & ~keep).sum())
    note = (f"{dropped} items with another number of ratings than {usual} are left out",) if dropped else ()
    return out.warn(*note)


def _fleiss(sums: Floats, margins: Floats) -> Floats:
    """Compute Fleiss' kappa from items, summed agreement, and category counts."""
    seen = np.divide(sums[:, 1], sums[:, 0], out=np.full(sums.shape[0], np.nan), where=sums[:, 0] > 0)
    total = margins.sum(axis=1, keepdims=True)
    chance = ((margins / np.where(total > 0, total, 1.0)) ** 2).sum(axis=1)
    out: Floats = np.divide(
        seen - chance, 1 - chance, out=np.full(seen.shape, np.nan), where=chance < 1 - 1e-12
    )
    return out
