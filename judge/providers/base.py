"""The seam between us and whoever answers: one method asks, everything else is a value.

A provider is small: `request` says, without any I/O, exactly what will be sent; `send` sends it and gives
the answer back or raises a `judge.errors.ProviderFailure`. Retrying, pacing, storing and counting money
belong to the runner, so a provider never does them.

Three things a runner should know:

Structured output that a server does not have
    A server may refuse a parameter (``response_format``, ``temperature``, ``logprobs``). `send` then
    raises `judge.errors.Unsupported`, whose `instead` is the next best `Request`. It is a request of its
    own with a key of its own, so what is stored is always exactly what was sent. The provider remembers
    the refusal: later calls of `request` leave the parameter out, and `send` raises `Unsupported` for
    requests that were made before, without asking the server again.
Rate limits
    A provider that sees rate-limit headers keeps the newest of each model; `limits_of` reads them.
Where a structured provider finds its question
    `send` gets nothing but the request. A provider that answers from the structure of the question and
    not from its text (embedded, recorded, scripted) therefore puts what it needs from `Prompt.task` into
    `Request.body`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.types import Answer, Prompt, Request, Sampling


@runtime_checkable
class Provider(Protocol):
    """Anything that answers prompts.

    Attributes
    ----------
    name
        The first half of a model's name: ``openai`` in ``openai/gpt-4o``.
    """

    name: str

    def request(self, model: str, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Request:
        """Say exactly what will be sent, without asking anyone.

        The same arguments give the same request, until a server refuses a parameter (see above).

        Parameters
        ----------
        model
            The second half of the model's name.
        prompt, sampling
            What is asked, and how.
        repeat
            Number of the repetition; part of the key, never of what is sent.
        """
        ...

    async def send(self, request: Request) -> Answer:
        """Send one request, once.

        Raises
        ------
        judge.errors.ProviderFailure
            The call gave no answer; `retryable` says whether trying again can help.
        judge.errors.Unsupported
            The server does not know a parameter; `instead` is the request without it.
        """
        ...

    async def aclose(self) -> None:
        """Close connections. May be called twice, and without any call before."""
        ...


@dataclass(frozen=True, slots=True)
class RateLimitState:
    """What a server said last about its limits for one model; None where it did not say.

    Parameters
    ----------
    limit_requests, limit_tokens
        The whole allowance of the window.
    remaining_requests, remaining_tokens
        What is left of it.
    reset_requests_s, reset_tokens_s
        Seconds from `seen_at` until it is full again.
    seen_at
        ``time.monotonic()`` when the headers came.
    """

    limit_requests: int | None = None
    remaining_requests: int | None = None
    reset_requests_s: float | None = None
    limit_tokens: int | None = None
    remaining_tokens: int | None = None
    reset_tokens_s: float | None = None
    seen_at: float = 0.0


@runtime_checkable
class ReportsLimits(Protocol):
    """A provider that also tells the rate limits that it saw, by model."""

    @property
    def last_limits(self) -> Mapping[str, RateLimitState]:
        """The newest state of each model."""
        ...


def limits_of(provider: Provider, model: str) -> RateLimitState | None:
    """Return the newest rate-limit state of a model, or None where nothing is known.

    >>> from judge.testing import ScriptedProvider
    >>> limits_of(ScriptedProvider(), "any") is None
    True
    """
    return provider.last_limits.get(model) if isinstance(provider, ReportsLimits) else None
