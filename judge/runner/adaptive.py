"""How many calls a lane keeps in flight: as many as were asked for, until the server says otherwise.

The rule is that of congestion control: cut quickly when the server refuses, come back quickly to near the
level at which it refused, and feel further only slowly. It has no clock of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

FAR_CUT = 0.5
NEAR_CUT = 0.85
SLOW_CUT = 0.7


@dataclass(slots=True)
class Adaptive:
    """The limit of calls in flight; all times are in seconds of one monotonic clock.

    Parameters
    ----------
    ceiling
        The most that was asked for; the limit starts there.
    timeout
        Seconds after which a call is given up; latency that comes near it is a reason to send less.

    Examples
    --------
    >>> lane = Adaptive(ceiling=64, timeout=60.0)
    >>> lane.refused(now=1.0, sent_at=0.9)
    >>> lane.limit
    32.0
    >>> lane.refused(now=1.01, sent_at=0.95)  # sent before the cut: no news
    >>> lane.limit
    32.0
    """

    ceiling: int
    timeout: float
    limit: float = 0.0
    latency: float = 0.0
    cut_at: float = float("-inf")
    refused_at: float = 0.0
    settled: bool = False

    def __post_init__(self) -> None:
        self.limit = float(self.ceiling)

    def answered(self, now: float, latency: float) -> None:
        """Take note of an answer and of how long it took."""
        self.latency = latency if self.latency == 0.0 else 0.9 * self.latency + 0.1 * latency
        if self.latency > 0.5 * self.timeout and now - self.cut_at > self.timeout:
            self._cut(now, SLOW_CUT)
        elif self.limit < self.ceiling:
            self._grow(now)

    def refused(self, now: float, sent_at: float) -> None:
        """Take note of a refusal for too many calls (429, 529)."""
        if sent_at >= self.cut_at:
            # Refused again soon after a cut: still far above what the server takes.
            near = self.settled and now - self.cut_at > 6 * self.latency
            self._cut(now, NEAR_CUT if near else FAR_CUT)

    def timed_out(self, now: float, sent_at: float) -> None:
        """Take note of a call that got no answer in time."""
        if sent_at >= self.cut_at:
            self._cut(now, SLOW_CUT)

    def _cut(self, now: float, factor: float) -> None:
        self.refused_at = self.limit
        self.limit = max(1.0, self.limit * factor)
        self.cut_at = now
        self.settled = False

    def _grow(self, now: float) -> None:
        since = now - self.cut_at
        if since < 2 * self.latency:
            return
        self.settled = True
        # One call more per four round trips up to near the level that was refused, then one per forty,
        # and after a while without refusals quickly again: the other users of the limit may have gone.
        if self.limit < 0.8 * self.refused_at:
            step = 0.25
        elif since < 30.0:
            step = 0.025
        else:
            step = 1.0
        self.limit = min(float(self.ceiling), self.limit + step / self.limit)
