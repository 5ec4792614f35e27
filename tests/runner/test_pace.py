"""The parts that decide when to send, without any server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import ProviderFailure, RateLimited, RequestRejected, ServerFault
from judge.runner.adaptive import SLOWEST, Flight, Pace
from judge.runner.jobs import Limits
from judge.runner.pace import Bucket, estimated_tokens
from judge.runner.retry import Backoff


@given(st.lists(st.floats(0.0, 2.0), min_size=1, max_size=200), st.floats(1.0, 6000.0))
def test_a_bucket_never_gives_more_than_its_rate(gaps, per_minute):
    """Whatever the gaps between calls, no more than rate x time + one second's worth is handed out."""
    bucket, now, ready = Bucket(per_minute), 0.0, []
    for gap in gaps:
        now += gap
        ready.append(now + bucket.take(1.0, now))
    rate = per_minute / 60.0
    for n, at in enumerate(sorted(ready), 1):
        assert n <= at * rate + max(1.0, rate) + 1e-6


def test_a_clock_that_jumps_on_is_harmless():
    """After a machine slept for a day, no more than one second's allowance has gathered."""
    bucket = Bucket(600.0)
    bucket.take(1.0, now=0.0)
    waits = [bucket.take(1.0, now=86_400.0) for _ in range(20)]
    assert sum(wait == 0.0 for wait in waits) == 10


@given(st.lists(st.booleans(), max_size=300), st.floats(0.001, 1.0))
def test_the_pace_stays_sane(refusals, gap):
    """Whatever the server does, the pace never falls below its floor and never goes negative or mad."""
    pace, now = Pace(), 0.0
    for refused in refusals:
        now += max(gap, pace.wait(now))
        pace.sent(now)
        if refused:
            pace.refused(now, now)
        assert pace.rate >= SLOWEST
        assert 0.0 <= pace.wait(now) <= 1.0 / SLOWEST + 0.2


def test_the_pace_comes_back_when_the_limit_is_lifted():
    """After a bad minute the lane is at a hundred calls a second in two minutes, from one in five seconds."""
    pace, now = Pace(), 0.0
    for _ in range(20):
        now += pace.wait(now)
        pace.sent(now)
        pace.refused(now, now)
    assert pace.rate < 10.0
    lifted = now
    while pace.rate < 100.0:
        now += pace.wait(now)
        pace.sent(now)
    assert now - lifted < 150.0


def test_timeouts_cut_what_is_in_flight_and_answers_bring_it_back():
    """A server that is overrun gets less, and everything again when it answers."""
    flight = Flight(ceiling=64, timeout=10.0)
    for now in (10.0, 20.0, 30.0):
        flight.timed_out(now, sent_at=now - 5.0 if now > 10.0 else 0.0)
    cut = flight.limit
    assert cut < 64 * 0.7**1.5
    for n in range(5000):
        flight.answered(40.0 + n * 0.1, latency=0.5)
    assert flight.limit == 64.0


def test_latency_near_the_timeout_cuts_before_calls_are_lost():
    """Slowness is a reason to send less."""
    flight = Flight(ceiling=64, timeout=10.0)
    for n in range(50):
        flight.answered(float(n), latency=8.0)
    assert flight.limit < 64.0


def test_one_call_stays():
    """However bad it gets, one call at a time is still tried."""
    flight = Flight(ceiling=4, timeout=1.0)
    for n in range(50):
        flight.timed_out(float(n + 1), sent_at=float(n + 1))
    assert flight.limit == 1.0


def delay(
    failure: ProviderFailure, attempts: int = 1, now: float = 0.0, limits: Limits | None = None
) -> float | None:
    return Backoff(limits or Limits()).delay(failure, attempts=attempts, first_at=0.0, now=now)


def test_waits_grow_and_are_bounded():
    """Each wait is about twice the one before, up to half a minute."""
    limits = Limits(max_attempts=99)
    waits = [delay(ServerFault("500"), n, limits=limits) or 0.0 for n in range(1, 20)]
    assert all(0.1 * 2**n <= wait <= 0.1 * 2**n + 0.15 for n, wait in enumerate(waits[:6]))
    assert max(waits) <= 30.2


def test_the_servers_word_is_kept_to():
    """Retry-After is a lower bound, however few attempts there were."""
    assert delay(RateLimited("429", retry_after=17.0)) == 17.0
    assert delay(ServerFault("503", retry_after=5.0)) == 5.0


@pytest.mark.parametrize(
    ("failure", "attempts", "now"),
    [(RequestRejected("400"), 1, 0.0), (ServerFault("500"), 8, 1.0), (RateLimited("429"), 1, 1000.0)],
)
def test_giving_up(failure, attempts, now):
    """Not retryable, too many attempts, too long: no further call."""
    assert delay(failure, attempts, now) is None


def test_token_estimates_look_into_everything():
    """System prompts, blocks and both names of the answer's limit count."""
    body = {"system": "x" * 40, "messages": [{"content": [{"type": "text", "text": "y" * 36}]}]}
    assert estimated_tokens(body) == 20
    assert estimated_tokens({**body, "max_completion_tokens": 100}) == 120
    assert estimated_tokens("odd") == 0
