"""The life of one question: send, keep, ask again where that can help."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from judge.errors import CredentialsError, KeyRefused, ProviderFailure, RequestRejected, Timeout, Unsupported
from judge.runner.lane import Question
from judge.store.keys import request_key

if TYPE_CHECKING:
    from judge.runner.engine import Engine
    from judge.runner.lane import Lane
    from judge.types import Answer, FailureKind

MOST_SUBSTITUTES = 6
_TROUBLE: dict[str, FailureKind] = {
    "length": "truncated",
    "refusal": "refusal",
    "content_filter": "content_filter",
}


async def ask(engine: Engine, lane: Lane, question: Question) -> None:
    """Make one call for a question and deal with what comes of it.

    An answer is handed to the store before anything else happens to it.
    """
    try:
        if question.attempts == 0 and question.mends is None and _known(engine, lane, question):
            return
        if not await _ready(engine, lane, question):
            return
        sent_at = engine.now()
        if question.first_at is None:
            question.first_at = sent_at
            engine.observer.started(question.job)
        question.attempts += 1
        lane.tally.calls += 1
        try:
            answer = await _send(lane, question)
        except ProviderFailure as failure:
            _failed(engine, lane, question, failure, sent_at)
        else:
            _arrived(engine, lane, question, answer, sent_at)
    finally:
        engine.settled(lane, question)


async def _send(lane: Lane, question: Question) -> Answer:
    try:
        async with asyncio.timeout(lane.limits.timeout):
            return await lane.provider.send(question.request)
    except ProviderFailure:
        raise
    except TimeoutError as exc:
        raise Timeout(f"no answer within {lane.limits.timeout:g} s") from exc
    except Exception as exc:
        # A provider translates what it knows; the rest is one failed question and never a lost run.
        raise ProviderFailure(f"{type(exc).__name__}: {exc}") from exc


async def _ready(engine: Engine, lane: Lane, question: Question) -> bool:
    """Wait until the lane may send; False where the run stops meanwhile."""
    if not await _sleep(engine, lane, lane.allow(question, engine.now())):
        return False
    pace = lane.pace
    if not pace.free or lane.gate > engine.now():
        async with lane.turn:  # one by one, so that each learns what the call before it has taught
            while (wait := max(lane.gate - engine.now(), pace.wait(engine.now()))) > 0.0:
                if not await _sleep(engine, lane, wait):
                    return False
            pace.sent(engine.now())
    else:
        pace.sent(engine.now())
    return not engine.stopping.is_set()


async def _sleep(engine: Engine, lane: Lane, seconds: float) -> bool:
    """Sleep, or be woken by the end of the run; returns whether the run goes on."""
    if seconds > 0.0 and not engine.stopping.is_set():
        engine.observer.waiting(lane.name, seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await engine.stopping.wait()
    return not engine.stopping.is_set()


def _known(engine: Engine, lane: Lane, question: Question) -> bool:
    """Look whether an answer that could not be read in an earlier run can be read, or was the last try."""
    earlier = engine.store.rejected(question.key)
    if not earlier:
        return False
    question.unreadable = len(earlier)
    for number, answer in enumerate(earlier, 1):
        if engine.accept is None or engine.accept(question.job, answer) is None:
            _keep(engine, lane, question, answer, None, was_rejected=number)
            return True
    if len(earlier) > lane.limits.resample:
        _keep(engine, lane, question, earlier[-1], "parse_failure", was_rejected=len(earlier))
        return True
    return False


# -- failures -------------------------------------------------------------------------------------------


def _failed(engine: Engine, lane: Lane, question: Question, failure: ProviderFailure, sent_at: float) -> None:
    if isinstance(failure, Unsupported) and question.substitutes < MOST_SUBSTITUTES:
        _substitute(engine, lane, question, failure)
        return
    now = engine.now()
    lane.failed(failure, sent_at, now)
    if isinstance(failure, KeyRefused):
        engine.fail(CredentialsError(f"{lane.name}: {failure}\n  mend: check the key and run again"))
        return
    delay = lane.delay(question, failure, now)
    if delay is not None:
        lane.tally.retries += 1
        engine.observer.retried(question.job, failure, delay)
        engine.again(lane, question, delay)
    elif question.mends is not None:
        _unmended(engine, lane, question)
    else:
        _give_up(engine, lane, question, failure)
    engine.look(lane, str(failure))


def _substitute(engine: Engine, lane: Lane, question: Question, failure: Unsupported) -> None:
    question.request = failure.instead
    question.key = request_key(failure.instead)
    question.substitutes += 1
    question.attempts = max(0, question.attempts - 1)
    if question.mends is None and engine.store.has(question.key):
        engine.store.link(question.job.key, question.key, "instead")
        engine.tally.kept += 1
        engine.observer.kept(question.job)
        engine.over(question)
    else:
        engine.again(lane, question, 0.0)


def _give_up(engine: Engine, lane: Lane, question: Question, failure: ProviderFailure) -> None:
    kind = failure.kind
    lane.tally.failures[kind] = lane.tally.failures.get(kind, 0) + 1
    engine.store.fail(
        question.job.key,
        kind,
        str(failure),
        attempts=question.attempts,
        request=question.request,
        endpoint=lane.endpoint,
    )
    engine.over(question)
    engine.observer.failed(question.job, kind, str(failure))


# -- answers --------------------------------------------------------------------------------------------


def _arrived(engine: Engine, lane: Lane, question: Question, answer: Answer, sent_at: float) -> None:
    lane.answered(question, answer, sent_at, engine.now())
    cost = engine.ledger.spend(question.request, answer)
    if cost is None:
        lane.tally.unpriced += 1
    else:
        lane.tally.cost += cost
    why = _unreadable(engine, lane, question, answer)
    if why is None:
        _keep(engine, lane, question, answer, _TROUBLE.get(answer.finish), cost=cost)
    else:
        _ask_again(engine, lane, question, answer, why=why, cost=cost)


def _unreadable(engine: Engine, lane: Lane, question: Question, answer: Answer) -> str | None:
    if answer.finish != "stop":
        return answer.finish if answer.finish in lane.limits.retry_finish else None
    return engine.accept(question.job, answer) if engine.accept else None


def _ask_again(
    engine: Engine, lane: Lane, question: Question, answer: Answer, *, why: str, cost: float | None
) -> None:
    lane.tally.unreadable += 1
    engine.store.reject(question.key, question.request, answer, attempt=question.attempts, why=why, cost=cost)
    if question.mends is not None:
        # What it cost belongs to the question that it was to mend.
        engine.store.link(question.job.key, question.key, "unmended")
        _unmended(engine, lane, question)
        return
    question.unreadable += 1
    mending = None
    if engine.repair is not None and not question.repaired:
        mending = engine.repair(question.job, answer)
    if mending is None:
        _resample(engine, lane, question, answer)
        return
    question.repaired = True
    key, first_at = request_key(mending), question.first_at
    engine.again(
        lane, Question(question.job, key, mending, first_at=first_at, mends=question, broken=answer), 0.0
    )


def _resample(engine: Engine, lane: Lane, question: Question, answer: Answer) -> None:
    if question.unreadable <= lane.limits.resample:
        lane.tally.retries += 1
        engine.observer.retried(question.job, RequestRejected("the answer cannot be read"), 0.0)
        engine.again(lane, question, 0.0)
        engine.flush_soon()
    else:
        trouble = _TROUBLE.get(answer.finish, "parse_failure")
        _keep(engine, lane, question, answer, trouble, was_rejected=question.unreadable)


def _unmended(engine: Engine, lane: Lane, repair: Question) -> None:
    """Go back to the question itself: the repair did not help either."""
    assert repair.mends is not None
    assert repair.broken is not None
    _resample(engine, lane, repair.mends, repair.broken)


def _keep(
    engine: Engine,
    lane: Lane,
    question: Question,
    answer: Answer,
    trouble: FailureKind | None,
    *,
    cost: float | None = None,
    was_rejected: int | None = None,
) -> None:
    """Put an answer into the store for good."""
    store, job = engine.store, question.job
    store.put(
        question.key,
        question.request,
        answer,
        endpoint=lane.endpoint,
        attempts=max(1, question.attempts),
        cost=cost,
        was_rejected=was_rejected,
        text=job.text if question.request is job.request else None,
    )
    if (mended := question.mends) is not None:
        assert question.broken is not None
        place = mended.unreadable
        store.put(mended.key, mended.request, question.broken, endpoint=lane.endpoint, was_rejected=place)
        store.link(job.key, question.key, "repair")
    asked = question.mends or question
    if asked.key != job.key:
        store.link(job.key, asked.key, "instead")
    engine.over(question)
    lane.tally.answered += 1
    if trouble is not None:
        lane.tally.troubles[trouble] = lane.tally.troubles.get(trouble, 0) + 1
    engine.observer.answered(job, answer, cost, trouble)
