r"""Foreign text becomes data: made visible, and put between markers that it cannot forge.

A response may hold anything: orders to the judge, copies of the markers, invisible characters. Two pure
steps take its power away before a template sees it. `visible` writes characters that a reader cannot see
as escapes such as ``\u202e``. `Fence` puts the text between two lines that share a code; the code is
derived from the dialogue (so that prompts are reproducible and share a prefix that providers cache), and is
changed until it occurs in none of the texts (so that no text can close its own block).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CODE_LENGTH = 8

# C0 and C1 controls but tab and newline; soft hyphen and other fillers; bidirectional marks, embeddings,
# overrides and isolates; zero-width characters; line separators; variation selectors; byte order mark;
# lone surrogates (they cannot be sent as UTF-8); tag characters (they spell ASCII invisibly).
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
_PRESENTATION = frozenset("\ufe0e\ufe0f")
_JOINERS = frozenset("\u200c\u200d")
_KEYCAP = "\u20e3"


def visible(text: str) -> str:
    r"""Write hidden characters as escapes; leave everything that a reader sees as it is.

    Emoji keep their joiners and presentation selectors, and scripts from Arabic to Myanmar keep theirs,
    because there they are part of ordinary spelling. CRLF becomes LF.

    Parameters
    ----------
    text
        Any string, lone surrogates included.

    Returns
    -------
    str
        A string that can be encoded as UTF-8.

    Examples
    --------
    >>> visible("so sorry\u202e to hear")
    'so sorry\\u202e to hear'
    """
    if text.isascii() and text.isprintable():  # nearly every text; much cheaper than the search
        return text
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    return text if _HIDDEN.search(text) is None else _HIDDEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    char, text, at = match.group(), match.string, match.start()
    before = text[at - 1] if at else ""
    after = text[at + 1 : at + 2]
    if char in _PRESENTATION and before and (_is_symbol(before) or after == _KEYCAP):
        return char
    if char in _JOINERS and before and after and _joins(before, after):
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char) in {"So", "Sm", "Sk"}


def _joins(before: str, after: str) -> bool:
    emoji = (_is_symbol(before) or before in _PRESENTATION) and _is_symbol(after)
    return emoji or ("\u0600" <= before <= "\u109f" and "\u0600" <= after <= "\u109f")


@dataclass(frozen=True, slots=True)
class Fence:
    """The markers of one prompt.

    Parameters
    ----------
    code
        Eight hexadecimal digits that occur in none of the texts of the prompt.
    """

    code: str

    @classmethod
    def around(cls, texts: Sequence[str]) -> Fence:
        """Choose the code for these texts (already visible); the first is the dialogue.

        The code does not depend on the order of the responses, so both orders of a duel differ in nothing
        but the order.

        Examples
        --------
        >>> Fence.around(["hello", "x", "y"]) == Fence.around(["hello", "y", "x"])
        True
        """
        code = _digest(texts[0])
        if _absent(code, texts):
            return cls(code)
        # Only a forger gets here; hashing all the texts leaves nothing to aim at.
        seed, count = _digest("\0".join(sorted(texts))), 0
        while not _absent(code, texts):
            code, count = _digest(f"{seed}{count}"), count + 1
        return cls(code)

    def block(self, name: str, text: str, note: str = "") -> str:
        r"""Put a text between its two marker lines.

        Examples
        --------
        >>> print(Fence("0badcafe").block("response A", "I hear you."))
        <<<response A 0badcafe>>>
        I hear you.
        <<<end response A 0badcafe>>>
        """
        note = f" {note}" if note else "" if text else " (empty)"
        return f"<<<{name} {self.code}>>>\n{text}\n<<<end {name} {self.code}{note}>>>"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:CODE_LENGTH]


def _absent(code: str, texts: Sequence[str]) -> bool:
    return not any(code in text or code in text.lower() for text in texts)
