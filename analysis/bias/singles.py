"""One regression a feature: features go together, so each is tested by itself and the family is adjusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.analysis.bias.common import (
    PLAN_DOUBLE,
    effect,
    family_findings,
    fit_features,
    material_finding,
    verdict_of,
    what_helps,
    with_note,
)
from judge.analysis.bias.eiv import NotIdentified
from judge.analysis.bias.fieller import fieller
from judge.analysis.bias.oriv import AGREE, disagreement
from judge.analysis.estimate import Estimate, unidentified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

RELATIVE = "relative to these raters: a taste that judge and people share does not show"
FIELLER = "Fieller set of the errors-in-variables coefficient"


def single_findings(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """Yield every feature by itself, then each one's robustness checks."""
    effects = {name: effect(material, (name,), 0, options) for name in material.features}
    notes = cautions(material)
    standard = {
        name: with_note(found.standard, *notes) if found.standard.identified else found.standard
        for name, found in effects.items()
    }
    yield from family_findings(material, "preference", standard, options, level="pooled")
    for name, found in effects.items():
        if found.standard.identified:
            yield material_finding(material, "preference_points", found.points, level="pooled", term=name)
            yield from _robustness(material, name, options)


def _robustness(material: Material, name: str, options: AuditOptions) -> Iterator[Finding]:
    if material.mode == "ratings":  # a difference within a dialogue has nothing of the dialogue left in it
        within = effect(material, (name,), 0, options, fixed_effects=True).standard
        verdict, notes = verdict_of(within, options)
        yield material_finding(
            material,
            "preference",
            within,
            level="within_dialogue",
            term=name,
            verdict=verdict,
            warnings=notes,
        )
    yield instrumental_finding(material, name, options)
    if material.n_double < material.n_rated:
        yield fieller_finding(material, name, options)


def instrumental_finding(material: Material, name: str, options: AuditOptions) -> Finding:
    """Give the same coefficient by instruments, with a warning where the two ways part."""
    estimate = effect(material, (name,), 0, options, instrumental=True).standard
    verdict, notes = verdict_of(estimate, options)
    try:
        pooled = fit_features(material, (name,)).fit
        second = fit_features(material, (name,), instrumental=True).fit
    except NotIdentified:
        pass
    else:
        if disagreement(pooled, second, 1) > AGREE:
            notes = (*notes, "differs from the pooled estimate by more than chance allows: believe neither")
    return material_finding(
        material, "preference", estimate, level="instrumental", term=name, verdict=verdict, warnings=notes
    )


def fieller_finding(material: Material, name: str, options: AuditOptions) -> Finding:
    """Give the confidence set that stays honest when only a part of the rows has two raters."""
    try:
        fitted = fit_features(material, (name,))
    except NotIdentified as reason:
        nothing = unidentified(what_helps(str(reason)), n=material.n_rated, method=FIELLER)
        return material_finding(material, "preference", nothing, level="fieller", term=name)
    fit = fitted.fit
    found, factor = fieller(fit, 1, options.confidence), float(fitted.sd_features[0]) / fitted.sd_judge
    if not found.bounded:
        unbounded = what_helps("the set is unbounded: too few rows have two raters for this feature")
        nothing = unidentified(unbounded, n=fit.n_items, clusters=fit.n_clusters, method=FIELLER)
        return material_finding(material, "preference", nothing, level="fieller", term=name)
    low, high = sorted((found.low * factor, found.high * factor))
    estimate = Estimate(
        value=float(fit.coef[1]) * factor,
        ci_low=low,
        ci_high=high,
        n=fit.n_items,
        clusters=fit.n_clusters,
        confidence=options.confidence,
        method=FIELLER,
    )
    verdict = "inconclusive" if low <= 0 <= high else "bias_found"
    return material_finding(material, "preference", estimate, level="fieller", term=name, verdict=verdict)


def cautions(material: Material) -> tuple[str, ...]:
    """Return what a reader of the panel must know about its raters."""
    notes = [RELATIVE]
    if material.n_double < material.n_rated and material.n_double < PLAN_DOUBLE:
        notes.append(
            f"only {material.n_double} rows have two raters (plan {PLAN_DOUBLE}): read the Fieller set too"
        )
    if not material.centred and material.mode == "ratings":
        notes.append("people rated too few items each for their severity to be taken off")
    if _quantised(material):
        notes.append(
            "people agree almost perfectly on a coarse scale: the rounding that they share is taken off by"
            " theory, not by data"
        )
    return tuple(notes)


def _quantised(material: Material) -> bool:
    """Whether rounding must dominate the raters' disagreement (below 1/12 of a squared step)."""
    people = material.people
    dof = float(people.dof.sum())
    variance = float(people.squares.sum()) / dof if dof > 0 else 0.0
    return people.step > 0 and variance < people.step**2 / 12
