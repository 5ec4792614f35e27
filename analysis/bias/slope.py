"""Central tendency: how far the judge moves when quality moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.common import material_finding, what_helps
from judge.analysis.bias.eiv import NotIdentified, mom_eiv
from judge.analysis.estimate import t_estimate, unidentified

if TYPE_CHECKING:
    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

METHOD = "slope of the judge on quality, errors-in-variables; delete-one-cluster jackknife, t"


def slope_finding(material: Material, options: AuditOptions) -> Finding:
    """Give the judge's points per point of people's: below 1 is central tendency.

    The ratio of standard deviations would be below 1 for a perfect judge, since people's holds their noise.
    In duels the slope is win share per vote or point, and is tested against 0.
    """
    ratings = material.mode == "ratings"
    method = f"{METHOD}; null {1 if ratings else 0}"
    try:
        fit = mom_eiv(material.score, np.ones((material.score.size, 0)), material.people, material.cluster)
    except NotIdentified as reason:
        nothing = unidentified(what_helps(str(reason)), n=material.n_rated, method=method)
        return material_finding(material, "quality_slope", nothing, level="pooled", term=material.mode)
    estimate = t_estimate(
        float(fit.coef[0]),
        float(fit.std_error[0]),
        fit.df,
        n=fit.n_items,
        confidence=options.confidence,
        method=method,
        null=1.0 if ratings else 0.0,
    )
    if ratings:
        estimate = estimate.warn("on the raters' own scales: 1 means the same spread")
    return material_finding(material, "quality_slope", estimate, level="pooled", term=material.mode)
