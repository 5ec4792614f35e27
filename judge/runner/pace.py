"""Limits per minute, kept with a token bucket on a monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BURST_S = 1.0
"""Seconds of allowance that may be used at once."""


@dataclass(slots=True)
class Bucket:
    """Hands out allowance at a steady rate.

    Parameters
    ----------
    per_minute
        The allowance.

    Examples
    --------
    >>> bucket = Bucket(per_minute=60.0)
    >>> bucket.take(1.0, now=0.0), bucket.take(1.0, now=0.0)
    (0.0, 1.0)
    """

    per_minute: float
    level: float = 0.0
    at: float = float("-inf")

    def take(self, amount: float, now: float) -> float:
        """Take `amount` and return the seconds to wait before using it."""
        rate = self.per_minute / 60.0
        if self.at == float("-inf"):
            self.level = max(1.0, rate * BURST_S)
        else:
            self.level = min(max(1.0, rate * BURST_S), self.level + (now - self.at) * rate)
        self.at = now
        self.level -= amount
        return max(0.0, -self.level / rate)

    def give_back(self, amount: float) -> None:
        """Return what was taken too much (negative: take what was taken too little)."""
        self.level += amount


def estimated_tokens(body: Any) -> int:
    """Estimate the tokens of a request: a quarter of its characters, and all that it may answer.

    Examples
    --------
    >>> estimated_tokens({"messages": [{"role": "user", "content": "x" * 400}], "max_tokens": 50})
    151
    """
    answer = 0
    if isinstance(body, dict):
        answer = int(body.get("max_tokens") or body.get("max_completion_tokens") or 0)
    return _characters(body) // 4 + answer


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(_characters(part) for part in value.values())
    if isinstance(value, list | tuple):
        return sum(_characters(part) for part in value)
    return 0
