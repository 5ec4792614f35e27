"""Noise ceiling, substitution, ordering with ties, judge against judge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.analysis.agreement import ordering
from judge.analysis.agreement.alt_test import alt_test, constant_judge
from judge.analysis.agreement.ceiling import lower_ceiling, noise_ceiling
from judge.analysis.agreement.compare import correlation_difference, williams
from judge.analysis.agreement.matched import People


def people_from(matrix: np.ndarray) -> People:
    """Ratings from items by raters; NaN is not rated; each item its own dialogue."""
    unit, rater = np.nonzero(~np.isnan(matrix))
    items = np.arange(matrix.shape[0])
    return People(items, unit, rater, matrix[unit, rater], items, items)


def planted(
    rng: np.random.Generator, n: int = 600, raters: int = 3, noise: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Latent quality, people's noisy ratings, and a judge of known quality."""
    quality = rng.normal(size=n)
    people = quality[:, None] + noise * rng.normal(size=(n, raters))
    judge = quality + 0.8 * rng.normal(size=n)
    return quality, people, judge


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_disattenuated_correlation_is_that_with_the_truth(missing):
    """r / ceiling estimates the correlation with what people would say without noise."""
    rng = np.random.default_rng(1)
    quality, people, judge = planted(rng, n=20_000)
    people[rng.random(people.shape) < missing] = np.nan
    people[np.isnan(people).all(axis=1), 0] = 0.0
    found = noise_ceiling(people_from(people), judge)
    truth = np.corrcoef(judge, quality)[0, 1]
    assert found["disattenuated"].value == pytest.approx(truth, abs=0.015)
    if not missing:
        assert found["reliability"].value == pytest.approx(3 / 4, abs=0.01)


def test_disattenuated_interval_covers():
    """The 95 % interval of the disattenuated correlation covers the truth in 91-98.5 % of 300 samples."""
    truth, hits = 1 / np.sqrt(1 + 0.64), 0
    for run in range(300):
        _, people, judge = planted(np.random.default_rng(run), n=120)
        got = noise_ceiling(people_from(people), judge)["disattenuated"]
        assert got.ci_low is not None
        assert got.ci_high is not None
        hits += got.ci_low <= truth <= got.ci_high
    assert 0.91 <= hits / 300 <= 0.985


def test_ceiling_above_one_is_said_not_cut():
    """A judge as good as the truth may pass 1; it is given with a warning."""
    quality, people, _ = planted(np.random.default_rng(3), n=80, noise=1.5)
    found = noise_ceiling(people_from(people), quality)["disattenuated"]
    assert found.ci_high is not None
    assert found.ci_high > 1
    assert any("ceiling" in text for text in found.warnings)


def test_lower_ceiling_is_the_mean_over_people():
    """Mean over people of Pearson's r with the mean of the others; complete ratings."""
    _, people, _ = planted(np.random.default_rng(4), n=50)
    want = np.mean([np.corrcoef(people[:, k], np.delete(people, k, 1).mean(axis=1))[0, 1] for k in range(3)])
    assert lower_ceiling(people_from(people)).value == pytest.approx(want)


def test_one_person_gives_no_ceiling():
    """With one rating an item the noise of people cannot be seen."""
    _, people, judge = planted(np.random.default_rng(4), n=50, raters=1)
    assert noise_ceiling(people_from(people), judge)["disattenuated"].value is None
    assert lower_ceiling(people_from(people)).value is None


def test_a_good_judge_passes_and_noise_fails():
    """A judge nearer to the others than a person is passes, random labels do not."""
    rng = np.random.default_rng(5)
    quality, people, _ = planted(rng, n=300)
    labels = people_from(np.round(people))
    good = alt_test(labels, np.round(quality))
    bad = alt_test(labels, np.round(2 * rng.normal(size=300)))
    assert good.winning_rates[0.2].value == 1.0
    assert good.advantage.value is not None
    assert good.advantage.value > 0.6
    assert bad.winning_rates[0.2].value == 0.0
    assert (constant_judge(labels) == 0).all()


def test_people_with_few_items_are_left_out():
    """Under 30 items nobody is tested, and the reason is given."""
    _, people, judge = planted(np.random.default_rng(6), n=20)
    found = alt_test(people_from(people), judge)
    assert (found.raters, found.left_out) == (0, 3)
    assert "30 items" in found.advantage.warnings[0]


def brute(pairs: ordering.Pairs, threshold: float) -> float:
    """Mean over dialogues of the share of pairs ordered alike."""
    alike = ordering.agreement_at(pairs, threshold)
    return float(np.mean([alike[pairs.dialogue == d].mean() for d in np.unique(pairs.dialogue)]))


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=40, deadline=None)
def test_threshold_sweep_equals_brute_force(seed, whole):
    """The sorted sweep finds as good a threshold as trying each of them, on random 6 x 5 tables."""
    rng = np.random.default_rng(seed)
    judge = rng.integers(1, 6, (6, 5)).astype(float) if whole else rng.normal(size=(6, 5))
    people = rng.integers(1, 4, (6, 5)).astype(float)
    dialogue = np.repeat(np.arange(6), 5)
    pairs = ordering.pairs_of(judge.ravel(), people.ravel(), dialogue, dialogue)
    best = max(brute(pairs, t) for t in [0.0, *np.abs(pairs.judge)])
    assert brute(pairs, ordering.best_threshold(pairs) + 1e-11) == pytest.approx(best)


def test_accuracy_with_ties_is_cross_fitted():
    """A judge without information gets what always saying tie gets, or less: no optimism."""
    rng = np.random.default_rng(8)
    dialogue = np.repeat(np.arange(200), 5)
    people = rng.integers(1, 4, 1000).astype(float)
    pairs = ordering.pairs_of(rng.normal(size=1000), people, dialogue, dialogue)
    found, _, tie = ordering.tie_calibrated(pairs, seed=0)
    assert found.value is not None
    assert tie.value is not None
    assert found.value < max(tie.value, 1 / 3) + 0.03


def test_williams_reference_values():
    """Williams' t: 4.31955738 at n = 103 and 1.01033032 at n = 50."""
    assert williams(0.63, 0.29, 0.50, 103)[0] == pytest.approx(4.31955738, abs=5e-9)
    assert williams(0.7, 0.6, 0.5, 50)[0] == pytest.approx(1.01033032, abs=5e-9)


def test_equal_judges_are_told_apart_in_few_runs():
    """Two judges of the same quality on clustered items: rejected in at most 9 % of 200 runs."""
    rejected = 0
    for run in range(200):
        rng = np.random.default_rng(run)
        context = rng.normal(size=(60, 1))
        quality = (context + rng.normal(size=(60, 4))).ravel()
        shared = rng.normal(size=(60, 1))
        one, two = (quality + (shared * s + rng.normal(size=(60, 4))).ravel() for s in (1, -1))
        people = quality + rng.normal(size=240)
        got = correlation_difference(one, two, people, np.repeat(np.arange(60), 4))
        rejected += (got.p or 1.0) < 0.05
    assert rejected / 200 <= 0.09
