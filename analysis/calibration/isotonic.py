"""Isotonic regression: the best fit that never falls as the judge's score rises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MIN_ITEMS = 200
"""Fewer labelled items: the steps follow the noise; use the ordinal model."""


@dataclass(frozen=True)
class Isotonic:
    """A fitted step function: `value` at the sorted, distinct scores `at`; straight lines in between."""

    at: Floats
    value: Floats

    def predict(self, scores: ArrayLike) -> Floats:
        """Return the calibrated scores; beyond the scores seen, the nearest one's value."""
        return np.asarray(np.interp(np.asarray(scores, dtype=np.float64), self.at, self.value))


def fit_isotonic(scores: ArrayLike, labels: ArrayLike) -> Isotonic:
    """Fit people's labels by a rising function of the judge's scores (least squares).

    Parameters
    ----------
    scores, labels
        The judge's and people's values of the same items, shape (n,), finite.

    Returns
    -------
    Isotonic

    Raises
    ------
    ValueError
        No item.

    Notes
    -----
    Assumes only that a higher score never means less. Items of the same score are averaged first, as in
    scikit-learn's ``IsotonicRegression``, whose predictions these are.

    References
    ----------
    Barlow, Bartholomew, Bremner and Brunk 1972, Statistical Inference under Order Restrictions.

    Examples
    --------
    The two middle scores are out of order and share their mean:

    >>> fit_isotonic([1, 2, 3, 4], [1.0, 3.0, 2.0, 5.0]).value.tolist()
    [1.0, 2.5, 2.5, 5.0]
    """
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if not x.size:
        raise ValueError("no items to fit")
    at, code = np.unique(x, return_inverse=True)
    weight = np.bincount(code).astype(np.float64)
    return Isotonic(at, pool_violators(np.bincount(code, y) / weight, weight))


def pool_violators(values: Floats, weights: Floats) -> Floats:
    """Return the weighted least-squares fit that never falls (pool adjacent violators), in linear time.

    >>> pool_violators(np.array([3.0, 1.0]), np.array([1.0, 3.0])).tolist()
    [1.5, 1.5]
    """
    means: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, size = value, weight, 1
        while means and means[-1] >= mean:
            other = masses.pop()
            mean = (means.pop() * other + mean * mass) / (other + mass)
            mass += other
            size += sizes.pop()
        means.append(mean)
        masses.append(mass)
        sizes.append(size)
    return np.repeat(np.array(means), sizes)
