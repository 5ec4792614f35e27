"""Several features at once, the placebo, the bend of length, the slope, leniency."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.joint import joint_findings
from judge.analysis.bias.length import curvature_findings
from judge.analysis.bias.placebo import placebo_findings
from judge.analysis.bias.slope import slope_finding
from judge.analysis.estimate import benjamini
from judge.analysis.inputs import AuditOptions
from judge.analysis.jackknife import cluster_mean
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.naive import ols_p_values
from judge.analysis.simulate.planted import Design, simulate
from judge.analysis.simulate.scenarios.tools import ALPHA, material_of, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPTIONS = AuditOptions()
WIDE = Design(dialogues=200, slope=0.8)


def scenarios() -> Iterator[Scenario]:
    """Yield the joint panels, then single questions."""
    for planted in ((0.0,) * 6, (0.2, 0.0, 0.0, 0.2, 0.0, 0.0)):
        some = any(planted)
        measures = [
            Measure("raw", "preference joint, p before adjustment", "fpr"),
            Measure("fdr", "preference joint, false discovery rate", "fdr"),
            Measure("naive", "regression given people's mean, false discovery rate", "naive"),
        ]
        if some:
            measures.append(Measure("power", "preference joint, p adjusted", "power"))
        yield Scenario(
            "joint-planted" if some else "joint",
            f"200 dialogues x 5 systems x 3 raters, 6 features, {'two liked by .2' if some else 'no bias'}",
            _Joint(planted),
            tuple(measures),
            runs=600,
            quick=30 if some else 0,
        )
    yield Scenario(
        "placebo",
        "no bias; true and placebo likeness both go with quality; 100 dialogues x 5 systems x 3 raters",
        _Placebo((0.0, 0.0)),
        (Measure("contrast", "placebo_contrast", "fpr"),),
        quick=40,
    )
    yield Scenario(
        "placebo-style",
        "the judge likes the style of the corpus: true and placebo likeness by .2 each",
        _Placebo((0.2, 0.2)),
        (Measure("contrast", "placebo_contrast", "fpr"),),
    )
    yield Scenario(
        "placebo-planted",
        "the judge likes this reference by .3; 200 dialogues",
        _Placebo((0.3, 0.0), dialogues=200),
        (Measure("contrast", "placebo_contrast", "power"),),
    )
    yield Scenario(
        "length-straight",
        "a straight effect of length (.2)",
        _bend,
        (Measure("bend", "length_curvature", "fpr"),),
    )
    yield Scenario(
        "slope",
        "continuous, slope .8",
        _slope,
        (Measure("covers", "quality_slope, interval", "coverage"),),
        quick=40,
    )
    yield Scenario(
        "leniency",
        "judge and people at one level, dialogue effects",
        _leniency,
        (
            Measure("mean", "leniency (and drift: the same paired mean)", "fpr"),
            Measure("rows", "paired t test, rows independent", "naive"),
        ),
        quick=40,
    )


class _Joint:
    """False discoveries and power of the joint model."""

    def __init__(self, planted: tuple[float, ...]) -> None:
        self.planted = planted

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        study = simulate(WIDE, self.planted, rng=rng)
        found = list(joint_findings(material_of(study), OPTIONS))
        true = np.array(self.planted) != 0
        raw = np.array([f.p for f in found], dtype=float)
        hits = np.array([f.p_adjusted for f in found], dtype=float) < ALPHA
        columns = np.column_stack([study.features, study.human.mean(axis=1)])
        usual = np.array(benjamini(list(ols_p_values(study.judge, columns, study.dialogue)[:-1]))) < ALPHA
        return {
            "raw": float((raw[~true] < ALPHA).mean()),
            "fdr": float(hits[~true].sum() / max(hits.sum(), 1)),
            "naive": float(usual[~true].sum() / max(usual.sum(), 1)),
            "power": float(hits[true].mean()) if true.any() else float("nan"),
        }


class _Placebo:
    """The contrast of two likenesses that go with quality alike."""

    def __init__(self, planted: tuple[float, float], dialogues: int = 100) -> None:
        self.planted, self.dialogues = planted, dialogues

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        study = simulate(replace(WIDE, dialogues=self.dialogues), self.planted, rng=rng)
        (found,) = placebo_findings(material_of(study, placebo=1), OPTIONS)
        return {"contrast": significant(found.p)}


def _bend(rng: np.random.Generator) -> Mapping[str, float | bool]:
    study = simulate(replace(WIDE, dialogues=100, scale="continuous"), (0.2,), rng=rng)
    material = material_of(study)
    (found,) = curvature_findings(
        replace(material, features={"log_words": material.features["x0"]}, fits={}), OPTIONS
    )
    return {"bend": significant(found.p)}


def _slope(rng: np.random.Generator) -> Mapping[str, float | bool]:
    study = simulate(replace(WIDE, dialogues=100, scale="continuous"), rng=rng)
    found = slope_finding(material_of(study), OPTIONS)
    assert found.ci_low is not None
    assert found.ci_high is not None
    return {"covers": found.ci_low <= WIDE.slope <= found.ci_high}


def _leniency(rng: np.random.Generator) -> Mapping[str, float | bool]:
    from scipy import stats

    study = simulate(replace(WIDE, dialogues=100, severity=0.0, slope=1.0), rng=rng)
    apart = study.judge - study.human.mean(axis=1)
    found = cluster_mean(apart, study.dialogue, confidence=0.95, method="", null=0.0)
    return {"mean": significant(found.p), "rows": bool(stats.ttest_1samp(apart, 0.0).pvalue < ALPHA)}
