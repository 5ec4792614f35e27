"""The runner asks everything, nothing twice, and gives up only where nothing helps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from judge.errors import (
    ContentFiltered,
    CredentialsError,
    InputError,
    KeyRefused,
    RateLimited,
    RequestRejected,
    ServerFault,
    StoreError,
    Unfinished,
    Unsupported,
)
from judge.runner import Job, Limits, run
from judge.store import PlanRow, SqliteStore, request_key
from judge.types import Answer, Request, Usage
from tests.runner.virtual import Fake, go, jobs, now, request

if TYPE_CHECKING:
    from collections.abc import Iterator


def key(number: int) -> str:
    return request_key(request(number))


def test_everything_is_asked_and_kept(store):
    """Each job has its answer in the store, and the tally adds up."""
    fake = Fake()
    tally, seconds = go(store, fake, jobs(200), limits=Limits(concurrency=10))
    assert (tally.answered, tally.kept, tally.failed, tally.calls, tally.stopped) == (200, 0, 0, 200, "")
    assert all(store.has(key(n)) for n in range(200))
    assert fake.most_in_flight == 10
    assert seconds == pytest.approx(20.0)
    assert tally.seconds == pytest.approx(20.0)


def test_nothing_is_asked_twice(store):
    """A second run asks only what is new; a question that appears twice is asked once."""
    go(store, Fake(), jobs(30))
    again = Fake()
    tally, _ = go(store, again, [*jobs(40), *jobs(40)])
    assert [r.body["q"] for _, r in again.sent] == [f"question {n}" for n in range(30, 40)]
    assert (tally.kept, tally.answered) == (70, 10)


def test_no_jobs_no_time(store):
    """An empty plan is done at once, and so is no plan at all."""
    assert go(store, Fake(), [])[0].answered == 0
    assert go(store, Fake())[1] == 0.0


def test_jobs_are_pulled_no_faster_than_they_are_sent(store):
    """A stream of many jobs never has more than a few dozen on the way."""
    pulled = 0

    def stream() -> Iterator[Job]:
        nonlocal pulled
        for job in jobs(1000):
            pulled += 1
            yield job

    ahead = 0

    def rule(*_):
        nonlocal ahead
        ahead = max(ahead, pulled - len(fake.sent))

    fake = Fake(rule)
    go(store, fake, stream(), limits=Limits(concurrency=8))
    assert pulled == 1000
    assert ahead <= 8 + 16 + 2


def test_a_slow_judge_does_not_hold_up_another(store):
    """Two streams go on independently: the fast one is done long before the slow one."""
    done = {}

    def rule(asked, _):
        done[asked.model] = now()

    class Two(Fake):
        async def send(self, asked):
            self.latency = 10.0 if asked.model == "slow" else 0.1
            return await super().send(asked)

    _, seconds = go(store, Two(rule), jobs(40, "slow"), jobs(400, "fast"), limits=Limits(concurrency=4))
    assert done["fast"] < 11.0
    assert seconds == pytest.approx(100.0)


def test_judges_in_one_stream_share_it_fairly(store):
    """Lanes fed by one mixed stream each keep their own calls in flight."""
    mixed = [job for n in range(60) for job in (*jobs(1, "a", n), *jobs(1, "b", n))]
    tally, seconds = go(store, Fake(), mixed, limits=Limits(concurrency=5))
    assert tally.answered == 120
    assert {name: lane.answered for name, lane in tally.lanes.items()} == {"fake/a": 60, "fake/b": 60}
    assert seconds == pytest.approx(12.0)


def test_faults_are_retried(store):
    """A server fault or a dropped connection costs a call, not a verdict."""

    def rule(asked, nth):
        if nth <= 3:
            raise ServerFault("500")

    tally, _ = go(store, Fake(rule), jobs(20))
    assert (tally.answered, tally.failed, tally.calls) == (20, 0, 80)
    assert tally.lanes["fake/m"].retries == 60


@pytest.mark.parametrize(
    ("failure", "kind"),
    [(ContentFiltered("no"), "content_filter"), (RequestRejected("bad"), "provider_error")],
)
def test_what_cannot_help_is_not_retried(store, failure, kind):
    """A filter or a rejected request fails after one call, with its kind and words."""

    def rule(*_):
        raise failure

    tally, _ = go(store, Fake(rule), jobs(3))
    assert tally.calls == 3
    assert tally.lanes["fake/m"].failures == {kind: 3}
    failed = store.failure(key(0))
    assert failed is not None
    assert (failed.kind, failed.message) == (kind, str(failure))


def test_attempts_are_bounded(store):
    """A question that fails on every try becomes a failure after max_attempts calls."""

    def rule(asked, _):
        if asked.body["q"] == "question 1":
            raise ServerFault("500")

    tally, _ = go(store, Fake(rule), jobs(5), limits=Limits(max_attempts=4))
    assert (tally.answered, tally.failed, tally.calls) == (4, 1, 8)
    failed = store.failure(key(1))
    assert failed is not None
    assert (failed.kind, failed.attempts) == ("provider_error", 4)


def test_failures_are_asked_again_by_the_next_run(store):
    """A failure is news, not an answer."""

    def rule(*_):
        raise ContentFiltered("no")

    go(store, Fake(rule), jobs(2))
    tally, _ = go(store, Fake(), jobs(2))
    assert tally.answered == 2
    assert store.failure(key(0)) is None


def test_a_server_that_never_answers(store):
    """Each call ends at its timeout, each question as a timeout, and the run itself ends."""
    tally, _ = go(store, Fake(latency=1e9), jobs(3), limits=Limits(timeout=5.0, max_attempts=2))
    assert tally.lanes["fake/m"].failures == {"timeout": 3}
    failed = store.failure(key(0))
    assert failed is not None
    assert failed.message == "no answer within 5 s"


def test_a_server_that_is_down_stops_the_run(store):
    """Thousands of questions are not marked as failed because of one outage."""

    def rule(asked, _):
        if int(asked.body["q"].split()[1]) >= 50:
            raise ServerFault("connection refused")

    with pytest.raises(Unfinished, match=r"calls failed in a row.*connection refused\n  mend:"):
        go(store, Fake(rule), jobs(10_000), limits=Limits(concurrency=20))
    assert all(store.has(key(n)) for n in range(50))
    assert sum(store.failure(key(n)) is not None for n in range(50, 300)) < 100


def test_a_server_that_takes_no_request_stops_the_run(store):
    """A wrong model name is told after a few calls, not as thousands of failures."""

    def rule(*_):
        raise RequestRejected("no such model", status=404)

    fake = Fake(rule)
    with pytest.raises(
        Unfinished, match=r"takes none of our requests: no such model\n  mend: check the model"
    ):
        go(store, fake, jobs(10_000), limits=Limits(concurrency=20))
    assert len(fake.sent) < 130


def test_some_rejected_requests_are_failures(store):
    """Where other requests are answered, a rejected one is only its own failure."""

    def rule(asked, _):
        if int(asked.body["q"].split()[1]) % 2:
            raise RequestRejected("too long", status=400)

    tally, _ = go(store, Fake(rule), jobs(400))
    assert (tally.answered, tally.failed) == (200, 200)


def test_a_fault_inside_a_provider_is_one_failure(store):
    """Whatever a provider raises, the run goes on."""

    def rule(asked, _):
        if asked.body["q"] == "question 3":
            raise ZeroDivisionError("division by zero")

    tally, _ = go(store, Fake(rule), jobs(10))
    assert (tally.answered, tally.failed) == (9, 1)
    failed = store.failure(key(3))
    assert failed is not None
    assert failed.message == "ZeroDivisionError: division by zero"


def test_a_refused_key_stops_everything_and_loses_nothing(store):
    """After the first 401 nothing new is sent; what was in flight still arrives and is kept."""

    def rule(asked, _):
        if asked.body["q"] == "question 50":
            raise KeyRefused("401", status=401)

    fake = Fake(rule)
    with pytest.raises(CredentialsError, match="fake/m: 401"):
        go(store, fake, jobs(1000), limits=Limits(concurrency=10))
    assert len(fake.sent) <= 61
    assert sum(store.has(key(n)) for n in range(100)) == len(fake.sent) - 1


def test_retry_after_is_kept_to(store):
    """The server's own word counts for the call, and for the whole lane where it is more than a second."""

    def rule(asked, nth):
        if asked.body["q"] == "question 0" and nth == 1:
            raise RateLimited("slow down", retry_after=30.0)

    fake = Fake(rule, latency=0.5)
    tally, seconds = go(store, fake, jobs(100), limits=Limits(concurrency=5))
    assert tally.answered == 100
    assert not [at for at, _ in fake.sent if 0.1 < at < 30.0]
    assert seconds > 30.0


