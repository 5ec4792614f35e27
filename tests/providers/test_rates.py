from __future__ import annotations

from datetime import UTC, datetime

import pytest

from judge.providers.rates import LONGEST_WAIT_S, duration, retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("120ms", 0.12),
        ("1h2m3s", 3723.0),
        ("0.5", 0.5),
        ("", None),
        ("x1s", None),
    ],
)
def test_durations_are_read(text: str, seconds: float | None) -> None:
    """The forms of a reset are read, anything else is unknown."""
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.25", 0.25),
        ("-5", 0.0),
        ("99999999", LONGEST_WAIT_S),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:28:10 GMT", 10.0),
        ("Wed, 21 Oct 2026 07:27:10 GMT", 0.0),
    ],
)
def test_retry_after_is_read_and_bounded(value: str, seconds: float | None) -> None:
    """Seconds and dates are read; a silly wait is cut, a past date is no wait."""
    now = datetime(2026, 10, 21, 7, 28, 0, tzinfo=UTC)
    assert retry_after({"retry-after": value}, now) == seconds


def test_a_wrong_local_clock_does_not_matter() -> None:
    """A date is counted from the response's own date."""
    headers = {"retry-after": "Wed, 21 Oct 2026 07:28:10 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    assert retry_after(headers, datetime(1999, 1, 1, tzinfo=UTC)) == 10.0
