"""Prediction-powered means in strata: where the judge is more biased in one kind of dialogue than another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, t_quantile, unidentified
from judge.analysis.jackknife import sum_by

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MIN_STRATUM = 20
"""Labels that each stratum needs: with 10 the intervals covered .876 instead of .95."""
METHOD = "PPI++ in strata with one common weight; jackknife over labelled items, t"


def stratified_mean(
    labels: ArrayLike,
    judged: ArrayLike,
    stratum: ArrayLike,
    judged_rest: ArrayLike,
    stratum_rest: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate people's mean with the judge corrected stratum by stratum.

    Parameters
    ----------
    labels, judged, stratum
        People's value, the judge's and the stratum (a name or a code) of each labelled item, shape (n,).
    judged_rest, stratum_rest
        The same without labels, shape (N,).
    confidence
        Coverage asked for.

    Returns
    -------
    Estimate
        Not identified where a stratum has fewer than `MIN_STRATUM` labels.

    Raises
    ------
    ValueError
        Values that are not finite, or shapes that differ.

    Notes
    -----
    1. Within each stratum the labelled items are a random part of it, one item a dialogue.
    2. Strata are weighted by all their items, labelled or not; the judge's weight is one for all strata:
       a weight of its own for each cost coverage at 20 to 30 labels.

    References
    ----------
    Fisch et al. 2024, arXiv 2406.04291; Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> kind, truth = rng.integers(0, 2, 1000), rng.normal(3, 1, 1000)
    >>> judge = truth + kind + rng.normal(0, 0.5, 1000)       # a point too generous in one kind
    >>> e = stratified_mean(truth[:100], judge[:100], kind[:100], judge[100:], kind[100:])
    >>> bool(e.ci_low < 3 < e.ci_high)
    True
    """
    y, f, rest = (np.asarray(v, dtype=np.float64) for v in (labels, judged, judged_rest))
    if not all(np.isfinite(v).all() for v in (y, f, rest)):
        raise ValueError("values must be finite: leave items without a score out, and report them as missing")
    names, code = np.unique(
        np.concatenate([np.asarray(stratum), np.asarray(stratum_rest)]), return_inverse=True
    )
    if code.size != y.size + rest.size or y.shape != f.shape:
        raise ValueError("every item needs a stratum, every label a value of the judge")
    own, other = code[: y.size], code[y.size :]
    sizes = np.bincount(own, minlength=names.size)
    if sizes.min() < MIN_STRATUM:
        poorest = str(names[int(sizes.argmin())])
        reason = f"the stratum {poorest!r} has {sizes.min()} labels; {MIN_STRATUM} are needed"
        return unidentified(reason, n=y.size, clusters=y.size, method=METHOD)
    return _Strata(y, f, own, rest, other).estimate(
        np.bincount(code, minlength=names.size) / code.size, confidence
    )


class _Strata:
    """The sums of each stratum, from which the estimate and its replicates are made."""

    def __init__(self, y: Floats, f: Floats, own: Ints, rest: Floats, other: Ints) -> None:
        self.own, self.size, k = own, y.size, int(own.max()) + 1
        self.unlabelled = np.bincount(other, minlength=k)
        # A stratum that is labelled whole needs no judge: its part of the correction is nought.
        self.open = self.unlabelled > 0
        self.mean_rest = sum_by(other, rest, k) / np.maximum(self.unlabelled, 1)
        self.spread = np.array(
            [np.var(rest[other == s], ddof=1) if self.unlabelled[s] > 1 else 0.0 for s in range(k)]
        )
        self.part = np.stack([np.ones(y.size), y, f, y * f, f * f])
        self.totals = np.stack([sum_by(own, column, k) for column in self.part])

    def estimate(self, share: Floats, confidence: float) -> Estimate:
        values, weights = self.theta(self.totals[None], share)
        value, lam = float(values[0]), float(weights[0])
        without = np.repeat(self.totals[None], self.size, axis=0)
        without[np.arange(self.size), :, self.own] -= self.part.T
        replicates, _ = self.theta(without, share)
        # The jackknife of a mean in strata: each stratum's replicates vary about their own mean.
        n = self.totals[0]
        centre = sum_by(self.own, replicates, n.size) / n
        labelled = float((((n - 1) / n)[self.own] * (replicates - centre[self.own]) ** 2).sum())
        judge = share**2 * lam**2 * self.spread / np.maximum(self.unlabelled, 1)
        error = float(np.sqrt(labelled + judge[self.open].sum()))
        half = t_quantile(self.size - n.size, confidence) * error
        return Estimate(
            value=value, std_error=error, ci_low=value - half, ci_high=value + half, df=self.size - n.size,
            n=self.size, clusters=self.size, confidence=confidence,
            method=f"{METHOD}; {n.size} strata, weight of the judge {lam:.2f}",
        )  # fmt: skip

    def theta(self, totals: Floats, share: Floats) -> tuple[Floats, Floats]:
        """Return estimates and best weights of the judge, of totals (replicates, 5, strata)."""
        n, sy, sf, syf, sff = np.moveaxis(totals, 1, 0)
        covariance = (syf - sy * sf / n) / (n - 1)
        variance = (sff - sf * sf / n) / (n - 1)
        gain = (share**2 * covariance / n)[:, self.open].sum(axis=1)
        cost = share**2 * (variance / n + self.spread / np.maximum(self.unlabelled, 1))
        total = cost[:, self.open].sum(axis=1)
        lam = np.clip(np.divide(gain, total, out=np.zeros(total.size), where=total > 0), 0.0, 1.0)
        mine = np.where(self.open, lam[:, None], 0.0)
        return (share * (mine * self.mean_rest + (sy - mine * sf) / n)).sum(axis=1), lam
