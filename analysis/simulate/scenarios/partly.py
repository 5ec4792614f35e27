"""Designs in which only a part of the items has two raters, or none has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.eiv import NotIdentified, mom_eiv
from judge.analysis.bias.fieller import fieller
from judge.analysis.bias.panel import panel
from judge.analysis.bias.sensitivity import sensitivity_curve
from judge.analysis.inputs import AuditOptions
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.naive import ols_p_values
from judge.analysis.simulate.planted import Design, simulate
from judge.analysis.simulate.scenarios.tools import ALPHA, material_of, rejects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASE = Design(dialogues=200, raters=6, double=0.2, slope=0.8)
DESIGNS: dict[str, tuple[str, Design, float]] = {
    "partly-10": ("10 % rated twice", replace(BASE, double=0.1), 0.0),
    "partly-20": ("20 % rated twice", BASE, 0.0),
    "partly-50": ("50 % rated twice", replace(BASE, double=0.5), 0.0),
    "partly-20-60-dialogues": ("60 dialogues, 20 % rated twice", replace(BASE, dialogues=60), 0.0),
    "partly-20-noisy": ("20 % rated twice, people's noise SD 1.5", replace(BASE, noise=1.5), 0.0),
    "partly-20-planted": ("20 % rated twice, liking .3 planted", BASE, 0.3),
}


def scenarios() -> Iterator[Scenario]:
    """Yield the partial designs, then one rater an item."""
    for name, (words, design, planted) in DESIGNS.items():
        # Weak designs: the Wald interval is known to be liberal there, which is why the Fieller set ships.
        wald = Measure("wald", "preference pooled", "fpr", low=0.015, high=0.085)
        measures = [wald, Measure("fieller", "preference fieller", "fpr", low=0.01)]
        if planted:
            measures = [
                Measure("wald", "preference pooled", "power", low=0.75),
                Measure("fieller", "preference fieller", "power", low=0.6),
            ]
        measures += [
            Measure("coverage", "preference fieller, set", "coverage", high=0.985),
            Measure("bounded", "Fieller set is bounded", "naive"),
            Measure("naive", "regression given people's mean, by dialogue", "naive"),
        ]
        size = f"{design.dialogues} dialogues x 5 systems, one of 6 raters each"
        quick = 40 if name == "partly-20" else 0
        yield Scenario(
            name, f"{size}; {words}", _Partly(design, planted), tuple(measures), runs=600, quick=quick
        )
    yield Scenario(
        "one-rater",
        "100 dialogues x 5 systems, one rater an item, continuous, reliability .5",
        _one_rater,
        (
            Measure("curve", "sensitivity, interval at the true reliability", "coverage"),
            Measure("p", "a p-value is given where none is identified", "wrong", high=0.0),
            Measure("naive", "regression given people's rating, by dialogue", "naive"),
        ),
        quick=40,
    )


class _Partly:
    """Wald and Fieller beside the analysis in use."""

    def __init__(self, design: Design, planted: float) -> None:
        self.design, self.planted = design, planted
        from judge.analysis.simulate.scenarios.likeness import through_the_scale

        self.truth = planted * through_the_scale(design, planted)

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        study = simulate(self.design, (self.planted,), rng=rng)
        mean = np.nanmean(study.human, axis=1)
        columns = np.column_stack([study.features[:, 0], mean])
        naive = bool(ols_p_values(study.judge, columns, study.dialogue)[0] < ALPHA)
        try:
            fit = mom_eiv(study.judge, study.features, study.people(), study.dialogue)
        except NotIdentified:
            return {"wald": False, "fieller": False, "coverage": True, "bounded": False, "naive": naive}
        found = fieller(fit, 1)
        return {
            "wald": rejects(fit),
            "fieller": not found.holds(0.0),
            "coverage": found.holds(self.truth),
            "bounded": found.bounded,
            "naive": naive,
        }


def _one_rater(rng: np.random.Generator) -> Mapping[str, float | bool]:
    design = Design(raters=1, scale="continuous", severity=0.0, slope=0.8)
    study = simulate(design, rng=rng)
    people = study.people()
    curve = sensitivity_curve(
        study.judge, study.features[:, 0], people.mean, study.dialogue, reliability=(0.5,)
    )
    findings = panel(material_of(study), AuditOptions())
    columns = np.column_stack([study.features[:, 0], people.mean])
    return {
        "curve": bool(curve.ci_low[0] <= 0 <= curve.ci_high[0]),
        "p": any(f.p is not None for f in findings),
        "naive": bool(ols_p_values(study.judge, columns, study.dialogue)[0] < ALPHA),
    }
