"""Prediction-powered means: against their definition, and their coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from judge.analysis.calibration.active import active_mean, inclusion, next_labels
from judge.analysis.calibration.ppi import label_gain, ppi_mean
from judge.analysis.calibration.prevalence import rogan_gladen
from judge.analysis.calibration.stratified import stratified_mean

RUNS = 400


def _coverage(ends: list[tuple[float, float]], truth: float) -> float:
    return float(np.mean([low < truth < high for low, high in ends]))


@pytest.mark.parametrize("n", [50, 100])
def test_ppi_covers_where_the_judge_alone_never_does(n: int):
    """A judge half a point too generous: intervals cover in 92.5 to 97.5 %, and are shorter than labels'."""
    rng = np.random.default_rng(n)
    ends, narrower = [], 0
    for _ in range(RUNS):
        truth = rng.normal(3, 1, n + 1000)
        judge = truth + 0.5 + rng.normal(0, 0.7, truth.size)
        found = ppi_mean(truth[:n], judge[:n], judge[n:])
        ends.append((found.ci_low, found.ci_high))
        narrower += found.std_error < found.human_std_error
    assert 0.925 <= _coverage(ends, 3.0) <= 0.975
    assert narrower > 0.95 * RUNS


def test_ppi_covers_with_clusters():
    """Five items a dialogue that share much: the cluster jackknife still covers."""
    rng = np.random.default_rng(3)
    ends = []
    for _ in range(RUNS):
        cluster = np.repeat(np.arange(140), 5)
        truth = 3 + rng.normal(size=140)[cluster] + 0.6 * rng.normal(size=700)
        judge = truth + 0.4 + 0.5 * rng.normal(size=140)[cluster] + 0.5 * rng.normal(size=700)
        mine = cluster < 40
        found = ppi_mean(truth[mine], judge[mine], judge[~mine], cluster[mine], cluster[~mine])
        ends.append((found.ci_low, found.ci_high))
    assert 0.92 <= _coverage(ends, 3.0) <= 0.98


