"""The model-level summary test: whoever compares kinds of models has as many observations as models."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import t_p_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

WARNING = (
    "with few models the mixed model's Wald test of a kind of model rejects a true null in .15 to .17 of"
    " studies at .05, and its interaction in .40 without a random slope: read the summary test too"
)
"""Printed beside every mixed-model table (3 against 5 models, 200-240 simulated studies)."""

_EXACT = 10
"""Up to this many models all arrangements of the labels are counted."""


@dataclass(frozen=True, slots=True)
class SummaryTest:
    """Difference of two kinds of models, in logits, with one observation a model.

    `p` is of the pooled two-sample t test with `df` degrees of freedom, `p_permutation` of the exact
    permutation of labels (None with more than 10 models), `p_floor` the smallest that it can give.
    """

    difference: float
    std_error: float
    df: int
    t: float
    p: float
    p_permutation: float | None
    p_floor: float | None
    n_first: int
    n_second: int


def empirical_logit(successes: ArrayLike, trials: ArrayLike) -> Floats:
    """Return ``log((k + .5) / (n - k + .5))``, finite even where all or none succeed.

    Examples
    --------
    >>> float(empirical_logit(5, 10))
    0.0
    """
    k = np.asarray(successes, dtype=np.float64)
    n = np.asarray(trials, dtype=np.float64)
    return np.asarray(np.log((k + 0.5) / (n - k + 0.5)))


def summary_test(values: ArrayLike, first: ArrayLike, *, residual_groups: int = 2) -> SummaryTest:
    """Compare one number a model (a logit, or a difference of logits) between two kinds of models.

    Parameters
    ----------
    values
        One number a model, shape (g,).
    first
        True for the models of the first kind, shape (g,).
    residual_groups
        Number of kinds whose spread is pooled; only 2 are given here, so it is 2.

    Returns
    -------
    SummaryTest
        First kind less second.

    Raises
    ------
    ValueError
        A kind has no model, or there are fewer than 3 models.

    Notes
    -----
    Models are independent draws from their kind, with equal spread in both. The permutation needs only
    that labels could have fallen otherwise.

    Examples
    --------
    >>> test = summary_test([1.0, 1.2, 0.9, 0.1, 0.2, 0.0], [True, True, True, False, False, False])
    >>> round(test.difference, 2), test.df, test.p_permutation
    (0.93, 4, 0.1)
    """
    x = np.asarray(values, dtype=np.float64)
    mask = np.asarray(first, dtype=bool)
    n1, n2 = int(mask.sum()), int((~mask).sum())
    if min(n1, n2) == 0 or n1 + n2 < 3:
        raise ValueError(f"{n1} and {n2} models: each kind needs one, and both together 3")
    difference = float(x[mask].mean() - x[~mask].mean())
    df = n1 + n2 - residual_groups
    pooled = ((x[mask] - x[mask].mean()) ** 2).sum() + ((x[~mask] - x[~mask].mean()) ** 2).sum()
    error = float(np.sqrt(pooled / df * (1 / n1 + 1 / n2)))
    t = difference / error if error > 0 else float("inf") * np.sign(difference or 1.0)
    p = t_p_value(float(t), df) if error > 0 else float(difference == 0)
    exact = _permutation_p(x, mask) if n1 + n2 <= _EXACT else None
    floor = (2 if n1 == n2 else 1) / comb(n1 + n2, n1) if exact is not None else None
    return SummaryTest(difference, error, df, float(t), p, exact, floor, n1, n2)


def _permutation_p(x: Floats, mask: NDArray[np.bool_]) -> float:
    n, n1 = len(x), int(mask.sum())
    total = x.sum()
    chosen = np.array([x[list(c)].sum() for c in combinations(range(n), n1)])
    differences = np.abs(chosen / n1 - (total - chosen) / (n - n1))
    observed = abs(x[mask].mean() - x[~mask].mean())
    return float((differences >= observed - 1e-12).mean())
