"""The small empathetic model that comes with the package: one linear layer over hashed n-grams."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from judge.errors import InputError
from judge.generators.sem.contexts import ContextModel, divergence, shares, softmax
from judge.hashed import Hasher, Hits, Sparse, numbers_digest, surfaces, tfidf, token
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from judge.generators.sem.causes import Intensity

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
        return numbers_digest({name: getattr(self, name) for name in sorted(self.__dataclass_fields__)})


class LinearSEM(ContextModel):
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
        """Return the probabilities of the emotions, shape (n, 32); no row depends on the others."""
        return softmax(self.logits(contexts))

    def logits(self, contexts: Sequence[Sequence[str]]) -> Floats:
        """Return the same before the softmax, shape (n, 32)."""
        parts = [
            self._read(self._hasher.hits(_tokens(contexts[i : i + CHUNK])))[1]
            for i in range(0, len(contexts), CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(EMOTIONS)))

    def word_weights_many(
        self, contexts: Sequence[Sequence[str]], probabilities: Floats | None = None
    ) -> list[Mapping[str, float]]:
        """Return the same as `word_weights` for each context, several times faster.

        Parameters
        ----------
        contexts
            The turns of each context.
        probabilities
            The emotions that the words are asked to speak for, shape (n, 32); by default those that the
            model predicts.

        Notes
        -----
        A bucket's evidence is its value times (its mean weight over the predicted probabilities - its mean
        weight over all emotions). The predicted emotions are taken together, since the words that make a
        context sad do not tell "sad" from "devastated". The evidence is divided evenly among the n-grams
        that fell into the bucket, and among the words of each n-gram.
        """
        done: list[Mapping[str, float]] = []
        for i in range(0, len(contexts), CHUNK):
            standing = [
                [w for turn in context for w in surfaces(turn)] for context in contexts[i : i + CHUNK]
            ]
            keys = [[token(w) for w in words] for words in standing]
            asked = None if probabilities is None else probabilities[i : i + CHUNK]
            done += map(shares, standing, keys, self._attributed(keys, asked))
        return done

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
            alone = softmax(self._read(self._hasher.hits(texts))[1])
            moved = divergence(alone, softmax(self._bias))
            hits, rarity = self._word_hasher.hits(texts), np.zeros(len(new))
            rarity[hits.row] = self._weights.word_idf[hits.column]
            self._known.update(zip(new, zip(moved.tolist(), rarity.tolist(), strict=True), strict=True))
        return np.array([self._known[key] for key in keys]).reshape(-1, 2)

    def _read(self, hits: Hits) -> tuple[Sparse, Floats]:
        features = tfidf(self._hasher.counted(hits), self._idf)
        return features, features.dot(self._table) + self._bias

    def _attributed(
        self, texts: Sequence[Sequence[str]], probabilities: Floats | None = None
    ) -> list[list[float]]:
        """Return how much each word of each text speaks for the emotions predicted for the text."""
        hits = self._hasher.hits(texts)
        features, logits = self._read(hits)
        probabilities = softmax(logits) if probabilities is None else probabilities
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


def _within(width: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count 0, 1, ... within each width."""
    result: NDArray[np.int64] = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
    return result


def _tokens(contexts: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[token(surface) for turn in context for surface in surfaces(turn)] for context in contexts]


@lru_cache(maxsize=1)
def _shipped() -> Weights:
    with files("judge.generators.sem").joinpath("linear.npz").open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        return Weights(**{name: archive[name] for name in archive.files})
