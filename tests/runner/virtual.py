"""An event loop whose clock jumps to the next timer instead of waiting, and a provider to go with it."""

from __future__ import annotations

import asyncio
import selectors
from collections import Counter
from typing import TYPE_CHECKING, Any

from judge.runner import Job, Limits, run
from judge.store import request_key
from judge.types import Answer, Request, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from judge.runner import Tally
    from judge.store import SqliteStore


class _Selector(selectors.SelectSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self.loop.elapsed += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only when nothing else is left to do."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.elapsed


def virtually(work: Coroutine[Any, Any, Any]) -> tuple[Any, float]:
    """Run a coroutine in virtual time; returns its result and the virtual seconds that it took."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(work)
        return result, runner.get_loop().time()


def now() -> float:
    return asyncio.get_running_loop().time()


class Fake:
    """Answers after `latency` seconds; `rule(request, nth)` may raise, or return another answer.

    `nth` counts from 1 how often this very request was sent.
    """

    name = "fake"

    def __init__(
        self, rule: Callable[[Request, int], Answer | str | None] | None = None, latency: float = 1.0
    ) -> None:
        self.rule, self.latency = rule, latency
        self.sent: list[tuple[float, Request]] = []
        self.seen: Counter[str] = Counter()
        self.in_flight = self.most_in_flight = 0

    async def send(self, request: Request) -> Answer:
        key = request_key(request)
        self.seen[key] += 1
        self.sent.append((now(), request))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            # As a real server does: a refusal comes at once, an answer takes its time.
            made = self.rule(request, self.seen[key]) if self.rule else None
            await asyncio.sleep(self.latency)
        finally:
            self.in_flight -= 1
        if isinstance(made, Answer):
            return made
        return Answer("fine" if made is None else made, usage=Usage(100, 10))

    async def aclose(self) -> None:
        pass

    def request(self, *_: Any, **__: Any) -> Request:
        raise NotImplementedError


def request(number: int, model: str = "m", **body: Any) -> Request:
    return Request("fake", model, {"q": f"question {number}", **body})


def jobs(count: int, model: str = "m", start: int = 0) -> Iterator[Job]:
    for number in range(start, start + count):
        asked = request(number, model)
        yield Job(request_key(asked), asked, "fake", number)


def go(
    store: SqliteStore, provider: Any, *sources: Any, limits: Limits | None = None, **options: Any
) -> tuple[Tally, float]:
    """Run to the end in virtual time."""
    limits = limits or Limits()
    work = run(sources, {"fake": provider}, store, limits=limits, handle_signals=False, **options)
    tally, seconds = virtually(work)
    return tally, seconds
