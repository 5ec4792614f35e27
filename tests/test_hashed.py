"""Hashed n-grams."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from zlib import crc32

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.hashed import Hasher, Sparse, inverse_frequency, tfidf

WORDS = st.lists(st.sampled_from(["a", "bee", "sea", "deed", "x\u00e9", "?"]), max_size=8)


def plainly(
    texts: list[list[str]], bits: int, words: tuple[int, ...], characters: tuple[int, int]
) -> Counter[tuple[int, int]]:
    """Count the buckets one n-gram at a time, with Python's integers."""
    size, wrap, multipliers = (
        1 << bits,
        (1 << 64) - 1,
        (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9),
    )

    def number(word: str) -> int:
        return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")

    def mixed(gram: tuple[str, ...]) -> int:
        value = len(gram)
        for word, multiplier in zip(gram, multipliers, strict=False):
            value = ((value ^ number(word)) * multiplier) & wrap
            value ^= value >> 29
        return ((value * 0xFF51AFD7ED558CCD) & wrap) >> (64 - bits)

    found: Counter[tuple[int, int]] = Counter()
    for row, text in enumerate(texts):
        framed = ["\x02", *text, "\x03"] if text else []
        for n in words:
            grams = [tuple(framed[i : i + n]) for i in range(len(framed) - n + 1)]
            found.update((row, mixed(g)) for g in grams if n > 1 or g[0] not in ("\x02", "\x03"))
        for word in text:
            p = f" {word} "
            for n in range(characters[0], characters[1] + 1):
                for i in range(len(p) - n + 1):
                    found[row, size + (crc32(p[i : i + n].encode(), 0x9E3779B9) & (size - 1))] += 1
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=5))
def test_the_arrays_count_what_the_definition_counts(texts):
    """The fast way gives the same buckets and counts as one n-gram at a time."""
    got = Hasher(bits=6)(texts)
    table = {
        (r, c): v for r, c, v in zip(got.row.tolist(), got.column.tolist(), got.value.tolist(), strict=True)
    }
    assert table == plainly(texts, 6, (1, 2, 3), (2, 5))
    assert got.n == len(texts)


def test_forgetting_changes_nothing(monkeypatch):
    """A hasher whose memory overflows gives the same buckets."""
    texts = [[f"word{i}", f"word{i + 1}"] for i in range(2000)]
    first = Hasher(bits=8)(texts)
    monkeypatch.setattr("judge.hashed._KNOWN_LIMIT", 5)
    hasher = Hasher(bits=8)
    for text in texts[:20]:
        hasher([text])
    again = hasher(texts)
    np.testing.assert_array_equal(first.column, again.column)
    np.testing.assert_array_equal(first.value, again.value)


def test_rows_of_tfidf_have_length_one_in_each_half():
    """Word n-grams and character n-grams weigh the same whatever the length of the text."""
    counts = Hasher(bits=8)([["so", "it", "goes"], ["so"]])
    weighed = tfidf(counts, np.ones(512))
    for half in (weighed.column < 256, weighed.column >= 256):
        np.testing.assert_allclose(np.bincount(weighed.row[half], weighed.value[half] ** 2), [1.0, 1.0])


def test_dot_is_the_matrix_product():
    """Multiplying by a table is what the dense product gives, empty rows included."""
    sparse = Sparse(np.array([0, 0, 2]), np.array([1, 3, 0]), np.array([2.0, 1.0, 5.0]), 3)
    table = np.arange(8.0).reshape(4, 2)
    dense = np.zeros((3, 4))
    dense[sparse.row, sparse.column] = sparse.value
    np.testing.assert_allclose(sparse.dot(table), dense @ table)


def test_rare_buckets_weigh_nothing():
    """A bucket of one text alone is dropped; one in all texts has weight 1."""
    counts = Hasher(bits=12, words=(1,))([["both", "one"], ["both", "two"]])
    idf = inverse_frequency(counts, 2 << 12)
    assert set(idf[counts.column].tolist()) == {0.0, 1.0}
    assert tfidf(counts, idf).value.min() > 0
