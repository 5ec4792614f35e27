"""Diversity: how many different n-grams a system's responses hold, and how two systems may be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

EAD_VOCABULARY = 30_522
"""Size of the vocabulary that EAD expects words to come from, where the user names none."""


@dataclass(frozen=True)
class NGrams:
    """The n-grams of a corpus as numbers: `code` in order, `owner` the response of each, `size` responses.

    `words` is the number of tokens of each response.
    """

    code: Ints
    owner: Ints
    kinds: int
    size: int
    words: Ints


def ngrams(responses: Sequence[Sequence[str]], n: int) -> NGrams:
    """Give numbers to the n-grams of tokenised responses; none spans two responses.

    >>> ngrams([["a", "b", "a"], ["a", "b"]], 2).code.tolist()
    [0, 1, 0]
    """
    book: dict[tuple[str, ...], int] = {}
    codes: list[int] = []
    counts = []
    for words in responses:
        grams = zip(*(words[k:] for k in range(n)), strict=False)
        codes += [book.setdefault(gram, len(book)) for gram in grams]
        counts.append(max(len(words) - n + 1, 0))
    owner = np.repeat(np.arange(len(counts)), counts)
    words_of = np.array([len(words) for words in responses], dtype=np.int64)
    return NGrams(np.array(codes, dtype=np.int64), owner, len(book), len(counts), words_of)


def distinct(grams: NGrams) -> float:
    """Return distinct n-grams over all n-grams of the corpus, 0 to 1; NaN without any.

    Notes
    -----
    Falls as the corpus grows, at the same diversity: compare systems only at equal numbers of tokens
    (`difference`).

    References
    ----------
    Li et al. 2016, arXiv 1510.03055.

    Examples
    --------
    >>> distinct(ngrams([["a", "b", "a"], ["a", "b"]], 1))
    0.4
    """
    return grams.kinds / grams.code.size if grams.code.size else float("nan")


def distinct_intra(grams: NGrams) -> Floats:
    """Return distinct over all n-grams *within* each response, shape (responses,); NaN where it has none.

    >>> distinct_intra(ngrams([["a", "b", "a"], ["a", "b"]], 1)).round(3).tolist()
    [0.667, 1.0]
    """
    total = np.bincount(grams.owner, minlength=grams.size).astype(np.float64)
    pairs = np.unique(grams.owner * max(grams.kinds, 1) + grams.code)
    own = np.bincount(pairs // max(grams.kinds, 1), minlength=grams.size)
    shares: Floats = np.divide(own, total, out=np.full(grams.size, np.nan), where=total > 0)
    return shares


def expectation_adjusted(kinds: int, total: int, vocabulary: int = EAD_VOCABULARY) -> float:
    """Return EAD: distinct n-grams over the number expected of random words from a vocabulary.

    Parameters
    ----------
    kinds, total
        Distinct n-grams, and all of them.
    vocabulary
        Fixed for every comparison: the number depends on it.

    References
    ----------
    Liu et al. 2022, arXiv 2202.13587.

    Examples
    --------
    >>> round(expectation_adjusted(2, 5, vocabulary=10), 4)
    0.4884
    """
    if not total:
        return float("nan")
    return float(kinds / (vocabulary * -np.expm1(total * np.log1p(-1 / vocabulary))))


def half_spread(grams: NGrams, dialogue: Ints, *, rng: np.random.Generator, draws: int) -> float:
    """Return the standard error of `distinct` by leaving half of the dialogues out, again and again.

    Parameters
    ----------
    grams
        Of the corpus.
    dialogue
        Dialogue of each response, shape (responses,).
    draws
        Number of halves.

    Returns
    -------
    float
        The spread of the halves relative to their mean, times the corpus' own value. NaN below 4 dialogues.

    Notes
    -----
    The number of a half is higher than that of the whole, and the bootstrap's is lower (copies add nothing
    new): only the spread is used. Drawing half without replacement has the variance of the whole.

    References
    ----------
    Politis, Romano and Wolf 1999, Subsampling, doi:10.1007/978-1-4612-1554-7.
    """
    names, code = np.unique(dialogue, return_inverse=True)
    if names.size < 4 or not grams.code.size:
        return float("nan")
    of_gram = code[grams.owner]
    values = np.empty(draws)
    for draw in range(draws):
        values[draw] = _share(grams.code[_half(names.size, rng)[of_gram]], grams.kinds)
    return float(values.std(ddof=1) / values.mean() * distinct(grams)) if values.mean() > 0 else float("nan")


def difference(
    one: NGrams, two: NGrams, dialogue: tuple[Ints, Ints], *, rng: np.random.Generator, draws: int
) -> tuple[float, float, int]:
    """Compare two systems on the same dialogues, both cut to the smaller number of n-grams.

    Parameters
    ----------
    one, two
        The n-grams of the two systems' responses.
    dialogue
        The dialogue of each response, as codes from one list: two arrays.
    draws
        Number of halves for the standard error.

    Returns
    -------
    tuple
        Difference of `distinct`, its standard error, and the number of n-grams that each side kept.
        Not-a-number without a shared dialogue.

    Notes
    -----
    Dialogues are put in a random order that both systems share, and each system's n-grams are cut where the
    smaller one ends: the wordier system is seen on fewer dialogues.
    """
    shared = np.intersect1d(*dialogue)
    if shared.size < 4:
        return float("nan"), float("nan"), 0
    sides = [_by_dialogue(g, d, shared) for g, d in zip((one, two), dialogue, strict=True)]
    order = rng.permutation(shared.size)
    value, budget = _at_budget(sides, order)
    halves = [_at_budget(sides, rng.permutation(shared.size)[: shared.size // 2])[0] for _ in range(draws)]
    spread = np.array(halves)
    return value, float(spread.std(ddof=1)), budget


def _by_dialogue(grams: NGrams, dialogue: Ints, shared: Ints) -> tuple[Ints, Ints, Ints, int]:
    """Sort a side's n-grams by shared dialogue: codes, where each dialogue begins, how many it has."""
    place = np.searchsorted(shared, dialogue)
    place = np.where(
        (place < shared.size) & (shared[np.minimum(place, shared.size - 1)] == dialogue), place, -1
    )
    of_gram = place[grams.owner]
    kept = of_gram >= 0
    order = np.argsort(of_gram[kept], kind="stable")
    counts = np.bincount(of_gram[kept], minlength=shared.size)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return grams.code[kept][order], starts, counts, grams.kinds


def _at_budget(sides: list[tuple[Ints, Ints, Ints, int]], order: Ints) -> tuple[float, int]:
    budget = int(min(counts[order].sum() for _, _, counts, _ in sides))
    if not budget:
        return float("nan"), 0
    shares = []
    for codes, starts, counts, kinds in sides:
        n = counts[order]
        ends = np.cumsum(n)
        # Positions of the n-grams, dialogue after dialogue in the given order, up to the budget.
        index = np.arange(budget)
        which = np.searchsorted(ends, index, side="right")
        at = starts[order][which] + index - (ends - n)[which]
        shares.append(_share(codes[at], kinds))
    return shares[0] - shares[1], budget


def _half(count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    kept = np.zeros(count, dtype=bool)
    kept[rng.choice(count, count // 2, replace=False)] = True
    return kept


def _share(codes: Ints, kinds: int) -> float:
    if not codes.size:
        return 0.0
    seen = np.zeros(kinds, dtype=bool)
    seen[codes] = True
    return float(seen.sum() / codes.size)
