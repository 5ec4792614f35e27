"""Stopping early: the error rates hold however often one looks."""

from __future__ import annotations

import numpy as np
import pytest

from judge.analysis.inputs import AuditOptions
from judge.analysis.ranking.eprocess import confidence_sequence, log_betting
from judge.analysis.ranking.stopping import anytime_interval, log_wealth, look, stopping_findings
from tests.analysis.frames import wtl

LOOKS = (20, 40, 60, 80, 100, 120, 140, 160, 180, 200)


def run_of(rng: np.random.Generator, win: float, size: int = LOOKS[-1]) -> np.ndarray:
    """Order-averaged scores with a fifth of halves."""
    score = (rng.random(size) < win).astype(float)
    score[rng.random(size) < 0.2] = 0.5
    return score


def test_the_wealth_is_that_of_the_sequential_bets():
    """The closed form over counts equals the betting process played out one score after the other."""
    rng = np.random.default_rng(1)
    scores = rng.choice([0, 0.25, 0.5, 0.75, 1.0], size=60)
    for mean in (0.2, 0.5, 0.83):
        assert log_wealth(scores, mean)[0] == pytest.approx(log_betting(scores, mean)[-1])


def test_equal_systems_are_called_different_at_most_as_often_as_promised():
    """Ten looks at equal systems, 1,000 runs: at most alpha = .05 are ever called different."""
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(1000):
        path = log_betting(run_of(rng, 0.5))
        wrong += bool((path[np.array(LOOKS) - 1] >= np.log(20)).any())
    assert wrong / 1000 <= 0.05


def test_the_interval_holds_at_every_look():
    """A win rate of .6 stays inside the interval at all of five looks in at least 95 % of 200 runs."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        scores = (rng.random(200) < 0.6).astype(float)
        ends = [anytime_interval(scores[:n], 0.05, grid=100) for n in LOOKS[::2]]
        held += all(low <= 0.6 <= high for low, high in ends)
    assert held / 200 >= 0.95


def test_a_clear_difference_stops_long_before_the_end():
    """At a win rate of .8 the median run is over by 80 of 200 dialogues."""
    rng = np.random.default_rng(4)
    stops = []
    for _ in range(100):
        scores = run_of(rng, 0.8)
        stops.append(next((n for n in LOOKS if look([scores[:n]])[0].state == "different"), 999))
    assert np.median(stops) <= 80


def test_several_pairs_pay_for_their_number():
    """One e-value of 25 is enough alone and not enough among five pairs of which four show nothing."""
    strong = [1.0] * 10 + [0.5]
    assert np.log(20) <= log_wealth(strong)[0] < np.log(100)
    assert look([strong])[0].state == "different"
    assert look([strong, *([[1.0, 0.0] * 5] * 4)])[0].state == "open"


def test_the_order_does_not_matter_for_the_interval():
    """The interval after the fact can be computed from a table, whose order is not that of the run."""
    scores = np.repeat([1.0, 0.5, 0.0], [70, 20, 40])
    shuffled = np.random.default_rng(5).permutation(scores)
    assert anytime_interval(scores, 0.05) == anytime_interval(shuffled, 0.05)
    low, high = confidence_sequence(shuffled, 0.05)
    ours = anytime_interval(shuffled, 0.05)
    assert ours[0] <= low <= high <= ours[1]  # the running form can only be narrower


def test_findings_carry_the_interval_that_stays_valid():
    """Win rate, interval and p of the family stopping are those of the bets on the dialogues."""
    frame = wtl(30, 4, 6)
    (found,) = stopping_findings(frame, None, AuditOptions())
    scores = np.repeat([1.0, 0.5, 0.0], [30, 4, 6])
    assert found.estimate == pytest.approx(0.8)
    assert (found.ci_low, found.ci_high) == anytime_interval(scores, 1 - 0.95)
    assert found.p == pytest.approx(np.exp(-log_wealth(scores)[0]))
