"""Text to tokens, sentences and a few counts for the embedded judge.

The n-grams are hashed (`judge.hashed`), so the shipped weights hold no word of the texts that they were
trained on. The word lists below are closed classes and everyday words, chosen by us.
"""

from __future__ import annotations

import html
import math
import re
from typing import TYPE_CHECKING

from judge.hashed import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

BITS = 15
"""Each block, word and character n-grams, has 2**BITS buckets."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


def _listing(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FIRST = _listing("i i'm im i've ive i'd i'll me my mine myself")
_SECOND = _listing("you your you're youre yours yourself u ur you've you'll you'd")
_WE = _listing("us our ours we we're ourselves")
_WARM = _listing(
    "sorry hope hugs hug love glad proud happy wish luck care sad heart strong strength thank thanks "
    "brave congrats congratulations awful terrible great wonderful"
)
_KNOWING = _listing(
    "understand relate same feel feels feeling felt sounds seems similar familiar been through too know "
    "exactly boat"
)
_ASKING = _listing("what why how who when where which")
_PAST = _listing("was were had went did felt got used tried")
_ADVISING = _listing("should try need could get go find maybe")
LISTS = (_FIRST, _SECOND, _WE, _WARM, _KNOWING, _ASKING, _PAST, _ADVISING)


def sentences(text: str) -> list[list[str]]:
    """Return the tokens of each sentence that has any; a text without a full stop is one sentence.

    >>> sentences("Oh no. What happened?")
    [['oh', 'no', '.'], ['what', 'happened', '?']]
    """
    parts = (tokens(part) for part in _SENTENCE.split(html.unescape(text)))
    return [part for part in parts if part]


def counts(seeker: Sequence[str], parts: Sequence[Sequence[str]]) -> list[float]:
    """Return the hand-made features of one response.

    Parameters
    ----------
    seeker
        Tokens of what the speaker said.
    parts
        Tokens of each sentence of the response.

    Returns
    -------
    list of float
        Lengths, questions, the share and presence of each word list, overlap with the seeker's words.
    """
    words = [word for part in parts for word in part]
    asked = [part for part in parts if any("?" in word for word in part)]
    return [
        *_lengths(words, parts, asked),
        *(value for listed in LISTS for value in _listed(words, listed)),
        *_overlap(seeker, words),
        *_questions(asked),
    ]


def _lengths(
    words: Sequence[str], parts: Sequence[Sequence[str]], asked: Sequence[Sequence[str]]
) -> list[float]:
    n = len(parts)
    return [
        math.log1p(len(words)),
        math.log1p(n),
        math.log1p(len(asked)),
        len(asked) / max(1, n),
        float(n > 0 and "?" in "".join(parts[-1])),
        float(n > 0 and "?" in "".join(parts[0])),
        float(len(words) < 12),
        float(any("!" in word for word in words)),
    ]


def _listed(words: Sequence[str], listed: frozenset[str]) -> list[float]:
    found = sum(word in listed for word in words)
    return [found / max(1, len(words)), math.log1p(found), float(found > 0)]


def _overlap(seeker: Sequence[str], words: Sequence[str]) -> list[float]:
    said = {word for word in seeker if len(word) > 3}
    answered = {word for word in words if len(word) > 3}
    shared = len(said & answered)
    return [shared / max(1, len(answered)), math.log1p(shared)]


def _questions(asked: Sequence[Sequence[str]]) -> list[float]:
    lengths = [len(part) for part in asked]
    return [
        float(any(word in _SECOND for part in asked for word in part)),
        float(any(part[0] in _ASKING for part in asked)),
        min(40, max(lengths, default=0)) / 20,
        min(40, min(lengths, default=0)) / 20,
    ]
