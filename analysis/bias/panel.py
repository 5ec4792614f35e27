"""The panel of one judge and criterion: every feature, beyond what people give credit for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.analysis.bias.common import METHOD, PLAN_DOUBLE, material_finding
from judge.analysis.estimate import unidentified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding


def panel(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """Yield single features (BH-adjusted) with their robustness checks, the placebo, and the joint model.

    Where nobody rated there is no panel but the reason; with one rater an item there is the sensitivity
    curve instead.
    """
    if not material.features:
        reason = "no features of the responses: give a table of them (length, likeness to the reference, ...)"
        yield _nothing(material, reason)
    elif material.n_rated == 0:
        yield _nothing(material, _nobody(material))
    elif material.n_double == 0:
        from judge.analysis.bias.sensitivity import sensitivity_findings

        yield from sensitivity_findings(material, options)
    else:
        from judge.analysis.bias.joint import joint_findings
        from judge.analysis.bias.placebo import placebo_findings
        from judge.analysis.bias.singles import single_findings

        yield from single_findings(material, options)
        yield from placebo_findings(material, options)
        yield from joint_findings(material, options)


def _nothing(material: Material, reason: str) -> Finding:
    nothing = unidentified(reason, method=METHOD)
    return material_finding(material, "preference", nothing, level="pooled", term="all features")


def _nobody(material: Material) -> str:
    return (
        f"no person rated these {material.mode} on {material.criterion}: a liking for a feature cannot be"
        f" told from a liking for quality. Have at least {PLAN_DOUBLE} of them rated by two people, or use a"
        " probe"
    )
