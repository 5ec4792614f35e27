"""Rounding that raters share: people who agree perfectly on a coarse scale still err, all in the same way."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MOST_LEVELS = 12
"""A scale with more levels than this is taken as continuous."""
FEWEST_LEVELS = 4
"""With fewer levels the ends of the scale rule, and this theory of rounding does not hold."""
WAVES = 100
"""Terms of the Fourier series that are kept."""
NOISY = 0.5
"""From this variance of a rating on (in squared steps) nothing is shared: less than 1e-9."""


def scale_step(scores: ArrayLike) -> float:
    """Return the distance of neighbouring levels of a coarse scale, or 0 where the scale is not coarse.

    Parameters
    ----------
    scores
        All ratings as they were given.

    Returns
    -------
    float
        Nought for fewer than 4 or more than 12 levels in use, or levels that are not evenly spaced.

    Examples
    --------
    >>> scale_step([1, 2, 5, 3, 3, 4]), scale_step([0.12, 0.57, 0.91])
    (1.0, 0.0)
    """
    levels = np.unique(np.asarray(scores, dtype=np.float64))
    if not FEWEST_LEVELS <= levels.size <= MOST_LEVELS:
        return 0.0
    gaps = np.diff(levels)
    step = float(gaps.min())
    return step if np.allclose(gaps / step, np.round(gaps / step), atol=1e-6) else 0.0


def overlap(offset: Floats, weight: Floats, step: float) -> Floats:
    """Return how far raters' rounding runs in step, wave by wave.

    Parameters
    ----------
    offset
        Severity of each rater, shape (R,): raters of different severity round at different qualities.
    weight
        Ratings of each, shape (R,).
    step
        Distance of neighbouring levels.

    Returns
    -------
    ndarray
        Mean over pairs of raters of ``cos(2 pi k (offset_r - offset_s) / step)``, k = 1, 2, ...: ones for
        equal offsets.

    Examples
    --------
    >>> overlap(np.array([0.0, 0.5]), np.array([9.0, 9.0]), 1.0)[:2].round(6)
    array([-1.,  1.])
    """
    k = np.arange(1, WAVES + 1, dtype=np.float64)
    turn = np.exp(2j * np.pi * np.outer(k, offset) / step)
    alone = float((weight**2).sum())
    pairs = float(weight.sum()) ** 2 - alone
    if pairs <= 0:
        return np.ones(WAVES)
    out: Floats = (np.abs(turn @ weight) ** 2 - alone) / pairs
    return out


def shared_rounding(variance: ArrayLike, step: float, waves: Floats | None = None) -> Floats:
    """Return the variance of the rounding error that the raters of an item have in common.

    A rating is ``round(quality + severity + u)``. Given quality, the mean rounding error is a wave in quality
    whose covariance between raters is ``step^2 sum_k c_k exp(-4 pi^2 k^2 s^2) / (2 pi^2 k^2)``, with s the
    standard deviation of ``u`` in steps and c_k from `overlap`: 1/12 for equal people who make no error of
    their own, below .002 from s = .3 on. Raters' disagreement tells s: its variance is ``s^2 + 1/12`` less
    what is shared.

    Parameters
    ----------
    variance
        Variance of one rating about its item's mean, as estimated from raters' disagreement.
    step
        Distance of neighbouring levels; 0 gives 0.
    waves
        From `overlap`; ones by default.

    Returns
    -------
    ndarray
        Same shape as `variance`, never negative.

    Notes
    -----
    Assumes that ``u`` is normal and that quality is spread smoothly over several levels (Sheppard's
    condition), so that rounding errors do not go with quality; the ends of the scale are neglected.

    References
    ----------
    Sheppard 1898, doi:10.1112/plms/s1-29.1.353; Widrow, Kollar and Liu 1996, doi:10.1109/19.492748.

    Examples
    --------
    >>> shared_rounding([0.0, 0.3, 1.0], 1.0).round(3)
    array([0.083, 0.   , 0.   ])
    """
    v = np.asarray(variance, dtype=np.float64)
    if step <= 0 or v.min(initial=np.inf) > NOISY * step**2:
        return np.zeros_like(v)
    s, fade = _fading()
    shared = fade @ (np.ones(WAVES) if waves is None else waves)
    # Raters half a step apart disagree least at some s above 0; the smallest s is taken there.
    seen = np.maximum.accumulate(s**2 + 1 / 12 - shared)
    out: Floats = step**2 * np.maximum(np.interp(v / step**2, seen, shared, right=0.0), 0.0)
    return out


@cache
def _fading() -> tuple[Floats, Floats]:
    """Return a grid of s, and the strength of each wave at it; shape (grid, waves)."""
    s = np.linspace(0.0, 0.7, 141)
    k = np.arange(1, WAVES + 1, dtype=np.float64)
    strength = np.exp(-4 * (np.pi * np.outer(s, k)) ** 2) / (2 * (np.pi * k) ** 2)
    # The waves that are left out, so that the sum is 1/12 at s = 0.
    strength[0, -1] += 1 / 12 - strength[0].sum()
    return s, strength
