"""Kappa, AC1, Fleiss and intraclass correlation."""

from __future__ import annotations

import numpy as np
import pytest

from judge.analysis.agreement import chance
from judge.analysis.agreement.icc import FORMS, icc, one_way
from tests.analysis.frames import number

RATERS = np.array(
    [[9.0, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)  # Shrout & Fleiss 1979, six targets, four raters


def test_shrout_and_fleiss():
    """The published example: .1657 .2898 .7148 .4428 .6201 .9093."""
    found = icc(RATERS, np.arange(6))
    want = [0.1657, 0.2898, 0.7148, 0.4428, 0.6201, 0.9093]
    assert [found[form].value for form in FORMS] == pytest.approx(want, abs=5e-5)


@pytest.mark.parametrize("form", FORMS)
def test_icc_jackknife_equals_recomputation(form):
    """The standard error is that of leaving out clusters one by one."""
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(40, 1)) + rng.normal(size=(40, 3)) + np.array([0.0, 0.5, 1.0])
    cluster = np.repeat(np.arange(20), 2)
    reps = [number(icc(matrix[cluster != d], cluster[cluster != d])[form].value) for d in range(20)]
    error = np.sqrt(19 / 20 * ((np.array(reps) - np.mean(reps)) ** 2).sum())
    assert icc(matrix, cluster)[form].std_error == pytest.approx(error)


def test_one_way_equals_the_complete_case():
    """With equal numbers of ratings the unbalanced one-way form is ICC(1)."""
    value, _ = one_way(np.full(6, 4.0), RATERS.sum(axis=1), (RATERS**2).sum(axis=1), np.arange(6))
    assert value == pytest.approx(icc(RATERS, np.arange(6))["ICC(1)"].value)


def weighted(x: np.ndarray, y: np.ndarray, power: int) -> float:
    """Kappa by the textbook formula."""
    values = np.unique(np.concatenate([x, y]))
    table = np.array([[((x == a) & (y == b)).mean() for b in values] for a in values])
    cost = np.abs(values[:, None] - values[None]) ** power if power else 1 - np.eye(values.size)
    return float(1 - (cost * table).sum() / (cost * np.outer(table.sum(1), table.sum(0))).sum())


@pytest.mark.parametrize(("weights", "power"), [("nominal", 0), ("linear", 1), ("quadratic", 2)])
def test_kappa_and_its_jackknife(weights: chance.Weights, power: int):
    """Plain and weighted kappa equal the textbook formula; so does each replicate."""
    rng = np.random.default_rng(2)
    x = rng.integers(1, 6, 90).astype(float)
    y = np.clip(x + rng.integers(-1, 2, 90), 1, 5).astype(float)
    cluster = np.repeat(np.arange(30), 3)
    got = chance.cohen_kappa(x, y, cluster, weights)
    assert got.value == pytest.approx(weighted(x, y, power))
    reps = np.array([weighted(x[cluster != d], y[cluster != d], power) for d in range(30)])
    assert got.std_error == pytest.approx(np.sqrt(29 / 30 * ((reps - reps.mean()) ** 2).sum()))


def test_prevalence_does_not_sink_ac1():
    """With 90 % agreement on one frequent category kappa is below nought, AC1 is .89."""
    x = np.repeat([0.0, 0, 1], [90, 5, 5])
    y = np.repeat([0.0, 1, 0], [90, 5, 5])
    assert chance.cohen_kappa(x, y, np.arange(100), "nominal").value == pytest.approx(-0.0526, abs=5e-5)
    assert chance.gwet_ac1(x, y, np.arange(100)).value == pytest.approx(0.8895, abs=5e-5)


def test_fleiss_published_example():
    """Fleiss' kappa of the well-known table of ten items and fourteen raters: .210."""
    table = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    unit = np.repeat(np.arange(10), 14)
    value = np.concatenate([np.repeat(np.arange(1.0, 6.0), row) for row in table])
    found = chance.fleiss_kappa(unit, value, np.arange(10))
    assert found.value == pytest.approx(0.210, abs=5e-4)
    ragged = chance.fleiss_kappa(unit[:-1], value[:-1], np.arange(10))
    assert ragged.n == 9
    assert "1 items" in ragged.warnings[-1]


def test_degenerate():
    """Equal ratings, nothing in common, one rater: no number, and the reason."""
    same = np.ones(5)
    assert chance.cohen_kappa(same, same, np.arange(5), "nominal").warnings == ("all ratings are equal",)
    nothing = chance.gwet_ac1(np.zeros(0), np.zeros(0), np.zeros(0, dtype=int))
    assert "nothing in common" in nothing.warnings[0]
    assert icc(np.ones((5, 1)), np.arange(5))["ICC(1)"].value is None
    assert icc(np.ones((5, 3)), np.arange(5))["ICC(k)"].warnings == ("all ratings are equal",)
    assert chance.fleiss_kappa(np.arange(4), same[:4], np.arange(4)).value is None
