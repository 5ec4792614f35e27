"""The small empathetic model that comes with the package: one linear layer over hashed n-grams."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from judge.errors import InputError
from judge.generators.sem.causes import CauseWord, Intensity, heaviest, high_and_low
from judge.hashed import Hasher, Hits, Sparse, surfaces, tfidf, token
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from judge.types import Dialogue

    Floats = NDArray[np.float64]

VERSION = "1"
BITS = 16
WORDS, CHARACTERS = (1, 2), (3, 5)
WORD_BITS = 15
"""The table of word frequencies has 2**WORD_BITS buckets."""
CHUNK = 2000
_KNOWN_LIMIT = 100_000
_AT_ONCE = 4096


def hasher() -> Hasher:
    """Return the hasher of the model's features."""
    return Hasher(BITS, words=WORDS, characters=CHARACTERS)


def word_hasher() -> Hasher:
    """Return the hasher of single words, for their document frequency."""
    return Hasher(WORD_BITS, words=(1,), characters=(1, 0))


@dataclass(frozen=True)
class Weights:
    """The numbers that training gives and the package ships; H = 2 * 2**BITS buckets, 32 emotions.

    Attributes
    ----------
    idf
        (H,), 0 for buckets that fewer than two training contexts hit.
    table, scale, bias
        (H, 32) int8, multiplied by `scale` (32,); and (32,).
    word_idf
        (2 * 2**WORD_BITS,), the first half used: IDF of single words.
    """

    idf: NDArray[np.float16]
    table: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    word_idf: NDArray[np.float16]

    def digest(self) -> str:
        """Return the BLAKE2 digest of all numbers, 16 hex digits."""
        digest = hashlib.blake2b(digest_size=8)
        for name in sorted(self.__dataclass_fields__):
            array = np.ascontiguousarray(getattr(self, name))
            digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()


