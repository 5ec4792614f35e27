"""Failures that a scripted provider can have, each with its share of the calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from judge.errors import ContentFiltered, ProviderFailure, RateLimited, ServerFault, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from judge.testing.behaviour import Draw


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of the calls (0 to 1) that fail; a retry draws anew.

    Parameters
    ----------
    rate_limit
        429 with `retry_after` seconds.
    error
        500.
    drop
        The connection is gone before an answer.
    timeout
        No answer in time.
    truncate, garbage, empty
        The body is cut off, is no JSON, or is not there. All three reach the runner as a server's fault.
    content_filter
        The provider's filter; the same at every retry.
    retry_after
        Seconds that `rate_limit` asks to wait; None: the server does not say.

    Examples
    --------
    >>> Faults(drop=0.05, garbage=0.05).total
    0.1
    """

    rate_limit: float = 0.0
    error: float = 0.0
    drop: float = 0.0
    timeout: float = 0.0
    truncate: float = 0.0
    garbage: float = 0.0
    empty: float = 0.0
    content_filter: float = 0.0
    retry_after: float | None = field(default=0.0, metadata={"share": False})

    def __post_init__(self) -> None:
        if any(not 0 <= share <= 1 for share in self.shares().values()) or self.total > 1 + 1e-9:
            raise ValueError("the shares of the faults are between 0 and 1, and 1 in all at most")

    def shares(self) -> dict[str, float]:
        """Return the shares by name."""
        return {
            part.name: getattr(self, part.name) for part in fields(self) if part.metadata.get("share", True)
        }

    @property
    def total(self) -> float:
        """The share of calls that fail at all."""
        return sum(self.shares().values())

    def pick(self, share: float) -> str:
        """Return the fault that a number between 0 and 1 falls on; empty for none."""
        for name, size in self.shares().items():
            if share < size:
                return name
            share -= size
        return ""


class FaultLine:
    """Draws the faults of calls one after the other, and counts how often each request came."""

    def __init__(self, faults: Faults) -> None:
        self._faults, self._seen = faults, Counter[str]()

    def strike(self, key: str, draw: Draw) -> None:
        """Raise the fault that this attempt has, if it has one."""
        if not self._faults.total:
            return
        attempt = self._seen[key]
        self._seen[key] += 1
        if draw("filter") < self._faults.content_filter:
            raise ContentFiltered("planted: the filter refused it", status=400)
        name = self._faults.pick(draw("fault", attempt))
        if name and name != "content_filter":
            raise _MADE[name](self._faults)


_MADE: dict[str, Callable[[Faults], ProviderFailure]] = {
    "rate_limit": lambda faults: RateLimited(
        "planted: too many requests", retry_after=faults.retry_after, status=429
    ),
    "error": lambda _: ServerFault("planted: HTTP 500", status=500),
    "drop": lambda _: ServerFault("planted: the connection was dropped"),
    "timeout": lambda _: Timeout("planted: no answer in time"),
    "truncate": lambda _: ServerFault("planted: the body was cut off"),
    "garbage": lambda _: ServerFault("planted: the body is no JSON"),
    "empty": lambda _: ServerFault("planted: the body is empty"),
}
