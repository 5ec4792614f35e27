"""Money: reserved before, settled after, never passed by more than what is in flight."""

from __future__ import annotations

import pytest

from judge.errors import InputError, ServerFault
from judge.runner import Budget, Limits
from tests.runner.virtual import Fake, go, jobs


def price(_request, answer):
    return 0.012 if answer is None else 0.01  # the estimate is a little too high


@pytest.mark.parametrize("concurrency", [1, 7, 64])
def test_cost_is_never_passed(store, concurrency):
    """The run stops below the limit, and uses all of it that the estimate allows."""
    limits, budget = Limits(concurrency=concurrency), Budget(max_cost=1.0, price=price)
    tally, _ = go(store, Fake(), jobs(1000), limits=limits, budget=budget)
    assert tally.stopped == "budget"
    assert 0.98 <= tally.cost <= 1.0
    assert tally.answered == tally.calls


def test_too_low_estimates_pass_by_no_more_than_the_calls_in_flight(store):
    """Even where each call costs ten times its estimate."""

    def cheap(_request, answer):
        return 0.001 if answer is None else 0.01

    budget = Budget(max_cost=1.0, price=cheap)
    tally, _ = go(store, Fake(), jobs(1000), limits=Limits(concurrency=8), budget=budget)
    assert tally.stopped == "budget"
    assert 1.0 <= tally.cost <= 1.0 + 8 * 0.01


def test_calls_are_limited(store):
    """max_calls holds exactly, and failed calls do not count as answers."""

    def rule(_, nth):
        if nth == 1:
            raise ServerFault("500")

    tally, _ = go(store, Fake(rule), jobs(100), budget=Budget(max_calls=30))
    assert (tally.stopped, tally.answered) == ("budget", 30)
    assert store.spent()[0] == 30


def test_earlier_starts_count(store):
    """The budget is that of the run folder, not of one start; a larger one goes on."""
    go(store, Fake(), jobs(100), budget=Budget(max_calls=30))
    tally, _ = go(store, Fake(), jobs(100), budget=Budget(max_calls=30))
    assert (tally.stopped, tally.calls) == ("budget", 0)
    tally, _ = go(store, Fake(), jobs(100), budget=Budget(max_calls=1000))
    assert (tally.stopped, tally.answered, tally.kept) == ("", 70, 30)


def test_enough_budget_is_no_stop(store):
    """A budget that is just enough ends like no budget."""
    tally, _ = go(store, Fake(), jobs(30), budget=Budget(max_calls=30))
    assert (tally.stopped, tally.answered) == ("", 30)


def test_unknown_is_not_free(store):
    """A limit of cost without a price is an error before anything is sent."""
    fake = Fake()
    with pytest.raises(InputError, match=r"no price is known for fake/m(.|\n)*mend"):
        go(store, fake, jobs(3), budget=Budget(max_cost=1.0, price=lambda *_: None))
    assert fake.sent == []


def test_unknown_prices_are_counted(store):
    """Without a limit, calls of unknown price are counted apart and never as 0."""
    tally, _ = go(store, Fake(), jobs(3), budget=Budget(price=lambda *_: None))
    assert (tally.lanes["fake/m"].unpriced, tally.cost) == (3, 0.0)


def test_two_lanes_share_one_budget(store):
    """A lane that waits for the other's reservation goes on when it is given back."""
    budget = Budget(max_cost=1.0, price=lambda _, answer: 0.2 if answer is None else 0.01)
    tally, _ = go(store, Fake(), jobs(40, "a"), jobs(40, "b"), budget=budget)
    assert (tally.answered, tally.stopped) == (80, "")
