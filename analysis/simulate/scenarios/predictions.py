"""Prediction-powered means: coverage with few labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.calibration.ppi import ppi_mean
from judge.analysis.simulate.certificate import Measure, Scenario

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
