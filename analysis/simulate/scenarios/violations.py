"""What happens where an assumption is broken: documented failures, and the one that is mended."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from judge.analysis.bias.eiv import mom_eiv
from judge.analysis.bias.singles import cautions
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.planted import Design, simulate
from judge.analysis.simulate.scenarios.tools import material_of, rejects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np

BASE = Design()


def scenarios() -> Iterator[Scenario]:
    """Yield shared errors, people who like it too, and shared rounding."""
    yield Scenario(
        "violation-shared-errors",
        "no bias; raters share 30 % of their noise variance",
        _shared,
        (
            Measure("pooled", "preference pooled: fails as documented", "violation", low=0.3, high=1.0),
            Measure("warned", "the finding says: relative to these raters", "power", low=1.0),
        ),
        runs=300,
        quick=30,
    )
    yield Scenario(
        "violation-people-like-it-too",
        "people like the feature by .2 a SD, the judge does not; continuous",
        _people_like,
        (
            Measure("pooled", "preference pooled: finds the difference", "violation", low=0.2, high=1.0),
            Measure("difference", "preference pooled, interval holds judge less people", "coverage"),
        ),
    )
    for slope in (0.6, 1.0, 1.4):
        for severity, noise in ((0.0, 0.0), (0.3, 0.0), (0.0, 0.1)):
            words = "equal raters" if severity == 0 else "raters of different severity"
            yield Scenario(
                f"rounding-slope-{slope}-severity-{severity}-noise-{noise}",
                f"no bias; people's noise SD {noise:g}, {words}; scores 1-5, slope {slope:g}",
                _Rounding(replace(BASE, noise=noise, slope=slope, severity=severity)),
                (
                    # At slope 1.4 the judge meets the ends of the scale: a bend that no slope describes.
                    Measure("pooled", "preference pooled", "fpr", high=0.085 if slope > 1 else None),
                    Measure("bare", "the same without the correction for shared rounding", "naive"),
                ),
                quick=60 if (slope, severity, noise) == (1.0, 0.0, 0.0) else 0,
            )


def _shared(rng: np.random.Generator) -> Mapping[str, float | bool]:
    study = simulate(replace(BASE, shared=0.3), rng=rng)
    fit = mom_eiv(study.judge, study.features, study.people(), study.dialogue)
    return {
        "pooled": rejects(fit),
        "warned": any("relative to these raters" in note for note in cautions(material_of(study))),
    }


def _people_like(rng: np.random.Generator) -> Mapping[str, float | bool]:
    """With felt quality f = q + l x the judge is b q = b f - b l x: the difference is -b l."""
    design = replace(BASE, people_like=0.2, scale="continuous", slope=0.8)
    study = simulate(design, rng=rng)
    fit = mom_eiv(study.judge, study.features, study.people(), study.dialogue)
    return {"pooled": rejects(fit), "difference": not rejects(fit, null=-design.slope * 0.2)}


class _Rounding:
    """People who (nearly) agree, on a coarse scale."""

    def __init__(self, design: Design) -> None:
        self.design = design

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        study = simulate(self.design, rng=rng)
        people = study.people()
        bare = mom_eiv(study.judge, study.features, replace(people, step=0.0), study.dialogue)
        return {
            "pooled": rejects(mom_eiv(study.judge, study.features, people, study.dialogue)),
            "bare": rejects(bare),
        }
