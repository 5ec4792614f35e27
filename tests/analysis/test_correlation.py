"""Correlations and their leave-one-out replicates, by three roads."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judge.analysis.agreement import correlation, dominance, levels, rank_sums, tables
from judge.analysis.agreement.matched import Matched
from judge.analysis.agreement.systems import system_level
from judge.analysis.jackknife import dense_codes
from judge.analysis.rating_table import encode_ratings
from tests.analysis.frames import number, ratings_of

if TYPE_CHECKING:
    from collections.abc import Callable

X = np.array([1.0, 2, 2, 3, 4, 4, 5, 1, 3, 5])
Y = np.array([1.0, 1, 2, 3, 3, 4, 5, 2, 3, 4])
SCIPY: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "pearson": lambda a, b: stats.pearsonr(a, b).statistic,
    "spearman": lambda a, b: stats.spearmanr(a, b).statistic,
    "kendall_tau_b": lambda a, b: stats.kendalltau(a, b).statistic,
    "kendall_tau_c": lambda a, b: stats.kendalltau(a, b, variant="c").statistic,
}


def test_reference_values():
    """The ten-row example: tau-b .8355099778, tau-c .825, rho .9182571549."""
    found = correlation.correlate(X, Y, np.arange(10), statistics=tuple(SCIPY))
    want = {"kendall_tau_b": 0.8355099778, "kendall_tau_c": 0.825, "spearman": 0.9182571549}
    assert {name: found[name].value for name in want} == pytest.approx(want, abs=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 6)), min_size=12, max_size=40),
    st.sampled_from(sorted(SCIPY)),
)
@settings(max_examples=60, deadline=None)
def test_closed_forms_equal_recomputation(rows, name):
    """Counts, closed forms and scipy on the remaining rows give the same replicates."""
    x, y, cluster = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    code, count = dense_codes(cluster.astype(int))
    if correlation.degenerate(x, y):
        return
    level_x, x_code = np.unique(x, return_inverse=True)
    level_y, y_code = np.unique(y, return_inverse=True)
    by_table = tables.leave_one_out(x_code, y_code, code, (level_x, level_y), (name,))
    by_sums = rank_sums.leave_one_out(name, x, y, code, count)
    assert by_table[0][name] == pytest.approx(by_sums[0])
    np.testing.assert_allclose(by_table[1][name], by_sums[1], atol=1e-9, equal_nan=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's own, where deleting a cluster leaves a constant column
        for number in range(count):
            keep = code != number
            if correlation.degenerate(x[keep], y[keep]):
                continue
            assert by_sums[1][number] == pytest.approx(SCIPY[name](x[keep], y[keep]), abs=1e-9)


def test_roads_agree_on_continuous_scores():
    """Closed forms equal recomputation where every score is different."""
    rng = np.random.default_rng(4)
    x, cluster = rng.normal(size=80), rng.integers(0, 20, 80)
    y = x + rng.normal(size=80)
    code, count = dense_codes(cluster)
    for name, scipy in SCIPY.items():
        if name == "kendall_tau_c":
            continue
        value, without = rank_sums.leave_one_out(name, x, y, code, count)
        assert value == pytest.approx(scipy(x, y))
        want = [scipy(x[code != d], y[code != d]) for d in range(count)]
        np.testing.assert_allclose(without, want, atol=1e-12)


def test_grouped_road_is_named_and_close(monkeypatch):
    """With few pairs allowed the jackknife deletes groups, says so, and gives about the same error."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=800)
    y = x + rng.normal(size=800)
    exact = correlation.correlate(x, y, np.arange(800))["spearman"]
    monkeypatch.setattr(correlation, "MAX_PAIRS", 100)
    grouped = correlation.correlate(x, y, np.arange(800))["spearman"]
    assert "delete-a-group jackknife, 200 groups" in grouped.method
    assert grouped.value == pytest.approx(exact.value)
    assert grouped.std_error == pytest.approx(exact.std_error, rel=0.2)


def test_planted_normal_correlation():
    """Of bivariate normal data Spearman is (6/pi) asin(rho/2) and Kendall (2/pi) asin(rho)."""
    rng = np.random.default_rng(6)
    rho, n = 0.6, 200_000
    x = rng.normal(size=n)
    y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n)
    assert correlation.plain("spearman", x, y) == pytest.approx(6 / np.pi * np.arcsin(rho / 2), abs=0.005)
    assert correlation.plain("kendall_tau_b", x, y) == pytest.approx(2 / np.pi * np.arcsin(rho), abs=0.005)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_dominance_counts(points):
    """Counts of dominated points equal counting one by one, ties included."""
    x, y = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    a, b, c, d = dominance.prepare(x, y).corners(x, y)
    for place, (px, py) in enumerate(points):
        want = [
            ((x < px) & (y < py)).sum(),
            ((x < px) & (y <= py)).sum(),
            ((x <= px) & (y < py)).sum(),
            ((x <= px) & (y <= py)).sum(),
        ]
        assert [a[place], b[place], c[place], d[place]] == want


