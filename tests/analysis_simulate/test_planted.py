"""The generator draws what its design says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from judge.analysis.simulate.naive import ols_p_values
from judge.analysis.simulate.planted import Design, simulate, simulate_duels

BIG = Design(dialogues=4000, scale="continuous")


def test_quality_has_variance_one_and_the_stated_share_between_dialogues():
    """Variance and intra-class correlation are those of the design."""
    study = simulate(BIG, rng=np.random.default_rng(0))
    table = study.quality.reshape(4000, 5)
    assert study.quality.var() == pytest.approx(1, abs=0.05)
    assert np.cov(table[:, 0], table[:, 1])[0, 1] == pytest.approx(0.3, abs=0.05)


def test_features_go_with_quality_and_the_judge_with_both():
    """The correlation, the slope and the planted liking come back from a regression on the truth."""
    study = simulate(replace(BIG, slope=0.7), (0.0, 0.25), rng=np.random.default_rng(1))
    assert np.corrcoef(study.features[:, 0], study.quality)[0, 1] == pytest.approx(0.5, abs=0.02)
    design = np.column_stack([study.quality, study.features, np.ones(study.judge.size)])
    coef = np.linalg.lstsq(design, study.judge, rcond=None)[0]
    np.testing.assert_allclose(coef[:3], [0.7, 0.0, 0.25], atol=0.02)


def test_scores_stay_on_the_scale():
    """Rounded studies hold whole points between the ends; the spread scales quality."""
    study = simulate(Design(levels=(1, 10), spread=2.0), rng=np.random.default_rng(2))
    assert set(np.unique(study.judge)) <= set(range(1, 11))
    assert study.judge.std() > 1.5


def test_missing_and_double_ratings():
    """The stated shares of ratings are missing, and of items rated twice."""
    partly = simulate(Design(raters=6, double=0.2), rng=np.random.default_rng(3))
    count = np.isfinite(partly.human).sum(axis=1)
    assert sorted(np.unique(count)) == [1, 2]
    assert (count == 2).mean() == pytest.approx(0.2)
    gaps = simulate(Design(dialogues=500, missing=0.3), rng=np.random.default_rng(4))
    assert np.isnan(gaps.human).mean() == pytest.approx(0.3, abs=0.02)


def test_position_moves_the_first_slot():
    """A planted advantage shows in both orders; one whose sign varies cancels in the mean."""
    design = Design(dialogues=600)
    rng = np.random.default_rng(5)
    first = simulate_duels(design, position=0.5, rng=rng)
    assert first[:, :, :2].mean() > 0.55
    varying = simulate_duels(design, position=0.5, sign_varies=True, rng=rng)
    assert varying[:, :, :2].mean() == pytest.approx(0.5, abs=0.03)


def test_the_regression_in_use_equals_statsmodels():
    """Plain and cluster-robust p-values are those of the library."""
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(6)
    cluster = np.repeat(np.arange(30), 4)
    x = rng.normal(size=(120, 2))
    y = x[:, 0] * 0.2 + rng.normal(size=30)[cluster] + rng.normal(size=120)
    design = np.column_stack([x, np.ones(120)])
    plain = api.OLS(y, design).fit()
    np.testing.assert_allclose(ols_p_values(y, x), plain.pvalues[:2])
    robust = api.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True)
    np.testing.assert_allclose(ols_p_values(y, x, cluster), robust.pvalues[:2], rtol=1e-6)
