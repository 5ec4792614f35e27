"""Words of a text: by the conventions of the Penn Treebank, or by white space; case is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Tokeniser = Literal["treebank", "whitespace"]

_ABBREVIATIONS = frozenset(
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "etc", "e.g", "i.e", "a.m", "p.m", "u.s",
        "u.k", "inc", "co", "ltd", "dept", "approx",
    }
)  # fmt: skip
"""Words whose full stop does not end a sentence."""
_END = re.compile(r"(?<=[.?!])([\"')\]}\u201d\u2019\u00bb]*)\s+")
_LAST_WORD = re.compile(r"(\S+)\.[\"')\]}]*$")
_FINAL_STOP = re.compile(r"([^.])\.([\])}>\"'\u00bb\u201d\u2019 ]*)$")
_OPENING = re.compile(r"(?:^|(?<=[ (\[{<]))(\"|'{2})")
_APART = re.compile(
    r"\.{2,}|--|`+|''|[\u00ab\u00bb\u201c\u201d\u201e\u2018\u2019\u2012-\u2015?!;@#$%&*()\[\]{}<>]|[,:](?!\d)"
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
    return [token for sentence in sentences(text) for token in _words(sentence)]


def tokeniser_function(tokeniser: Tokeniser) -> Callable[[str], list[str]]:
    """Return the function of a tokeniser's name."""
    return str.split if tokeniser == "whitespace" else tokenise


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


def _words(sentence: str) -> list[str]:
    text = _OPENING.sub(" `` ", sentence)
    text = _QUOTE_BEFORE.sub("' ", text)
    text = _FINAL_STOP.sub(r"\1 . \2 ", text)
    text = _APART.sub(r" \g<0> ", text)
    text = text.replace('"', " '' ")
    return [word for token in text.split() for word in _parts(token)]


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
