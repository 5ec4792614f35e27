"""What a server says about its limits: headers read into numbers, pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from judge.providers.base import RateLimitState

if TYPE_CHECKING:
    from collections.abc import Mapping

_PART = re.compile(r"([0-9]*\.?[0-9]+)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_WAIT_S = 3600.0
"""No wait that a server asks for is believed to be longer."""


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that a server asks to wait, or None where it does not say.

    Parameters
    ----------
    headers
        Names in lower case, or a mapping that does not mind the case.
    now
        The time that a date is counted from; the response's own ``Date`` where it has one, so that a wrong
        local clock does no harm.

    Examples
    --------
    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after-ms": "250"}), retry_after({})
    (2.0, 0.25, None)
    >>> retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"})
    30.0
    """
    millis = _number(headers.get("retry-after-ms"))
    if millis is not None:
        return _clip(millis / 1000)
    text = headers.get("retry-after")
    if not text:
        return None
    seconds = _number(text)
    if seconds is not None:
        return _clip(seconds)
    then = _date(text)
    if then is None:
        return None
    start = _date(headers.get("date") or "") or now or datetime.now(UTC)
    return _clip((then - start).total_seconds())


def duration(text: str | None) -> float | None:
    """Read a duration like ``6m0s``, ``120ms`` or a plain number of seconds.

    >>> duration("1m30s"), duration("120ms"), duration("2"), duration("soon")
    (90.0, 0.12, 2.0, None)
    """
    if not text:
        return None
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return float(sum(float(number) * _SECONDS[unit] for number, unit in parts))
    return _number(text)


def openai_limits(headers: Mapping[str, str], seen_at: float) -> RateLimitState | None:
    """Read the ``x-ratelimit-*`` headers of OpenAI and of the many servers that do the same."""
    get = headers.get
    if get("x-ratelimit-limit-requests") is None and get("x-ratelimit-remaining-requests") is None:
        return None
    return RateLimitState(
        limit_requests=_whole(get("x-ratelimit-limit-requests")),
        remaining_requests=_whole(get("x-ratelimit-remaining-requests")),
        reset_requests_s=duration(get("x-ratelimit-reset-requests")),
        limit_tokens=_whole(get("x-ratelimit-limit-tokens")),
        remaining_tokens=_whole(get("x-ratelimit-remaining-tokens")),
        reset_tokens_s=duration(get("x-ratelimit-reset-tokens")),
        seen_at=seen_at,
    )


def anthropic_limits(headers: Mapping[str, str], seen_at: float) -> RateLimitState | None:
    """Read the ``anthropic-ratelimit-*`` headers; the resets are dates there."""
    get, name = headers.get, "anthropic-ratelimit"
    if get(f"{name}-requests-limit") is None and get(f"{name}-requests-remaining") is None:
        return None
    start = _date(get("date") or "") or datetime.now(UTC)
    return RateLimitState(
        limit_requests=_whole(get(f"{name}-requests-limit")),
        remaining_requests=_whole(get(f"{name}-requests-remaining")),
        reset_requests_s=_until(get(f"{name}-requests-reset"), start),
        limit_tokens=_whole(get(f"{name}-tokens-limit")),
        remaining_tokens=_whole(get(f"{name}-tokens-remaining")),
        reset_tokens_s=_until(get(f"{name}-tokens-reset"), start),
        seen_at=seen_at,
    )


def _clip(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None  # also drops nan


def _whole(text: str | None) -> int | None:
    value = _number(text)
    return None if value is None else int(value)


def _date(text: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            value = read(text)
        except (ValueError, TypeError):
            continue
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return None


def _until(text: str | None, start: datetime) -> float | None:
    then = _date(text or "")
    return None if then is None else _clip((then - start).total_seconds())
