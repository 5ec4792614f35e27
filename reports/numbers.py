"""Numbers as words: three significant digits, percent for shares, intervals in brackets."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from judge.types import Finding

Unit: TypeAlias = Literal["share", "points", "count", "rank", "number"]

MISSING = "–"
_MINUS = "\u2212"
_NBSP = "\u00a0"
_SHARES = frozenset(
    {
        "wins", "ties", "losses", "duel_agreement", "accuracy", "flip_rate", "kept_share", "unanimous",
        "accuracy_with_ties", "accuracy_always_tie", "system_pairs_ordered", "alt_test_advantage",
        "duel_alt_test_advantage", "emotion_top_k", "emotion_out_of_label",
    }
)  # fmt: skip
_SHARE_ENDS = ("_rate", "_share", "_accuracy", "_agreement", "_worst_rate", "_best_rate")
_POINTS = frozenset({"first_slot_effect", "excess_conflict", "effect", "emotion_difference"})
_COUNTS = frozenset({"count", "tokens_in", "tokens_out", "tokens_cached", "tokens_reasoning"})


def unit_of(finding: Finding) -> Unit:
    """Say in which unit the estimate of `finding` is read.

    >>> from judge.types import Finding
    >>> unit_of(Finding("ranking", "win_rate_worst")), unit_of(Finding("position", "first_slot_effect"))
    ('share', 'points')
    """
    name = finding.statistic
    if name in _COUNTS:
        return "count"
    if name == "rank":
        return "rank"
    if name in _POINTS:
        return "points"
    if name in _SHARES or name.startswith("win_rate") or name.endswith(_SHARE_ENDS):
        return "share"
    return "number"


def significant(x: float, digits: int = 3) -> str:
    """Write `x` with three significant digits and a true minus sign; whole thousands keep all digits.

    >>> significant(0.01234), significant(-2.3456), significant(12345.6)
    ('0.0123', '−2.35', '12,346')
    """
    if not math.isfinite(x):
        return MISSING if math.isnan(x) else ("∞" if x > 0 else f"{_MINUS}∞")
    if abs(x) < 1e-9:  # rounding errors of a zero
        return "0"
    size = math.floor(math.log10(abs(x)))
    text = f"{x:.{digits - 1}e}" if size < -4 else f"{x:,.{max(0, digits - 1 - size)}f}"
    return text.replace("-", _MINUS)


def fixed(x: float, places: int) -> str:
    """Write `x` with fixed places and a true minus sign; never "−0.0".

    >>> fixed(-0.04, 1), fixed(-1.26, 1)
    ('0.0', '−1.3')
    """
    text = f"{x:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", _MINUS)


def common_places(*values: float | None) -> int | None:
    """Return the places at which the largest of some numbers has three significant digits, at most three.

    Estimate and interval are written alike; None means that they are too small for that.

    >>> common_places(0.98, 0.91, 1.05), common_places(0.02, -0.05, 0.09), common_places(1e-5)
    (2, 3, None)
    """
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v)]
    largest = max(sizes, default=0.0)
    if largest == 0:
        return 2
    places = 2 - math.floor(math.log10(largest))
    return max(0, min(3, places)) if largest >= 0.005 else None


def together(
    estimate: float, low: float | None, high: float | None, others: Iterable[float | None] = ()
) -> tuple[str, str]:
    r"""Write a plain number and its interval with the same places, those of `others` included.

    >>> together(0.98, 0.91, 1.05), together(0.02, None, None)
    (('0.98', '[0.91,\xa01.05]'), ('0.020', ''))
    """
    places = common_places(estimate, low, high, *others)
    write = significant if places is None else partial(fixed, places=places)
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return write(estimate), ""
    return write(estimate), f"[{write(low)},{_NBSP}{write(high)}]"


def number(x: float | None, unit: Unit, *, places: int = 1) -> str:
    """Write one value in its unit, without the sign of the unit.

    >>> number(0.7123, "share"), number(0.031, "points"), number(None, "share")
    ('71.2', '+3.1', '–')
    """
    if x is None or math.isnan(x):
        return MISSING
    if unit == "share":
        return fixed(100 * x, places)
    if unit == "points":
        text = fixed(100 * x, places)
        return f"+{text}" if 100 * x >= 0.5 * 10**-places else text
    if unit in {"count", "rank"} and float(x).is_integer():
        return f"{int(x):,}"
    return significant(x)


_SIGNS: dict[Unit, str] = {"share": " %", "points": " points"}


def with_unit(x: float | None, unit: Unit, *, places: int = 1) -> str:
    r"""Write one value with its unit.

    >>> with_unit(0.7123, "share", places=0)
    '71\xa0%'
    """
    text = number(x, unit, places=places)
    return text if text == MISSING else text + _SIGNS.get(unit, "").replace(" ", _NBSP)


def interval(low: float | None, high: float | None, unit: Unit, *, places: int = 1) -> str:
    r"""Write an interval in brackets; an empty text where there is none.

    >>> interval(0.641, 0.772, "share", places=0)
    '[64,\xa077]'
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"[{number(low, unit, places=places)},{_NBSP}{number(high, unit, places=places)}]"


def estimate(finding: Finding, *, places: int = 1) -> str:
    r"""Write the estimate of `finding` with its unit and interval.

    >>> from judge.types import Finding
    >>> estimate(Finding("ranking", "win_rate", estimate=0.7123, ci_low=0.641, ci_high=0.772), places=0)
    '71\xa0% [64,\xa077]'
    """
    value, bounds = value_and_interval(finding, places=places)
    return f"{value} {bounds}".strip()


def value_and_interval(
    finding: Finding, *, places: int = 1, alike: Iterable[Finding] = ()
) -> tuple[str, str]:
    """Write the estimate of `finding` with its unit, and its interval, with the same places.

    Plain numbers are written with the places of the findings `alike` (those of the same column).
    """
    unit = unit_of(finding)
    if unit == "number" and finding.estimate is not None and not math.isnan(finding.estimate):
        others = [x for f in alike for x in (f.estimate, f.ci_low, f.ci_high)]
        return together(finding.estimate, finding.ci_low, finding.ci_high, others)
    bounds = interval(finding.ci_low, finding.ci_high, unit, places=places)
    return with_unit(finding.estimate, unit, places=places), bounds


def p_value(p: float | None) -> str:
    """Write a p-value; very small ones as a bound.

    >>> p_value(0.0312), p_value(1e-9)
    ('0.031', '< 0.001')
    """
    if p is None or math.isnan(p):
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def whole(n: float | None) -> str:
    """Write a count with thousands marks.

    >>> whole(63060)
    '63,060'
    """
    return MISSING if n is None else f"{int(n):,}"


def rank_interval(finding: Finding) -> str:
    """Write a rank interval as "1" or "1–3".

    >>> from judge.types import Finding
    >>> rank_interval(Finding("ranking", "rank", estimate=1, ci_low=1, ci_high=3))
    '1–3'
    """
    if finding.ci_low is None or finding.ci_high is None:
        return number(finding.estimate, "rank")
    low, high = number(finding.ci_low, "rank"), number(finding.ci_high, "rank")
    return low if low == high else f"{low}–{high}"
