"""What one cell may hold: each function turns a raw value into the table's own, or says what is wrong.

A cell comes from JSON (typed) or from CSV (always text; ``text=True``). Nothing is guessed: a value that
could be meant in two ways, or is in other words than the contract's, is an error that names the words.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Parse: TypeAlias = "Callable[[Any, bool], Any]"

FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""Text that a spreadsheet would run as a formula, with the quotes that already guard it."""

_HALF = re.compile(r"[\ud800-\udfff]")


class CellError(ValueError):
    """One cell is wrong; the reader adds file, row and column."""

    def __init__(self, message: str, mend: str) -> None:
        self.message, self.mend = message, mend
        super().__init__(message)


def shown(value: Any) -> str:
    """Quote a value for an error message, cut to a readable length.

    >>> shown("gleich")
    "'gleich'"
    """
    words = repr(value)
    return words if len(words) <= 60 else f"{words[:57]}..."


def guard_formula(text: str) -> str:
    """Put a single quote before text that a spreadsheet would run (CSV only).

    >>> guard_formula("=1+1"), guard_formula("fine")
    ("'=1+1", 'fine')
    """
    return f"'{text}" if FORMULA.match(text) else text


def unguard_formula(text: str) -> str:
    """Undo `guard_formula`, so that a CSV file of ours reads back as it was.

    >>> unguard_formula("'=1+1")
    '=1+1'
    """
    return text[1:] if text[:1] == "'" and FORMULA.match(text) else text


def half_a_pair(text: str) -> bool:
    r"""Tell whether a text holds half of a surrogate pair, which is no character.

    >>> half_a_pair("caf\u00e9"), half_a_pair("\ud83d")
    (False, True)
    """
    return not text.isascii() and _HALF.search(text) is not None


def as_text(value: Any, text: bool) -> str:
    """Any text, kept as it is; control characters and the empty text are text as well."""
    if value is None:
        raise CellError("missing", "give a text (an empty one is allowed), or leave the row out")
    if not isinstance(value, str):
        raise CellError(f"{shown(value)} is not text", 'put the text in double quotes: "..."')
    if half_a_pair(value):
        raise CellError("half of a surrogate pair, which is no character", "replace it, e.g. by U+FFFD")
    return unguard_formula(value) if text else value


def as_optional_text(value: Any, text: bool) -> str | None:
    """Text or nothing."""
    return None if value is None or (text and value == "") else as_text(value, text)


def as_id(value: Any, text: bool) -> str:
    """Return an identifier as text: 7, 7.0 and "7" are the same; "007" keeps its zeros."""
    if isinstance(value, str) and value:
        return as_text(value, text)
    if value is None or value == "":
        raise CellError("missing", "every row needs an id here")
    if isinstance(value, bool):
        raise CellError(f"{shown(value)} is not an id", "use text or a whole number")
    if isinstance(value, float):
        if not value.is_integer():
            raise CellError(f"{shown(value)} is not an id", "use text or a whole number")
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    return as_text(value, text)


def as_number(value: Any, text: bool) -> float | None:
    """Return a finite number, or None where the cell is empty."""
    if value is None or (text and value == ""):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise CellError(f"{shown(value)} is not a number", "write a number")
    if isinstance(value, str):
        return _number_of_text(value, text)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise CellError(f"{shown(value)} is not a finite number", _FAILED)
    return number


_FAILED = "where there is no value, leave the row out or name the failure in the column outcome"


def _number_of_text(value: str, text: bool) -> float:
    if not text:
        raise CellError(f"{shown(value)} is text, not a number", "write the number without quotes")
    try:
        number = float(value) if "_" not in value else math.nan
    except ValueError:
        mend = "use a decimal point" if re.fullmatch(r"\s*-?\d+,\d+\s*", value) else _FAILED
        raise CellError(f"{shown(value)} is not a number", mend) from None
    if not math.isfinite(number):
        raise CellError(f"{shown(value)} is not a finite number", _FAILED)
    return number


def as_repeat(value: Any, text: bool) -> int:
    """Return the number of the repeat, 0 where it is not given."""
    number = as_number(value, text)
    if number is None:
        return 0
    if not number.is_integer() or not 0 <= number < 2**31:
        raise CellError(f"{shown(value)} is not a repeat number", "use 0, 1, 2, ...")
    return int(number)


def as_probability(value: Any, text: bool) -> float | None:
    """Return a probability or an expected score: any finite number, or None."""
    return as_number(value, text)


_MEANT = {
    "tie": (
        "tied draw equal equals same both neither none even toss-up c remis unentschieden gleich gleichstand "
        "empate égalité egalite pareggio ничья 平局 相当 引き分け 무승부 0.5 tie(bothbad) tie(both)"
    ),
    "A": "a model_a system_a first left 1 assistant_a response_a option_a [[a]]",
    "B": "b model_b system_b second right 2 assistant_b response_b option_b [[b]]",
    "AB": "ab a-b a,b original normal",
    "BA": "ba b-a b,a swapped reversed",
    "human": "person people annotator crowd expert mensch humain humano worker",
    "judge": "model llm machine ai auto automatic bot",
    "ok": "okay fine success done none valid",
    "refusal": "refused declined",
    "parse_failure": "unparsable unparseable parse_error garbage invalid",
    "provider_error": "error failed failure server_error",
    "rate_limited": "ratelimit rate_limit 429",
    "truncated": "length cut max_tokens",
}


def _meant(value: Any, words: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    plain = str(value).strip().lower()
    for word in words:
        if plain == word.lower() or plain.replace(" ", "") in _MEANT.get(word, "").split():
            return f"; did you mean {word!r}?"
    close = get_close_matches(plain, words, n=1, cutoff=0.7)
    return f"; did you mean {close[0]!r}?" if close else ""


def one_of(words: tuple[str, ...], *, note: str = "", missing: str | None = None) -> Parse:
    """Make the check of a column that holds one of a few words.

    `missing` is what an empty cell stands for; without it an empty cell is read as None.
    """
    accepted = ", ".join(words) + note

    def parse(value: Any, text: bool) -> str | None:
        if value is None or (text and value == ""):
            return missing
        if isinstance(value, str) and value in words:
            return value
        mend = f"accepted: {accepted}{_meant(value, words)}"
        raise CellError(f"{shown(value)} is not accepted", mend)

    return parse


def required(parse: Parse) -> Parse:
    """Let a check refuse an empty cell."""

    def inner(value: Any, text: bool) -> Any:
        found = parse(value, text)
        if found is None:
            raise CellError("missing", "every row needs a value here")
        return found

    return inner


def as_object(value: Any, text: bool) -> Mapping[str, Any]:  # noqa: ARG001 - a check like the others
    """Return a JSON object; in CSV it stands as JSON in the cell. Nothing is an empty one."""
    if value is None or (isinstance(value, str) and value == ""):
        return {}
    found = json_cell(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise CellError(f"{shown(value)} is not a JSON object", 'write {"name": value, ...}')
    return {str(name): part for name, part in found.items()}


def json_cell(value: str) -> Any:
    """Read the JSON that stands in a cell."""
    try:
        return json.loads(unguard_formula(value))
    except (ValueError, RecursionError):
        raise CellError(f"{shown(value)} is not JSON", 'write JSON, e.g. ["first turn", "answer"]') from None
