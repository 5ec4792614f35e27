"""Emotion cause words, and which of them weigh much: algorithm 1 of HEF.

Yang et al. 2024 (arXiv 2402.11801) take the words that a small model attends to most as causes of the
emotion, and call a cause high-weight where both its emotional intensity and its inverse document frequency
lie above the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CauseWord:
    """A word of the context that carries its emotion.

    Attributes
    ----------
    word
        As it stands in the context where it occurs first.
    weight
        Its share of what speaks for the predicted emotion, 0 to 1.
    intensity, idf
        What decided on `high`; in the units of whoever gave them.
    high
        Whether both lie above their means.
    """

    word: str
    weight: float
    intensity: float
    idf: float
    high: bool


class WordFacts(Protocol):
    """Says of single words how intense and how rare they are."""

    def intensity(self, words: Sequence[str]) -> Floats:
        """Return one number a word, larger for more intense; any unit."""
        ...

    def idf(self, words: Sequence[str]) -> Floats:
        """Return the inverse document frequency of each word."""
        ...


class Intensity(Protocol):
    """A source of emotional intensity alone, such as a lexicon."""

    def intensity(self, words: Sequence[str]) -> Floats:
        """Return one number a word, larger for more intense; any unit."""
        ...


def heaviest(
    weights: Mapping[str, float], k: int, facts: WordFacts, intensity: Intensity | None = None
) -> tuple[CauseWord, ...]:
    """Choose the `k` heaviest words and say which of them are high-weight.

    Parameters
    ----------
    weights
        Every word of the context with its weight. Words of weight 0 are never causes.
    k
        How many at most.
    facts
        Intensity and IDF of words.
    intensity
        Takes the place of the intensity of `facts`, for instance a lexicon.

    Returns
    -------
    tuple of CauseWord
        Heaviest first; equal weights in the order of the context.

    Notes
    -----
    The means are taken over all words of the context. Over the causes alone, as one may also read the
    paper, no word could ever be high-weight at its own setting k = 1.
    """
    if not weights:
        return ()
    words = list(weights)
    strength = (intensity or facts).intensity(words)
    rarity = facts.idf(words)
    high = (strength > strength.mean()) & (rarity > rarity.mean())
    order = sorted(range(len(words)), key=lambda i: -weights[words[i]])
    return tuple(
        CauseWord(words[i], float(weights[words[i]]), float(strength[i]), float(rarity[i]), bool(high[i]))
        for i in order[: max(0, k)]
        if weights[words[i]] > 0
    )


def high_and_low(causes: Sequence[CauseWord]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split cause words into high-weight and low-weight ones, each in the order given.

    >>> high_and_low([CauseWord("funeral", 0.6, 1.0, 7.1, True), CauseWord("was", 0.1, 0.0, 1.2, False)])
    (('funeral',), ('was',))
    """
    return tuple(c.word for c in causes if c.high), tuple(c.word for c in causes if not c.high)
