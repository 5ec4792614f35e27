"""Diversity: how many different n-grams a system's responses hold, and how two systems may be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from judge.analysis.text_metrics.tokens import number_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from judge.analysis.text_metrics.tokens import Words

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.integer]
    Orders: TypeAlias = Sequence[Ints]

EAD_VOCABULARY = 30_522
"""Size of the vocabulary that EAD expects words to come from, where the user names none."""
AT_ONCE = 64
"""Draws that are counted in one pass: one bit of a number each."""


@dataclass(frozen=True)
class NGrams:
    """The n-grams of a corpus as numbers 0 to `kinds` - 1.

    `code` holds them one response after the other, `count` how many each response has.
    """

    code: Ints
    count: Ints
    kinds: int

    @property
    def owner(self) -> Ints:
        """The response of each n-gram."""
        return np.repeat(np.arange(self.count.size, dtype=np.int32), self.count)


@dataclass(frozen=True)
class Held:
    """Which dialogues hold which n-gram. Dialogues are numbered by their place in `dialogue` (sorted).

    Attributes
    ----------
    grams
        One dialogue after the other; `NGrams.count` is that of each dialogue.
    dialogue
        The dialogues that occur.
    alone
        Number of n-grams that each dialogue holds and no other does: most are such, and need no more.
    slot
        Number of each n-gram among the others, -1 for one that a single dialogue holds.
    place, first
        The dialogues that hold the others, n-gram after n-gram, and where each n-gram begins.
    """

    grams: NGrams
    dialogue: Ints
    alone: Ints
    slot: Ints
    place: Ints
    first: Ints


@dataclass(frozen=True)
class Gap:
    """Difference of `distinct`, its standard error, and on how many n-grams and shared dialogues."""

    value: float
    std_error: float
    budget: int
    shared: int


def ngrams(responses: Sequence[Sequence[str]], n: int) -> NGrams:
    """Give numbers to the n-grams of tokenised responses; none spans two responses.

    >>> ngrams([["a", "b", "a"], ["a", "b"]], 2).code.tolist()
    [0, 1, 0]
    """
    return word_ngrams(number_words(responses), n)


def word_ngrams(words: Words, n: int) -> NGrams:
    """Give numbers to the n-grams of responses whose words are numbers (`tokens.encode`)."""
    count = np.maximum(words.size - n + 1, 0)
    if n == 1:
        return NGrams(words.code, count, words.kinds)
    code = words.code.astype(np.int64)
    for k in range(1, n):
        if k > 1:  # small numbers again: a product of three vocabularies may be too large
            code = np.searchsorted(_different(code.copy()), code)
        code = code[:-1] * words.kinds + words.code[k:]
    code = code[_left(words)[: code.size] >= n]
    present = _different(code.copy())
    return NGrams(np.searchsorted(present, code).astype(np.int32), count, present.size)


def _left(words: Words) -> Ints:
    """Return how many words there are from each word to the end of its response."""
    ends = np.repeat(np.cumsum(words.size, dtype=np.int32), words.size)
    here = np.arange(words.code.size, dtype=np.int32)
    return np.subtract(ends, here, dtype=np.int32)


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
    total = grams.count.astype(np.float64)
    kinds = np.int64(max(grams.kinds, 1))
    pairs = _different(grams.owner * kinds + grams.code)
    own = np.bincount(pairs // kinds, minlength=total.size)
    shares: Floats = np.divide(own, total, out=np.full(total.size, np.nan), where=total > 0)
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


def hold(grams: NGrams, dialogue: Ints) -> Held:
    """Find out which dialogues hold which n-gram.

    Parameters
    ----------
    grams
        Of a system's responses.
    dialogue
        Dialogue of each response, shape (responses,).
    """
    names, place = np.unique(dialogue, return_inverse=True)
    of_gram = np.repeat(place.astype(np.int32), grams.count)
    code = grams.code[np.argsort(of_gram, kind="stable")] if (np.diff(place) < 0).any() else grams.code
    count = np.bincount(of_gram, minlength=names.size)
    gram, holder = _holders(grams, of_gram, names.size)
    holders = np.bincount(gram, minlength=grams.kinds).astype(np.int32)
    several = holders > 1
    shared = several[gram]
    return Held(
        grams=NGrams(code, count, grams.kinds),
        dialogue=names,
        alone=np.bincount(holder[~shared], minlength=names.size),
        slot=np.where(several, np.cumsum(several, dtype=np.int32) - 1, -1).astype(np.int32),
        place=holder[shared],
        first=np.cumsum(holders[several]) - holders[several],
    )


def _holders(grams: NGrams, of_gram: Ints, dialogues: int) -> tuple[Ints, Ints]:
    """Return each n-gram once for every dialogue that holds it, and that dialogue, sorted by n-gram."""
    pairs = _different(grams.code * np.int64(dialogues) + of_gram)
    gram = (pairs // max(dialogues, 1)).astype(np.int32)
    pairs -= gram * np.int64(dialogues)
    return gram, pairs.astype(np.int32)


def random_halves(size: int, *, rng: np.random.Generator, draws: int) -> Orders:
    """Draw halves of `size` dialogues without replacement, `draws` times."""
    return [rng.choice(size, size // 2, replace=False).astype(np.int32) for _ in range(draws)]


def half_spread(held: Held, halves: Callable[[int], Orders]) -> float:
    """Return the standard error of `distinct` by leaving half of the dialogues out, again and again.

    Parameters
    ----------
    held
        Of the corpus.
    halves
        Gives the halves of a number of dialogues (`random_halves`).

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
    if held.dialogue.size < 4 or not held.grams.code.size:
        return float("nan")
    drawn = halves(held.dialogue.size)
    total = [int(held.grams.count[half].sum()) for half in drawn]
    kinds = _kinds(held, drawn, [held.grams.code[:0]] * len(drawn))
    values = np.array([k / n if n else 0.0 for k, n in zip(kinds, total, strict=True)])
    if not values.mean() > 0:
        return float("nan")
    return float(values.std(ddof=1) / values.mean() * distinct(held.grams))


