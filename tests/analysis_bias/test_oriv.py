"""The instrumental way to the coefficient."""

from __future__ import annotations

import numpy as np
import pytest

from judge.analysis.bias.eiv import NotIdentified, Ratings, human_moments, mom_eiv
from judge.analysis.bias.oriv import disagreement, oriv


def _study(rng, raters: int = 3, share: float = 1.0):
    n = 240
    q = rng.normal(size=n)
    x = 0.5 * q + rng.normal(size=n)
    human = q[:, None] + rng.normal(size=(n, raters))
    human[rng.random((n, raters)) > share] = np.nan
    judge = 0.8 * q + 0.2 * x + 0.5 * rng.normal(size=n)
    item, rater = np.nonzero(np.isfinite(human))
    return judge, x, human, human_moments(Ratings(item, rater, human[item, rater], n), centre=False)


def _stacked(judge, x, human) -> np.ndarray:
    """Each rating regressed with the mean of the item's others as its instrument, items weighing alike."""
    left, right = np.zeros((3, 3)), np.zeros(3)
    for i, row in enumerate(human):
        scores = row[np.isfinite(row)]
        for r, score in enumerate(scores):
            if scores.size < 2:
                continue
            others = np.delete(scores, r).mean()
            instrument = np.array([others, x[i], 1.0]) / scores.size
            left += np.outer(instrument, [score, x[i], 1.0])
            right += instrument * judge[i]
    return np.linalg.solve(left, right)


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_equals_stacked_instruments(share: float):
    """The closed form is two-stage least squares over all ratings, written out."""
    judge, x, human, people = _study(np.random.default_rng(0), share=share)
    fit = oriv(judge, x, people, np.arange(240) // 4)
    np.testing.assert_allclose(fit.coef[:2], _stacked(judge, x, human)[:2], rtol=1e-9)


def test_agrees_with_the_moments_where_all_rate_all():
    """With every item rated by all the two ways differ by nothing."""
    judge, x, _, people = _study(np.random.default_rng(1))
    cluster = np.arange(240) // 4
    pooled, own = mom_eiv(judge, x, people, cluster), oriv(judge, x, people, cluster)
    np.testing.assert_allclose(pooled.coef, own.coef, rtol=1e-9)
    assert disagreement(pooled, own, 1) <= 0


def test_a_real_difference_is_seen():
    """Noise that goes with the feature parts the two ways, and the difference is told."""
    rng = np.random.default_rng(2)
    n = 3000
    q = rng.normal(size=n)
    x = rng.exponential(size=n) + 0.3 * q
    raters = np.where(x > np.median(x), 4, 2)
    noise = np.where(raters == 4, 1.0, 0.2)
    item = np.repeat(np.arange(n), raters)
    h = q[item] + noise[item] * rng.normal(size=item.size)
    people = human_moments(Ratings(item, np.arange(item.size) % 4, h, n), centre=False)
    cluster = np.arange(n) // 5
    fits = mom_eiv(q, x, people, cluster), oriv(q, x, people, cluster)
    assert disagreement(*fits, 0) > 0.3


def test_without_two_raters_there_are_no_instruments():
    """One rater an item leaves nothing to instrument with."""
    judge, x, human, _ = _study(np.random.default_rng(3))
    people = human_moments(Ratings(np.arange(240), np.zeros(240, int), human[:, 0], 240))
    with pytest.raises(NotIdentified):
        oriv(judge, x, people, np.arange(240) // 4)