@pytest.mark.parametrize("count", [300, 1000])
def test_a_rate_limit_is_learnt(store, count):
    """Against a limit of 200 a second the run takes little more than the limit's own minimum."""
    level, at = 21.0, 0.0

    def rule(*_):
        nonlocal level, at
        level, at = min(21.0, level + (now() - at) * 200.0), now()
        if level < 1.0:
            raise RateLimited("slow down", retry_after=1.0)
        level -= 1.0

    tally, seconds = go(store, Fake(rule, latency=0.05), jobs(count))
    assert (tally.answered, tally.failed) == (count, 0)
    assert seconds < 1.15 * count / 200.0
    assert tally.calls < 1.1 * count + 50


def test_waiting_for_a_rate_limit_uses_no_attempts(store):
    """A question may be refused for the rate more often than it may fail."""

    def rule(_, nth):
        if nth <= 12:
            raise RateLimited("slow down", retry_after=1.0)

    tally, _ = go(store, Fake(rule), jobs(2), limits=Limits(max_attempts=2))
    assert tally.answered == 2


def test_a_rate_limit_without_end_is_given_up(store):
    """After max_wait seconds the question fails as rate_limited."""

    def rule(*_):
        raise RateLimited("no quota", retry_after=5.0)

    tally, seconds = go(store, Fake(rule), jobs(2), limits=Limits(max_wait=60.0))
    assert tally.lanes["fake/m"].failures == {"rate_limited": 2}
    assert 60.0 <= seconds < 100.0


