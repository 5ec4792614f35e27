"""Which items people should label next, and the mean that such labels give.

Labels are worth most where the judge is least sure. Items are drawn at random with known probabilities, never
by taking the least sure ones: an interval needs that every item had its chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, t_quantile, unidentified
from judge.analysis.jackknife import dense_codes, sum_by

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

UNIFORM = 0.2
"""Share of the draw that looks at nothing: no item's chance falls below a fifth of an even one."""
METHOD = "judge's mean, corrected by labels weighted with their chances (active inference); clusters, t"


@dataclass(frozen=True)
class Chosen:
    """A draw: `index` of the items to label (sorted); `inclusion`, the chance that every item had, (N,)."""

    index: Ints
    inclusion: Floats


def next_labels(
    uncertainty: ArrayLike, n: int, *, rng: np.random.Generator, uniform: float = UNIFORM
) -> Chosen:
    """Draw `n` items for people to label.

    Parameters
    ----------
    uncertainty
        How far the judge may be off on each item (a standard deviation, in any unit), shape (N,), not
        negative. All nought means that nothing is known: the draw is even.
    n
        Number of items.
    rng
        Source of the draw.
    uniform
        Share of the draw that is even.

    Returns
    -------
    Chosen
        Exactly `n` items; `inclusion` sums to `n`.

    Raises
    ------
    ValueError
        `n` is not between 1 and N, or an uncertainty is negative or not finite.

    Notes
    -----
    Chances are proportional to the uncertainty, which is what makes the interval shortest, mixed with an
    even share; items that would get more than 1 are taken for sure. The draw is systematic on a shuffled
    list, so that its size is exact.

    References
    ----------
    Zrnic and Candes 2024, arXiv 2403.03208; Madow 1949, doi:10.1214/aoms/1177729988.

    Examples
    --------
    >>> drawn = next_labels([0.0, 0.0, 1.0, 3.0], 2, rng=np.random.default_rng(0))
    >>> drawn.inclusion.round(3).tolist(), len(drawn.index)
    ([0.143, 0.143, 0.714, 1.0], 2)
    """
    u = np.asarray(uncertainty, dtype=np.float64)
    if not (np.isfinite(u).all() and (u >= 0).all()):
        raise ValueError("uncertainties must be finite and not negative")
    if not 1 <= n <= u.size:
        raise ValueError(f"{n} labels of {u.size} items: ask for 1 to {u.size}")
    pi = inclusion(u, n, uniform)
    shuffled = rng.permutation(u.size)
    # One random start, then a step of 1 along the cumulated chances: item i is hit with its chance.
    ends = np.cumsum(pi[shuffled])
    hits = np.searchsorted(ends, rng.random() * (ends[-1] / n) + np.arange(n) * (ends[-1] / n), side="right")
    return Chosen(np.sort(shuffled[np.minimum(hits, u.size - 1)]), pi)


def inclusion(uncertainty: Floats, n: int, uniform: float = UNIFORM) -> Floats:
    """Return the chance of each item; they sum to `n`, none is above 1."""
    total = uncertainty.sum()
    share = uncertainty / total if total > 0 else np.full(uncertainty.size, 1 / uncertainty.size)
    share = (1 - uniform) * share + uniform / uncertainty.size
    pi = n * share
    for _ in range(uncertainty.size):
        full = pi >= 1
        if not (pi[full] > 1).any():
            break
        # What is above 1 is given to the others, in proportion.
        pi[full] = 1.0
        rest = share[~full].sum()
        if rest <= 0:
            break
        pi[~full] = (n - full.sum()) * share[~full] / rest
    return np.minimum(pi, 1.0)


def active_mean(
    judged: ArrayLike,
    index: ArrayLike,
    labels: ArrayLike,
    inclusion: ArrayLike,
    cluster: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate the mean that people would give to all items, from labels with unequal chances.

    ``mean(lam f) + sum over labelled (y_i - lam f_i) / (N pi_i)``.

    Parameters
    ----------
    judged
        The judge's value of every item, shape (N,).
    index, labels
        Which items people labelled (those of `next_labels`), and their values, shape (n,).
    inclusion
        The chance that each *labelled* item had, shape (n,).
    cluster
        Unit of independence of every item, shape (N,); every item its own by default.
    confidence
        Coverage asked for.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        Chances outside (0, 1], or values that are not finite.

    Notes
    -----
    1. Every item had the stated chance of being labelled, and those drawn were labelled: an item that was
       drawn and not labelled breaks this.
    2. `lam` is the weight of the judge that makes the interval shortest (between 0 and 1).
    3. The variance is that of drawing with replacement, plus that of the judge's mean: a little wide where
       a large part of the items is labelled. Chances must not have been chosen by looking at the labels.

    References
    ----------
    Zrnic and Candes 2024, arXiv 2403.03208.

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> unsure = rng.uniform(0.1, 2, 2000)
    >>> truth = rng.normal(3, 1, 2000)
    >>> judge = truth + 0.5 + unsure * rng.normal(size=2000)
    >>> drawn = next_labels(unsure, 200, rng=rng)
    >>> e = active_mean(judge, drawn.index, truth[drawn.index], drawn.inclusion[drawn.index])
    >>> bool(e.ci_low < truth.mean() < e.ci_high)
    True
    """
    f, y, pi = (np.asarray(v, dtype=np.float64) for v in (judged, labels, inclusion))
    at = np.asarray(index, dtype=np.intp)
    if not (np.isfinite(f).all() and np.isfinite(y).all()):
        raise ValueError("values must be finite: leave items without a score out, and report them as missing")
    if not ((pi > 0) & (pi <= 1)).all():
        raise ValueError("chances lie above 0 and at most at 1")
    code, _ = dense_codes(
        np.arange(f.size) if cluster is None else np.unique(cluster, return_inverse=True)[1]
    )
    own, count = dense_codes(code[at])
    if count < 3:
        return unidentified(f"labels on {count} dialogues; at least 3 are needed", n=at.size, method=METHOD)
    a, b = (sum_by(own, v / (pi * f.size), count) for v in (y, f[at]))
    lam = _weight(a, b)
    value = float(lam * f.mean() + (a - lam * b).sum())
    drawn = count * np.var(a - lam * b, ddof=1)
    error = float(np.sqrt(drawn + _judge_part(f, code, lam, code[at], (y - lam * f[at]) / (pi * f.size))))
    half = t_quantile(count - 1, confidence) * error
    return Estimate(
        value=value, std_error=error, ci_low=value - half, ci_high=value + half, df=count - 1, n=at.size,
        clusters=count, confidence=confidence, method=f"{METHOD}; weight of the judge {lam:.2f}",
    )  # fmt: skip


def _weight(a: Floats, b: Floats) -> float:
    """Return the weight that leaves the least variance between the labelled clusters."""
    spread = float(np.var(b, ddof=1))
    return float(np.clip(np.cov(a, b)[0, 1] / spread, 0.0, 1.0)) if spread > 0 else 0.0


def _judge_part(f: Floats, code: Ints, lam: float, at: Ints, weighted: Floats) -> float:
    """Variance of the judge's own mean over clusters, and its covariance with the correction."""
    count = int(code.max()) + 1
    mine = lam * np.bincount(code, f - f.mean(), count) / f.size
    # The residuals' own mean over items is in the variance of the draw already: only their covariance with
    # the judge is added, estimated with the same weights.
    covariance = float((mine[at] * weighted).sum())
    return max(float((mine**2).sum()) + 2 * covariance, 0.0)
