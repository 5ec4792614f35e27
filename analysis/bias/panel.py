"""The bias panel: every feature against every judge, beyond what people give credit for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.columns import feature_columns
from judge.analysis.bias.eiv import EIVFit, NotIdentified, mom_eiv
from judge.analysis.bias.fieller import fieller
from judge.analysis.bias.material import duel_materials, rating_materials
from judge.analysis.estimate import (
    Estimate,
    benjamini,
    equivalence_verdict,
    finding,
    t_estimate,
    unidentified,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
    from judge.analysis.duel_table import DuelTable
    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = NDArray[np.float64]

FAMILY = "bias"
PLAN_DOUBLE = 200
"""Rows rated by two people from which on the interval is useful (see `judge plan`)."""
COLLINEAR = 5.0
"""Variance inflation from which on a joint coefficient is flagged."""
RELATIVE = "relative to these raters: a taste that judge and people share does not show"
METHOD = "errors-in-variables regression on people's ratings; delete-one-cluster jackknife, t"


@dataclass(frozen=True)
class Effect:
    """One coefficient as SD of the judge per SD of the feature, and in the judge's own points."""

    standard: Estimate
    points: Estimate


def panel(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """Yield one judge's panel: single features (BH-adjusted), robustness, placebo, joint model."""
    if material.n_rated == 0:
        yield _nobody(material)
        return
    if material.n_double == 0:
        from judge.analysis.bias.sensitivity import sensitivity_findings

        yield from sensitivity_findings(material, options)
        return
    yield from _singles(material, options)
    for name in material.features:
        yield _feature_finding(material, name, options, fixed_effects=True)
        if material.n_double < material.n_rated:
            yield _fieller_finding(material, name, options)
        if name in material.placebos:
            yield _placebo_finding(material, name, options)
    yield from _joint(material, options)
    yield _slope_finding(material, options)


def _finding(material: Material, statistic: str, estimate: Estimate, **columns: object) -> Finding:
    return finding(
        FAMILY,
        statistic,
        estimate,
        judge=material.judge,
        criterion=material.criterion,
        n_raters=material.n_raters,
        **columns,
    )


def _nobody(material: Material) -> Finding:
    reason = (
        f"no person rated these {material.mode} on {material.criterion}: a liking for a feature cannot be"
        f" told from a liking for quality. Have at least {PLAN_DOUBLE} of them rated by two people, or use a"
        " probe"
    )
    return _finding(material, "preference", unidentified(reason), level="pooled", term="all features")


def _singles(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """One regression a feature: they go together, so each is tested by itself and the family is adjusted."""
    rows = [(name, _effect(material, (name,), 0, options, fixed_effects=False)) for name in material.features]
    p_values = [e.standard.p for _, e in rows if e.standard.p is not None]
    adjusted = iter(benjamini(p_values))
    for name, effect in rows:
        p_adjusted = next(adjusted) if effect.standard.p is not None else None
        verdict, notes = equivalence_verdict(effect.standard, options.margin)
        if verdict == "bias_found" and p_adjusted is not None and p_adjusted > 1 - options.confidence:
            verdict, notes = "inconclusive", (*notes, "not significant once the whole panel is counted")
        yield _finding(
            material,
            "preference",
            effect.standard,
            level="pooled",
            term=name,
            verdict=verdict,
            p_adjusted=p_adjusted,
            correction="benjamini-hochberg" if p_adjusted is not None else "",
            warnings=(*notes, *_cautions(material)),
        )
        yield _finding(material, "preference_points", effect.points, level="pooled", term=name)


def _feature_finding(material: Material, name: str, options: AuditOptions, *, fixed_effects: bool) -> Finding:
    effect = _effect(material, (name,), 0, options, fixed_effects=fixed_effects).standard
    verdict, notes = equivalence_verdict(effect, options.margin)
    return _finding(
        material, "preference", effect, level="within_dialogue", term=name, verdict=verdict, warnings=notes
    )


def _effect(
    material: Material, names: tuple[str, ...], index: int, options: AuditOptions, *, fixed_effects: bool
) -> Effect:
    """Fit and return the coefficient of ``names[index]``, standardised."""
    method = METHOD + ("; dialogue means taken off" if fixed_effects else "")
    try:
        fit, sd_judge, sd_features = _fit(material, names, fixed_effects=fixed_effects)
    except NotIdentified as reason:
        nothing = unidentified(_what_helps(str(reason)), n=material.n_rated, method=method)
        return Effect(nothing, nothing)
    in_points = _scaled(fit, 1 + index, float(sd_features[index]), options, method)
    return Effect(_scaled(fit, 1 + index, float(sd_features[index]) / sd_judge, options, method), in_points)


def _fit(material: Material, names: tuple[str, ...], *, fixed_effects: bool) -> tuple[EIVFit, float, Floats]:
    x = np.column_stack([material.features[name] for name in names])
    fit = mom_eiv(material.score, x, material.people, material.cluster, fixed_effects=fixed_effects)
    used = np.isfinite(x).all(axis=1) & np.isfinite(material.people.mean)
    sd_judge = float(material.score[used].std(ddof=1))
    if sd_judge == 0:
        raise NotIdentified("the judge gives the same score everywhere")
    return fit, sd_judge, x[used].std(axis=0, ddof=1)


def _scaled(fit: EIVFit, index: int, factor: float, options: AuditOptions, method: str) -> Estimate:
    return t_estimate(
        float(fit.coef[index]) * factor,
        float(fit.std_error[index]) * factor,
        fit.df,
        n=fit.n_items,
        confidence=options.confidence,
        method=method,
        null=0.0,
    )


def _fieller_finding(material: Material, name: str, options: AuditOptions) -> Finding:
    """Give the confidence set that stays honest when only a part of the rows has two raters."""
    method = "Fieller set of the errors-in-variables coefficient"
    try:
        fit, sd_judge, sd = _fit(material, (name,), fixed_effects=False)
    except NotIdentified as reason:
        estimate = unidentified(_what_helps(str(reason)), n=material.n_rated, method=method)
        return _finding(material, "preference", estimate, level="fieller", term=name)
    found, factor = fieller(fit, 1, options.confidence), float(sd[0]) / sd_judge
    if not found.bounded:
        unbounded = _what_helps("the set is unbounded: too few rows have two raters for this feature")
        estimate = unidentified(unbounded, n=fit.n_items, clusters=fit.n_clusters, method=method)
        return _finding(material, "preference", estimate, level="fieller", term=name)
    low, high = sorted((found.low * factor, found.high * factor))
    estimate = Estimate(
        value=float(fit.coef[1]) * factor,
        ci_low=low,
        ci_high=high,
        n=fit.n_items,
        clusters=fit.n_clusters,
        confidence=options.confidence,
        method=method,
    )
    verdict = "inconclusive" if low <= 0 <= high else "bias_found"
    return _finding(material, "preference", estimate, level="fieller", term=name, verdict=verdict)


def _placebo_finding(material: Material, name: str, options: AuditOptions) -> Finding:
    """Compare the true reference with another one: what is left is a liking for *this* answer."""
    method = f"{METHOD}; coefficient less that of the placebo reference, jackknife of the difference"
    true, placebo = material.features[name], material.placebos[name]
    both = np.isfinite(true) & np.isfinite(placebo) & np.isfinite(material.score)
    people = material.people.take(both)
    try:
        fits = [
            mom_eiv(material.score[both], _unit(x[both]), people, material.cluster[both])
            for x in (true, placebo)
        ]
    except NotIdentified as reason:
        estimate = unidentified(_what_helps(str(reason)), n=int(both.sum()), method=method)
        return _finding(material, "placebo_contrast", estimate, level="pooled", term=name)
    sd = float(material.score[both].std(ddof=1))
    replicates = (fits[0].replicates[:, 1] - fits[1].replicates[:, 1]) / sd
    count = replicates.size
    error = float(np.sqrt((count - 1) / count * ((replicates - replicates.mean()) ** 2).sum()))
    estimate = t_estimate(
        float(fits[0].coef[1] - fits[1].coef[1]) / sd,
        error,
        count - 1,
        n=fits[0].n_items,
        confidence=options.confidence,
        method=method,
        null=0.0,
    )
    verdict, notes = equivalence_verdict(estimate, options.margin)
    return _finding(
        material, "placebo_contrast", estimate, level="pooled", term=name, verdict=verdict, warnings=notes
    )


def _unit(x: Floats) -> Floats:
    """Scale to a standard deviation of 1; what does not vary stays as it is (and is refused by the fit)."""
    sd = float(x.std(ddof=1)) if x.size > 1 else 0.0
    return x / sd if sd > 0 else x


def _joint(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """All features in one regression: each beyond people and beyond the others."""
    names = tuple(name for name in material.features if _varies(material, name))
    if len(names) < 2:
        return
    try:
        fit, sd_judge, sds = _fit(material, names, fixed_effects=False)
    except NotIdentified as reason:
        estimate = unidentified(_what_helps(str(reason)), n=material.n_rated, method=METHOD)
        yield _finding(material, "preference", estimate, level="joint", term="all features")
        return
    method = f"{METHOD}; all features together"
    found = [_scaled(fit, 1 + i, float(sds[i]) / sd_judge, options, method) for i in range(len(names))]
    adjusted = iter(benjamini([e.p for e in found if e.p is not None]))
    inflation = _inflation(material, names)
    for name, estimate, vif in zip(names, found, inflation, strict=True):
        p_adjusted = next(adjusted) if estimate.p is not None else None
        verdict, notes = equivalence_verdict(estimate, options.margin)
        if verdict == "bias_found" and p_adjusted is not None and p_adjusted > 1 - options.confidence:
            verdict = "inconclusive"
        if vif > COLLINEAR:
            notes = (*notes, f"variance inflation {vif:.1f}: the features say nearly the same")
        yield _finding(
            material,
            "preference",
            estimate,
            level="joint",
            term=name,
            verdict=verdict,
            p_adjusted=p_adjusted,
            correction="benjamini-hochberg" if p_adjusted is not None else "",
            warnings=notes,
        )


def _varies(material: Material, name: str) -> bool:
    seen = material.features[name][np.isfinite(material.features[name])]
    return seen.size > 1 and float(np.ptp(seen)) > 0


def _inflation(material: Material, names: tuple[str, ...]) -> Floats:
    """Variance inflation factor of each feature among the features."""
    x = np.column_stack([material.features[name] for name in names])
    x = x[np.isfinite(x).all(axis=1)]
    correlation = np.corrcoef(x, rowvar=False)
    factors: Floats = np.diag(np.linalg.pinv(correlation)).clip(min=1.0)
    return factors


def _slope_finding(material: Material, options: AuditOptions) -> Finding:
    """How many points the judge moves when quality moves one point of people's: below 1 is compression."""
    method = "slope of the judge on quality, errors-in-variables; delete-one-cluster jackknife, t; null 1"
    steady = np.ones((material.score.size, 0))
    try:
        fit = mom_eiv(material.score, steady, material.people, material.cluster)
    except NotIdentified as reason:
        estimate = unidentified(_what_helps(str(reason)), n=material.n_rated, method=method)
        return _finding(material, "quality_slope", estimate, level="pooled", term=material.mode)
    estimate = t_estimate(
        float(fit.coef[0]),
        float(fit.std_error[0]),
        fit.df,
        n=fit.n_items,
        confidence=options.confidence,
        method=method,
        null=1.0 if material.mode == "ratings" else 0.0,
    )
    note = "on the raters' own scales: 1 means the same spread" if material.mode == "ratings" else ""
    return _finding(
        material,
        "quality_slope",
        estimate,
        level="pooled",
        term=material.mode,
        warnings=(note,) if note else (),
    )


def _cautions(material: Material) -> tuple[str, ...]:
    notes = [RELATIVE]
    if material.n_double < material.n_rated and material.n_double < PLAN_DOUBLE:
        notes.append(
            f"only {material.n_double} rows have two raters (plan {PLAN_DOUBLE}): read the Fieller set too"
        )
    if not material.centred and material.mode == "ratings":
        notes.append("people rated too few items each for their severity to be taken off")
    if _quantised(material):
        notes.append(
            "people agree almost perfectly on a coarse scale: a shared rounding error cannot show, and the"
            " test rejects a true null .10 to .17 of the time"
        )
    return tuple(notes)


def _quantised(material: Material) -> bool:
    """Whether the raters' disagreement is so small that rounding to whole points must dominate it."""
    dof = float(material.people.dof.sum())
    variance = float(material.people.squares.sum()) / dof if dof > 0 else 0.0
    # Rounding to whole points alone has a variance of 1/12.
    return material.mode == "ratings" and variance < 1 / 12


def _what_helps(reason: str) -> str:
    if "same" in reason:  # nothing varies: more raters would not help
        return reason
    return f"{reason}. What would help: {PLAN_DOUBLE} rows or more rated by two people each"
