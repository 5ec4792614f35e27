"""What the runner is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from judge.store.keys import canonical, key_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from judge.errors import ProviderFailure
    from judge.types import Answer, FailureKind, Request

Stop: TypeAlias = Literal["", "budget", "interrupted"]


@dataclass(frozen=True, slots=True)
class Job:
    """One question.

    Parameters
    ----------
    key
        `judge.store.request_key` of `request`.
    request
        Exactly what is sent.
    provider
        The handle of the provider in the mapping that `run` is given; with the request's model it names
        the lane.
    ref
        Whatever the caller wants back in `accept` and the observer.
    text
        The request's canonical text, where the caller has it (`Job.of` has): saves writing it again for
        the store.
    """

    key: str
    request: Request
    provider: str
    ref: Any = None
    text: bytes | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, request: Request, provider: str, ref: Any = None) -> Job:
        """Make the job of a request, with its key.

        Examples
        --------
        >>> from judge.types import Request
        >>> Job.of(Request("openai", "m", {"a": 1}), "openai/m").key[:14]
        'sha256:f31b4a6'
        """
        text = canonical(request)
        return cls(key_of(text), request, provider, ref, text)


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard one lane (provider and model) may be driven.

    Parameters
    ----------
    concurrency
        The most calls in flight. The runner stays below it where the server cannot keep up.
    requests_per_minute, tokens_per_minute
        None: no limit of ours.
    timeout
        Seconds for one call.
    max_attempts
        Calls for one question until it fails; waiting out a rate limit does not count.
    max_wait
        Seconds from the first call of a question until it is given up.
    resample
        How often an answer that nobody can read is asked for again.
    retry_finish
        Ways of ending (``length``, ``refusal``, ``content_filter``) that are asked again like an
        unreadable answer; none by default.
    """

    concurrency: int = 64
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout: float = 60.0
    max_attempts: int = 8
    max_wait: float = 900.0
    resample: int = 2
    retry_finish: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent.

    Parameters
    ----------
    max_cost
        Dollars, for the whole run folder: what earlier starts spent counts.
    max_calls
        Answers, for the whole run folder.
    price
        ``price(request, answer)`` in dollars; with answer None an upper estimate made before sending. None
        where the price is not known, which is an error under `max_cost`: unknown is not free.
    """

    max_cost: float | None = None
    max_calls: int | None = None
    price: Callable[[Request, Answer | None], float | None] | None = None


@dataclass(slots=True)
class LaneTally:
    """What happened in one lane, in counts, dollars, tokens and seconds.

    `failures` ended without an answer; `troubles` are answers that hold no verdict (refused, cut off, or
    unreadable on every try); `unreadable` counts every answer that could not be read, mended later or not.
    """

    answered: int = 0
    calls: int = 0
    retries: int = 0
    unreadable: int = 0
    failures: dict[FailureKind, int] = field(default_factory=dict)
    troubles: dict[FailureKind, int] = field(default_factory=dict)
    cost: float = 0.0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    latency_s: float = 0.0


@dataclass(slots=True)
class Tally:
    """What a run did.

    `kept` questions had an answer in the store already. `stopped` says why the run ended before its
    jobs did: ``budget``, ``interrupted``, or empty. Questions that were never sent have neither answer
    nor failure in the store.
    """

    kept: int = 0
    lanes: dict[str, LaneTally] = field(default_factory=dict)
    stopped: Stop = ""
    seconds: float = 0.0

    @property
    def answered(self) -> int:
        """Questions that got an answer now."""
        return sum(lane.answered for lane in self.lanes.values())

    @property
    def failed(self) -> int:
        """Questions that ended in a failure now."""
        return sum(sum(lane.failures.values()) for lane in self.lanes.values())

    @property
    def calls(self) -> int:
        """Calls made now, retries included."""
        return sum(lane.calls for lane in self.lanes.values())

    @property
    def cost(self) -> float:
        """Dollars spent now, as far as prices are known."""
        return sum(lane.cost for lane in self.lanes.values())


class Observer(Protocol):
    """Sees what happens, as it happens. Calls must be quick: they come from the hot loop."""

    def kept(self, job: Job) -> None:
        """Hear that the store had the answer."""
        ...

    def started(self, job: Job) -> None:
        """Hear that the first call for the question is about to be sent."""
        ...

    def answered(self, job: Job, answer: Answer, cost: float | None, trouble: FailureKind | None) -> None:
        """Hear that the answer is kept; `trouble` says why it holds no verdict, as far as is known."""
        ...

    def retried(self, job: Job, failure: ProviderFailure, delay: float) -> None:
        """Hear that a call failed and is made again in `delay` seconds."""
        ...

    def failed(self, job: Job, kind: FailureKind, message: str) -> None:
        """Hear that the question ended without an answer."""
        ...

    def waiting(self, lane: str, seconds: float) -> None:
        """Hear that the lane pauses, for example because the server asked for it."""
        ...


class Silent:
    """An observer that does nothing."""

    def kept(self, job: Job) -> None:
        """Do nothing."""

    def started(self, job: Job) -> None:
        """Do nothing."""

    def answered(self, job: Job, answer: Answer, cost: float | None, trouble: FailureKind | None) -> None:
        """Do nothing."""

    def retried(self, job: Job, failure: ProviderFailure, delay: float) -> None:
        """Do nothing."""

    def failed(self, job: Job, kind: FailureKind, message: str) -> None:
        """Do nothing."""

    def waiting(self, lane: str, seconds: float) -> None:
        """Do nothing."""
