"""The analyses in common use, as they are used: what they say of a judge without bias is in the certificate.

None of them ships as a diagnostic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


USUAL = (
    "Spearman of judge - people with the feature",
    "partial Spearman given people's mean",
    "regression of judge - people, rows independent",
    "regression of judge - people, by dialogue",
    "regression given people's mean, rows independent",
    "regression given people's mean, by dialogue",
    "regression given one rater, by dialogue",
)
"""Names of the analyses in `similarity_p_values`."""


def ols_p_values(y: Floats, columns: Floats, cluster: Ints | None = None) -> Floats:
    """Return the p-values of an ordinary regression with intercept, one a column.

    With `cluster` the errors are cluster-robust (CR1) with Student's t of clusters - 1.
    """
    design = np.column_stack([columns, np.ones(y.size)])
    n, p = design.shape
    bread = np.linalg.inv(design.T @ design)
    coef = bread @ design.T @ y
    residual = y - design @ coef
    if cluster is None:
        cov, df = bread * float(residual @ residual) / (n - p), n - p
    else:
        count = int(cluster.max()) + 1
        scores = np.column_stack(
            [np.bincount(cluster, weights=c * residual, minlength=count) for c in design.T]
        )
        cov = bread @ (scores.T @ scores) @ bread * count / (count - 1) * (n - 1) / (n - p)
        df = count - 1
    t = coef / np.sqrt(np.diag(cov))
    return np.asarray(2 * special.stdtr(df, -np.abs(t)))[:-1]


def similarity_p_values(judge: Floats, human: Floats, feature: Floats, cluster: Ints) -> dict[str, float]:
    """Return the p-value of a feature under each analysis in use; people's scores as their plain mean."""
    count = np.isfinite(human).sum(axis=1)
    known = count > 0
    mean = np.nansum(human, axis=1) / np.maximum(count, 1)
    j, h, x, c = judge[known], mean[known], feature[known], cluster[known]
    first = human[np.arange(judge.size), np.argmax(np.isfinite(human), axis=1)][known]
    _, c = np.unique(c, return_inverse=True)
    both = np.column_stack([x, h])
    values = (
        float(stats.spearmanr(j - h, x).pvalue),
        _partial_p_value(j, x, h),
        float(ols_p_values(j - h, x[:, None])[0]),
        float(ols_p_values(j - h, x[:, None], c)[0]),
        float(ols_p_values(j, both)[0]),
        float(ols_p_values(j, both, c)[0]),
        float(ols_p_values(j, np.column_stack([x, first]), c)[0]),
    )
    return dict(zip(USUAL, values, strict=True))


def partial_spearman(a: Floats, b: Floats, given: Floats) -> float:
    """Return the partial rank correlation of `a` and `b` given a third column: ranks first, then Pearson.

    As a test of bias it is wrong wherever `given` is noisy: people's mean rating leaves a part of the true
    quality in both columns, so that an unbiased judge has a partial correlation as well.

    >>> round(partial_spearman(np.arange(4.0), np.array([1.0, 3, 2, 4]), np.array([2.0, 1, 3, 4])), 6)
    0.872872
    """
    ranks = np.corrcoef([stats.rankdata(v) for v in (a, b, given)])
    bottom = np.sqrt((1 - ranks[0, 2] ** 2) * (1 - ranks[1, 2] ** 2))
    return float((ranks[0, 1] - ranks[0, 2] * ranks[1, 2]) / bottom)


def _partial_p_value(a: Floats, b: Floats, given: Floats) -> float:
    partial = partial_spearman(a, b, given)
    df = a.size - 3
    t = partial * np.sqrt(df / (1 - partial**2))
    return float(2 * special.stdtr(df, -abs(t)))


def fisher_interval(r: float, n: int) -> tuple[float, float]:
    """Return the usual 95 % interval of a correlation, rows taken as independent."""
    half = 1.959964 / np.sqrt(n - 3)
    z = np.arctanh(r)
    return float(np.tanh(z - half)), float(np.tanh(z + half))
