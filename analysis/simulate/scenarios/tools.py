"""What the scenarios share: a study as material, and questions asked of estimates and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.material import Material

if TYPE_CHECKING:
    from collections.abc import Iterable

    from judge.analysis.bias.eiv import EIVFit
    from judge.analysis.estimate import Estimate
    from judge.analysis.simulate.planted import Study
    from judge.types import Finding

ALPHA = 0.05


def quantile(df: int) -> float:
    """Return the two-sided 95 % quantile of Student's t."""
    from judge.analysis.estimate import t_quantile

    return t_quantile(df, 0.95)


def rejects(fit: EIVFit, index: int = 1, null: float = 0.0) -> bool:
    """Whether a coefficient differs from a value at .05."""
    return bool(abs(fit.coef[index] - null) > quantile(fit.df) * fit.std_error[index])


def covers(estimate: Estimate, truth: float) -> float:
    """Whether the interval holds the truth; NaN without an interval."""
    if estimate.ci_low is None or estimate.ci_high is None:
        return float("nan")
    return float(estimate.ci_low <= truth <= estimate.ci_high)


def significant(p: float | None) -> float:
    """Whether a p-value is below .05; NaN without one."""
    return float("nan") if p is None else float(p < ALPHA)


def material_of(study: Study, *, placebo: int | None = None) -> Material:
    """Return a study as the panel takes it; feature k is ``x{k}``, the placebo that of ``x0``."""
    features = {f"x{k}": study.features[:, k] for k in range(study.features.shape[1]) if k != placebo}
    placebos = {} if placebo is None else {"x0": study.features[:, placebo]}
    people = study.people()
    return Material(
        judge="judge",
        criterion="empathy",
        mode="ratings",
        score=study.judge,
        people=people,
        features=features,
        placebos=placebos,
        cluster=study.dialogue,
        n_raters=study.human.shape[1],
        centred=True,
        item=np.arange(study.judge.size),
    )


def find(findings: Iterable[Finding], level: str = "pooled") -> list[Finding]:
    """Return the findings of a level."""
    return [f for f in findings if f.level == level]
