"""Length: whether its effect is straight, and win rates with length taken out altogether."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.columns import LENGTH
from judge.analysis.bias.common import (
    FAMILY,
    fit_features,
    jackknife_error,
    material_finding,
    scaled,
    what_helps,
)
from judge.analysis.bias.eiv import NotIdentified
from judge.analysis.estimate import Estimate, finding, t_estimate, unidentified
from judge.analysis.jackknife import dense_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from judge.analysis.bias.columns import FeatureColumns
    from judge.analysis.bias.material import Material
    from judge.analysis.duel_table import DuelTable
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

KNOTS = (0.1, 0.5, 0.9)
CURVE = (
    "second column of a restricted cubic spline (knots at the 10, 50 and 90 % quantiles) beside length, "
    "errors-in-variables regression; delete-one-cluster jackknife, t"
)
ADJUSTED = (
    "logistic regression on tanh(difference of words / its SD), weak ridge, at equal length; cluster"
    " jackknife on the logit, t"
)
MIN_PAIRS = 20
"""Pairs of responses from which on the adjustment is made."""
RIDGE = 1.0
"""Precision of the length coefficient's prior, in pairs."""


def spline_column(x: Floats) -> Floats:
    """Return the curved column of a restricted cubic spline with three knots; zeros where knots coincide.

    It is linear outside the outer knots (Harrell 2015, doi:10.1007/978-3-319-19425-7).
    """
    seen = x[np.isfinite(x)]
    if seen.size == 0:
        return np.zeros_like(x)
    a, b, c = np.quantile(seen, KNOTS)
    if not a < b < c:
        return np.where(np.isfinite(x), 0.0, np.nan)
    cubes = [np.maximum(x - knot, 0.0) ** 3 for knot in (a, b, c)]
    curved = cubes[0] - cubes[1] * (c - a) / (c - b) + cubes[2] * (b - a) / (c - b)
    return np.asarray(curved / (c - a) ** 2)


