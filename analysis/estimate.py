"""One estimated number with its interval, and how it becomes a finding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.types import Finding, FindingVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

FEW_CLUSTERS = 15
"""Below this many clusters an interval is not trusted (Cameron & Miller 2015, doi:10.3368/jhr.50.2.317)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, its interval and how it was made.

    `value` is None where the data do not identify the number; the reason is then the first of `warnings`.
    `n` counts the observations, `clusters` the independent units behind `df`.
    """

    value: float | None = None
    std_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    df: float | None = None
    p: float | None = None
    n: int = 0
    clusters: int = 0
    confidence: float | None = None
    method: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def identified(self) -> bool:
        """Whether the data say anything about the number."""
        return self.value is not None

    def warn(self, *reasons: str) -> Estimate:
        """Return the same estimate with more warnings."""
        return replace(self, warnings=(*self.warnings, *reasons))

    def clip(self, low: float, high: float) -> Estimate:
        """Return the same estimate with the interval cut to the range that the number can take.

        >>> Estimate(value=0.9, ci_low=0.7, ci_high=1.1).clip(0, 1).ci_high
        1.0
        """
        ends = [
            None if end is None else float(min(max(end, low), high)) for end in (self.ci_low, self.ci_high)
        ]
        return replace(self, ci_low=ends[0], ci_high=ends[1])


def unidentified(reason: str, *, n: int = 0, clusters: int = 0, method: str = "") -> Estimate:
    """Return the estimate of a number that the data do not identify, with the reason.

    >>> unidentified("all scores are equal").identified
    False
    """
    return Estimate(n=n, clusters=clusters, method=method, warnings=(reason,))


@lru_cache(maxsize=1024)
def t_quantile(df: float, confidence: float) -> float:
    """Return the two-sided quantile of Student's t.

    >>> round(t_quantile(99, 0.95), 4)
    1.9842
    """
    from scipy import special

    return float(special.stdtrit(df, 0.5 + confidence / 2))


def t_p_value(t: float, df: float, *, one_sided: bool = False) -> float:
    """Return the p-value of a t statistic: two-sided, or that of an effect above zero.

    >>> round(t_p_value(1.9842, 99), 3)
    0.05
    """
    from scipy import special

    return float(special.stdtr(df, -t)) if one_sided else float(2 * special.stdtr(df, -abs(t)))


def t_estimate(
    value: float,
    std_error: float,
    df: float,
    *,
    n: int,
    confidence: float,
    method: str,
    null: float | None = None,
) -> Estimate:
    """Make an estimate with the interval value +- t SE, and the p-value of `null` if one is given.

    Where the replicates do not vary at all the interval is left out: a width of nought would be a boast.
    """
    clusters = round(df) + 1
    if not std_error > 1e-12 * max(1.0, abs(value)):
        base = Estimate(value=value, n=n, clusters=clusters, confidence=confidence, method=method)
        return base.warn("no variation between clusters: no interval can be given")
    half = t_quantile(df, confidence) * std_error
    p = None if null is None else t_p_value((value - null) / std_error, df)
    return few_clusters(
        Estimate(
            value=value, std_error=std_error, ci_low=value - half, ci_high=value + half, df=df, p=p, n=n,
            clusters=clusters, confidence=confidence, method=method,
        )
    )  # fmt: skip


def few_clusters(estimate: Estimate) -> Estimate:
    """Add the warning that there are too few clusters, where there are.

    >>> few_clusters(Estimate(value=1.0, clusters=5)).warnings
    ('too few clusters (5 < 15): the interval is not reliable',)
    """
    if estimate.clusters >= FEW_CLUSTERS:
        return estimate
    return estimate.warn(
        f"too few clusters ({estimate.clusters} < {FEW_CLUSTERS}): the interval is not reliable"
    )


def wilson(share: float, n: int, confidence: float) -> tuple[float, float]:
    """Return Wilson's interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    For values in [0, 1] that are not all 0 or 1 it is conservative, since their variance is smaller.

    >>> [round(end, 3) for end in wilson(0.5, 100, 0.95)]
    [0.404, 0.596]
    """
    from scipy import special

    z2 = float(special.ndtri(0.5 + confidence / 2)) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2) / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def sign_flip_p(values: npt.NDArray[np.float64]) -> float:
    """Return the two-sided p-value of the sign-flip test that the clusters' sums centre on zero.

    All 2^D sign patterns are tried: meant for D below 15.

    Parameters
    ----------
    values
        One number a cluster, shape (D,).

    Examples
    --------
    Five clusters, all positive: no other pattern but its mirror is as extreme, so p = 2/32.

    >>> sign_flip_p(np.array([1.0, 2.0, 1.5, 0.5, 1.0]))
    0.0625
    """
    values = values[values != 0]
    if values.size == 0:
        return 1.0
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return float((np.abs(sums) >= abs(values.sum()) * (1 - 1e-12)).mean())


def equivalence_verdict(
    estimate: Estimate, margin: float, *, one_sided: bool = False
) -> tuple[FindingVerdict, tuple[str, ...]]:
    """Say whether a bias was found, excluded or neither, by two one-sided tests.

    ``equivalent`` means that the 90 % interval lies inside +-margin; it is asked first, so that an effect
    too small to matter is not called a bias because the sample is huge (a warning then says that it differs
    from zero). ``bias_found``: the interval excludes zero. Otherwise ``inconclusive``: a small sample
    certifies nothing (Schuirmann 1987, doi:10.1007/BF01068419).

    Examples
    --------
    >>> equivalence_verdict(Estimate(value=0.2, std_error=0.05, df=99, ci_low=0.1, ci_high=0.3), 0.1)
    ('bias_found', ())
    """
    if estimate.value is None:
        return "not_identified", ()
    if estimate.std_error is None or estimate.df is None:
        return "inconclusive", ()
    half = t_quantile(estimate.df, 0.9) * estimate.std_error
    low = estimate.value - half
    inside = estimate.value + half < margin and (one_sided or low > -margin)
    p = t_p_value(estimate.value / estimate.std_error, estimate.df, one_sided=one_sided)
    if estimate.p is not None:
        p = estimate.p
    alpha = 1 - (estimate.confidence or 0.95)
    if inside:
        note = f"differs from zero (p = {p:.2g}) but lies within the margin of {margin:.3g}"
        return "equivalent", ((note,) if p < alpha else ())
    return ("bias_found" if p < alpha else "inconclusive"), ()


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values by Holm's step-down rule (Holm 1979, Scand. J. Statist. 6:65-70).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in adjusted]


def benjamini(p_values: Sequence[float], *, dependent: bool = False) -> list[float]:
    """Adjust p-values for the false discovery rate: Benjamini-Hochberg, or -Yekutieli if `dependent`.

    Sources: Benjamini & Hochberg 1995 (doi:10.1111/j.2517-6161.1995.tb02031.x); Benjamini & Yekutieli
    2001 (doi:10.1214/aos/1013699998).

    >>> [round(p, 4) for p in benjamini([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")[::-1]
    weight = float((1 / np.arange(1, p.size + 1)).sum()) if dependent else 1.0
    steps = p[order] * weight * p.size / np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return [float(value) for value in adjusted]


def finding(family: str, statistic: str, estimate: Estimate, **columns: Any) -> Finding:
    """Turn an estimate into a finding; `columns` are the finding's other fields.

    >>> finding("means", "mean_score", Estimate(value=2.0, n=3), judge="people").n_items
    3
    """
    fields: dict[str, Any] = {
        "estimate": estimate.value,
        "std_error": estimate.std_error,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "confidence": estimate.confidence if estimate.ci_low is not None else None,
        "p": estimate.p,
        "n_items": estimate.n,
        "n_dialogues": estimate.clusters,
        "method": estimate.method,
        "verdict": "" if estimate.identified else "not_identified",
        "warnings": estimate.warnings,
    }
    if "warnings" in columns:
        columns["warnings"] = (*estimate.warnings, *columns["warnings"])
    return Finding(family=family, statistic=statistic, **(fields | columns))
