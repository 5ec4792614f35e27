"""The simulator at the size of a user's own study: what could be found there, and how often in error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.eiv import NotIdentified, mom_eiv
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.planted import Design, simulate
from judge.analysis.simulate.scenarios.tools import rejects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from judge.analysis.bias.material import Material

PLANTED = (0.1, 0.2, 0.3)
"""Likings whose power is asked for, in SD of the judge per SD of a feature."""
DIALOGUE_NOISE = 0.3
"""The simulator's own spread of a judge's mood between dialogues."""


def design_like(material: Material) -> Design:
    """Return the design of a study, as its ratings show it.

    Parameters
    ----------
    material
        One judge and criterion in mode ``ratings``.

    Raises
    ------
    NotIdentified
        No item has two raters, or their ratings are all noise.
    """
    if material.mode != "ratings":
        raise NotIdentified("the simulator copies designs of ratings, not of duels")
    people = material.people
    rated = np.isfinite(people.mean) & np.isfinite(material.score)
    fit = mom_eiv(material.score, np.ones((material.score.size, 0)), people, material.cluster)
    mean, noise = people.mean[rated], people.noise[rated]
    signal = float(mean.var()) - fit.error_variance * float(noise.mean())
    if signal <= 0:
        raise NotIdentified("people's ratings hold no more signal than noise here")
    sd = float(np.sqrt(signal))
    slope = float(fit.coef[0])
    own = float(material.score[rated].var()) - slope**2 * signal
    per_item = np.rint(1 / noise).astype(int)
    double = float((per_item >= 2).mean())
    some = int(np.median(per_item)) if double > 0.9 else 1
    levels = _levels(material)
    return Design(
        dialogues=fit.n_clusters,
        systems=max(1, round(rated.sum() / fit.n_clusters)),
        raters=max(2, some if some > 1 else material.n_raters),
        rho=_related(material, rated, sd),
        slope=slope,
        noise=float(np.sqrt(fit.error_variance)) / sd,
        judge_noise=float(np.sqrt(max(own / signal - DIALOGUE_NOISE**2, 0.01))),
        scale="points" if levels else "continuous",
        double=1.0 if some > 1 else double,
        icc=_between(mean, material.cluster[rated], signal),
        spread=sd,
        levels=levels or (1.0, 5.0),
    )


def _levels(material: Material) -> tuple[float, float] | None:
    """Return the ends of the scale if the judge scores in whole points."""
    score = material.score[np.isfinite(material.score)]
    if material.people.step == 0 or (score != np.round(score)).any():
        return None
    return float(score.min()), float(max(score.max(), score.min() + 1))


def _related(material: Material, rated: np.ndarray, sd: float) -> float:
    """Return the strongest correlation of a feature with quality."""
    found = [0.0]
    for values in material.features.values():
        good = rated & np.isfinite(values)
        if good.sum() > 2 and values[good].std() > 0:
            together = np.cov(values[good], material.people.mean[good])[0, 1]
            found.append(abs(together) / (values[good].std() * sd))
    return float(min(max(found), 0.95))


def _between(mean: np.ndarray, cluster: np.ndarray, signal: float) -> float:
    """Return the share of quality's variance that dialogues have in common."""
    _, code = np.unique(cluster, return_inverse=True)
    count = np.bincount(code).astype(float)
    total = np.bincount(code, weights=mean - mean.mean())
    squares = np.bincount(code, weights=(mean - mean.mean()) ** 2)
    pairs = (count * (count - 1)).sum()
    if pairs == 0:
        return 0.0
    return float(np.clip((total**2 - squares).sum() / pairs / signal, 0.0, 0.95))


def like_scenarios(materials: list[Material], runs: int = 300) -> Iterator[Scenario]:
    """Yield the null and the planted likings at the design of each judge and criterion.

    Raises
    ------
    NotIdentified
        A design cannot be read off the data.
    """
    for material in materials:
        design = design_like(material)
        words = (
            f"{design.dialogues} dialogues x {design.systems} systems, {design.raters} raters"
            f"{'' if design.double >= 1 else f', {design.double:.0%} of the items rated twice'}; slope"
            f" {design.slope:.2f}, people's noise {design.noise:.2f} and the judge's {design.judge_noise:.2f}"
            f" SD of quality; features go with quality by up to {design.rho:.2f}"
        )
        name = f"{material.judge} {material.criterion}"
        yield Scenario(
            f"{name} no bias",
            words,
            _Like(design, 0.0),
            (
                Measure("found", "preference pooled", "fpr"),
                Measure("identified", "a number can be given", "naive"),
            ),
            runs=runs,
            quick=runs,
        )
        for planted in PLANTED:
            yield Scenario(
                f"{name} liking {planted}",
                f"the same, with a liking of {planted} SD of the judge per SD of a feature",
                _Like(design, planted),
                (Measure("found", "preference pooled, power", "naive"),),
                runs=runs,
                quick=runs,
            )


class _Like:
    """A planted liking in units of the judge's SD."""

    def __init__(self, design: Design, planted: float) -> None:
        self.design = design
        variance = design.slope**2 + DIALOGUE_NOISE**2 + design.judge_noise**2
        self.planted = planted * float(np.sqrt(variance))

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        study = simulate(self.design, (self.planted,), rng=rng)
        try:
            fit = mom_eiv(study.judge, study.features, study.people(), study.dialogue)
        except NotIdentified:
            return {"found": False, "identified": False}
        return {"found": rejects(fit), "identified": True}