class LinearSEM:
    """Predicts one of 32 emotions from the turns of a context, and says which words did it.

    Parameters
    ----------
    weights
        What `load` reads.
    intensity
        Emotional intensity of words, for instance an `IntensityLexicon`. By default the model's own: how
        far the word alone moves the probabilities from those of an empty context (Kullback-Leibler
        divergence, nats).

    Examples
    --------
    >>> model = LinearSEM.load()
    >>> model.ranked(["My grandmother died and the funeral is tomorrow."])[0]
    'sad'
    >>> [word.word for word in model.causes(["My grandmother died yesterday."], 1)]
    ['died']
    """

    def __init__(self, weights: Weights, intensity: Intensity | None = None) -> None:
        if weights.table.shape != (2 << BITS, len(EMOTIONS)):
            raise InputError(f"weights of shape {weights.table.shape}; expected {(2 << BITS, len(EMOTIONS))}")
        self._weights, self._own_intensity = weights, intensity
        self._idf, self._bias = weights.idf.astype(np.float32), weights.bias.astype(float)
        self._table = weights.table.astype(np.float32) * weights.scale
        self._hasher, self._word_hasher = hasher(), word_hasher()
        self._known: dict[str, tuple[float, float]] = {}
        self.digest = weights.digest()

    @classmethod
    def load(cls, intensity: Intensity | None = None) -> LinearSEM:
        """Return the model with the shipped weights."""
        return cls(_shipped(), intensity)

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
            Shape (n, 32), columns in the order of `judge.types.EMOTIONS`; rows sum to 1 and do not depend
            on the other rows.
        """
        parts = [
            self._read(self._hasher.hits(_tokens(contexts[i : i + CHUNK])))[1]
            for i in range(0, len(contexts), CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(EMOTIONS)))

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

        Notes
        -----
        A bucket's evidence is its value times (its mean weight over the predicted probabilities - its mean
        weight over all emotions). The predicted emotions are taken together, since the words that make a
        context sad do not tell "sad" from "devastated". The evidence is divided evenly among the n-grams
        that fell into the bucket, and among the words of each n-gram.
        """
        return self.word_weights_many([context])[0]

    def word_weights_many(self, contexts: Sequence[Sequence[str]]) -> list[Mapping[str, float]]:
        """Return the same as `word_weights` for each context, several times faster."""
        done: list[Mapping[str, float]] = []
        for i in range(0, len(contexts), CHUNK):
            standing = [
                [w for turn in context for w in surfaces(turn)] for context in contexts[i : i + CHUNK]
            ]
            keys = [[token(w) for w in words] for words in standing]
            done += map(_shares, standing, keys, self._attributed(keys))
        return done

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

        >>> high, low = LinearSEM.load().high_and_low(["My grandmother died yesterday."], 2)
        >>> "died" in high
        True
        """
        return high_and_low(self.causes(context, k1, intensity))

    def intensity(self, words: Sequence[str]) -> Floats:
        """Return the intensity of each word: that of the source given, or the model's own in nats."""
        if self._own_intensity is not None:
            return self._own_intensity.intensity(words)
        return self._facts(words)[:, 0]

    def idf(self, words: Sequence[str]) -> Floats:
        """Return log((1 + n) / (1 + contexts with the word)) + 1 over the training contexts."""
        return self._facts(words)[:, 1]

    def _facts(self, words: Sequence[str]) -> Floats:
        """Return intensity and IDF, shape (n, 2); each word is looked at once."""
        keys = [token(word) for word in words]
        if new := list(dict.fromkeys(key for key in keys if key not in self._known)):
            if len(self._known) > _KNOWN_LIMIT:
                self._known.clear()
                new = list(dict.fromkeys(keys))
            texts = [[key] for key in new]
            alone, rest = self._read(self._hasher.hits(texts))[1], _softmax(self._bias)
            moved = (alone * np.log(np.maximum(alone, 1e-12) / rest)).sum(axis=1)
            hits, rarity = self._word_hasher.hits(texts), np.zeros(len(new))
            rarity[hits.row] = self._weights.word_idf[hits.column]
            self._known.update(zip(new, zip(moved.tolist(), rarity.tolist(), strict=True), strict=True))
        return np.array([self._known[key] for key in keys]).reshape(-1, 2)

    def _read(self, hits: Hits) -> tuple[Sparse, Floats]:
        features = tfidf(self._hasher.counted(hits), self._idf)
        return features, _softmax(features.dot(self._table) + self._bias)

    def _attributed(self, texts: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return how much each word of each text speaks for the emotions predicted for the text."""
        hits = self._hasher.hits(texts)
        features, probabilities = self._read(hits)
        share = np.append(self._evidence(features, probabilities), 0.0)
        entry = _entries(features, hits)
        each = share[entry] / np.bincount(entry, minlength=1)[entry] / hits.width
        place = np.repeat(hits.first, hits.width) + _within(hits.width)
        ends = np.cumsum([0, *map(len, texts)]).tolist()
        moved = np.bincount(place, np.repeat(each, hits.width), ends[-1]).tolist()
        return [moved[start:end] for start, end in pairwise(ends)]

    def _evidence(self, features: Sparse, probabilities: Floats) -> Floats:
        """Return the evidence of each entry, shape (entries,)."""
        weight = np.empty(len(features.value))
        for i in range(0, len(weight), _AT_ONCE):
            pull = self._table[features.column[i : i + _AT_ONCE]]
            likely = probabilities[features.row[i : i + _AT_ONCE]] - 1.0 / len(EMOTIONS)
            weight[i : i + _AT_ONCE] = (pull * likely).sum(axis=1)
        return features.value * weight


def _entries(features: Sparse, hits: Hits) -> NDArray[np.int64]:
    """Return the number of each hit's entry; one past the last for buckets that were left out."""
    known = (features.row << (BITS + 1)) | features.column
    asked = (hits.row << (BITS + 1)) | hits.column
    entry = np.searchsorted(known, asked)
    entry[np.append(known, -1)[entry] != asked] = len(known)
    return entry


def _shares(standing: Sequence[str], keys: Sequence[str], moved: Sequence[float]) -> dict[str, float]:
    """Add up the occurrences of each word, as it first stands, and scale what is positive to sum 1."""
    total: dict[str, float] = {}
    first: dict[str, str] = {}
    for surface, key, value in zip(standing, keys, moved, strict=True):
        if any(map(str.isalpha, surface)):
            first.setdefault(key, surface)
            total[key] = total.get(key, 0.0) + value
    positive = {first[key]: max(0.0, value) for key, value in total.items()}
    whole = sum(positive.values()) or 1.0
    return {word: value / whole for word, value in positive.items()}


def _within(width: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count 0, 1, ... within each width."""
    result: NDArray[np.int64] = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
    return result


def _turns(dialogue: Dialogue) -> list[str]:
    return [turn.text for turn in dialogue.context]


def _tokens(contexts: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[token(surface) for turn in context for surface in surfaces(turn)] for context in contexts]


def _softmax(logits: Floats) -> Floats:
    moved = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = moved / moved.sum(axis=-1, keepdims=True)
    return result


@lru_cache(maxsize=1)
def _shipped() -> Weights:
    with files("judge.generators.sem").joinpath("linear.npz").open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        return Weights(**{name: archive[name] for name in archive.files})
