"""What a value of the study file may be: small checks that return the value or raise with the mend.

A check takes the raw value and the folder of the study file.
"""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Check: TypeAlias = "Callable[[Any, Path], Any]"


class WrongValueError(ValueError):
    """A value is wrong; the message says what is right."""


def shown(value: Any) -> str:
    """Quote a value for a message, cut to a readable length."""
    words = repr(value)
    return words if len(words) <= 50 else f"{words[:47]}..."


def meant(name: str, known: tuple[str, ...], cutoff: float = 0.6) -> str:
    """Return "; did you mean ...?" for the nearest known name, or nothing.

    >>> meant("pairwize", ("pairwise", "absolute"))
    "; did you mean 'pairwise'?"
    """
    close = get_close_matches(name.lower(), known, n=1, cutoff=cutoff)
    return f"; did you mean {close[0]!r}?" if close else ""


def text(value: Any, _: Path) -> str:
    """Check for text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise WrongValueError(f'must be text in quotes, not {shown(value)}, e.g. "..."')
    return value


def one_of(*words: str) -> Check:
    """Make the check of one of a few words."""

    def check(value: Any, _: Path) -> str:
        if not isinstance(value, str) or value not in words:
            hint = meant(str(value), words)
            raise WrongValueError(f"must be one of {', '.join(words)}, not {shown(value)}{hint}")
        return value

    return check


def whole(low: int, high: int | None = None) -> Check:
    """Make the check of a whole number between two limits, both allowed."""
    limits = f"of at least {low}" if high is None else f"from {low} to {high}"

    def check(value: Any, _: Path) -> int:
        wrong = isinstance(value, bool) or not isinstance(value, int)
        if wrong or value < low or (high is not None and value > high):
            raise WrongValueError(f"must be a whole number {limits}, not {shown(value)}")
        return int(value)

    return check


def number(low: float, high: float | None = None, *, open_ends: bool = False) -> Check:
    """Make the check of a number between two limits; `open_ends` excludes the limits themselves."""
    limits = f"of at least {low:g}" if high is None else f"from {low:g} to {high:g}"
    if open_ends:
        limits = f"above {low:g}" if high is None else f"between {low:g} and {high:g}"

    def check(value: Any, _: Path) -> float:
        wrong = isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
        top = math.inf if high is None else high
        if wrong or not low <= value <= top or (open_ends and value in (low, high)):
            raise WrongValueError(f"must be a number {limits}, not {shown(value)}")
        return float(value)

    return check


def flag(value: Any, _: Path) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise WrongValueError(f"must be true or false without quotes, not {shown(value)}")
    return value


def texts(value: Any, folder: Path) -> tuple[str, ...]:
    """Check a list of texts, none twice."""
    if not isinstance(value, list | tuple) or not value:
        raise WrongValueError(f'must be a list of texts, not {shown(value)}, e.g. ["a", "b"]')
    found = tuple(text(part, folder) for part in value)
    twice = next((part for part in found if found.count(part) > 1), None)
    if twice is not None:
        raise WrongValueError(f"names {twice!r} twice")
    return found


def some_of(*words: str) -> Check:
    """Make the check of a list of some of a few words, none twice."""
    known = one_of(*words)

    def check(value: Any, folder: Path) -> tuple[str, ...]:
        return tuple(known(part, folder) for part in texts(value, folder))

    return check


def file(value: Any, folder: Path) -> Path:
    """Check the path of a file that is there; relative ones start at the study file."""
    found = anything(value, folder)
    if found.is_dir():
        raise WrongValueError(f"{str(value)!r} is a folder, not a file")
    return found


def anything(value: Any, folder: Path) -> Path:
    """Check the path of a file or folder that is there."""
    found = folder / text(str(value) if hasattr(value, "parts") else value, folder)
    if found.exists():
        return found
    near = tuple(other.name for other in found.parent.iterdir()) if found.parent.is_dir() else ()
    close = get_close_matches(found.name, near, n=1, cutoff=0.6)
    hint = f"; did you mean {close[0]!r}?" if close else f" (looked in {found.parent})"
    raise WrongValueError(f"no such file {str(value)!r}{hint}")


def file_or(*words: str) -> Check:
    """Make the check of one of a few words, or of the path of a file that is there."""

    def check(value: Any, folder: Path) -> Path | str:
        return value if isinstance(value, str) and value in words else file(value, folder)

    return check


def pairs(value: Any, folder: Path) -> str | tuple[tuple[str, str], ...]:
    """Check which pairs are compared: a word, or a list of pairs of ids."""
    words = ("all", "baseline")
    if not isinstance(value, list | tuple):
        if value in words:
            return str(value)
        hint = meant(str(value), words)
        raise WrongValueError(f'must be "all", "baseline" or a list of pairs, not {shown(value)}{hint}')
    if not value or not all(isinstance(p, list | tuple) and len(p) == 2 for p in value):
        raise WrongValueError('must be a list of pairs of ids, e.g. [["a", "b"], ["a", "c"]]')
    found = tuple((text(a, folder), text(b, folder)) for a, b in value)
    same = next((a for a, b in found if a == b), None)
    if same is not None:
        raise WrongValueError(f"compares {same!r} with itself")
    return found


def several(check: Check) -> Check:
    """Make the check of a list of values, or of a single one in its place, e.g. paths."""

    def checked(value: Any, folder: Path) -> tuple[Any, ...]:
        parts = value if isinstance(value, list | tuple) else [value]
        return tuple(check(part, folder) for part in parts)

    return checked


def model(value: Any, folder: Path) -> str:
    """Check the name of a model, ``provider/model``."""
    name = text(value, folder)
    provider, slash, rest = name.partition("/")
    if not slash or not provider or not rest:
        guess = "anthropic" if name.startswith("claude") else "openai"
        raise WrongValueError(
            f"must name provider and model, not {shown(name)}, e.g. '{guess}/{name.strip('/')}'"
        )
    return name


def url(value: Any, folder: Path) -> str:
    """Check the address of a server."""
    found = text(value, folder)
    if not re.match(r"https?://[^/\s]+", found):
        raise WrongValueError(f"must begin with http:// or https://, not {shown(found)}")
    return found


def variable(value: Any, folder: Path) -> str:
    """Check the name of an environment variable. The value is never repeated: it could be a key."""
    found = text(value, folder)
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", found):
        raise WrongValueError('must be the name of an environment variable, e.g. "MY_API_KEY", not a key')
    return found


def mapping(value: Any, _: Path) -> dict[str, Any]:
    """Check a table of any content."""
    if not isinstance(value, dict):
        raise WrongValueError(f"must be a table, not {shown(value)}, e.g. {{ k = 5 }}")
    return dict(value)


def price(value: Any, folder: Path) -> dict[str, float]:
    """Check a price: dollars for a million tokens, of input, output and (optional) cached input."""
    parts = mapping(value, folder)
    for name in parts:
        if name not in ("input", "output", "cached"):
            raise WrongValueError(
                f"has the unknown part {name!r}{meant(name, ('input', 'output', 'cached'))}"
            )
    for name in ("input", "output"):
        if name not in parts:
            raise WrongValueError(
                f"lacks {name!r}: dollars for a million tokens, e.g. {{ input = 2.5, output = 10 }}"
            )
    return {name: number(0)(part, folder) for name, part in parts.items()}


def span(value: Any, _: Path) -> tuple[float, float]:
    """Accept two numbers, the lower first.

    >>> from pathlib import Path
    >>> span([1, 5], Path())
    (1.0, 5.0)
    """
    good = isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(end) for end in value)
    if not good or value[0] >= value[1]:
        raise WrongValueError(f"must be two numbers, the lowest first, e.g. [1, 5], not {shown(value)}")
    return float(value[0]), float(value[1])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
