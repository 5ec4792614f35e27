"""The cumulative logit model: how likely people give each level, given the judge's score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

MAX_LEVELS = 11
"""More levels are no ordinal scale but a measurement."""
_RIDGE = 1e-4
"""A breath of shrinkage on the slope, so that perfect prediction still has a maximum."""


@dataclass(frozen=True)
class Ordinal:
    """A fitted model: P(level <= levels[k]) = logistic(cuts[k] - slope * (score - centre) / scale).

    `slope` is in logits for one standard deviation of the judge's scores.
    """

    levels: Floats
    cuts: Floats
    slope: float
    centre: float
    scale: float

    def probabilities(self, scores: ArrayLike) -> Floats:
        """Return the probability of each level, shape (n, levels)."""
        x = (np.asarray(scores, dtype=np.float64) - self.centre) / self.scale
        below = _expit(self.cuts[None, :] - self.slope * x[:, None])
        ends = np.ones((x.size, 1))
        return np.diff(np.hstack([0 * ends, below, ends]), axis=1)

    def predict(self, scores: ArrayLike) -> Floats:
        """Return the level expected of people."""
        return np.asarray(self.probabilities(scores) @ self.levels)


def fit_ordinal(scores: ArrayLike, labels: ArrayLike) -> Ordinal:
    """Fit people's levels by the judge's scores with Newton's method.

    Parameters
    ----------
    scores, labels
        One row a rating: the judge's score of the item, and the level that the person gave, shape (n,).

    Returns
    -------
    Ordinal

    Raises
    ------
    ValueError
        No row, or more than `MAX_LEVELS` different levels.

    Notes
    -----
    1. One slope for all cuts (proportional odds), linear in the score.
    2. Where a score tells the level perfectly the slope has no finite maximum; a penalty of 1e-4 on the
       standardised slope keeps it finite and is without effect otherwise.
    3. Labels all alike, or a judge that gives one score only: the slope is 0.

    References
    ----------
    McCullagh 1980, J. R. Statist. Soc. B 42:109-142.

    Examples
    --------
    >>> model = fit_ordinal([1, 1, 2, 2, 3, 3, 3, 1], [1, 2, 1, 2, 2, 2, 1, 1])
    >>> [round(float(v), 2) for v in model.predict([1, 2, 3])]
    [1.33, 1.5, 1.67]
    """
    x, y = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if not x.size:
        raise ValueError("no ratings to fit")
    levels, code = np.unique(y, return_inverse=True)
    if levels.size > MAX_LEVELS:
        raise ValueError(f"{levels.size} different labels: more than {MAX_LEVELS} are no ordinal scale")
    centre, scale = float(x.mean()), float(x.std()) or 1.0
    if levels.size == 1:
        return Ordinal(levels, np.zeros(0), 0.0, centre, scale)
    # Rows of the same score and level are one cell: thousands of ratings become a few dozen numbers.
    at, place = np.unique(x, return_inverse=True)
    counts = np.bincount(place * levels.size + code, minlength=at.size * levels.size)
    cells: Floats = counts.reshape(at.size, levels.size).astype(np.float64)
    theta = _newton(cells, (at - centre) / scale)
    return Ordinal(levels, theta[:-1], float(theta[-1]), centre, scale)


def _newton(cells: Floats, x: Floats) -> Floats:
    """Climb from the marginal shares; halve the step until the likelihood grows and the cuts stay ordered."""
    share = np.cumsum(cells.sum(axis=0))[:-1] / cells.sum()
    theta = np.append(np.log(share / (1 - share)), 0.0)
    value = _log_likelihood(theta, cells, x)
    for _ in range(100):
        gradient, hessian = _derivatives(theta, cells, x)
        step = np.linalg.solve(-hessian, gradient)
        for halving in range(40):
            trial = theta + step / 2**halving
            found = _log_likelihood(trial, cells, x)
            if found >= value:
                break
        else:
            return theta
        theta, gain, value = trial, found - value, found
        if gain < 1e-12 * max(1.0, abs(value)) and np.abs(step).max() < 1e-8:
            break
    return theta


def _log_likelihood(theta: Floats, cells: Floats, x: Floats) -> float:
    if (theta[1:-1] <= theta[:-2]).any():
        return -np.inf
    p = np.maximum(_levels(theta, x)[0], 1e-300)
    return float((cells * np.log(p)).sum() - 0.5 * _RIDGE * theta[-1] ** 2)


def _levels(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return the probability of each level and the cumulative ones, with 0 and 1 at the ends."""
    below = _expit(theta[None, :-1] - theta[-1] * x[:, None])
    cumulative = np.ones((x.size, theta.size + 1))
    cumulative[:, 0] = 0.0
    cumulative[:, 1:-1] = below
    return cumulative[:, 1:] - cumulative[:, :-1], cumulative


def _derivatives(theta: Floats, cells: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Gradient and Hessian of the penalised log-likelihood in (cuts, slope)."""
    p, cumulative = _levels(theta, x)
    p = np.maximum(p, 1e-300)
    density = cumulative * (1 - cumulative)
    bend = density * (1 - 2 * cumulative)
    size, k = theta.size, theta.size - 1
    # Derivative of the argument of each cumulative probability: a unit vector for its cut, and -x.
    argument = np.zeros((x.size, k + 2, size))
    argument[:, np.arange(1, k + 1), np.arange(k)] = 1.0
    argument[:, :, -1] = -x[:, None]
    first = density[:, :, None] * argument
    slope = np.diff(first, axis=1) / p[:, :, None]
    second = bend[:, :, None, None] * argument[:, :, :, None] * argument[:, :, None, :]
    curve = np.diff(second, axis=1) / p[:, :, None, None]
    gradient = (cells[:, :, None] * slope).sum(axis=(0, 1))
    outer = slope[:, :, :, None] * slope[:, :, None, :]
    hessian = (cells[:, :, None, None] * (curve - outer)).sum(axis=(0, 1))
    gradient[-1] -= _RIDGE * theta[-1]
    hessian[-1, -1] -= _RIDGE
    return gradient, hessian


def _expit(eta: Floats) -> Floats:
    return 0.5 * (1.0 + np.tanh(0.5 * eta))
