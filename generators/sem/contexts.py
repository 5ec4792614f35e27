"""What every model that reads the turns of a context can do once it gives probabilities and word weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from judge.generators.sem.causes import CauseWord, Intensity, heaviest, high_and_low
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from judge.types import Dialogue

    Floats = NDArray[np.float64]


class ContextModel(ABC):
    """Predicts one of 32 emotions from the turns of a context, and says which words did it."""

    @abstractmethod
    def predict(self, contexts: Sequence[Sequence[str]]) -> Floats:
        """Return the probabilities of the emotions.

        Parameters
        ----------
        contexts
            The turns of each context, all of them; the situation is not part of it. An empty context gets
            the probabilities of no evidence.

        Returns
        -------
        ndarray
            Shape (n, 32), columns in the order of `judge.types.EMOTIONS`; rows sum to 1.
        """

    @abstractmethod
    def word_weights_many(self, contexts: Sequence[Sequence[str]]) -> list[Mapping[str, float]]:
        """Return the same as `word_weights` for each context, several times faster."""

    @abstractmethod
    def intensity(self, words: Sequence[str]) -> Floats:
        """Return the intensity of each word: that of the source given, or the model's own in nats."""

    @abstractmethod
    def idf(self, words: Sequence[str]) -> Floats:
        """Return log((1 + n) / (1 + contexts with the word)) + 1 over the training contexts."""

    def ranked(self, context: Sequence[str]) -> tuple[str, ...]:
        """Return the 32 emotions, most probable first."""
        return tuple(EMOTIONS[i] for i in np.argsort(-self.predict([context])[0], kind="stable"))

    def probabilities(self, dialogue: Dialogue) -> Mapping[str, float]:
        """Return the probability of each emotion for a dialogue; they sum to 1."""
        return dict(zip(EMOTIONS, self.predict([_turns(dialogue)])[0].tolist(), strict=True))

    def word_weights(self, context: Sequence[str]) -> Mapping[str, float]:
        """Return each word of a context with its share of what speaks for the predicted emotions.

        Returns
        -------
        mapping of str to float
            Words as they first stand, in order. Shares of 0 to 1, summing to 1 where any word speaks for
            them; words that speak against them have 0.
        """
        return self.word_weights_many([context])[0]

    def causes(
        self, context: Sequence[str], k: int, intensity: Intensity | None = None
    ) -> tuple[CauseWord, ...]:
        """Return the `k` words that speak most for the predicted emotions, heaviest first.

        Each says whether it is high-weight by algorithm 1 of HEF; see `judge.generators.sem.causes`.
        """
        return heaviest(self.word_weights(context), k, self, intensity)

    def causes_many(
        self, contexts: Sequence[Sequence[str]], k: int, intensity: Intensity | None = None
    ) -> list[tuple[CauseWord, ...]]:
        """Return the same as `causes` for each context, several times faster."""
        return [heaviest(weights, k, self, intensity) for weights in self.word_weights_many(contexts)]

    def cause_words(self, dialogue: Dialogue, k: int) -> Sequence[CauseWord]:
        """Return the causes of a dialogue's context, for strategies."""
        return self.causes(_turns(dialogue), k)

    def high_and_low(
        self, context: Sequence[str], k1: int, intensity: Intensity | None = None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the high-weight and the low-weight words among the `k1` heaviest.

        >>> from judge.generators.sem import LinearSEM
        >>> high, low = LinearSEM.load().high_and_low(["My grandmother died yesterday."], 2)
        >>> "died" in high
        True
        """
        return high_and_low(self.causes(context, k1, intensity))


def shares(standing: Sequence[str], keys: Sequence[str], moved: Sequence[float]) -> dict[str, float]:
    """Add up the occurrences of each word, as it first stands, and scale what is positive to sum 1.

    >>> shares(["So", "sad", ",", "so", "so"], ["so", "sad", ",", "so", "so"], [0.1, 0.6, 0.5, 0.1, -0.4])
    {'So': 0.0, 'sad': 1.0}
    """
    total: dict[str, float] = {}
    first: dict[str, str] = {}
    for surface, key, value in zip(standing, keys, moved, strict=True):
        if any(map(str.isalpha, surface)):
            first.setdefault(key, surface)
            total[key] = total.get(key, 0.0) + value
    positive = {first[key]: max(0.0, value) for key, value in total.items()}
    whole = sum(positive.values()) or 1.0
    return {word: value / whole for word, value in positive.items()}


def softmax(logits: Floats) -> Floats:
    """Return probabilities along the last axis."""
    moved = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = moved / moved.sum(axis=-1, keepdims=True)
    return result


def divergence(probabilities: Floats, rest: Floats) -> Floats:
    """Return the Kullback-Leibler divergence of each row from `rest`, nats."""
    result: Floats = (probabilities * np.log(np.maximum(probabilities, 1e-12) / rest)).sum(axis=-1)
    return result


def _turns(dialogue: Dialogue) -> list[str]:
    return [turn.text for turn in dialogue.context]
