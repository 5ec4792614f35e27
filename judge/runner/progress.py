"""Shows on standard error how a run goes: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from judge.errors import ProviderFailure
    from judge.runner.jobs import Job
    from judge.types import Answer, FailureKind

LIVE_S = 0.1
PLAIN_S = 5.0
RATE_WINDOW_S = 10.0


class Counts:
    """What has happened so far; pure bookkeeping.

    Parameters
    ----------
    total
        Questions of the run, those answered before among them; None where it is not known.
    began
        Monotonic seconds.
    """

    def __init__(self, total: int | None, began: float) -> None:
        self.total, self.began = total, began
        self.kept = self.answered = self.troubled = self.retried = 0
        self.cost: float = 0.0
        self.unpriced = False
        self.failures: Counter[str] = Counter()
        self.note = ""
        self._marks: deque[tuple[float, int]] = deque([(began, 0)])

    @property
    def done(self) -> int:
        """Questions that need nothing more."""
        return self.kept + self.asked

    @property
    def asked(self) -> int:
        """Questions that ended now, with or without an answer."""
        return self.answered + sum(self.failures.values()) - self.troubled

    def rate(self, now: float) -> float:
        """Return the questions per second of the last seconds."""
        while len(self._marks) > 1 and now - self._marks[0][0] > RATE_WINDOW_S:
            self._marks.popleft()
        at, count = self._marks[0]
        if now - self._marks[-1][0] >= 0.2:
            self._marks.append((now, self.asked))
        return (self.asked - count) / (now - at) if now > at else 0.0

    def left(self, now: float) -> float | None:
        """Return the seconds until the end at the present rate, or None where nobody can know."""
        rate = self.rate(now)
        return None if self.total is None or rate <= 0.0 else max(0, self.total - self.done) / rate

    def line(self, now: float) -> str:
        """Say it all in one line."""
        parts = [f"{self.done:,}" + (f"/{self.total:,}" if self.total is not None else "")]
        if self.kept:
            parts.append(f"{self.kept:,} kept from before")
        parts.append(f"{self.rate(now):.1f}/s")
        if (left := self.left(now)) is not None:
            parts.append(f"{clock(left)} left")
        if self.cost or self.unpriced:
            parts.append(
                f"${self.cost:.4f}" + ("+ (some prices unknown)" if self.cost and self.unpriced else "")
            )
        if self.retried:
            parts.append(f"{self.retried:,} retried")
        parts += [f"{count:,} {kind}" for kind, count in self.failures.most_common()]
        return " · ".join(parts) + (f" · {self.note}" if self.note else "")


def clock(seconds: float) -> str:
    """Write a duration.

    >>> clock(5), clock(65), clock(3700)
    ('5 s', '1 min 5 s', '1 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class Screen(Protocol):
    """Where the line goes."""

    every: float

    def show(self, counts: Counts, now: float) -> None:
        """Show the state."""
        ...

    def close(self) -> None:
        """Leave the place tidy."""
        ...


class Progress:
    """An observer that shows how the run goes. Use it as a context manager.

    Parameters
    ----------
    total
        Questions of the run, where that is known; can be set later.
    label
        What is being done.
    silent
        Show nothing.
    stream
        Standard error by default.
    clock
        Monotonic seconds.
    """

    def __init__(
        self,
        total: int | None = None,
        *,
        label: str = "judging",
        silent: bool = False,
        stream: Any = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._label, self._silent = clock, label, silent
        self._stream = sys.stderr if stream is None else stream
        self.counts = Counts(total, clock())
        self._screen: Screen | None = None
        self._next = 0.0

    def __enter__(self) -> Self:
        if not self._silent:
            terminal = bool(getattr(self._stream, "isatty", lambda: False)())
            self._screen = Live(self._label, self._stream) if terminal else Plain(self._label, self._stream)
            self._next = self._clock() + self._screen.every
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._screen is not None:
            if self.counts.done:
                self._screen.show(self.counts, self._clock())
            self._screen.close()
            self._screen = None

    def _look(self) -> None:
        if self._screen is not None and (now := self._clock()) >= self._next:
            self._next = now + self._screen.every
            self._screen.show(self.counts, now)

    # -- the observer -----------------------------------------------------------------------------------

    def kept(self, job: Job) -> None:  # noqa: ARG002 - the protocol's
        """Count a question that the store could answer."""
        self.counts.kept += 1
        self._look()

    def started(self, job: Job) -> None:
        """Nothing to show."""

    def answered(
        self,
        job: Job,  # noqa: ARG002 - the protocol's
        answer: Answer,  # noqa: ARG002 - the protocol's
        cost: float | None,
        trouble: FailureKind | None,
    ) -> None:
        """Count an answer."""
        counts = self.counts
        counts.answered += 1
        if cost is None:
            counts.unpriced = True
        else:
            counts.cost += cost
        if trouble is not None:
            counts.failures[trouble] += 1
            counts.troubled += 1
        counts.note = ""
        self._look()

    def retried(self, job: Job, failure: ProviderFailure, delay: float) -> None:  # noqa: ARG002 - the protocol's
        """Count a call that is made again."""
        self.counts.retried += 1
        self._look()

    def failed(self, job: Job, kind: FailureKind, message: str) -> None:  # noqa: ARG002 - the protocol's
        """Count a question that ended without an answer."""
        self.counts.failures[kind] += 1
        self._look()

    def waiting(self, lane: str, seconds: float) -> None:
        """Say that a lane pauses, where that is long enough to wonder about."""
        if seconds > 2.0:
            self.counts.note = f"{lane} waits {clock(seconds)}"
        self._look()


class Plain:
    """One line every few seconds, for logs."""

    every = PLAIN_S

    def __init__(self, label: str, stream: Any) -> None:
        self._label, self._stream = label, stream

    def show(self, counts: Counts, now: float) -> None:
        """Print a line."""
        print(f"{self._label}: {counts.line(now)}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is left open."""


class Live:
    """A line that is rewritten, with a bar."""

    every = LIVE_S

    def __init__(self, label: str, stream: Any) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self._label = label
        self._live = RichLive(console=Console(file=stream), auto_refresh=False, transient=False)
        self._live.start()

    def show(self, counts: Counts, now: float) -> None:
        """Draw the line."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        row = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=counts.total or 1, completed=counts.done, width=24)
        row.add_row(Text(self._label), bar, Text(counts.line(now)))
        self._live.update(row, refresh=True)

    def close(self) -> None:
        """Leave the last line standing."""
        self._live.stop()
