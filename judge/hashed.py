"""Texts to hashed n-grams: features without a vocabulary, so that weights can be shipped without any text.

Used by the small models that come with the package. A feature is a bucket number; which words fell into a
bucket is nowhere written down. Hashes are BLAKE2 and CRC-32, the same in every process and on every
machine.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[:;=]-?[()dpDP/]|<3|[?!]+|[.,;:()\"&<>/-]")
_QUOTES = str.maketrans("\u2018\u2019", "''")
MAX_WORD = 30
"""Longer tokens (links, keyboard mashing) are cut: they carry nothing and would fill the memory."""

_MULTIPLIERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
_FINISH = np.uint64(0xFF51AFD7ED558CCD)
_CHARACTER_SEED = 0x9E3779B9
_FRAME = ("\x02", "\x03")
_KNOWN_LIMIT = 100_000
_ROWS = 64
"""Rows that are multiplied at once: bounds the memory and stays in the processor's cache."""


def surfaces(text: str) -> list[str]:
    """Return words, numbers, emoticons and punctuation marks as they stand in a text, entities read.

    >>> surfaces("I\u2019m So Sorry&hellip; OK?! :(")
    ["I'm", 'So', 'Sorry', 'OK', '?!', ':(']
    """
    return _TOKEN.findall(html.unescape(text).translate(_QUOTES))


def token(surface: str) -> str:
    """Return the form that is hashed: lower case, every number as ``0``."""
    return "0" if surface.isdigit() else surface.lower()[:MAX_WORD]


def tokens(text: str) -> list[str]:
    """Return the tokens of a text, in order.

    >>> tokens("I'm so sorry\u2026 are you OK?! 24/7 :(")
    ["i'm", 'so', 'sorry', 'are', 'you', 'ok', '?!', '0', '/', '0', ':(']
    """
    return [token(surface) for surface in surfaces(text)]


@dataclass(frozen=True)
class Hits:
    """Every n-gram of some texts, one by one: which words it covers and which bucket it falls into.

    Attributes
    ----------
    row, column
        Text and bucket, shape (h,).
    first, width
        Number of its first word and how many words it covers, shape (h,). Words are counted through all
        texts; the ends of a text are not words and are not covered.
    n
        Number of texts.
    """

    row: Ints
    column: Ints
    first: Ints
    width: Ints
    n: int


@dataclass(frozen=True)
class Sparse:
    """A sparse matrix of n texts by buckets, sorted by row and then by column.

    Attributes
    ----------
    row, column
        Positions of the entries, shape (k,).
    value
        The entries, shape (k,).
    n
        Number of rows.
    """

    row: Ints
    column: Ints
    value: Floats
    n: int

    def dot(self, table: NDArray[Any]) -> Floats:
        """Multiply by a dense table, shape (buckets, m); return (n, m).

        Entries are added in order, so a row's result does not depend on the other rows.
        """
        out = np.zeros((self.n, table.shape[1]))
        filled, start = np.unique(self.row, return_index=True)
        for i in range(0, len(filled), _ROWS):
            first = start[i : i + _ROWS]
            end = start[i + _ROWS] if i + _ROWS < len(filled) else len(self.row)
            entries = slice(first[0], end)
            products = self.value[entries, None] * table[self.column[entries]]
            out[filled[i : i + _ROWS]] = np.add.reduceat(products, first - first[0], axis=0)
        return out


