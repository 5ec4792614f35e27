"""Text that came from elsewhere, made safe to look at.

Escaping is the template's business. Here the characters that no escaping helps against are made visible:
control characters (some are not allowed in HTML at all), marks that turn the direction of the line, and
halves of surrogate pairs, which cannot be written as UTF-8.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]"
)


def _show(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"\u27e8U+{code:04X}\u27e9"


def visible(text: str) -> str:
    r"""Return `text` with hidden characters made visible; line feeds and tabs stay.

    >>> visible("safe\u202etxt")
    'safe⟨U+202E⟩txt'
    >>> visible("bell\x07")
    'bell␇'
    """
    return _HIDDEN.sub(_show, text.replace("\r\n", "\n"))


def cut(text: str, limit: int, where: str) -> str:
    """Return `text`, cut after `limit` characters with a note that says `where` the whole is.

    >>> cut("abcdef", 3, "responses.jsonl")
    'abc … [cut after 3 of 6 characters; the whole is in responses.jsonl]'
    """
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … [cut after {limit:,} of {len(text):,} characters; the whole is in {where}]"
