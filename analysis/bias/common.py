"""What the tests of bias have in common: fitting, scaling to standard deviations, findings and verdicts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.eiv import EIVFit, NotIdentified, mom_eiv
from judge.analysis.bias.oriv import oriv
from judge.analysis.estimate import (
    Estimate,
    benjamini,
    equivalence_verdict,
    finding,
    t_estimate,
    unidentified,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding, FindingVerdict

    Floats = NDArray[np.float64]

FAMILY = "bias"
PLAN_DOUBLE = 200
"""Rows rated by two people from which on the interval is useful (see `judge plan`)."""
RARE = 10
"""Dialogues in which the rarer value of a yes-or-no feature must occur."""
SAMPLE, MANY = 2000, 50
"""So many different values among so many rows: a feature by degrees, which is not rare."""
METHOD = "errors-in-variables regression on people's ratings; delete-one-cluster jackknife, t"


@dataclass(frozen=True)
class Fitted:
    """A fit with the units of its rows: SD of the judge, and of each feature."""

    fit: EIVFit
    sd_judge: float
    sd_features: Floats


@dataclass(frozen=True)
class Effect:
    """One coefficient as SD of the judge per SD of the feature, and in the judge's own points."""

    standard: Estimate
    points: Estimate


def fit_features(
    material: Material, names: Sequence[str], *, fixed_effects: bool = False, instrumental: bool = False
) -> Fitted:
    """Regress the judge on quality and the named features.

    Raises
    ------
    NotIdentified
        As `mom_eiv`, or the judge never varies, or a yes-or-no feature is too rare.
    """
    key = tuple(names), fixed_effects, instrumental
    if key not in material.fits:
        try:
            material.fits[key] = _fit(material, names, fixed_effects=fixed_effects, instrumental=instrumental)
        except NotIdentified as reason:
            material.fits[key] = reason
    found: Fitted | NotIdentified = material.fits[key]
    if isinstance(found, NotIdentified):
        raise NotIdentified(*found.args)
    return found


def _fit(material: Material, names: Sequence[str], *, fixed_effects: bool, instrumental: bool) -> Fitted:
    x = np.column_stack([material.features[name] for name in names])
    used = np.isfinite(x).all(axis=1) & np.isfinite(material.people.mean)
    if used.sum() < 2:
        raise NotIdentified("no row has the feature, the judge's number and people's ratings")
    sd_judge = float(material.score[used].std(ddof=1))
    if sd_judge == 0:
        raise NotIdentified("the judge gives the same score everywhere")
    for name, column in zip(names, x[used].T, strict=True):
        _refuse_rare(name, column, material.cluster[used])
    if instrumental:
        fit = oriv(material.score, x, material.people, material.cluster)
    else:
        fit = mom_eiv(material.score, x, material.people, material.cluster, fixed_effects=fixed_effects)
    return Fitted(fit, sd_judge, x[used].std(axis=0, ddof=1))


def _refuse_rare(name: str, column: Floats, cluster: NDArray[np.int64]) -> None:
    if np.unique(column[:SAMPLE]).size > MANY:
        return
    values, counts = np.unique(column, return_counts=True)
    if values.size == 1:
        raise NotIdentified(f"{name} has the same value everywhere")
    common = values[np.argmax(counts)]
    seen = np.unique(cluster[column != common]).size
    if seen < RARE:
        raise NotIdentified(f"{name} has the same value in all but {seen} dialogues (at least {RARE} needed)")


def effect(
    material: Material,
    names: Sequence[str],
    index: int,
    options: AuditOptions,
    *,
    fixed_effects: bool = False,
    instrumental: bool = False,
) -> Effect:
    """Return the coefficient of ``names[index]``."""
    method = METHOD + ("; dialogue means taken off" if fixed_effects else "")
    if instrumental:
        method = "obviously related instruments (each rater for the others); delete-one-cluster jackknife, t"
    try:
        fitted = fit_features(material, names, fixed_effects=fixed_effects, instrumental=instrumental)
    except NotIdentified as reason:
        nothing = unidentified(what_helps(str(reason)), n=material.n_rated, method=method)
        return Effect(nothing, nothing)
    sd = float(fitted.sd_features[index])
    points = scaled(fitted.fit, 1 + index, sd, options, method)
    return Effect(scaled(fitted.fit, 1 + index, sd / fitted.sd_judge, options, method), points)


def scaled(fit: EIVFit, index: int, factor: float, options: AuditOptions, method: str) -> Estimate:
    """Return a coefficient times a fixed factor."""
    return t_estimate(
        float(fit.coef[index]) * factor,
        float(fit.std_error[index]) * factor,
        fit.df,
        n=fit.n_items,
        confidence=options.confidence,
        method=method,
        null=0.0,
    )


def jackknife_error(replicates: Floats) -> float:
    """Return the standard error from leave-one-cluster-out values."""
    count = replicates.size
    return float(np.sqrt((count - 1) / count * ((replicates - replicates.mean()) ** 2).sum()))


def material_finding(material: Material, statistic: str, estimate: Estimate, **columns: Any) -> Finding:
    """Make a finding about a judge and criterion."""
    fixed = {"judge": material.judge, "criterion": material.criterion, "n_raters": material.n_raters}
    return finding(FAMILY, statistic, estimate, **(fixed | columns))


def verdict_of(
    estimate: Estimate, options: AuditOptions, p_adjusted: float | None = None
) -> tuple[FindingVerdict, tuple[str, ...]]:
    """Say whether a bias was found, by the margin and, within a family, by the adjusted p-value."""
    verdict, notes = equivalence_verdict(estimate, options.margin)
    if verdict == "bias_found" and p_adjusted is not None and p_adjusted >= 1 - options.confidence:
        return "inconclusive", (*notes, "not significant once the whole family is counted")
    return verdict, notes


def adjusted(estimates: Sequence[Estimate]) -> list[float | None]:
    """Adjust the p-values of a family for the false discovery rate; None where there is no p."""
    known = iter(benjamini([e.p for e in estimates if e.p is not None]))
    return [None if e.p is None else next(known) for e in estimates]


def family_findings(
    material: Material,
    statistic: str,
    estimates: dict[str, Estimate],
    options: AuditOptions,
    **columns: Any,
) -> Iterator[Finding]:
    """Yield one finding a term, with p-values adjusted over the terms and verdicts that respect it."""
    p_values = adjusted(list(estimates.values()))
    for (term, estimate), p in zip(estimates.items(), p_values, strict=True):
        verdict, notes = verdict_of(estimate, options, p)
        yield material_finding(
            material,
            statistic,
            estimate,
            term=term,
            verdict=verdict,
            p_adjusted=p,
            correction="benjamini-hochberg" if p is not None else "",
            warnings=notes,
            **columns,
        )


def with_note(estimate: Estimate, *notes: str) -> Estimate:
    """Return the estimate with notes at the end of its warnings."""
    return replace(estimate, warnings=(*estimate.warnings, *notes))


def what_helps(reason: str) -> str:
    """Add what data would identify the number, where more raters would."""
    if "same" in reason or "no row" in reason or "told apart" in reason:  # more raters would not help
        return reason
    return f"{reason}. What would help: {PLAN_DOUBLE} rows or more rated by two people each"