def test_requests_per_minute(store):
    """The user's own limit holds over every stretch of time."""
    fake = Fake(latency=0.01)
    _, seconds = go(store, fake, jobs(300), limits=Limits(requests_per_minute=120))
    assert seconds == pytest.approx(149.0, abs=1.0)
    times = [at for at, _ in fake.sent]
    assert max(sum(t <= at < t + 60.0 for at in times) for t in times) <= 122


def test_tokens_per_minute(store):
    """Tokens are estimated before and settled after each call."""
    fake = Fake(latency=0.01)
    tally, seconds = go(store, fake, jobs(100), limits=Limits(tokens_per_minute=6000, concurrency=4))
    assert tally.lanes["fake/m"].input_tokens == 10_000
    assert seconds == pytest.approx(107.0, abs=4.0)  # 11,000 tokens at 100 a second


def test_an_unknown_parameter_is_left_out_and_remembered(store):
    """What is stored is what was sent; the planned question finds it; the next run asks nothing."""
    plain = {n: Request("fake", "m", {"q": f"plain {n}"}) for n in range(5)}

    def rule(asked, _):
        if asked.body["q"].startswith("question"):
            number = int(asked.body["q"].split()[1])
            raise Unsupported("what is that", parameter="response_format", instead=plain[number])
        return asked.body["q"]

    store.begin_plan("judge", "f")
    store.add_plan("judge", [PlanRow(n, key(n), n) for n in range(5)])
    store.finish_plan("judge")
    tally, _ = go(store, Fake(rule), jobs(5))
    assert (tally.answered, tally.failed) == (5, 0)
    assert [r.answer.text for r in store.results("judge") if r.answer] == [f"plain {n}" for n in range(5)]
    kept = store.get(key(2))
    assert kept is not None
    assert (kept.request, kept.attempts) == (plain[2], 1)
    assert go(store, Fake(), jobs(5))[0].kept == 5