def test_ppi_is_its_formula():
    """The estimate is lam mean(F) + mean(y - lam f), up to the jackknife's small correction."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=200)
    f, rest = y + rng.normal(size=200), rng.normal(size=1000) * 1.4
    found = ppi_mean(y, f, rest)
    pooled = np.var(np.concatenate([f, rest]), ddof=1)
    lam = np.cov(y, f)[0, 1] / ((1 + 200 / 1000) * pooled)
    assert found.lam == pytest.approx(lam, abs=1e-9)
    assert found.value == pytest.approx(lam * rest.mean() + np.mean(y - lam * f), abs=0.01)


def test_ppi_agrees_with_its_authors_estimate_of_a_useless_judge():
    """A judge without any relation to people gets little weight: the labels alone decide."""
    rng = np.random.default_rng(6)
    y = rng.normal(size=400)
    found = ppi_mean(y, rng.normal(size=400), rng.normal(size=4000))
    assert found.lam < 0.12
    assert found.value == pytest.approx(y.mean(), abs=0.02)


def test_label_gain_is_what_methods_state():
    """A correlation of .7 makes a label worth at most 1.96."""
    assert label_gain(0.7, 1, 10**9) == pytest.approx(1.96, abs=0.01)
    assert label_gain(0.0, 100, 1000) == 1.0


@pytest.mark.parametrize(("items", "n", "bias"), [(1000, 100, 0.5), (1000, 50, 2.0), (400, 200, 0.5)])
def test_active_labels_cover_and_save(items: int, n: int, bias: float):
    """Labels where the judge is unsure: coverage .925 to .975, and less variance than an even draw."""
    rng = np.random.default_rng(items + n)
    ends, values, even = [], [], []
    for _ in range(RUNS):
        unsure = np.where(rng.random(items) < 0.3, 2.0, 0.3)
        truth = rng.normal(3, 1, items)
        judge = truth + bias + unsure * rng.normal(size=items)
        for chances, into in ((unsure, values), (np.zeros(items), even)):
            drawn = next_labels(chances, n, rng=rng)
            found = active_mean(judge, drawn.index, truth[drawn.index], drawn.inclusion[drawn.index])
            into.append(found.value)
            if into is values:
                ends.append((found.ci_low, found.ci_high))
    assert 0.925 <= _coverage(ends, 3.0) <= 0.975  # type: ignore[arg-type]
    assert np.var(values) < np.var(even) * 1.05


def test_a_draw_has_the_stated_chances_and_size():
    """Every item is drawn as often as its chance says, exactly n of them, and none has less than a fifth."""
    rng = np.random.default_rng(1)
    unsure = np.array([0, 0, 1, 1, 2, 4, 8, 30.0])
    pi = inclusion(unsure, 3)
    counts = np.zeros(8)
    for _ in range(4000):
        drawn = next_labels(unsure, 3, rng=rng)
        assert len(set(drawn.index.tolist())) == 3
        counts[drawn.index] += 1
    assert counts / 4000 == pytest.approx(pi, abs=0.03)
    assert pi.sum() == pytest.approx(3)
    assert pi.min() >= 0.2 * 3 / 8 - 1e-12


@pytest.mark.parametrize("n", [0, 5])
def test_a_draw_of_an_impossible_size_is_refused(n: int):
    """More labels than items, or none."""
    with pytest.raises(ValueError, match="ask for 1 to 4"):
        next_labels(np.ones(4), n, rng=np.random.default_rng(0))


def test_strata_cover_and_help_where_the_judge_s_bias_differs():
    """With 100 labels in 3 strata intervals cover, and are shorter than without strata."""
    rng = np.random.default_rng(9)
    ends, shorter = [], 0
    for _ in range(300):
        kind = rng.integers(0, 3, 1500)
        truth = rng.normal(3, 1, 1500)
        judge = truth + np.array([0, 0.6, 1.5])[kind] + 0.5 * rng.normal(size=1500)
        found = stratified_mean(truth[:120], judge[:120], kind[:120], judge[120:], kind[120:])
        if found.identified:
            ends.append((found.ci_low, found.ci_high))
            plain = ppi_mean(truth[:120], judge[:120], judge[120:])
            shorter += found.std_error < plain.std_error  # type: ignore[operator]
    assert 0.915 <= _coverage(ends, 3.0) <= 0.98  # type: ignore[arg-type]
    assert shorter > 0.9 * len(ends)


def test_strata_with_few_labels_are_refused():
    """Below 20 labels in a stratum nothing is given."""
    rng = np.random.default_rng(0)
    kind = np.repeat(["joy", "grief"], [45, 15])
    found = stratified_mean(rng.normal(size=60), rng.normal(size=60), kind, rng.normal(size=9), kind[40:49])
    assert not found.identified
    assert "'grief' has 15 labels" in found.warnings[0]


def test_rogan_gladen_covers_under_label_shift():
    """Calibrated on a balanced set, applied where 20 % pass: the truth is covered."""
    rng = np.random.default_rng(2)
    ends, raw = [], []
    for _ in range(RUNS):
        passed = rng.binomial(400, 0.2 * 0.9 + 0.8 * 0.25)
        found = rogan_gladen(passed, 400, (rng.binomial(150, 0.9), 150), (rng.binomial(150, 0.75), 150))
        ends.append((found.ci_low, found.ci_high))
        raw.append(passed / 400)
    assert 0.92 <= _coverage(ends, 0.2) <= 0.985  # type: ignore[arg-type]
    assert np.mean(raw) == pytest.approx(0.38, abs=0.01)


def test_rogan_gladen_of_a_coin_is_not_identified():
    """Sensitivity and specificity that add up to 1 tell nothing."""
    assert not rogan_gladen(5, 10, (5, 10), (5, 10)).identified
