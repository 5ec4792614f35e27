"""Intraclass correlation: how reliable one person is, and the mean of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, unidentified
from judge.analysis.jackknife import count_by, dense_codes, from_replicates, sum_by

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

FORMS = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")


@dataclass(frozen=True)
class Sums:
    """Sums of complete ratings, one row a cluster (or a replicate): items, squares, and raters' totals."""

    items: Floats
    squares: Floats
    item_squares: Floats
    raters: Floats


def icc(
    matrix: Floats, clusters: npt.NDArray[np.integer], *, confidence: float = 0.95
) -> dict[str, Estimate]:
    """Estimate the six forms of the intraclass correlation with the cluster jackknife.

    Parameters
    ----------
    matrix
        Ratings, shape (items, raters), without gaps; at least two raters.
    clusters
        Code of the independent unit of each item.

    Returns
    -------
    dict
        By form: one-way ``ICC(1)``, absolute agreement ``ICC(A,1)``, consistency ``ICC(C,1)``, and the
        same of the mean of all raters (``k``).

    Notes
    -----
    Assumes that raters' errors are independent between items of different clusters. The usual F intervals
    assume independent items.

    References
    ----------
    Shrout & Fleiss 1979, doi:10.1037/0033-2909.86.2.420; McGraw & Wong 1996,
    doi:10.1037/1082-989X.1.1.30.

    Examples
    --------
    The six targets and four raters of Shrout and Fleiss:

    >>> m = np.array([[9.0, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> {form: round(e.value, 2) for form, e in icc(m, np.arange(6)).items()}
    {'ICC(1)': 0.17, 'ICC(A,1)': 0.29, 'ICC(C,1)': 0.71, 'ICC(k)': 0.44, 'ICC(A,k)': 0.62, 'ICC(C,k)': 0.91}
    """
    methods = {
        form: f"{form} from the analysis of variance; delete-one-cluster jackknife, t" for form in FORMS
    }
    n, k = matrix.shape
    if n < 2 or k < 2:
        reason = "needs two items rated by the same two people"
        return {form: unidentified(reason, n=n, method=methods[form]) for form in FORMS}
    if np.ptp(matrix) == 0:
        return {form: unidentified("all ratings are equal", n=n, method=methods[form]) for form in FORMS}
    sums, _ = cluster_sums(matrix - matrix.mean(), clusters)
    value = forms(total(sums))
    without = forms(left_out(sums))
    return {
        form: from_replicates(
            float(value[form][0]), without[form], n=n, confidence=confidence, method=methods[form]
        )
        for form in FORMS
    }


def cluster_sums(matrix: Floats, clusters: npt.NDArray[np.integer]) -> tuple[Sums, int]:
    """Sum what the analysis of variance needs, by cluster."""
    code, count = dense_codes(clusters)
    raters = np.stack([sum_by(code, column, count) for column in matrix.T], axis=1)
    squares = sum_by(code, (matrix**2).sum(axis=1), count)
    return Sums(count_by(code, count), squares, sum_by(code, matrix.sum(axis=1) ** 2, count), raters), count


def total(sums: Sums) -> Sums:
    """Add all clusters."""
    return Sums(*(np.asarray(part).sum(axis=0)[None] for part in _parts(sums)))


def left_out(sums: Sums) -> Sums:
    """Leave out each cluster."""
    return Sums(*(part.sum(axis=0) - part for part in _parts(sums)))


def _parts(sums: Sums) -> tuple[Floats, Floats, Floats, Floats]:
    return sums.items, sums.squares, sums.item_squares, sums.raters


def forms(sums: Sums) -> dict[str, Floats]:
    """Compute the six forms from sums; NaN where a denominator is nought."""
    n, k = sums.items, sums.raters.shape[1]
    grand = sums.raters.sum(axis=1)
    centre = grand**2 / np.where(n > 0, n * k, 1.0)
    between = np.maximum(sums.item_squares / k - centre, 0.0)
    columns = (sums.raters**2).sum(axis=1) / np.where(n > 0, n, 1.0) - centre
    everything = sums.squares - centre
    rows = _ratio(between, n - 1)
    within = _ratio(everything - between, n * (k - 1))
    error = _ratio(np.maximum(everything - between - columns, 0.0), (n - 1) * (k - 1))
    judges = columns / (k - 1)
    return {
        "ICC(1)": _ratio(rows - within, rows + (k - 1) * within),
        "ICC(A,1)": _ratio(rows - error, rows + (k - 1) * error + k * _ratio(judges - error, n)),
        "ICC(C,1)": _ratio(rows - error, rows + (k - 1) * error),
        "ICC(k)": _ratio(rows - within, rows),
        "ICC(A,k)": _ratio(rows - error, rows + _ratio(judges - error, n)),
        "ICC(C,k)": _ratio(rows - error, rows),
    }


def _ratio(top: Floats, bottom: Floats) -> Floats:
    out: Floats = np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=np.abs(bottom) > 1e-12)
    return out


def one_way(
    size: Floats, first: Floats, second: Floats, clusters: npt.NDArray[np.integer]
) -> tuple[float, Floats]:
    """Compute one-way ICC(1) of items with unequal numbers of ratings, of all and without each cluster.

    Parameters
    ----------
    size, first, second
        Number, sum and sum of squares of the ratings of each item, shape (items,).
    """
    code, count = dense_codes(clusters)
    columns = (np.ones(size.size), size, first, second, first**2 / size, size**2)
    sums = [sum_by(code, column, count) for column in columns]
    every = _one_way([np.array([part.sum()]) for part in sums])
    return float(every[0]), _one_way([part.sum() - part for part in sums])


def _one_way(sums: list[Floats]) -> Floats:
    """Compute ICC(1) from the six sums of `one_way`, in its order."""
    items, n, first, second, squares, sizes = sums
    safe = np.where(n > 0, n, 1.0)
    between = _ratio(squares - first**2 / safe, items - 1)
    within = _ratio(second - squares, n - items)
    usual = _ratio(n - sizes / safe, items - 1)
    return _ratio(between - within, between + (usual - 1) * within)
