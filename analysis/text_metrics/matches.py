"""How many n-grams two texts share: what BLEU (of words) and chrF (of letters) are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.text_metrics.tokens import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

PAIRS_AT_ONCE = 256
"""Pairs whose n-grams are sorted together: many enough to be fast, few enough to stay in the cache."""
LARGEST = 1 << 62


def number_letters(texts: Sequence[str]) -> Words:
    """Give numbers to the letters of texts, white space left out; `Words` of letters.

    >>> number_letters(["a b", "b"])
    Words(code=array([0, 1, 1], dtype=int32), size=array([2, 1], dtype=int32), kinds=2)
    """
    plain = ["".join(text.split()) for text in texts]
    # 4 bytes a letter, also where a text holds half of a pair of surrogates.
    letters = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    present, code = np.unique(letters, return_inverse=True)
    size = np.array([len(text) for text in plain], dtype=np.int32)
    return Words(code.astype(np.int32), size, present.size)


def shared_ngrams(words: Words, orders: int) -> Ints:
    """Count the n-grams that two texts share, each as often as both have it.

    Parameters
    ----------
    words
        Of 2 n texts: text k and text n + k are a pair.
    orders
        The longest n-grams.

    Returns
    -------
    array
        Shape (n, orders): column k is about (k+1)-grams.

    Examples
    --------
    "abab" and "bab" share a, b, b; ab, ba; bab:

    >>> shared_ngrams(number_letters(["abab", "bab"]), 3).tolist()
    [[3, 2, 1]]
    """
    pairs = words.size.size // 2
    out = np.zeros((pairs, orders), dtype=np.int64)
    text = np.repeat(np.arange(words.size.size), words.size)
    # Twice the pair, and 1 more on the second side: in sorted order, equal n-grams of a pair come together.
    side, pair = np.divmod(text, max(pairs, 1))
    left = np.repeat(np.cumsum(words.size), words.size) - np.arange(words.code.size)
    gram, kinds = words.code.astype(np.int64), words.kinds
    for n in range(1, orders + 1):
        if n > 1:
            if kinds * words.kinds > LARGEST // (2 * max(pairs, 1)):
                present, gram = np.unique(gram, return_inverse=True)
                kinds = present.size
            gram = gram[:-1] * words.kinds + words.code[n - 1 :]
            kinds *= words.kinds
        whole = np.flatnonzero(left[: gram.size] >= n)
        out[:, n - 1] = _shared(((pair * kinds)[whole] + gram[whole]) * 2 + side[whole], kinds, pairs)
    return out


def _shared(key: Ints, kinds: int, pairs: int) -> Ints:
    key.sort()
    first = np.flatnonzero(np.diff(key, prepend=-1))
    present, count = key[first], np.diff(first, append=key.size)
    both = np.flatnonzero((present[:-1] + 1 == present[1:]) & (present[:-1] % 2 == 0))
    least = np.minimum(count[both], count[both + 1])
    pair = present[both] // (2 * kinds)
    return np.bincount(pair, weights=least, minlength=pairs).astype(np.int64)
