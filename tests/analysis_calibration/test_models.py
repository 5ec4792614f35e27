"""Isotonic and ordinal calibration against other libraries, and the cross-fitted measures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.analysis.calibration.crossfit import Labelled, cross_fitted, measures
from judge.analysis.calibration.isotonic import fit_isotonic
from judge.analysis.calibration.ordinal import fit_ordinal


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), st.floats(-3, 3)), min_size=1, max_size=40))
def test_isotonic_agrees_with_scikit_learn(rows: list[tuple[int, float]]):
    """Fit and predictions, also between and beyond the scores seen, are those of IsotonicRegression."""
    sklearn = pytest.importorskip("sklearn.isotonic")
    x, y = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    other = sklearn.IsotonicRegression(out_of_bounds="clip").fit(x, y)
    at = np.linspace(-1, 8, 37)
    assert fit_isotonic(x, y).predict(at) == pytest.approx(other.predict(at), abs=1e-9)


def _ratings(rng: np.random.Generator, n: int = 600, slope: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    x = rng.integers(1, 6, n).astype(float)
    latent = slope * (x - 3) + rng.logistic(size=n)
    return x, 1.0 + (latent[:, None] > np.array([-2.0, 0.0, 2.0])).sum(axis=1)


def test_ordinal_agrees_with_statsmodels():
    """Cuts and slope are the maximum-likelihood estimates of OrderedModel."""
    ordinal = pytest.importorskip("statsmodels.miscmodels.ordinal_model")
    x, y = _ratings(np.random.default_rng(1))
    mine = fit_ordinal(x, y)
    other = ordinal.OrderedModel(y, ((x - x.mean()) / x.std())[:, None], distr="logit")
    found = other.fit(method="bfgs", disp=False, gtol=1e-8)
    assert mine.slope == pytest.approx(found.params[0], abs=1e-4)
    assert mine.cuts == pytest.approx(other.transform_threshold_params(found.params)[1:-1], abs=1e-4)
    at = (np.array([1.0, 3.0, 5.0]) - x.mean()) / x.std()
    assert mine.probabilities([1, 3, 5]) == pytest.approx(found.predict(exog=at[:, None]), abs=1e-4)


def test_ordinal_survives_separation_and_constant_input():
    """A perfect judge, a constant judge and constant people all give finite, sensible predictions."""
    x = np.repeat([1.0, 2.0, 3.0], 20)
    assert fit_ordinal(x, x).predict([1, 2, 3]) == pytest.approx([1, 2, 3], abs=0.05)
    assert fit_ordinal(np.ones(60), x).predict([1.0]) == pytest.approx([2.0], abs=1e-6)
    assert fit_ordinal(x, np.full(60, 4.0)).predict([1.0, 9.0]).tolist() == [4.0, 4.0]
    with pytest.raises(ValueError, match="no ordinal scale"):
        fit_ordinal(np.arange(20.0), np.arange(20.0))


def _labelled(rng: np.random.Generator, dialogues: int = 60, systems: int = 5) -> Labelled:
    n = dialogues * systems
    cluster = np.repeat(np.arange(dialogues), systems)
    quality = rng.normal(size=n) + 0.7 * rng.normal(size=dialogues)[cluster]
    score = np.clip(np.round(3.8 + 1.3 * quality + 0.5 * rng.normal(size=n)), 1, 5)
    rating = np.clip(np.round(3 + quality[:, None] + rng.normal(size=(n, 2))), 1, 5)
    return Labelled(score, rating.mean(axis=1), cluster, np.repeat(np.arange(n), 2), rating.ravel())


def test_calibration_repairs_a_generous_stretched_judge():
    """Cross-fitted models lower RMSE and ECE and bring the slope to 1; the raw judge's slope is below 1."""
    data = _labelled(np.random.default_rng(4))
    found = {
        m: measures(data, cross_fitted(data, m, rng=np.random.default_rng(0)), 0.95, m)
        for m in ("raw", "isotonic", "ordinal")
    }
    raw = found["raw"]
    assert raw["calibration_slope"].ci_high < 1  # type: ignore[operator]
    for method in ("isotonic", "ordinal"):
        assert found[method]["rmse"].value < raw["rmse"].value - 0.2  # type: ignore[operator]
        assert found[method]["ece"].ci_high < raw["ece"].ci_low  # type: ignore[operator]
        slope = found[method]["calibration_slope"]
        assert slope.ci_low < 1 < slope.ci_high  # type: ignore[operator]


def test_cross_fitting_never_sees_its_own_dialogue():
    """Where each dialogue has a label of its own that nothing predicts, the slope is not above nought."""
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(40), 5)
    score = np.repeat(np.arange(40.0), 5)
    label = np.repeat(rng.integers(1, 6, 40).astype(float), 5)
    data = Labelled(score, label, cluster, np.arange(200), label)
    held = cross_fitted(data, "isotonic", rng=rng)
    seen = fit_isotonic(score, label).predict(score)
    assert np.mean((label - held) ** 2) > np.mean((label - seen) ** 2) + 0.3


def test_measures_of_constant_predictions_say_that_there_is_no_slope():
    """A constant prediction has an error but no slope."""
    data = _labelled(np.random.default_rng(2), dialogues=20)
    found = measures(data, np.full(data.score.size, 3.0), 0.95, "constant")
    assert not found["calibration_slope"].identified
    assert found["rmse"].identified


def test_the_slope_s_interval_covers():
    """95 % intervals of the slope cover its true value in 91 to 99 % of 150 clustered studies."""
    hits = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        cluster = np.repeat(np.arange(50), 4)
        p = rng.normal(size=200) + rng.normal(size=50)[cluster]
        y = 0.8 * p + rng.normal(size=200) + rng.normal(size=50)[cluster]
        data = Labelled(p, y, cluster, np.arange(200), y)
        slope = measures(data, p, 0.95, "")["calibration_slope"]
        hits += slope.ci_low < 0.8 < slope.ci_high  # type: ignore[operator]
    assert 0.91 <= hits / 150 <= 0.99
