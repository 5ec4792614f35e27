"""Finding the JSON objects at the top level of a model's answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

MAX_STARTS = 1_000
_OBJECT_START = re.compile(r'\{\s*"')
_BRACE = re.compile(r"[{}]")


class Repeated:
    """The value of a key that one object holds twice with different values."""

    def __repr__(self) -> str:
        return "given twice"


@dataclass(frozen=True, slots=True)
class Found:
    """One complete object and where it stands in the text."""

    value: dict[str, Any]
    start: int
    end: int


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        # repr, since 1, 1.0 and True are equal and yet not the same answer.
        result[key] = value if key not in result or repr(result[key]) == repr(value) else Repeated()
    return result


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, strict=False)


def top_level_objects(text: str) -> tuple[Found, ...]:
    """Return every complete JSON object that is not inside another one, in order.

    Braces in prose are passed over, together with what stands inside them. What follows the beginning of an
    object that never ends belongs to that object, so nothing after it counts. A text with more than
    `MAX_STARTS` opening braces outside objects is no answer: nothing is found in it.

    Examples
    --------
    >>> [found.value for found in top_level_objects('I pick {A}: {"verdict": "A"}')]
    [{'verdict': 'A'}]
    >>> top_level_objects('{"verdict": "A"')
    ()
    """
    found: list[Found] = []
    ends: dict[int, int] | None = None
    at = text.find("{")
    for _ in range(MAX_STARTS):
        if at < 0:
            return tuple(found)
        try:
            value, end = _DECODER.raw_decode(text, at)
            found.append(Found(value, at, end))
        except (ValueError, RecursionError):
            ends = _matching_braces(text) if ends is None else ends
            if at not in ends and _OBJECT_START.match(text, at):
                return tuple(found)
            end = ends.get(at, at + 1)
        at = text.find("{", end)
    return ()


def _matching_braces(text: str) -> dict[int, int]:
    """Map each opening brace to the end of its closing one, in one pass; strings are not understood."""
    open_at: list[int] = []
    ends: dict[int, int] = {}
    for brace in _BRACE.finditer(text):
        if brace.group() == "{":
            open_at.append(brace.start())
        elif open_at:
            ends[open_at.pop()] = brace.end()
    return ends