class Hasher:
    """Gives the buckets of word n-grams and of character n-grams inside words.

    Words that were seen are remembered to save time; the same text gives the same buckets with or without
    that memory.

    Parameters
    ----------
    bits
        Each of the two blocks has 2**bits buckets: word n-grams first, then character n-grams.
    words
        Orders of the word n-grams, from 1 to 3. Those of two and more see the ends of the text.
    characters
        Shortest and longest character n-gram; the ends of the word count as a character.

    Examples
    --------
    >>> hasher = Hasher(bits=10)
    >>> one = hasher([["so", "sorry"], []])
    >>> one.n, sorted(set(one.row.tolist()))
    (2, [0])
    >>> again = Hasher(bits=10)([["so", "sorry"], []])
    >>> bool((one.column == again.column).all())
    True
    """

    def __init__(
        self, bits: int = 15, words: Sequence[int] = (1, 2, 3), characters: tuple[int, int] = (2, 5)
    ) -> None:
        self.bits, self.words, self.characters = bits, tuple(words), characters
        self._forget()

    @property
    def buckets(self) -> int:
        """Number of buckets of both blocks."""
        return 2 << self.bits

    def __call__(self, texts: Sequence[Sequence[str]]) -> Sparse:
        """Return how often each bucket is hit by each text.

        Parameters
        ----------
        texts
            The tokens of each text. A text without tokens has no entry.
        """
        return self.counted(self.hits(texts))

    def counted(self, hits: Hits) -> Sparse:
        """Count the n-grams of each text and bucket."""
        shift = self.bits + 1
        unique, count = np.unique((hits.row << shift) | hits.column, return_counts=True)
        return Sparse(unique >> shift, unique & ((1 << shift) - 1), count.astype(float), hits.n)

    def hits(self, texts: Sequence[Sequence[str]]) -> Hits:
        """Return every n-gram of each text with the words that it covers."""
        if len(self._number) > _KNOWN_LIMIT:
            self._forget()
        framed = [(_FRAME[0], *text, _FRAME[1]) for text in texts]
        number = self._number
        for word in set(chain.from_iterable(framed)).difference(number):
            self._learn(word)
        lengths = np.fromiter(map(len, framed), np.int64, len(framed))
        ids = np.fromiter((number[w] for w in chain.from_iterable(framed)), np.int64, int(lengths.sum()))
        row = np.repeat(np.arange(len(texts)), lengths)
        parts = [*self._word_grams(ids, row, lengths[row] > 2), self._character_grams(ids)]
        start, width, column = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        before = np.cumsum(ids >= len(_FRAME))  # words up to and including each position
        first = before[start] - (ids[start] >= len(_FRAME))
        covered = before[start + width - 1] - first
        return Hits(row[start], column, first, covered, len(texts))

    def _forget(self) -> None:
        self._number: dict[str, int] = {}
        self._hash = np.zeros(1024, dtype=np.uint64)
        self._grams = np.zeros(16384, dtype=np.int64)
        self._start = np.zeros(1025, dtype=np.int64)
        for end in _FRAME:
            self._learn(end)

    def _learn(self, word: str) -> None:
        known = len(self._number)
        if known == len(self._hash):
            self._hash = np.concatenate([self._hash, np.zeros_like(self._hash)])
            self._start = np.concatenate([self._start, np.zeros(known, dtype=np.int64)])
        grams = self._spelled(word)
        start = int(self._start[known])
        while start + len(grams) > len(self._grams):
            self._grams = np.concatenate([self._grams, np.zeros_like(self._grams)])
        self._grams[start : start + len(grams)] = grams
        self._start[known + 1] = start + len(grams)
        self._hash[known] = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")
        self._number[word] = known

    def _spelled(self, word: str) -> list[int]:
        if word in _FRAME:
            return []
        padded, (low, high) = f" {word} ", self.characters
        size = 1 << self.bits
        return [
            size + (crc32(padded[i : i + n].encode(), _CHARACTER_SEED) & (size - 1))
            for n in range(low, high + 1)
            for i in range(len(padded) - n + 1)
        ]

    def _word_grams(self, ids: Ints, row: Ints, full: NDArray[np.bool_]) -> list[tuple[Ints, Ints, Ints]]:
        """Return first position, width and bucket of the n-grams of each order."""
        hashes = self._hash[ids]
        found = []
        for n in self.words:
            count = max(0, len(ids) - n + 1)
            keep = ids >= len(_FRAME) if n == 1 else (row[:count] == row[n - 1 :]) & full[:count]
            mixed = np.full(count, n, dtype=np.uint64)
            for i in range(n):
                mixed = (mixed ^ hashes[i : i + count]) * _MULTIPLIERS[i]
                mixed ^= mixed >> np.uint64(29)
            bucket = ((mixed * _FINISH) >> np.uint64(64 - self.bits)).astype(np.int64)[keep]
            found.append((np.flatnonzero(keep), np.full(len(bucket), n), bucket))
        return found

    def _character_grams(self, ids: Ints) -> tuple[Ints, Ints, Ints]:
        start, length = self._start[ids], self._start[ids + 1] - self._start[ids]
        before = np.cumsum(length) - length
        position = np.repeat(start - before, length) + np.arange(int(length.sum()))
        return np.repeat(np.arange(len(ids)), length), np.ones(len(position), np.int64), self._grams[position]


def tfidf(counts: Sparse, idf: NDArray[Any]) -> Sparse:
    """Weigh counts: (1 + log count) * idf, scaled to length 1 separately in each half of the buckets.

    Parameters
    ----------
    counts
        Entries of at least 1.
    idf
        Weight of each bucket, shape (buckets,); buckets of weight 0 are dropped.
    """
    weight = idf[counts.column]
    keep = weight > 0
    row, column = counts.row[keep], counts.column[keep]
    value = (1.0 + np.log(counts.value[keep])) * weight[keep]
    block = 2 * row + (column >= len(idf) // 2)
    norm = np.sqrt(np.bincount(block, value * value, 2 * counts.n))
    return Sparse(row, column, value / norm[block], counts.n)


def inverse_frequency(counts: Sparse, buckets: int, at_least: int = 2) -> NDArray[np.float16]:
    """Return log((1 + n) / (1 + texts with the bucket)) + 1, and 0 for buckets in fewer texts than that."""
    document = np.bincount(counts.column, minlength=buckets)
    idf = np.log((1 + counts.n) / (1 + document)) + 1.0
    return np.where(document >= at_least, idf, 0.0).astype(np.float16)


def numbers_digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the BLAKE2 digest of named arrays, 16 hex digits: names a model's weights.

    Parameters
    ----------
    arrays
        By name, in the order that counts: another order, type, shape or number gives another digest.

    Examples
    --------
    >>> one = numbers_digest({"a": np.zeros(2)})
    >>> len(one), one == numbers_digest({"a": np.zeros(3)})
    (16, False)
    """
    digest = blake2b(digest_size=8)
    for name, array in arrays.items():
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
