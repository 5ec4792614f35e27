"""Krippendorff's alpha against published values and the library."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest

from judge.analysis.agreement import people
from judge.analysis.agreement.alpha import LEVELS, Labels, alpha, mean_alpha
from judge.analysis.rating_table import encode_ratings
from tests.analysis.frames import planted_ratings, ratings_of

NAN = np.nan
# Hayes & Krippendorff 2007: four observers, twelve units.
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
)
# The three-coder example of the encyclopaedia article.
THREE = np.array(
    [
        [NAN, NAN, NAN, NAN, NAN, 3, 4, 1, 2, 1, 1, 3, 3, NAN, 3],
        [1, NAN, 2, 1, 3, 3, 4, 3, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
        [NAN, NAN, 2, 1, 3, 4, 4, NAN, 2, 1, 1, 3, 3, NAN, 4],
    ]
)


def labels(matrix: np.ndarray, cluster: np.ndarray | None = None) -> Labels:
    """Long form of a matrix of raters by units."""
    unit = np.tile(np.arange(matrix.shape[1]), matrix.shape[0])
    value = matrix.ravel()
    known = ~np.isnan(value)
    return Labels(unit[known], value[known], np.arange(matrix.shape[1]) if cluster is None else cluster)


@pytest.mark.parametrize(("level", "want"), [("nominal", 0.7434), ("ordinal", 0.8154), ("interval", 0.8491)])
def test_published_example(level, want):
    """Krippendorff's 4 x 12 example: .743, .815, .849."""
    assert alpha(labels(EXAMPLE), level).value == pytest.approx(want, abs=5e-5)


@pytest.mark.parametrize(("level", "want"), [("nominal", 0.6914), ("interval", 0.8108)])
def test_three_coders(level, want):
    """The three-coder example: .691, .811."""
    assert alpha(labels(THREE), level).value == pytest.approx(want, abs=5e-5)


@pytest.mark.parametrize("level", LEVELS)
def test_jackknife_equals_recomputation(level):
    """Value and standard error equal those from the library with each cluster left out."""
    rng = np.random.default_rng(3)
    matrix = np.clip(np.round(3 + rng.normal(size=(1, 60)) + rng.normal(size=(4, 60))), 1, 5)
    matrix[rng.random(matrix.shape) < 0.3] = NAN
    cluster = np.repeat(np.arange(20), 3)
    got = alpha(labels(matrix, cluster), level)

    def library(keep: np.ndarray) -> float:
        return krippendorff.alpha(reliability_data=matrix[:, keep], level_of_measurement=level)

    reps = np.array([library(cluster != d) for d in range(20)])
    assert got.value == pytest.approx(library(np.ones(60, dtype=bool)))
    assert got.std_error == pytest.approx(np.sqrt(19 / 20 * ((reps - reps.mean()) ** 2).sum()))


@pytest.mark.parametrize("level", ["ordinal", "interval"])
def test_continuous_scores(level):
    """Scores with many distinct values give the library's alpha; nominal makes no sense there."""
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(1, 24)) + rng.normal(size=(3, 24))
    want = krippendorff.alpha(reliability_data=matrix, level_of_measurement=level)
    got = alpha(labels(matrix), level)
    assert got.value == pytest.approx(want)
    reps = [
        krippendorff.alpha(reliability_data=np.delete(matrix, k, 1), level_of_measurement=level)
        for k in range(24)
    ]
    error = np.sqrt(23 / 24 * ((np.array(reps) - np.mean(reps)) ** 2).sum())
    assert got.std_error == pytest.approx(error)
    assert alpha(labels(matrix), "nominal").value is None


def test_equal_ratings_and_single_raters_are_not_identified():
    """No expected disagreement, or no pair of ratings: no number, and the reason."""
    assert alpha(labels(np.full((3, 5), 2.0)), "ordinal").warnings == ("all ratings are equal",)
    assert alpha(labels(np.arange(5.0)[None]), "ordinal").warnings == ("no unit has two ratings",)


def test_judge_in_each_persons_place():
    """The judge's alpha is the mean of the library's over the people whose place the judge takes."""
    frame = planted_ratings(np.random.default_rng(8), 20, 3, people=3)
    table = encode_ratings(frame, None, "dialogue_id")
    wide = frame.pivot_table(index="rater_id", columns=["dialogue_id", "system_id"], values="score")
    want = np.mean(
        [
            krippendorff.alpha(
                reliability_data=wide.drop(index=name).to_numpy(), level_of_measurement="ordinal"
            )
            for name in ("p0", "p1", "p2")
        ]
    )
    versions = people.replacements(
        table, table.cells.pooled(0, table.people), table.cells.of(0, table.judges[0])
    )
    assert mean_alpha(versions)["ordinal"].value == pytest.approx(want)


def test_a_crowd_gives_way_in_turn():
    """With many people one of them gives way in each item, so that the number of ratings stays."""
    scores = np.random.default_rng(1).integers(1, 6, size=(21, 30, 2)).astype(float)
    scores[:20][np.random.default_rng(2).random((20, 30, 2)) < 0.7] = NAN
    raters = {f"p{k}": "human" for k in range(20)} | {"j": "judge"}
    table = encode_ratings(ratings_of(scores, raters), None, "dialogue_id")
    item, rater, score = table.cells.pooled(0, table.people)
    (version,) = people.replacements(table, (item, rater, score), table.cells.of(0, table.judges[0]))
    many = np.bincount(item)
    assert np.bincount(version.unit).tolist() == many[many >= 2].tolist()


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize("size", [1, 4], ids=["units alone", "units in clusters"])
def test_patterns_are_a_shortcut_only(level, size, monkeypatch):
    """Counting units by their pattern of ratings gives what counting unit by unit gives."""
    rng = np.random.default_rng(3)
    scores = np.clip(np.round(3 + rng.normal(size=(400, 1)) + 0.7 * rng.normal(size=(400, 3))), 1, 5)
    unit, rater = np.nonzero(rng.random(scores.shape) >= 0.1)
    labels = Labels(unit, scores[unit, rater], rng.permutation(400) // size)
    quick = alpha(labels, level)
    monkeypatch.setattr("judge.analysis.agreement.alpha.MAX_PATTERNS", 1)
    slow = alpha(labels, level)
    assert (quick.value, quick.std_error) == pytest.approx((slow.value, slow.std_error), rel=1e-9)
