"""Prediction-powered means: coverage with few labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.calibration.active import active_mean, next_labels
from judge.analysis.calibration.ppi import ppi_mean
from judge.analysis.calibration.stratified import stratified_mean
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.scenarios.tools import covers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REST = 2000


def scenarios() -> Iterator[Scenario]:
    """Yield scores and win rates at several numbers of labels."""
    for name, labels, rate, quick in (
        ("ppi-score-50", 50, 0.0, 40),
        ("ppi-score-100", 100, 0.0, 0),
        ("ppi-win-60-50", 50, 0.6, 0),
        ("ppi-win-60-100", 100, 0.6, 0),
        ("ppi-win-84-100", 100, 0.84, 0),
    ):
        what = f"a win rate of {rate:g}" if rate else "a mean score"
        yield Scenario(
            name,
            f"{what}, {labels} labels, {REST:,} items that only a biased judge saw",
            _Predictions(labels, rate),
            (
                Measure("ours", "prediction-powered mean, interval", "coverage"),
                Measure("naive", "the judge's mean, interval", "naive"),
                Measure("shorter", "interval shorter than that of the labels alone", "naive"),
            ),
            quick=quick,
        )
    yield Scenario(
        "active-labels",
        "2,000 items, 200 labels drawn where the judge is unsure; dialogues of 4 items",
        _active,
        (
            Measure("ours", "mean from chosen labels, interval", "coverage"),
            Measure("naive", "plain mean of the chosen labels, interval", "naive"),
        ),
        quick=40,
    )
    yield Scenario(
        "stratified",
        "3 strata in which the judge errs differently, 120 labels, 2,000 items",
        _stratified,
        (Measure("ours", "prediction-powered mean in strata, interval", "coverage"),),
    )


class _Predictions:
    """A judge that follows people and is too generous."""

    def __init__(self, labels: int, rate: float) -> None:
        self.labels, self.rate = labels, rate

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        n = self.labels + REST
        if self.rate:
            truth = self.rate
            people = (rng.random(n) < truth).astype(float)
            agree = rng.random(n) < 0.8
            judge = np.where(agree, people, rng.random(n) < 0.9).astype(float)
        else:
            truth = 3.0
            quality = rng.normal(size=n)
            people = truth + quality + 0.6 * rng.normal(size=n)
            judge = truth + 0.58 + 0.8 * quality + 0.5 * rng.normal(size=n)
        k = self.labels
        found = ppi_mean(people[:k], judge[:k], judge[k:])
        error = float(judge.std() / np.sqrt(n))
        return {
            "ours": found.ci_low <= truth <= found.ci_high,
            "naive": bool(abs(judge.mean() - truth) <= 1.96 * error),
            "shorter": found.std_error < found.human_std_error,
        }


def _active(rng: np.random.Generator) -> Mapping[str, float | bool]:
    d, m, truth = 500, 4, 3.0
    cluster = np.repeat(np.arange(d), m)
    quality = 0.6 * rng.normal(size=d)[cluster] + 0.8 * rng.normal(size=d * m)
    unsure = rng.uniform(0.1, 1.5, size=d * m)
    # The judge is too generous where it is unsure, and people are milder there.
    people = truth + quality + 0.4 * (unsure - unsure.mean()) + 0.4 * rng.normal(size=d * m)
    judge = truth + quality + 0.5 * unsure + unsure * rng.normal(size=d * m)
    drawn = next_labels(unsure, 200, rng=rng)
    labels = people[drawn.index]
    found = active_mean(judge, drawn.index, labels, drawn.inclusion[drawn.index], cluster)
    error = float(labels.std(ddof=1) / np.sqrt(labels.size))
    return {"ours": covers(found, truth), "naive": bool(abs(labels.mean() - truth) <= 1.97 * error)}


def _stratified(rng: np.random.Generator) -> Mapping[str, float | bool]:
    n, k = 2120, 120
    stratum = rng.integers(0, 3, size=n)
    quality = rng.normal(size=n)
    people = 3 + quality + 0.6 * rng.normal(size=n)
    judge = 3 + np.array([-0.5, 0.3, 0.9])[stratum] + 0.8 * quality + 0.5 * rng.normal(size=n)
    found = stratified_mean(people[:k], judge[:k], stratum[:k], judge[k:], stratum[k:])
    return {"ours": covers(found, 3.0)}
