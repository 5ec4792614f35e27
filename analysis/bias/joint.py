"""All features in one regression: each beyond people and beyond the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.common import (
    METHOD,
    family_findings,
    fit_features,
    material_finding,
    scaled,
    what_helps,
    with_note,
)
from judge.analysis.bias.eiv import NotIdentified
from judge.analysis.estimate import unidentified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

    Floats = NDArray[np.float64]

COLLINEAR = 5.0
"""Variance inflation from which on a joint coefficient is flagged."""
JOINT = f"{METHOD}; all features together"


def joint_findings(material: Material, options: AuditOptions) -> Iterator[Finding]:
    """Yield the joint coefficients with false discovery rate control over them.

    Of several measures of likeness to the reference only the first enters (they say nearly the same);
    features that cannot be tested by themselves are left out.
    """
    names = joint_names(material)
    if len(names) < 2:
        return
    try:
        fitted = fit_features(material, names)
    except NotIdentified as reason:
        nothing = unidentified(what_helps(str(reason)), n=material.n_rated, method=JOINT)
        yield material_finding(material, "preference", nothing, level="joint", term="all features")
        return
    found = {}
    for i, (name, vif) in enumerate(zip(names, inflation(material, names), strict=True)):
        estimate = scaled(fitted.fit, 1 + i, float(fitted.sd_features[i]) / fitted.sd_judge, options, JOINT)
        if vif > COLLINEAR:
            estimate = with_note(estimate, f"variance inflation {vif:.1f}: the features say nearly the same")
        found[name] = estimate
    yield from family_findings(material, "preference", found, options, level="joint")


def joint_names(material: Material) -> tuple[str, ...]:
    """Return the features that enter together."""
    good = []
    similar = False
    for name in material.features:
        if name.startswith("sim_") and similar:
            continue
        try:
            fit_features(material, (name,))
        except NotIdentified:
            continue
        good.append(name)
        similar = similar or name.startswith("sim_")
    return tuple(good)


def inflation(material: Material, names: Sequence[str]) -> Floats:
    """Return the variance inflation factor of each feature among the features."""
    x = np.column_stack([material.features[name] for name in names])
    x = x[np.isfinite(x).all(axis=1) & np.isfinite(material.people.mean)]
    correlation = np.corrcoef(x, rowvar=False)
    factors: Floats = np.diag(np.linalg.pinv(correlation)).clip(min=1.0)
    return factors
