"""The model-level summary test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from judge.analysis.mixed.summary import empirical_logit, summary_test


def test_equals_the_pooled_t_test():
    """Difference, t and p are those of scipy's two-sample t test with equal variances."""
    rng = np.random.default_rng(2)
    x, first = rng.normal(size=12), np.arange(12) < 5
    ours, theirs = summary_test(x, first), stats.ttest_ind(x[first], x[~first])
    assert (ours.t, ours.p) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert ours.p_permutation is None


def test_permutation_counts_all_56_arrangements_of_3_and_5():
    """With 3 and 5 models the smallest exact p is 1/56."""
    test = summary_test([50, 60, 70, 0, 1, 2, 3, 4], [True] * 3 + [False] * 5)
    assert test.p_permutation == pytest.approx(1 / 56)
    assert test.p_floor == pytest.approx(1 / 56)


def test_logit_is_finite_at_both_ends():
    """None and all of n give finite logits, opposite to each other."""
    low, high = empirical_logit([0, 20], [20, 20])
    assert np.isfinite(low)
    assert low == -high


def test_one_kind_only_is_an_error():
    """Nothing can be compared with nothing."""
    with pytest.raises(ValueError, match="each kind needs one"):
        summary_test([1.0, 2.0, 3.0], [True, True, True])
