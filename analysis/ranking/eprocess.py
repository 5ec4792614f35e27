"""Evidence that may be looked at after every comparison: e-processes and confidence sequences.

Pure functions of what was seen so far, for a runner that wants to stop early and for reports after the fact.
The unit is the dialogue: one score in [0, 1] a dialogue (the mean of its order-averaged verdicts), in an
order that was drawn at random before the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from judge.analysis.jackknife import CHUNK, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

PRIOR = 10.0
"""Both parameters of the beta mixture: most power where the winner takes 55-70 %."""
BETS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Shares of the largest bet allowed; at a mean of one half the bets are +-.1, .2, .4, .8, 1.6."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the evidence says so far.

    `e_value` is the evidence against equality; `p` = min(1, 1 / largest e-value) stays valid however often
    one has looked; the confidence sequence holds at all times at once.
    """

    state: Literal["different", "equivalent", "continue"]
    e_value: float
    p: float
    mean: float
    low: float
    high: float


def beta_mixture(wins: int, losses: int, prior: float = PRIOR) -> float:
    r"""Return the e-value of wins against losses: [B(a+W, a+L) / B(a, a)] 2^(W+L).

    Under equality the chance that it ever reaches 1/alpha is at most alpha (Ville), at any schedule of
    looking. Ties are left out.

    References
    ----------
    Robbins 1970, doi:10.1214/aoms/1177696786.

    Examples
    --------
    After 30 wins and 6 losses one may stop at alpha = .05:

    >>> beta_mixture(30, 6) > 20
    True
    """
    from scipy import special

    log_e = special.betaln(prior + wins, prior + losses) - special.betaln(prior, prior)
    return float(np.exp(min(log_e + (wins + losses) * np.log(2), 700.0)))


def log_betting(scores: npt.ArrayLike, mean: float = 0.5) -> npt.NDArray[np.float64]:
    """Return the logarithm of the betting e-process after each score, for scores in [0, 1].

    A mixture of the wealths of bets for and against: prod(1 + lambda (x_t - mean)) over a grid of lambda.

    Parameters
    ----------
    scores
        Scores in the order seen, shape (t,).
    mean
        The mean that is tested.

    Raises
    ------
    ValueError
        A score lies outside [0, 1], or the mean outside (0, 1).

    References
    ----------
    Waudby-Smith & Ramdas 2024, doi:10.1093/jrsssb/qkad009.

    Examples
    --------
    >>> bool(log_betting([1.0] * 12)[-1] > np.log(20))
    True
    """
    from scipy import special

    x, bets = _bets(scores, mean)
    wealth = np.log1p(bets[:, None] * (x - mean)[None, :]).cumsum(axis=1)
    out: npt.NDArray[np.float64] = special.logsumexp(wealth, axis=0) - np.log(bets.size)
    return out


def log_betting_at_end(scores: npt.ArrayLike, mean: float = 0.5) -> float:
    """Return the last number of `log_betting`, in little memory however many scores there are.

    Examples
    --------
    >>> scores = [1.0, 0.5, 1.0]
    >>> log_betting_at_end(scores) == log_betting(scores)[-1]
    np.True_
    """
    from scipy import special

    x, bets = _bets(scores, mean)
    wealth = np.zeros((bets.size, 1))
    for part in blocks(x.size, bets.size, CHUNK // 8):
        steps = np.log1p(bets[:, None] * (x[part] - mean)[None, :])
        steps[:, :1] += wealth
        wealth = steps.cumsum(axis=1)[:, -1:]
    # One column alone would be added up in another order than the columns of the whole path.
    wealth = np.repeat(wealth, min(x.size, 2), axis=1)
    return float(special.logsumexp(wealth, axis=0)[-1] - np.log(bets.size))


def _bets(scores: npt.ArrayLike, mean: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the scores as an array, and the bets for and against; refuse what no bet can be made on."""
    x = np.asarray(scores, dtype=float)
    if x.size and not ((x >= 0) & (x <= 1)).all():
        raise ValueError("scores must lie in [0, 1]")
    if not 0 < mean < 1:
        raise ValueError("the mean must lie in (0, 1)")
    share = np.array(BETS)
    return x, np.concatenate([share / mean, -share / (1 - mean)])


def confidence_sequence(scores: npt.ArrayLike, alpha: float = 0.05, grid: int = 400) -> tuple[float, float]:
    """Return the means that no bet has refuted so far; covers the true mean at all times with 1 - alpha.

    Parameters
    ----------
    scores
        Scores in [0, 1] in the order seen.
    grid
        Means tried; the ends are exact to 1 / grid.

    Examples
    --------
    >>> low, high = confidence_sequence([1.0, 0.0] * 200)
    >>> low < 0.5 < high
    True
    """
    x = np.asarray(scores, dtype=float)
    if not x.size:
        return 0.0, 1.0
    means = (np.arange(grid) + 0.5) / grid
    log_limit = np.log(1 / alpha)
    kept = [float(m) for m in means if float(log_betting(x, float(m)).max()) < log_limit]
    if not kept:
        return float(x.mean()), float(x.mean())
    half = 0.5 / grid
    return max(0.0, kept[0] - half), min(1.0, kept[-1] + half)


def decide(scores: npt.ArrayLike, *, alpha: float = 0.05, margin: float = 0.05) -> Decision:
    """Say whether one may stop: the systems differ, are equivalent within the margin, or neither yet.

    Parameters
    ----------
    scores
        One score a dialogue in [0, 1], in the order seen.
    alpha
        Chance allowed of ever calling equal systems different.
    margin
        Half-width of the zone of equivalence around one half, in win points.

    Examples
    --------
    >>> decide([1.0, 1.0, 0.5, 1.0] * 20).state
    'different'
    """
    x = np.asarray(scores, dtype=float)
    if not x.size:
        return Decision("continue", 1.0, 1.0, 0.5, 0.0, 1.0)
    path = log_betting(x)
    largest = float(np.exp(min(float(path.max()), 700.0)))
    low, high = confidence_sequence(x, alpha)
    state: Literal["different", "equivalent", "continue"] = "continue"
    if largest >= 1 / alpha:
        state = "different"
    elif 0.5 - margin < low and high < 0.5 + margin:
        state = "equivalent"
    last = float(np.exp(min(float(path[-1]), 700.0)))
    return Decision(state, last, min(1.0, 1 / max(largest, 1e-300)), float(x.mean()), low, high)


def e_bh(e_values: Sequence[float], alpha: float = 0.05) -> tuple[bool, ...]:
    """Choose which of several e-values count, with false discovery rate alpha under any dependence.

    The k largest count, for the largest k with e_(k) >= n / (k alpha).

    References
    ----------
    Wang & Ramdas 2022, doi:10.1111/rssb.12489.

    Examples
    --------
    >>> e_bh([100.0, 1.0, 50.0])
    (True, False, True)
    """
    e = np.asarray(e_values, dtype=float)
    if not e.size:
        return ()
    ranked = np.sort(e)[::-1]
    steps = np.flatnonzero(ranked * np.arange(1, e.size + 1) >= e.size / alpha)
    limit = ranked[steps[-1]] if steps.size else np.inf
    return tuple(bool(value) for value in e >= limit)
