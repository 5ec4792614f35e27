"""A lane: one model at one provider, with its own pace and its own queue."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.errors import ProviderFailure, RateLimited
from judge.providers.base import ReportsLimits
from judge.runner.adaptive import Flight, Pace
from judge.runner.jobs import LaneTally
from judge.runner.pace import Bucket, estimated_tokens
from judge.runner.retry import Backoff

if TYPE_CHECKING:
    from judge.providers.base import Provider
    from judge.runner.jobs import Job, Limits
    from judge.types import Answer, Request

AHEAD = 16
"""Jobs that are pulled from a stream before they can be sent."""
COARSE_S = 1.0
"""The shortest time that a server can put into a whole-seconds Retry-After header: it may stand for a
millisecond. The lane slows down, and the call that was refused takes its turn at the lane's new pace. A
longer time is kept to, by the call and by the whole lane."""


@dataclass(slots=True)
class Question:
    """A job on its way: what is sent now, and what happened so far."""

    job: Job
    key: str
    request: Request
    attempts: int = 0
    first_at: float | None = None
    unreadable: int = 0
    substitutes: int = 0
    reserved: float = 0.0
    repaired: bool = False
    mends: Question | None = None
    """The question whose answer this one is to mend, and in `broken` that answer; None outside a repair."""
    broken: Answer | None = None


class Lane:
    """State of one lane; the engine drives it.

    Parameters
    ----------
    name
        Provider handle and model.
    provider, limits
        Who answers, and how hard it may be driven.
    """

    def __init__(self, name: str, provider: Provider, limits: Limits) -> None:
        self.name, self.provider, self.limits = name, provider, limits
        self.tally = LaneTally()
        self.flight = Flight(max(1, limits.concurrency), limits.timeout)
        self.pace = Pace()
        self.turn = asyncio.Lock()
        self.queue: deque[Question] = deque()
        self.due: deque[Question] = deque()
        self.timers: set[asyncio.TimerHandle] = set()
        self.workers = 0
        self.gate = 0.0
        self.failed_in_a_row = self.refused = 0
        self.endpoint = str(getattr(provider, "base_url", ""))
        self._requests = _bucket(limits.requests_per_minute)
        self._tokens = _bucket(limits.tokens_per_minute)
        self._reports = provider if isinstance(provider, ReportsLimits) else None
        self._backoff: Backoff | None = None

    @property
    def open(self) -> bool:
        """Whether anything of this lane is still to be asked."""
        return bool(self.workers or self.queue or self.due or self.timers)

    @property
    def crowded(self) -> bool:
        """Whether as many questions wait for their next call as can be in flight, or more."""
        return len(self.timers) >= 2 * self.limits.concurrency

    def allow(self, question: Question, now: float) -> float:
        """Take allowance of the limits that the user set; returns the seconds to wait before sending."""
        wait = self._requests.take(1.0, now) if self._requests else 0.0
        if self._tokens:
            wait = max(wait, self._tokens.take(estimated_tokens(question.request.body), now))
        return wait

    def answered(self, question: Question, answer: Answer, sent_at: float, now: float) -> None:
        """Learn from an answer."""
        self.failed_in_a_row = 0
        self.flight.answered(now, now - sent_at)
        tally, usage = self.tally, answer.usage
        tally.input_tokens += usage.input_tokens or 0
        tally.output_tokens += usage.output_tokens or 0
        tally.cached_tokens += usage.cached_tokens or 0
        tally.latency_s += now - sent_at
        if self._tokens and usage.input_tokens is not None:
            used = usage.input_tokens + (usage.output_tokens or 0)
            self._tokens.give_back(estimated_tokens(question.request.body) - used)
        if self._reports is not None:
            self._obey_headers(question.request.model, now)

    def _obey_headers(self, model: str, now: float) -> None:
        state = self._reports.last_limits.get(model) if self._reports else None
        if state is None:
            return
        for left, reset in (
            (state.remaining_requests, state.reset_requests_s),
            (state.remaining_tokens, state.reset_tokens_s),
        ):
            if left == 0 and reset:
                self.gate = max(self.gate, now + reset)

    def failed(self, failure: ProviderFailure, sent_at: float, now: float) -> None:
        """Learn from a failed call."""
        if isinstance(failure, RateLimited):
            self.pace.refused(now, sent_at)
            wait = failure.retry_after or 0.0
            if wait > COARSE_S:
                self.gate = max(self.gate, now + wait)
        else:
            if failure.kind == "timeout":
                self.flight.timed_out(now, sent_at)
            if failure.retryable:
                self.failed_in_a_row += 1
            elif failure.kind == "provider_error":
                self.refused += 1

    def delay(self, question: Question, failure: ProviderFailure, now: float) -> float | None:
        """Return the seconds until the question is asked again, or None to give it up."""
        if self._backoff is None:
            self._backoff = Backoff(self.limits)
        first_at = now if question.first_at is None else question.first_at
        delay = self._backoff.delay(failure, attempts=question.attempts, first_at=first_at, now=now)
        coarse = isinstance(failure, RateLimited) and failure.retry_after == COARSE_S
        return 0.0 if coarse and delay is not None else delay


def _bucket(per_minute: float | None) -> Bucket | None:
    return None if per_minute is None else Bucket(per_minute)
