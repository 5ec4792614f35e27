"""The certificate: its arithmetic, its independence of order, and the quick table itself."""

from __future__ import annotations

import numpy as np
import pytest

from judge.analysis.simulate.certificate import Measure, Scenario, certify
from judge.analysis.simulate.scenarios import scenarios


def _coin(name: str, chance: float, kind: str = "fpr", quick: int = 50) -> Scenario:
    def trial(rng: np.random.Generator) -> dict[str, float]:
        return {"hit": float(rng.random() < chance)}

    return Scenario(name, "a coin", trial, (Measure("hit", "coin", kind),), runs=400, quick=quick)


def test_the_same_seed_gives_the_same_rows_in_any_order():
    """A scenario's rows depend on seed and name only."""
    pair = [_coin("one", 0.05), _coin("two", 0.05)]
    forth = {row.scenario: row for row in certify(pair, seed=3)}
    back = {row.scenario: row for row in certify(pair[::-1], seed=3)}
    assert forth == back
    assert forth["one"].value != next(certify([_coin("one", 0.05)], seed=4)).value


def test_a_diagnostic_that_rejects_too_often_fails():
    """A coin of .15 does not pass for .05; one of .05 does."""
    (bad,) = certify([_coin("bad", 0.15)])
    (good,) = certify([_coin("good", 0.05)])
    assert bad.passed is False
    assert good.passed is True


def test_limits_widen_with_few_studies_and_never_narrow():
    """The accepted range at 1,000 studies is the stated one; below it is wider, above it is not narrower."""
    measure = Measure("x", "x", "fpr")
    assert measure.limits(1000) == measure.limits(10_000) == (0.02, 0.07)
    limits = [measure.limits(n) or (0.0, 0.0) for n in (30, 100, 300, 1000)]
    widths = [high - low for low, high in limits]
    assert widths == sorted(widths, reverse=True)


def test_what_is_shown_for_comparison_is_held_to_nothing():
    """Analyses in use neither pass nor fail."""
    (row,) = certify([_coin("naive", 0.9, "naive")])
    assert row.passed is None


def test_quick_leaves_out_what_is_only_in_the_full_table():
    """A scenario without a quick number is not drawn in the quick table."""
    assert [r.scenario for r in certify([_coin("a", 0.05), _coin("b", 0.05, quick=0)], quick=True)] == ["a"]


def test_a_share_of_what_does_not_apply_counts_only_what_does():
    """Not-a-number means: this study says nothing about this measure."""

    def trial(rng: np.random.Generator) -> dict[str, float]:
        return {"hit": 1.0 if rng.random() < 0.5 else float("nan")}

    (row,) = certify([Scenario("half", "", trial, (Measure("hit", "", "naive"),), runs=100)])
    assert row.value == 1
    assert 30 < row.n_runs < 70


def test_names_are_unique():
    """Names seed the scenarios: two alike would be the same studies."""
    names = [scenario.name for scenario in scenarios()]
    assert len(names) == len(set(names))


@pytest.mark.slow
def test_every_promise_is_kept_in_the_quick_table():
    """The quick certificate passes: the audit of the auditor, through the estimators that ship."""
    rows = list(certify(scenarios(), quick=True))
    assert len(rows) > 50
    assert not [(row.scenario, row.diagnostic, row.value) for row in rows if row.passed is False]


@pytest.mark.parametrize("scenario", [s for s in scenarios() if not s.quick], ids=lambda s: s.name)
def test_every_scenario_of_the_full_table_runs(scenario: Scenario):
    """What the quick table leaves out can be drawn, and counts what it says."""
    happened = scenario.trial(np.random.default_rng(0))
    assert {measure.key for measure in scenario.measures} <= set(happened)
