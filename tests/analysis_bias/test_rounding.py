"""Rounding that raters share."""

from __future__ import annotations

import numpy as np
import pytest

from judge.analysis.bias.eiv import Ratings, human_moments, mom_eiv
from judge.analysis.bias.rounding import overlap, scale_step, shared_rounding


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.3])
@pytest.mark.parametrize("offset", [0.0, 0.25])
def test_theory_equals_simulation(noise: float, offset: float):
    """The shared variance is the covariance of two raters less the variance of quality."""
    rng = np.random.default_rng(1)
    quality = 10 * rng.random(400_000)
    errors = [np.round(quality + o + noise * rng.normal(size=quality.size)) - quality for o in (0.0, offset)]
    shared = np.cov(errors[0], errors[1])[0, 1]
    waves = overlap(np.array([0.0, offset]), np.ones(2), 1.0)
    given = (errors[0] - errors[1]).var() / 2
    assert shared_rounding(given, 1.0, waves) == pytest.approx(max(shared, 0.0), abs=2e-3)


def test_the_step_scales_the_variance():
    """Half the step has a quarter of the variance."""
    assert shared_rounding(0.0, 0.5) == pytest.approx(1 / 48)


@pytest.mark.parametrize(
    ("scores", "step"),
    [
        ([1, 2, 3, 5], 1.0),
        ([1, 1.5, 2, 3], 0.5),
        ([0, 1, 0, 1], 0.0),
        (np.linspace(0, 1, 50), 0.0),
        ([], 0.0),
    ],
)
def test_a_coarse_scale_is_told_from_a_fine_one(scores, step: float):
    """Only scales of 4 to 12 evenly spaced levels count as coarse."""
    assert scale_step(scores) == step


def test_nothing_is_shared_on_a_continuous_scale_or_by_noisy_raters():
    """The correction vanishes where there is nothing to correct."""
    assert shared_rounding(0.0, 0.0) == 0
    assert shared_rounding([0.6, 2.0], 1.0).tolist() == [0, 0]


@pytest.mark.slow
def test_people_without_noise_on_five_points_do_not_incriminate_a_judge():
    """The slope on a feature that goes with quality is nought on average, and was not before."""
    rng = np.random.default_rng(3)
    mended, bare = [], []
    for _ in range(60):
        q = rng.normal(size=500)
        x = 0.5 * q + np.sqrt(0.75) * rng.normal(size=500)
        h = np.clip(np.round(3 + q), 1, 5)
        people = human_moments(
            Ratings(np.repeat(np.arange(500), 2), np.tile([0, 1], 500), np.repeat(h, 2), 500)
        )
        judge = q + 0.5 * rng.normal(size=500)
        for out, step in ((mended, people.step), (bare, 0.0)):
            moments = type(people)(
                people.mean, people.noise, people.squares, people.dof, step, waves=people.waves
            )
            out.append(mom_eiv(judge, x, moments, np.arange(500) // 5).coef[1])
    assert abs(np.mean(mended)) < 0.015 < np.mean(bare)
