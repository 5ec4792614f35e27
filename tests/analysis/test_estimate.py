"""Estimates, intervals and corrections."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judge.analysis import estimate as e
from judge.analysis import jackknife


def test_t_interval_is_the_textbook_one():
    """The cluster jackknife of a mean with one row a cluster is the usual t interval."""
    x = np.random.default_rng(1).normal(size=30)
    got = jackknife.cluster_mean(x, np.arange(30), confidence=0.95, method="", null=0.0)
    low, high = stats.t.interval(0.95, 29, x.mean(), stats.sem(x))
    assert (got.ci_low, got.ci_high) == pytest.approx((low, high))
    assert got.p == pytest.approx(stats.ttest_1samp(x, 0).pvalue)


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_false_discovery_adjustment_agrees_with_scipy(p):
    """Benjamini-Hochberg and -Yekutieli equal scipy's."""
    assert e.benjamini(p) == pytest.approx(stats.false_discovery_control(p, method="bh"))
    assert e.benjamini(p, dependent=True) == pytest.approx(stats.false_discovery_control(p, method="by"))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_holm_lies_between_raw_and_bonferroni(p):
    """Holm's p is never below the raw one nor above Bonferroni's, and keeps the order."""
    adjusted = e.holm(p)
    assert all(raw <= adj <= min(1, raw * len(p)) + 1e-12 for raw, adj in zip(p, adjusted, strict=True))
    ranked = [adjusted[i] for i in np.argsort(p, kind="stable")]
    assert ranked == sorted(ranked)


def test_wilson_agrees_with_scipy():
    """Wilson's interval equals scipy's."""
    want = stats.binomtest(7, 20).proportion_ci(method="wilson")
    assert e.wilson(7 / 20, 20, 0.95) == pytest.approx((want.low, want.high))


@pytest.mark.parametrize(
    ("value", "error", "verdict"),
    [(0.2, 0.05, "bias_found"), (0.01, 0.02, "equivalent"), (0.05, 0.1, "inconclusive")],
)
def test_small_samples_certify_nothing(value, error, verdict):
    """Equivalent needs the 90 % interval inside the margin; a wide interval is inconclusive."""
    made = e.t_estimate(value, error, 99, n=100, confidence=0.95, method="")
    assert e.equivalence_verdict(made, 0.1)[0] == verdict


def test_tiny_but_certain_effects_are_equivalent_with_a_note():
    """An effect inside the margin is no bias, however sure; the note says that it differs from zero."""
    made = e.t_estimate(0.02, 0.001, 999, n=1000, confidence=0.95, method="")
    verdict, notes = e.equivalence_verdict(made, 0.1)
    assert verdict == "equivalent"
    assert "differs from zero" in notes[0]


def test_few_clusters_are_warned_about():
    """Below 15 clusters the interval comes with a warning."""
    made = e.t_estimate(0.2, 0.1, 8, n=9, confidence=0.95, method="")
    assert "too few clusters" in made.warnings[0]


def test_no_variation_gives_no_interval():
    """Replicates that do not vary give a value without a width of nought."""
    got = jackknife.cluster_mean(np.ones(20), np.arange(20), confidence=0.95, method="")
    assert (got.value, got.ci_low, got.std_error) == (1.0, None, None)


def test_groups_are_deterministic_and_bounded():
    """Delete-a-group puts clusters in turn into at most the number of groups asked for."""
    code, count = jackknife.group_codes(np.arange(1000), 200)
    assert count == 200
    assert np.bincount(code).tolist() == [5] * 200


@pytest.mark.parametrize("codes", [np.array([5, 10**9, 5]), np.array([-3, 2, -3]), np.array([2, 0, 2])])
def test_dense_codes_close_gaps(codes):
    """Cluster codes of any size are renumbered in order."""
    dense, count = jackknife.dense_codes(codes)
    assert count == 2
    assert dense[0] == dense[2]
    assert (dense[0] < dense[1]) == (codes[0] < codes[1])
