"""How fast a lane goes: as fast as was asked for, until the server says otherwise.

Two things are learnt apart. A server that refuses (429) has a limit of calls per time: `Pace` measures how
many it took and sends just below that. A server that is slow has a limit of calls at once: `Flight` cuts
them when calls get no answer in time. Neither has a clock of its own; all times are seconds of one monotonic
clock.
"""

from __future__ import annotations

from dataclasses import dataclass

SLOW_CUT = 0.7
BELOW = 0.97
"""How far below the measured rate to send."""
FIRST_WINDOW_S = 0.1
WINDOW_S = 0.2
WINDOW_CALLS = 10.0
LONGEST_WINDOW_S = 5.0
SLOWEST = 0.2
"""Calls per second below which the pace never falls; a longer wait is the server's to ask for."""
CATCH_UP_S = 0.05
"""A busy machine wakes up late: calls that are no later than this are sent at once, in a small burst."""
DEEPEST_CUT = 0.7
GROWTH = 0.01
FASTEST_GROWTH = 0.10
RECOVERY = 0.05
"""Calls per second that are added in each second without a refusal, however slow the pace."""


@dataclass(slots=True)
class Flight:
    """The limit of calls in flight.

    Parameters
    ----------
    ceiling
        The most that was asked for; the limit starts there.
    timeout
        Seconds after which a call is given up; latency that comes near it is a reason to send less.

    Examples
    --------
    >>> lane = Flight(ceiling=64, timeout=60.0)
    >>> lane.timed_out(now=60.0, sent_at=0.0)
    >>> lane.timed_out(now=60.1, sent_at=0.1)  # sent before the cut: no news
    >>> round(lane.limit, 1)
    44.8
    """

    ceiling: int
    timeout: float
    limit: float = 0.0
    latency: float = 0.0
    cut_at: float = float("-inf")

    def __post_init__(self) -> None:
        self.limit = float(self.ceiling)

    def answered(self, now: float, latency: float) -> None:
        """Take note of an answer and of how long it took."""
        self.latency = latency if self.latency == 0.0 else 0.9 * self.latency + 0.1 * latency
        if self.latency > 0.5 * self.timeout:
            if now - self.cut_at > self.timeout:
                self._cut(now)
        elif self.limit < self.ceiling and now - self.cut_at > 2 * self.latency:
            self.limit = min(float(self.ceiling), self.limit + 1.0 / self.limit)

    def timed_out(self, now: float, sent_at: float) -> None:
        """Take note of a call that got no answer in time."""
        if sent_at >= self.cut_at:
            self._cut(now)

    def _cut(self, now: float) -> None:
        self.limit = max(1.0, self.limit * SLOW_CUT)
        self.cut_at = now


@dataclass(slots=True)
class Pace:
    """The rate at which calls are sent, in calls per second; infinite until the server refuses one.

    Examples
    --------
    Of 64 calls sent at once the server takes 21; a tenth of a second later the pace is known:

    >>> pace = Pace()
    >>> for _ in range(64):
    ...     pace.sent(now=0.0)
    >>> for _ in range(43):
    ...     pace.refused(now=0.01, sent_at=0.0)
    >>> round(pace.wait(now=0.02), 2), pace.wait(now=0.1), round(pace.rate)
    (0.08, 0.0, 204)
    """

    rate: float = float("inf")
    window_at: float = float("-inf")
    sends: int = 0
    lost: int = 0
    clean: int = 0
    next_at: float = float("-inf")

    @property
    def free(self) -> bool:
        """Whether calls need not wait for their turn."""
        return self.rate == float("inf") and not self.lost

    def wait(self, now: float) -> float:
        """Return the seconds until the next call may be sent; ask again then."""
        self._look(now)
        if self.rate == float("inf"):
            # How much the server takes will be known when the first window closes.
            return self.window_at + FIRST_WINDOW_S - now if self.lost else 0.0
        return max(0.0, self.next_at - now)

    def sent(self, now: float) -> None:
        """Take note of a call that is sent now."""
        self._look(now)
        self.sends += 1
        if self.rate != float("inf"):
            self.next_at = max(self.next_at, now - CATCH_UP_S) + 1.0 / self.rate

    def refused(self, now: float, sent_at: float) -> None:
        """Take note of a refusal for too many calls."""
        if sent_at >= self.window_at:
            self.lost += 1
        self._look(now)

    def _look(self, now: float) -> None:
        """Close the window where it is over, and learn from it."""
        length = now - self.window_at
        paced = self.rate != float("inf")
        if not paced and not self.lost:
            if length > 1.0:
                self._open(now)
            return
        window = max(WINDOW_S, min(LONGEST_WINDOW_S, WINDOW_CALLS / self.rate)) if paced else FIRST_WINDOW_S
        if length < window:
            return
        if self.lost:
            taken = max(1.0, self.sends - self.lost) / length
            # A window in which we were too busy to send much says little of what the server would take.
            least = DEEPEST_CUT * self.rate if paced else SLOWEST
            self.rate = max(SLOWEST, least, BELOW * min(self.rate, taken))
            self.clean = 0
        elif self.sends >= 0.8 * self.rate * length:
            self.clean += 1
            faster = self.rate * min(FASTEST_GROWTH, GROWTH * self.clean)
            self.rate += max(faster, RECOVERY * length)
        self._open(now)

    def _open(self, now: float) -> None:
        self.window_at, self.sends, self.lost = now, 0, 0
