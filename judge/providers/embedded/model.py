"""The embedded EPITOME model: three ordinal classifiers made of hashed linear parts, numpy alone.

For each mechanism two linear models read the whole response (is the level at least 1, and if so is it 2)
and two read each sentence. A last linear step weighs the two readings and a few counts. The scheme and the
data are those of Sharma et al. 2020 (arXiv 2009.08441); ``docs/embedded-judge.md`` is the model card.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from judge.errors import InputError
from judge.hashed import Hasher, numbers_digest, tfidf, tokens
from judge.providers.embedded.features import BITS, counts, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

VERSION = "1"
MECHANISMS = ("emotional_reaction", "interpretation", "exploration")
"""The three criteria, in the order of every last-but-one axis here."""
CHUNK = 1000
"""Responses that are worked on at once: bounds the memory of a large table."""


@dataclass(frozen=True)
class Prediction:
    """What the model says of n responses.

    Attributes
    ----------
    probabilities
        Shape (n, 3, 3): response, mechanism, level 0-2. Sums to 1 over levels.
    levels
        Shape (n, 3), the decided levels: the most probable one after the level weights that were tuned
        for macro-F1, since the rare level 1 would otherwise hardly ever be said.
    """

    probabilities: Floats
    levels: Ints

    @property
    def expected(self) -> Floats:
        """Expected levels, shape (n, 3), each between 0 and 2."""
        result: Floats = self.probabilities @ np.arange(3.0)
        return result


@dataclass(frozen=True)
class Weights:
    """The numbers that training gives and the package ships; H = 2 * 2**15 buckets, M = 3 mechanisms.

    Attributes
    ----------
    idf
        (H,), zero for buckets that fewer than two training responses hit.
    whole, sentence
        (H, 2M) int8, columns (at least 1, then 2 given at least 1) for each mechanism; multiplied by
        `whole_scale` and `sentence_scale`, (2M,), with offsets `whole_bias`, `sentence_bias`, (2M,).
    stack, stack_bias
        (2M, F) and (2M,), the last step on the F stacked features of the mechanism.
    decision
        (M, 3) weights of the levels.
    """

    idf: NDArray[np.float16]
    whole: NDArray[np.int8]
    whole_scale: NDArray[np.float32]
    whole_bias: NDArray[np.float32]
    sentence: NDArray[np.int8]
    sentence_scale: NDArray[np.float32]
    sentence_bias: NDArray[np.float32]
    stack: NDArray[np.float32]
    stack_bias: NDArray[np.float32]
    decision: NDArray[np.float32]

    def digest(self) -> str:
        """Return the BLAKE2 digest of all numbers, 16 hex digits: names these weights in cache keys."""
        return numbers_digest({name: getattr(self, name) for name in sorted(self.__dataclass_fields__)})


class EpitomeModel:
    """Predicts the three EPITOME levels of responses.

    Examples
    --------
    >>> model = EpitomeModel.load()
    >>> said = ["My dog died last night."]
    >>> warm = model.predict([said], ["I am so sorry for your loss."]).expected[0]
    >>> cold = model.predict([said], ["Dogs live about twelve years."]).expected[0]
    >>> bool(warm[0] > cold[0])  # more emotional reaction
    True
    """

    def __init__(self, weights: Weights) -> None:
        if weights.idf.shape != (2 << BITS,):
            raise InputError(f"weights for {weights.idf.shape} buckets; this version reads 2 x 2**{BITS}")
        self.digest = weights.digest()
        self._idf = weights.idf.astype(np.float32)
        self._whole = weights.whole.astype(np.float32) * weights.whole_scale
        self._sentence = weights.sentence.astype(np.float32) * weights.sentence_scale
        self._weights = weights
        self._hasher = Hasher(BITS)

    @classmethod
    def load(cls) -> EpitomeModel:
        """Return the model with the shipped weights; read once in a process."""
        return _shipped()

    def predict(self, contexts: Sequence[Sequence[str] | str], responses: Sequence[str]) -> Prediction:
        """Predict the levels of n responses.

        Parameters
        ----------
        contexts
            For each response what the speaker said, as one text or as turns.
        responses
            The n texts. One without any word or mark is level 0 of everything.

        Returns
        -------
        Prediction
            The same for a response whatever else is in the batch.

        Raises
        ------
        InputError
            The two lists differ in length.
        """
        if len(contexts) != len(responses):
            raise InputError(f"{len(contexts)} contexts for {len(responses)} responses")
        starts = range(0, len(responses), CHUNK)
        parts = [self._chunk(contexts[i : i + CHUNK], responses[i : i + CHUNK]) for i in starts]
        probabilities = np.concatenate(parts) if parts else np.zeros((0, 3, 3))
        levels = (probabilities * self._weights.decision).argmax(axis=2)
        return Prediction(probabilities, levels)

    def _chunk(self, contexts: Sequence[Sequence[str] | str], responses: Sequence[str]) -> Floats:
        split = [sentences(text) for text in responses]
        seekers = [tokens(said if isinstance(said, str) else " ".join(said)) for said in contexts]
        features = stacked(
            self._linear([[w for part in parts for w in part] for parts in split], whole=True),
            self._linear([part for parts in split for part in parts], whole=False),
            np.array([len(parts) for parts in split]),
            np.array([counts(said, parts) for said, parts in zip(seekers, split, strict=True)]),
        )
        logits = np.einsum("nmf,mkf->nmk", features, self._weights.stack.reshape(3, 2, -1).astype(float))
        result = ordinal(logits + self._weights.stack_bias.reshape(3, 2))
        result[[not parts for parts in split]] = (1.0, 0.0, 0.0)
        return result

    def _linear(self, texts: Sequence[Sequence[str]], *, whole: bool) -> Floats:
        """Return logits, shape (number of texts, 6)."""
        table = self._whole if whole else self._sentence
        bias = self._weights.whole_bias if whole else self._weights.sentence_bias
        return tfidf(self._hasher(texts), self._idf).dot(table) + bias


def ordinal(logits: Floats) -> Floats:
    """Turn logits (..., 2) of "at least 1" and "2 given at least 1" into probabilities (..., 3)."""
    some, strong = np.moveaxis(1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30))), -1, 0)
    return np.stack([1.0 - some, some * (1.0 - strong), some * strong], axis=-1)


def stacked(whole: Floats, sentence: Floats, per_text: Ints, counted: Floats) -> Floats:
    """Return the features of the last step, shape (n, 3, F).

    Parameters
    ----------
    whole, sentence
        Logits of the n responses and of all their sentences, shapes (n, 6) and (sum of per_text, 6).
    per_text
        Number of sentences of each response, shape (n,).
    counted
        Hand-made features, shape (n, c).
    """
    n = len(per_text)
    row = np.repeat(np.arange(n), per_text)
    parts = [
        np.concatenate(
            [_of_whole(whole[:, 2 * m : 2 * m + 2]), _of_sentences(levels, row, n), counted], axis=1
        )
        for m, levels in enumerate(np.moveaxis(ordinal(sentence.reshape(-1, 3, 2)), 1, 0))
    ]
    return np.stack(parts, axis=1)


def _of_whole(logits: Floats) -> Floats:
    levels = ordinal(logits)
    return np.stack([logits[:, 0], _logit(levels[:, 2]), logits[:, 1]], axis=1)


def _of_sentences(levels: Floats, row: Ints, n: int) -> Floats:
    """Return the strongest sentence, any sentence (noisy or) and the sum, for level 1 up and level 2."""
    some, strong = 1.0 - levels[:, 0], levels[:, 2]
    columns: list[Floats] = []
    for p in (some, strong):
        best = np.zeros(n)
        np.maximum.at(best, row, p)
        nowhere = np.bincount(row, np.log1p(-np.clip(p, 0.0, 0.999)), n)
        columns += [_logit(best), _logit(-np.expm1(nowhere))]
    total = np.bincount(row, some, n)
    return np.stack([*columns, total, total / np.maximum(1, np.bincount(row, minlength=n))], axis=1)


def _logit(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-4, 1.0 - 1e-4)
    result: Floats = np.log(clipped / (1.0 - clipped))
    return result


@lru_cache(maxsize=1)
def _shipped() -> EpitomeModel:
    with files("judge.providers.embedded").joinpath("epitome.npz").open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        return EpitomeModel(Weights(**{name: archive[name] for name in archive.files}))
