"""Words of a text: by the conventions of the Penn Treebank, or by white space; case is kept."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int32]

Tokeniser = Literal["treebank", "whitespace"]

_ABBREVIATIONS = frozenset(
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "e.g", "i.e", "a.m", "p.m", "u.s",
        "u.k", "inc", "co", "ltd", "dept", "approx",
    }
)  # fmt: skip
"""Words whose full stop does not end a sentence."""
_END = re.compile(r"[.?!]([\"')\]}\u201d\u2019\u00bb]*)\s+")
_LAST_WORD = re.compile(r"(\S+)\.[\"')\]}]*$")
_CLOSING = "])}>\"'\u00bb\u201d\u2019 "
"""What may follow the full stop at the end of a sentence."""
_OPENING = re.compile(r"(?:^|(?<=[ (\[{<]))(\"|'{2})")
_MARKS = "\u00ab\u00bb\u201c\u201d\u201e\u2018\u2019\u2012\u2013\u2014\u2015?!;@#$%&*()[]{}<>"
# Every branch begins with one letter of its own: so `re` can jump to the next letter that begins any.
_APART = re.compile(
    "({})".format("|".join((r"\.\.+", "--", "``*", "''", r",(?!\d)", r":(?!\d)", *map(re.escape, _MARKS))))
)
_QUOTE_BEFORE = re.compile(r"(?<!\w)'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", re.IGNORECASE)
_CLITIC = re.compile(r"(.*[^'])('[sSmMdD]|'ll|'LL|'re|'RE|'ve|'VE|n't|N'T|')", re.DOTALL)
_MERGED = {
    "cannot": 3, "gonna": 3, "gotta": 3, "gimme": 3, "lemme": 3, "wanna": 3, "d'ye": 1, "more'n": 4,
    "'tis": 2, "'twas": 2,
}  # fmt: skip
"""Two words written as one, and where they part."""


def tokenise(text: str, tokeniser: Tokeniser = "treebank") -> list[str]:
    """Split a text into words.

    Parameters
    ----------
    text
        Any text; case is kept.
    tokeniser
        ``treebank`` splits off punctuation and clitics as ``nltk.word_tokenize`` does, ``whitespace`` splits
        at white space only (for text that is tokenised already).

    Returns
    -------
    list of str

    Notes
    -----
    Sentences end at ``.``, ``?`` or ``!`` before white space, but for some abbreviations and initials; nltk
    uses a trained model there. Within a sentence the words are nltk's, but for rare runs of punctuation.

    References
    ----------
    Marcus, Marcinkiewicz and Santorini 1993, Building a large annotated corpus of English (the conventions).

    Examples
    --------
    >>> tokenise("I can't believe it. You're okay, Dr. Gray?")
    ['I', 'ca', "n't", 'believe', 'it', '.', 'You', "'re", 'okay', ',', 'Dr.', 'Gray', '?']
    >>> tokenise("so sorry !", "whitespace")
    ['so', 'sorry', '!']
    """
    if tokeniser == "whitespace":
        return text.split()
    return [word for chunk in _chunks(text) for word in _parts(chunk)]


@dataclass(frozen=True)
class Words:
    """Texts as numbers: `code` of the words, text after text; `size` words in each; `kinds` of words."""

    code: Ints
    size: Ints
    kinds: int


def number_words(responses: Iterable[Sequence[str]]) -> Words:
    """Give numbers to the words of texts that are split already.

    >>> number_words([["oh", "no", "oh"], [], ["no"]])
    Words(code=array([0, 1, 0, 1], dtype=int32), size=array([3, 0, 1], dtype=int32), kinds=2)
    """
    # A word that is new gets the number of words known before it.
    book: defaultdict[str, int] = defaultdict()
    book.default_factory = book.__len__
    return _number(responses, book)


def encode(texts: Iterable[str], tokeniser: Tokeniser = "treebank") -> Words:
    """Split texts into words (`tokenise`), one number a word: a tenth of the memory of lists of words.

    >>> encode(["I can't.", "can't I?"])
    Words(code=array([0, 1, 2, 3, 1, 2, 0, 4], dtype=int32), size=array([4, 4], dtype=int32), kinds=5)
    """
    book: defaultdict[str, int] = defaultdict()
    book.default_factory = book.__len__
    if tokeniser == "whitespace":
        return _number((text.split() for text in texts), book)
    chunks = _number(map(_chunks, texts), book)
    return _apart(chunks, number_words(map(_parts, book)))


def _number(texts: Iterable[Sequence[str]], book: defaultdict[str, int]) -> Words:
    code, size = array("i"), array("i")
    for words in texts:
        code.extend(map(book.__getitem__, words))
        size.append(len(words))
    # The arrays are wrapped, not copied.
    return Words(np.frombuffer(code, dtype=np.int32), np.frombuffer(size, dtype=np.int32), len(book))


def _apart(chunks: Words, parts: Words) -> Words:
    """Put the words of each chunk in its place: one or two, looked up once for every kind of chunk."""
    first = np.cumsum(parts.size) - parts.size
    table = np.full((parts.size.size, 2), -1, dtype=np.int32)
    table[:, 0] = parts.code[first]
    double = parts.size == 2
    table[double, 1] = parts.code[first[double] + 1]
    code = table[chunks.code]
    ends = np.cumsum(chunks.size)
    # How many words there are before each chunk, and after the last.
    before = np.zeros(chunks.code.size + 1, dtype=np.int32)
    np.cumsum(parts.size[chunks.code], out=before[1:])
    size = np.diff(before[ends], prepend=np.int32(0))
    return Words(code[code >= 0], size, parts.kinds)


def sentences(text: str) -> list[str]:
    """Split a text into sentences.

    >>> sentences("Oh no. Did Mr. Low call? I hope so.")
    ['Oh no.', 'Did Mr. Low call?', 'I hope so.']
    """
    found: list[str] = []
    begun = 0
    for end in _END.finditer(text):
        part = text[begun : end.end(1)]
        if _is_abbreviation(part):
            continue
        found.append(part.strip())
        begun = end.end()
    rest = text[begun:].strip()
    return [*found, rest] if rest else found


def _is_abbreviation(part: str) -> bool:
    last = _LAST_WORD.search(part)
    if last is None:
        return False
    word = last[1].lstrip("\"'([{").lower()
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i")


def _chunks(text: str) -> list[str]:
    """Split a text at all but clitics and merged words."""
    return [chunk for sentence in sentences(text) for chunk in _sentence_chunks(sentence)]


def _sentence_chunks(sentence: str) -> list[str]:
    text = sentence
    # Looking for a letter is cheap, a pattern is not: most sentences have no quote.
    if '"' in text or "''" in text:
        text = _OPENING.sub(" `` ", text)
    if "'" in text:
        text = _QUOTE_BEFORE.sub("' ", text)
    rest = text.rstrip(_CLOSING)
    if rest.endswith(".") and rest[-2:-1] not in ("", "."):
        text = f"{rest[:-1]} . {text[len(rest) :]} "
    # What stands apart is cut out and put back between spaces.
    return " ".join(_APART.split(text)).replace('"', " '' ").split()


def _parts(token: str) -> tuple[str, ...]:
    """Split clitics and merged words off one token."""
    if "'" not in token:
        at = _MERGED.get(token.lower()) if len(token) <= 6 else None
        return (token,) if at is None else (token[:at], token[at:])
    at = _MERGED.get(token.lower())
    if at is not None:
        return token[:at], token[at:]
    found = _CLITIC.fullmatch(token)
    return (token,) if found is None else (found[1], found[2])
