"""Errors-in-variables regression: right where the usual analyses are fooled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from judge.analysis.bias.eiv import NotIdentified, Ratings, human_moments, mom_eiv
from judge.analysis.bias.fieller import FiellerSet, fieller


def _study(rng, *, dialogues=100, systems=5, raters=3, slope=0.8, beta=0.0, rho=0.5):
    n = dialogues * systems
    dialogue = np.repeat(np.arange(dialogues), systems)
    quality = np.sqrt(0.3) * rng.normal(size=dialogues)[dialogue] + np.sqrt(0.7) * rng.normal(size=n)
    similar = rho * quality + np.sqrt(1 - rho**2) * rng.normal(size=n)
    human = quality[:, None] + 0.3 * rng.normal(size=raters) + rng.normal(size=(n, raters))
    judge = (
        slope * quality
        + beta * similar
        + 0.3 * rng.normal(size=dialogues)[dialogue]
        + 0.7 * rng.normal(size=n)
    )
    return np.clip(np.round(3 + judge), 1, 5), similar, np.clip(np.round(3 + human), 1, 5), dialogue


def _long(human) -> Ratings:
    n, raters = human.shape
    item, rater = np.repeat(np.arange(n), raters), np.tile(np.arange(raters), n)
    keep = np.isfinite(human.ravel())
    return Ratings(item[keep], rater[keep], human.ravel()[keep], n)


def _by_hand(judge, x, human) -> np.ndarray:
    """The estimator written out with loops: rater centring, pooled noise, one linear system."""
    n, raters = human.shape
    centred = human - human.mean(axis=0)
    mean = centred.mean(axis=1)
    noise = ((centred - mean[:, None]) ** 2).sum() / ((n - 1) * (raters - 1))
    design = np.column_stack([mean, x - x.mean(), np.ones(n)])
    gram = np.zeros((3, 3))
    right = np.zeros(3)
    for row, value in zip(design, judge, strict=True):
        gram += np.outer(row, row)
        right += row * value
    gram[0, 0] -= noise * n / raters
    return np.linalg.solve(gram, right)


def test_equals_the_estimator_written_out():
    """Vectorised sums give what loops over the definition give."""
    judge, x, human, dialogue = _study(np.random.default_rng(1))
    fit = mom_eiv(judge, x, human_moments(_long(human)), dialogue)
    np.testing.assert_allclose(fit.coef, _by_hand(judge, x, human), rtol=1e-9)


def test_jackknife_equals_refitting_without_each_dialogue():
    """Every replicate is the fit of the data without that dialogue (the noise variance included)."""
    judge, x, human, dialogue = _study(np.random.default_rng(2), dialogues=12)
    moments = human_moments(_long(human), centre=False)
    fit = mom_eiv(judge, x, moments, dialogue)
    for d in range(12):
        keep = dialogue != d
        without = mom_eiv(
            judge[keep], x[keep], human_moments(_long(human[keep]), centre=False), dialogue[keep]
        )
        np.testing.assert_allclose(fit.replicates[d, :2], without.coef[:2], rtol=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("fixed_effects", [False, True])
def test_an_unbiased_judge_is_not_accused(fixed_effects: bool):
    """At .05 a judge without any preference is accused in .02 to .08 of 400 studies."""
    rng = np.random.default_rng(7)
    rejected = 0
    for _ in range(400):
        judge, x, human, dialogue = _study(rng)
        fit = mom_eiv(judge, x, human_moments(_long(human)), dialogue, fixed_effects=fixed_effects)
        rejected += abs(fit.coef[1] / fit.std_error[1]) > stats.t.ppf(0.975, fit.df)
    assert 0.02 <= rejected / 400 <= 0.08


@pytest.mark.slow
def test_the_usual_analysis_accuses_the_same_judge():
    """Regression on the mean human rating accuses an unbiased judge in more than half of the studies."""
    rng = np.random.default_rng(8)
    accused = 0
    for _ in range(100):
        judge, x, human, _ = _study(rng)
        design = np.column_stack([human.mean(axis=1), x, np.ones(len(x))])
        coef, rss, *_ = np.linalg.lstsq(design, judge, rcond=None)
        cov = rss[0] / (len(x) - 3) * np.linalg.inv(design.T @ design)
        accused += abs(coef[1] / np.sqrt(cov[1, 1])) > 1.96
    assert accused / 100 > 0.5


@pytest.mark.slow
def test_a_planted_preference_is_found_and_measured():
    """A preference of .2 points per SD is found in at least .85 of studies, and the interval covers it."""
    rng = np.random.default_rng(9)
    found = covered = 0
    for _ in range(300):
        judge, x, human, dialogue = _study(rng, beta=0.2)
        fit = mom_eiv(judge, x, human_moments(_long(human)), dialogue)
        half = stats.t.ppf(0.975, fit.df) * fit.std_error[1]
        found += abs(fit.coef[1]) > half
        covered += abs(fit.coef[1] - 0.19) < half  # rounding and clipping take a little of the .2
    assert found / 300 >= 0.85
    assert 0.91 <= covered / 300 <= 0.98


def test_one_rater_an_item_is_not_identified():
    """Without two raters on any item there is no number, and the reason says what would help."""
    judge, x, human, dialogue = _study(np.random.default_rng(3))
    with pytest.raises(NotIdentified, match="two people"):
        mom_eiv(judge, x, human_moments(_long(human[:, :1])), dialogue)


def test_ratings_that_are_all_noise_are_not_identified():
    """Where people do not agree at all, no slope is made up."""
    rng = np.random.default_rng(4)
    human = rng.normal(size=(60, 2))
    human[:, 1] = -human[:, 0]
    with pytest.raises(NotIdentified, match="noise"):
        mom_eiv(rng.normal(size=60), rng.normal(size=60), human_moments(_long(human)), np.arange(60) // 3)


def test_a_constant_feature_is_not_identified():
    """A feature that never varies has no effect to measure."""
    judge, _, human, dialogue = _study(np.random.default_rng(5))
    with pytest.raises(NotIdentified, match="same value"):
        mom_eiv(judge, np.ones(len(judge)), human_moments(_long(human)), dialogue)


def test_fieller_equals_the_wald_interval_in_a_strong_design():
    """With plenty of double ratings the two intervals agree within a tenth of their width."""
    judge, x, human, dialogue = _study(np.random.default_rng(6), dialogues=400)
    fit = mom_eiv(judge, x, human_moments(_long(human)), dialogue)
    wald = fit.coef[1] + np.array([-1, 1]) * stats.t.ppf(0.975, fit.df) * fit.std_error[1]
    found = fieller(fit, 1)
    assert found.bounded
    assert np.allclose([found.low, found.high], wald, atol=0.1 * np.ptp(wald))


def test_fieller_holds_its_own_estimate():
    """The estimate is always inside the set, bounded or not."""
    rng = np.random.default_rng(10)
    for _ in range(30):
        judge, x, human, dialogue = _study(rng, dialogues=15, raters=2)
        human[rng.random(len(human)) < 0.7, 1] = np.nan
        try:
            fit = mom_eiv(judge, x, human_moments(_long(human)), dialogue)
        except NotIdentified:
            continue
        assert fieller(fit, 1).holds(fit.coef[1])


def test_an_unbounded_set_is_no_interval():
    """A complement holds everything but its middle."""
    assert not FiellerSet("complement", -1.0, 1.0).bounded
    assert FiellerSet("line", -np.inf, np.inf).holds(1e9)
