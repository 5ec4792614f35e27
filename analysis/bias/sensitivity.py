"""With one rater an item the noise of people's ratings is unknown: what follows for each value it may have.

No p-value is printed here, on purpose: it would be that of an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, finding, t_quantile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

    Floats = NDArray[np.float64]

RELIABILITIES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
METHOD = "errors-in-variables coefficient under an assumed reliability; delete-one-cluster jackknife, t"
REASON = (
    "one rater an item: the noise of people's ratings is not known, so neither is the bias. What would help:"
    " 200 items or more rated by a second person"
)


@dataclass(frozen=True, slots=True)
class Curve:
    """Coefficient (SD of the judge per SD of the feature) and its interval at each assumed reliability."""

    reliability: Floats
    value: Floats
    std_error: Floats
    ci_low: Floats
    ci_high: Floats
    n_items: int
    n_clusters: int


def sensitivity_curve(
    judge: Floats,
    feature: Floats,
    people: Floats,
    cluster: NDArray[np.int64],
    *,
    reliability: tuple[float, ...] = RELIABILITIES,
    confidence: float = 0.95,
) -> Curve:
    """Compute the coefficient of a feature for each assumed reliability of people's ratings.

    Parameters
    ----------
    judge, feature, people
        Shape (n,), one rating an item. Rows with NaN are left out.
    cluster
        Codes of the unit of independence, shape (n,).
    reliability
        Assumed share of the ratings' variance that is quality and not noise.
    confidence
        Of the intervals; they hold *given* the assumed reliability.

    Returns
    -------
    Curve
        NaN where a reliability is too low to be true: less than what the feature explains of the ratings.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> q = rng.normal(size=2000); x = .5 * q + rng.normal(size=2000)
    >>> h = q + rng.normal(size=2000)                       # reliability one half
    >>> curve = sensitivity_curve(q + rng.normal(size=2000), x, h, np.arange(2000) // 5,
    ...                           reliability=(.5, 1.0))
    >>> bool(abs(curve.value[0]) < .05 < curve.value[1])    # only the wrong assumption sees a bias
    True
    """
    keep = np.isfinite(judge) & np.isfinite(feature) & np.isfinite(people)
    y, x, h = judge[keep], feature[keep], people[keep]
    _, codes = np.unique(cluster[keep], return_inverse=True)
    count = int(codes.max()) + 1 if codes.size else 0
    lam = np.asarray(reliability, dtype=np.float64)
    if count < 3 or y.std() == 0 or x.std() == 0 or h.std() == 0:
        nothing = np.full(lam.shape, np.nan)
        return Curve(lam, nothing, nothing, nothing, nothing, int(y.size), count)
    columns = np.column_stack([np.ones(y.size), y / y.std(ddof=1), x / x.std(ddof=1), h])
    products = columns[:, :, None] * columns[:, None, :]
    flat = products.reshape(y.size, 16)
    sums = np.column_stack([np.bincount(codes, weights=c, minlength=count) for c in flat.T])
    total = sums.sum(axis=0)
    value = _coefficient(total[None], lam)[0]
    replicates = _coefficient(total - sums, lam)
    error = np.sqrt((count - 1) / count * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0))
    half = t_quantile(count - 1, confidence) * error
    return Curve(lam, value, error, value - half, value + half, int(y.size), count)


def _coefficient(sums: Floats, lam: Floats) -> Floats:
    """Coefficient of the feature from moment sums: shape (replicates, reliabilities)."""
    m = sums.reshape(-1, 4, 4)
    n = m[:, 0, 0]
    cov = m[:, 1:, 1:] - m[:, 0, 1:, None] * m[:, 0, None, 1:] / n[:, None, None]
    syx, syh, sxx, sxh, shh = cov[:, 0, 1], cov[:, 0, 2], cov[:, 1, 1], cov[:, 1, 2], cov[:, 2, 2]
    quality = lam[None] * shh[:, None]
    determinant = quality * sxx[:, None] - (sxh**2)[:, None]
    numerator = quality * syx[:, None] - (sxh * syh)[:, None]
    return np.where(determinant > 0, numerator / np.where(determinant > 0, determinant, 1.0), np.nan)


def tipping_reliability(curve: Curve) -> tuple[float, float] | None:
    """Return the range of assumed reliabilities at which the interval covers 0, or None where none does.

    Read on the grid of the curve; a finer grid gives a finer answer.
    """
    covers = (curve.ci_low <= 0) & (curve.ci_high >= 0)
    if not covers.any():
        return None
    seen = curve.reliability[covers]
    return float(seen.min()), float(seen.max())


def sensitivity_findings(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """Yield the curve, the tipping reliability and the statement that there is no test."""
    common = {"judge": material.judge, "criterion": material.criterion, "n_raters": material.n_raters}
    fine = tuple(np.round(np.arange(0.2, 1.0001, 0.01), 2))
    for name, values in material.features.items():
        yield finding(
            "bias",
            "preference",
            Estimate(n=material.n_rated, method=METHOD, warnings=(REASON,)),
            level="pooled",
            term=name,
            **common,
        )
        curve = sensitivity_curve(
            material.score,
            values,
            material.people.mean,
            material.cluster,
            reliability=fine,
            confidence=options.confidence,
        )
        yield from _points(curve, name, options, common)
        yield _tipping(curve, name, common)


def _points(curve: Curve, name: str, options: AuditOptions, common: dict[str, object]) -> Iterator[Finding]:
    for assumed in RELIABILITIES:
        at = int(np.argmin(np.abs(curve.reliability - assumed)))
        if not np.isfinite(curve.ci_low[at]):
            continue
        estimate = Estimate(
            value=float(curve.value[at]),
            std_error=float(curve.std_error[at]),
            ci_low=float(curve.ci_low[at]),
            ci_high=float(curve.ci_high[at]),
            n=curve.n_items,
            clusters=curve.n_clusters,
            confidence=options.confidence,
            method=METHOD,
            warnings=("holds only if the reliability is as assumed",),
        )
        level = f"reliability={assumed:.1f}"
        yield finding("bias", "sensitivity", estimate, level=level, term=name, **common)


def _tipping(curve: Curve, name: str, common: dict[str, object]) -> Finding:
    found = tipping_reliability(curve)
    text = (
        "no assumed reliability between .2 and 1 makes the interval cover 0"
        if found is None
        else f"the interval covers 0 for assumed reliabilities from {found[0]:.2f} to {found[1]:.2f}"
    )
    estimate = Estimate(
        value=None if found is None else found[1],
        n=curve.n_items,
        clusters=curve.n_clusters,
        method="highest assumed reliability at which the interval of the coefficient covers 0",
        warnings=(text,),
    )
    return finding(
        "bias",
        "tipping_reliability",
        estimate,
        level="pooled",
        term=name,
        verdict="not_identified" if found is None else "",
        **common,
    )
