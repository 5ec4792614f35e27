"""A feature that goes with quality (likeness to the reference), before a judge that does not like it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.eiv import mom_eiv
from judge.analysis.bias.oriv import oriv
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.naive import USUAL, similarity_p_values
from judge.analysis.simulate.planted import Design, simulate
from judge.analysis.simulate.scenarios.tools import ALPHA, rejects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BASE = Design()
NULLS: dict[str, tuple[str, Design, int]] = {
    "likeness-continuous": ("continuous scores, slope 1", replace(BASE, scale="continuous"), 0),
    "likeness": ("scores 1-5, slope 1", BASE, 0),
    "likeness-compressed": ("scores 1-5, slope .6", replace(BASE, slope=0.6), 60),
    "likeness-stretched": ("scores 1-5, slope 1.4", replace(BASE, slope=1.4), 0),
    "likeness-unrelated": ("slope .6, likeness unrelated to quality", replace(BASE, slope=0.6, rho=0.0), 0),
    "likeness-weakly-related": ("slope .6, correlation .3", replace(BASE, slope=0.6, rho=0.3), 0),
    "likeness-noisy-people": ("slope .6, people's noise SD 1.5", replace(BASE, slope=0.6, noise=1.5), 0),
    "likeness-40-dialogues": ("slope .6, 40 dialogues", replace(BASE, slope=0.6, dialogues=40), 0),
    "likeness-300-dialogues": ("slope .6, 300 dialogues", replace(BASE, slope=0.6, dialogues=300), 0),
    "likeness-two-raters": ("slope .6, 2 raters", replace(BASE, slope=0.6, raters=2), 0),
    "likeness-ceiling": ("slope .6, judge's mean at 4.3", replace(BASE, slope=0.6, scale="ceiling"), 0),
    "likeness-ceiling-steep": ("slope 1, judge's mean at 4.3", replace(BASE, scale="ceiling"), 0),
    "likeness-missing": ("slope .6, 30 % of ratings missing", replace(BASE, slope=0.6, missing=0.3), 0),
}  # fmt: skip
OURS = (
    Measure("pooled", "preference pooled", "fpr"),
    Measure("within", "preference within_dialogue", "fpr"),
    Measure("coverage", "preference pooled, interval", "coverage"),
)


INSTRUMENTAL = ("likeness", "likeness-missing")
"""Where every item has all raters, the instruments give the same number: two rows are enough."""


def _ours(name: str) -> tuple[Measure, ...]:
    if name not in INSTRUMENTAL:
        return OURS
    return (*OURS, Measure("instrumental", "preference instrumental", "fpr"))


def scenarios() -> Iterator[Scenario]:
    """Yield the nulls, then the planted likings."""
    naive = tuple(Measure(name, name, "naive") for name in USUAL)
    for name, (words, design, quick) in NULLS.items():
        size = f"{design.dialogues} dialogues x {design.systems} systems x {design.raters} raters"
        yield Scenario(name, f"no bias; {size}; {words}", _Null(design), (*_ours(name), *naive), quick=quick)
    for planted, dialogues, quick in ((0.15, 300, 0), (0.2, 100, 60), (0.2, 200, 0), (0.3, 100, 0)):
        design = replace(BASE, slope=0.8, dialogues=dialogues)
        # At 100 dialogues the published power for .2 is .909: within a Monte Carlo error of the limit.
        low = 0.88 if (planted, dialogues) == (0.2, 100) else None
        yield Scenario(
            f"likeness-planted-{planted}-{dialogues}",
            f"liking of {planted} points per SD; {dialogues} dialogues x 5 systems x 3 raters; 1-5, slope .8",
            _Planted(design, planted),
            (
                Measure("pooled", "preference pooled", "power", low=low),
                Measure("within", "preference within_dialogue", "naive"),
                Measure("coverage", "preference pooled, interval", "coverage"),
            ),
            quick=quick,
        )
    yield Scenario(
        "equivalence-at-the-margin",
        "liking of exactly the margin (.1 SD of the judge); 300 dialogues x 5 systems x 3 raters, continuous",
        _margin,
        (Measure("equivalent", "verdict equivalent, the effect being at the margin", "wrong", high=0.065),),
        quick=60,
    )
    yield Scenario(
        "equivalence-power",
        "no bias; 1,000 dialogues x 5 systems x 3 raters, scores 1-5",
        _no_bias_certified,
        (Measure("equivalent", "verdict equivalent where there is no bias", "power"),),
        runs=300,
    )


class _Null:
    """Ours and the analyses in use on the same study."""

    def __init__(self, design: Design) -> None:
        self.design = design

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        study = simulate(self.design, rng=rng)
        people, x = study.people(), study.features
        pooled = mom_eiv(study.judge, x, people, study.dialogue)
        within = mom_eiv(study.judge, x, people, study.dialogue, fixed_effects=True)
        usual = similarity_p_values(study.judge, study.human, x[:, 0], study.dialogue)
        return {
            "pooled": rejects(pooled),
            "within": rejects(within),
            "instrumental": rejects(oriv(study.judge, x, people, study.dialogue)),
            "coverage": not rejects(pooled),
            **{name: p < ALPHA for name, p in usual.items()},
        }


class _Planted:
    """A liking that is there. The truth on the 1-5 scale is a little less than planted (rounding, ends)."""

    def __init__(self, design: Design, planted: float) -> None:
        self.design, self.planted = design, planted
        self.truth = planted * through_the_scale(design, planted)

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        study = simulate(self.design, (self.planted,), rng=rng)
        people = study.people()
        pooled = mom_eiv(study.judge, study.features, people, study.dialogue)
        within = mom_eiv(study.judge, study.features, people, study.dialogue, fixed_effects=True)
        return {
            "pooled": rejects(pooled),
            "within": rejects(within),
            "coverage": not rejects(pooled, null=self.truth),
        }


def through_the_scale(design: Design, planted: float) -> float:
    """Return by what the ends of a 1-5 scale shrink a linear effect on a normal judge (Bussgang)."""
    from scipy import stats

    variance = design.slope**2 + planted**2 + 2 * design.slope * planted * design.rho
    sd = float(np.sqrt(variance + 0.3**2 + design.judge_noise**2))
    low, high = design.levels
    edges = np.arange(low + 0.5, high) - (low + high) / 2
    # d E[round(v)] / d shift = sum over thresholds of the density there.
    return float(stats.norm.pdf(edges, scale=sd).sum())


def _margin(rng: np.random.Generator) -> Mapping[str, float | bool]:
    design = replace(BASE, dialogues=300, scale="continuous")
    share = 0.1
    # Solve planted = share * sd(judge): the judge's SD depends on what is planted.
    planted = share
    for _ in range(50):
        sd = np.sqrt(1 + planted**2 + planted + 0.3**2 + design.judge_noise**2)
        planted = share * float(sd)
    study = simulate(design, (planted,), rng=rng)
    fit = mom_eiv(study.judge, study.features, study.people(), study.dialogue)
    return {"equivalent": _inside(fit.coef[1], fit.std_error[1], fit.df, planted)}


def _no_bias_certified(rng: np.random.Generator) -> Mapping[str, float | bool]:
    study = simulate(replace(BASE, dialogues=1000), rng=rng)
    fit = mom_eiv(study.judge, study.features, study.people(), study.dialogue)
    return {"equivalent": _inside(fit.coef[1], fit.std_error[1], fit.df, 0.1 * float(study.judge.std()))}


def _inside(value: float, error: float, df: int, margin: float) -> bool:
    from judge.analysis.estimate import equivalence_verdict, t_estimate

    estimate = t_estimate(float(value), float(error), df, n=0, confidence=0.95, method="", null=0.0)
    return equivalence_verdict(estimate, margin)[0] == "equivalent"