def curvature_findings(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """Say whether the effect of length bends; if it does, the one coefficient of the panel is an average."""
    if LENGTH not in material.features or material.n_double == 0 or material.mode != "ratings":
        return
    length = material.features[LENGTH]
    bent = replace(material, features={LENGTH: length, "bend": spline_column(length)}, fits={})
    try:
        fitted = fit_features(bent, (LENGTH, "bend"))
    except NotIdentified as reason:
        nothing = unidentified(what_helps(str(reason)), n=material.n_rated, method=CURVE)
        yield material_finding(material, "length_curvature", nothing, level="pooled", term=LENGTH)
        return
    factor = float(fitted.sd_features[1]) / fitted.sd_judge
    estimate = scaled(fitted.fit, 2, factor, options, CURVE)
    if estimate.p is not None and estimate.p < 1 - options.confidence:
        estimate = estimate.warn("the effect of length bends: its one coefficient is an average")
    yield material_finding(material, "length_curvature", estimate, level="pooled", term=LENGTH)


def adjusted_findings(table: DuelTable, features: FeatureColumns, options: AuditOptions) -> Iterator[Finding]:
    """Yield the length-adjusted win rate of each judge, criterion and pair of systems."""
    from judge.analysis.bias.material import items_of_pairs

    if LENGTH not in features.values:
        return
    words = replace(features, values={LENGTH: np.expm1(features.values[LENGTH])})
    for criterion, name in enumerate(table.criterion.names):
        for judge in table.judges:
            units = table.of(criterion, judge)
            first, second = items_of_pairs(table, units.pair, units.dialogue)
            gap = words.of(LENGTH, first) - words.of(LENGTH, second)
            good = np.isfinite(gap) & np.isfinite(units.score)
            for pair in np.unique(units.pair[good]):
                rows = good & (units.pair == pair)
                one, two = table.pairs[pair]
                estimate = length_adjusted_rate(
                    units.score[rows], gap[rows], units.cluster[rows], confidence=options.confidence
                )
                yield finding(
                    FAMILY,
                    "length_adjusted_win_rate",
                    estimate,
                    level="pair",
                    judge=table.rater.names[judge],
                    criterion=name,
                    system=table.system.names[int(one)],
                    system_b=table.system.names[int(two)],
                    term=LENGTH,
                )


def length_adjusted_rate(score: Floats, gap: Floats, cluster: Ints, *, confidence: float = 0.95) -> Estimate:
    """Estimate the win rate that a system would have if both responses were equally long.

    Parameters
    ----------
    score
        Share of the win, orders averaged, in [0, 1]; shape (n,).
    gap
        Difference in words; shape (n,).
    cluster
        Units of independence, shape (n,).
    confidence
        Of the interval.

    Returns
    -------
    Estimate
        Takes out *all* association with length, that which people share included; the preference for length
        in the panel takes out only what people do not share.

    Notes
    -----
    The plain form of the length-controlled win rate: no difficulty of the item, no second model. Replicates
    of the jackknife are one Newton step from the full fit.

    References
    ----------
    Dubois et al. 2024, arXiv 2404.04475.

    Examples
    --------
    A judge that follows length alone leaves nothing once length is equal:

    >>> rng = np.random.default_rng(0)
    >>> gap = rng.normal(10, 20, 400)
    >>> wins = (rng.random(400) < 1 / (1 + np.exp(-2 * np.tanh(gap / gap.std())))).astype(float)
    >>> found = length_adjusted_rate(wins, gap, np.arange(400))
    >>> wins.mean() > .6, found.ci_low < .5 < found.ci_high
    (np.True_, True)
    """
    n = score.size
    code, count = dense_codes(cluster)
    if n < MIN_PAIRS or count < 3:
        return unidentified(f"{n} pairs with known lengths; {MIN_PAIRS} are needed", n=n, method=ADJUSTED)
    spread = float(gap.std())
    if spread == 0:
        return unidentified("all pairs differ by the same number of words", n=n, method=ADJUSTED)
    design = np.column_stack([np.ones(n), np.tanh(gap / spread)])
    theta = _logistic(design, score)
    if theta is None:
        return unidentified("one system won (nearly) every pair", n=n, clusters=count, method=ADJUSTED)
    replicates = _one_step(design, score, theta, code, count)
    inner = t_estimate(
        float(theta[0]),
        jackknife_error(replicates[:, 0]),
        count - 1,
        n=n,
        confidence=confidence,
        method=ADJUSTED,
        null=0.0,
    )
    return _rate(inner)


def _logistic(design: Floats, y: Floats) -> Floats | None:
    """Fit by Newton with a ridge on the slope; None where the intercept runs away."""
    theta = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ theta, -30, 30)))
        gradient = design.T @ (y - p) - np.array([0.0, RIDGE * theta[1]])
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag([0.0, RIDGE])
        if np.linalg.det(hessian) < 1e-8:
            return None
        step = np.linalg.solve(hessian, gradient)
        theta = theta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    return theta if abs(theta[0]) < 8 else None


def _one_step(design: Floats, y: Floats, theta: Floats, code: Ints, count: int) -> Floats:
    p = 1 / (1 + np.exp(-design @ theta))
    weight = p * (1 - p)
    scores = np.column_stack([np.bincount(code, weights=c * (y - p), minlength=count) for c in design.T])
    blocks = np.empty((count, 2, 2))
    for i in range(2):
        for j in range(2):
            blocks[:, i, j] = np.bincount(code, weights=design[:, i] * design[:, j] * weight, minlength=count)
    left = blocks.sum(axis=0)[None] + np.diag([0.0, RIDGE]) - blocks
    return np.asarray(theta - np.linalg.solve(left, scores[:, :, None])[:, :, 0])


def _rate(inner: Estimate) -> Estimate:
    """Turn an estimate in logits into one in win shares."""

    def share(x: float | None) -> float | None:
        return None if x is None else float(1 / (1 + np.exp(-x)))

    value = share(inner.value)
    slope = 0.0 if value is None else value * (1 - value)
    error = None if inner.std_error is None else inner.std_error * slope
    return replace(
        inner, value=value, std_error=error, ci_low=share(inner.ci_low), ci_high=share(inner.ci_high)
    )