def test_perfect_agreement_gets_no_interval():
    """A correlation of one in every replicate is given without an interval, and says why."""
    found = correlation.correlate(X, X, np.arange(10))["spearman"]
    assert found.value == 1.0
    assert found.ci_low is None
    assert "no variation" in found.warnings[0]


@pytest.mark.parametrize("column", [0, 1])
def test_constant_scores_are_not_identified(column):
    """A constant column gives no number and says whose it is."""
    data = [X, Y]
    data[column] = np.full(10, 3.0)
    found = correlation.correlate(data[0], data[1], np.arange(10))["kendall_tau_b"]
    assert found.value is None
    assert "constant" in found.warnings[0]


def matched(seed: int = 0, dialogues: int = 30, systems: int = 5) -> Matched:
    """Judge and people on all items of a small study."""
    rng = np.random.default_rng(seed)
    quality = rng.normal(size=(dialogues, systems))
    judge = np.clip(np.round(3 + quality + rng.normal(size=quality.shape)), 1, 5).ravel()
    people = np.round(3 + quality + rng.normal(size=quality.shape), 1).ravel()
    dialogue = np.repeat(np.arange(dialogues), systems)
    return Matched(judge, people, dialogue, np.tile(np.arange(systems), dialogues), dialogue)


def test_context_level_is_the_mean_of_each_dialogue():
    """The context level averages scipy's correlations over dialogues that have one."""
    data = matched()
    found = levels.context_level(data, 0.95)
    for name in correlation.STATISTICS:
        each = []
        for d in range(30):
            rows = data.dialogue == d
            if np.ptp(data.judge[rows]) and np.ptp(data.people[rows]):
                each.append(SCIPY[name](data.judge[rows], data.people[rows]))
        assert found[name].value == pytest.approx(np.mean(each))
        assert found[name].clusters == len(each)


def test_system_level_jackknifes_over_dialogues():
    """The system level correlates means; its replicates leave out dialogues."""
    data = matched(systems=7)
    found = system_level(data, 0.95)

    def of(keep: np.ndarray) -> float:
        means = [[v[keep & (data.system == s)].mean() for s in range(7)] for v in (data.judge, data.people)]
        return SCIPY["pearson"](np.array(means[0]), np.array(means[1]))

    reps = np.arctanh([of(data.dialogue != d) for d in range(30)])
    assert found["pearson"].value == pytest.approx(of(np.ones(data.judge.size, dtype=bool)))
    error = np.sqrt(29 / 30 * ((reps - reps.mean()) ** 2).sum())
    assert found["pearson"].std_error == pytest.approx(error * (1 - number(found["pearson"].value) ** 2))
    assert found["pearson"].n == 7


def test_two_systems_have_no_system_level():
    """A correlation of two systems is not identified."""
    assert system_level(matched(systems=2), 0.95)["spearman"].value is None


def test_undefined_dialogues_are_counted():
    """The share of dialogues with constant scores is a warning."""
    scores = np.full((2, 6, 4), 3.0)
    scores[:, :3] = [[1, 2, 3, 4]]
    table = encode_ratings(ratings_of(scores, {"p": "human", "j": "judge"}), None, "dialogue_id")
    items, judge = table.cells.of(0, table.judges[0])
    people = table.cells.of(0, table.people[0])[1]
    data = Matched(judge, people, items // 4, items % 4, items // 4)
    found = levels.context_level(data, 0.95)["spearman"]
    assert found.value == 1.0
    assert any("50.0% of 6 dialogues are undefined" in text for text in found.warnings)


def simulated(rng: np.random.Generator, dialogues: int, systems: int = 5) -> tuple[np.ndarray, ...]:
    """Judge and mean of three people, 1-5, with a strong dialogue part; and the clusters."""
    quality = rng.normal(size=(dialogues, systems)) + 0.7 * rng.normal(size=(dialogues, 1))
    scores = np.clip(np.round(3 + quality + 0.7 * rng.normal(size=(4, dialogues, systems))), 1, 5)
    return scores[0].ravel(), scores[1:].mean(axis=0).ravel(), np.repeat(np.arange(dialogues), systems)


@pytest.mark.parametrize("dialogues", [30, 100])
def test_interval_covers(dialogues):
    """95 % intervals of the item-level Spearman cover the truth in 92-98.5 % of clustered samples."""
    judge, people, _ = simulated(np.random.default_rng(99), 20_000)
    truth = correlation.plain("spearman", judge, people)
    runs, hits = 400, 0
    for run in range(runs):
        judge, people, cluster = simulated(np.random.default_rng(run), dialogues)
        got = correlation.correlate(judge, people, cluster, statistics=("spearman",))["spearman"]
        assert got.ci_low is not None
        assert got.ci_high is not None
        hits += got.ci_low <= truth <= got.ci_high
    assert 0.92 <= hits / runs <= 0.985