def test_an_unknown_parameter_whose_substitute_is_kept(store):
    """Where the substitute was answered before, nothing is sent for it."""
    other = Request("fake", "m", {"q": "plain"})
    store.put(request_key(other), other, Answer("kept"))

    def rule(*_):
        raise Unsupported("what is that", parameter="x", instead=other)

    tally, _ = go(store, Fake(rule), jobs(1))
    assert (tally.answered, tally.kept) == (0, 1)
    kept = store.get(key(0))
    assert kept is not None
    assert kept.answer.text == "kept"


def test_endless_substitutes_end(store):
    """A provider that always knows something else to try is stopped."""

    def rule(asked, _):
        more = Request("fake", "m", {"q": asked.body["q"] + "'"})
        raise Unsupported("no", parameter="x", instead=more)

    tally, _ = go(store, Fake(rule), jobs(1))
    assert tally.lanes["fake/m"].failures == {"provider_error": 1}


def test_an_error_in_the_stream_ends_the_run(store):
    """What the plan raises is raised, and what was sent before is kept."""

    def stream() -> Iterator[Job]:
        yield from jobs(40)
        raise InputError("row 41 is broken")

    fake = Fake()
    with pytest.raises(InputError, match="row 41"):
        go(store, fake, stream(), limits=Limits(concurrency=2))
    assert all(store.has(request_key(asked)) for _, asked in fake.sent)


def test_an_unknown_provider_is_told(store):
    """A job for a provider that was not given names it."""
    lost = Job(key(0), request(0), "nobody")
    with pytest.raises(InputError, match="no provider was given for 'nobody'"):
        go(store, Fake(), [lost])


def test_a_full_disk_stops_the_run(store):
    """The run ends with the store's error; everything committed is there, and the next run goes on."""
    go(store, Fake(), jobs(50))
    (pages,) = store._conn.execute("PRAGMA page_count").fetchone()
    store._conn.execute(f"PRAGMA max_page_count = {pages + 5}")
    fake = Fake(lambda *_: Answer("x" * 399, usage=Usage(1, 1)))
    with pytest.raises(StoreError, match="make room on the disk"):
        go(store, fake, jobs(1000), limits=Limits(concurrency=10))
    assert len(fake.sent) < 200
    store._conn.execute("PRAGMA max_page_count = 1000000")
    tally, _ = go(store, Fake(), jobs(1000))
    assert tally.kept + tally.answered == 1000
    assert tally.kept >= 50 + len(fake.sent) - 10  # what waited in memory was written once there was room


class Watched(Fake):
    """Looks with each call at how many questions were sent and have no answer on disk."""

    def __init__(self, reader: SqliteStore, latency: float) -> None:
        super().__init__()
        self.reader, self.pause = reader, latency
        self.open = self.most_open = 0

    async def send(self, request: Request) -> Answer:
        self.open += 1
        kept, _ = self.reader.spent()
        self.most_open = max(self.most_open, self.open - kept)
        if self.pause:
            await asyncio.sleep(self.pause * (self.open % 7) / 7)
        return Answer(str(request.body["q"]))


@pytest.mark.parametrize("latency", [0.0, 0.004])
def test_answers_are_on_disk_before_more_is_asked(tmp_path, latency):
    """At any moment a kill would cost no more than may be in flight, however fast the judge is."""
    path = tmp_path / "run.sqlite"
    with SqliteStore(path) as store, SqliteStore(path) as reader:
        judge = Watched(reader, latency)
        work = run([jobs(600)], {"fake": judge}, store, limits=Limits(concurrency=8))
        assert asyncio.run(work).answered == 600
    assert judge.most_open <= 8