def random_orders(size: int, *, rng: np.random.Generator, draws: int) -> Orders:
    """Draw an order of `size` dialogues, and then `draws` times an order of a half of them."""
    whole = rng.permutation(size).astype(np.int32)
    return [whole, *(rng.permutation(size)[: size // 2].astype(np.int32) for _ in range(draws))]


def difference(one: Held, two: Held, orders: Callable[[int], Orders]) -> Gap:
    """Compare two systems on the same dialogues, both cut to the smaller number of n-grams.

    Parameters
    ----------
    one, two
        The n-grams of the two systems' responses; dialogues numbered from one list.
    orders
        Gives the orders of a number of dialogues (`random_orders`): the first for the value, the others for
        its standard error.

    Returns
    -------
    Gap
        Not-a-number with fewer than 4 shared dialogues.

    Notes
    -----
    Dialogues are put in a random order that both systems share, and each system's n-grams are cut where the
    smaller one ends: the wordier system is seen on fewer dialogues.
    """
    shared = np.intersect1d(one.dialogue, two.dialogue, assume_unique=True)
    if shared.size < 4:
        return Gap(float("nan"), float("nan"), 0, shared.size)
    drawn = orders(shared.size)
    sides = [(held, np.searchsorted(held.dialogue, shared).astype(np.int32)) for held in (one, two)]
    budgets = [min(int(held.grams.count[at[order]].sum()) for held, at in sides) for order in drawn]
    first, second = (_kinds(held, *_cut(held, at, drawn, budgets)) for held, at in sides)
    values = np.array(
        [a / n - b / n if n else np.nan for a, b, n in zip(first, second, budgets, strict=True)]
    )
    return Gap(float(values[0]), float(values[1:].std(ddof=1)), budgets[0], shared.size)


def _cut(held: Held, at: Ints, orders: Orders, budgets: Sequence[int]) -> tuple[list[Ints], list[Ints]]:
    """Take the n-grams of dialogues in the given orders, up to the budgets.

    Returns for each order the dialogues that are taken whole, and the n-grams of the one that is not.
    """
    starts = np.cumsum(held.grams.count) - held.grams.count
    wholes, rests = [], []
    for order, budget in zip(orders, budgets, strict=True):
        mine = at[order]
        ends = np.cumsum(held.grams.count[mine])
        whole = int(np.searchsorted(ends, budget, side="right"))
        left = budget - (int(ends[whole - 1]) if whole else 0)
        start = int(starts[mine[whole]]) if left else 0
        wholes.append(mine[:whole])
        rests.append(held.grams.code[start : start + left])
    return wholes, rests


def _kinds(held: Held, wholes: Sequence[Ints], rests: Sequence[Ints]) -> list[int]:
    """Count the different n-grams of each draw: those of whole dialogues, and some more (`rests`)."""
    found: list[int] = []
    for start in range(0, len(wholes), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        found += _kinds_at_once(held, wholes[part], rests[part])
    return found


def _kinds_at_once(held: Held, wholes: Sequence[Ints], rests: Sequence[Ints]) -> list[int]:
    # Each draw is one bit. A dialogue has the bits of the draws that take it, and an n-gram is in the draws
    # that take any of its dialogues: one pass over all n-grams serves every draw.
    bits = [np.uint64(1 << k) for k in range(len(wholes))]
    taken = np.zeros(held.dialogue.size, dtype=np.uint64)
    for bit, whole in zip(bits, wholes, strict=True):
        taken[whole] |= bit
    seen = np.bitwise_or.reduceat(taken[held.place], held.first) if held.first.size else taken[:0]
    found = []
    for bit, whole, rest in zip(bits, wholes, rests, strict=True):
        new = 0
        if rest.size:
            slot = held.slot[rest]
            seen[slot[slot >= 0]] |= bit
            new = np.unique(rest[slot < 0]).size
        found.append(int(held.alone[whole].sum()) + new + int(np.count_nonzero(seen & bit)))
    return found


def _different(values: Ints) -> Ints:
    """Sort the values in place and return those that occur: `numpy.unique` in less time and memory."""
    values.sort()
    new = np.ones(values.size, dtype=bool)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return values[new]
