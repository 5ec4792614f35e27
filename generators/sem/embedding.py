"""The embedded small model with sentence embeddings mixed in (extra ``embeddings``).

What the linear model computes from hashed n-grams and what a linear head computes from the context's vector
are added before the softmax. The head is a few kilobytes of numbers; the encoder is a model of
``sentence-transformers`` that the user has or lets that package fetch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.errors import InputError
from judge.generators.embeddings import sentence_encoder
from judge.generators.sem.contexts import ContextModel, softmax
from judge.generators.sem.linear import LinearSEM
from judge.hashed import numbers_digest
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from judge.generators.embeddings import Encoder
    from judge.generators.sem.causes import Intensity

    Floats = NDArray[np.float64]

SHIPPED = "embedding.npz"
PROBES = ("The bus was late again and it rained.", "My sister has just had her first baby!")
"""Texts of ours whose vectors a head keeps, to tell whether an encoder is the one it was trained with."""
SAME = 0.98
"""Least cosine of a probe's vectors: rounding and another backend stay far above, other models far below."""


@dataclass(frozen=True, eq=False)
class Head:
    """What training gives; d dimensions, 32 emotions.

    Attributes
    ----------
    table, scale, bias
        (d, 32) int8, multiplied by `scale` (32,); and (32,).
    gain
        (1,); what the logits of the linear model are multiplied by.
    probes
        (2, d) float16; the vectors of `PROBES`.
    about
        ``encoder`` (name), ``version`` (of the package that ran it), ``digest`` (of its weights), ``linear``
        (digest of the linear model beside it), and whatever else tells how it was trained.
    """

    table: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    gain: NDArray[np.float32]
    probes: NDArray[np.float16]
    about: Mapping[str, Any]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the numbers by name."""
        return {name: getattr(self, name) for name in ("table", "scale", "bias", "gain", "probes")}

    def digest(self) -> str:
        """Return the BLAKE2 digest of all numbers, 16 hex digits."""
        return numbers_digest(self.arrays())

    def save(self, path: Path) -> None:
        """Write the numbers and what is known about them."""
        held: Any = {"about": np.array(json.dumps(dict(self.about), sort_keys=True)), **self.arrays()}
        np.savez_compressed(path, **held)

    @classmethod
    def read(cls, path: Path) -> Head:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            The file is not there, or no head.
        """
        try:
            archive = np.load(path, allow_pickle=False)
            arrays = {name: archive[name] for name in archive.files}
            head = cls(about=json.loads(str(arrays.pop("about"))), **arrays)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            mend = "a file that benchmarks/train_sem_embedding.py wrote"
            raise InputError(f"{path}: no head for embeddings: {error!r}\n  mend: {mend}") from error
        if head.table.shape != (head.probes.shape[-1], len(EMOTIONS)):
            raise InputError(f"{path}: a table of shape {head.table.shape} for {len(EMOTIONS)} emotions")
        return head


class EmbeddingSEM(ContextModel):
    """The linear model and sentence embeddings together: more often right than either.

    Parameters
    ----------
    head
        What `Head.read` reads.
    encode
        The encoder that the head was trained with: texts to vectors, shape (n, d).
    linear
        The linear model that the head was trained beside; the one that comes with the package by default.

    Raises
    ------
    InputError
        The encoder or the linear model is another one.

    Notes
    -----
    Words are weighed by the n-grams of the linear part alone, asked for the emotions that both parts predict
    together; intensity and IDF are those of the linear model. The embedding has no weights by word.

    Examples
    --------
    Any function from texts to vectors can be the encoder, here one that counts letters::

        head = Head.read(Path("my_head.npz"))
        model = EmbeddingSEM(head, lambda texts: count_letters(texts))
        model.ranked(["My cat is back!"])
    """

    def __init__(self, head: Head, encode: Encoder, linear: LinearSEM | None = None) -> None:
        self._linear = LinearSEM.load() if linear is None else linear
        self._head, self._encode = head, encode
        self._table = head.table.astype(np.float32) * head.scale
        expected = head.about.get("linear")
        if expected != self._linear.digest:
            raise InputError(
                f"the head was trained beside the linear model {expected}, not {self._linear.digest}\n"
                "  mend: train it anew with benchmarks/train_sem_embedding.py"
            )
        _check_encoder(head, encode)
        self.digest = head.digest()

    @classmethod
    def load(
        cls,
        model: str | None = None,
        head: Path | None = None,
        intensity: Intensity | None = None,
        *,
        encoder: Callable[[str], Encoder] = sentence_encoder,
    ) -> EmbeddingSEM:
        """Return the model with the head that comes with the package, or with one of your own.

        Parameters
        ----------
        model
            Name or folder of the encoder; by default the name that the head was trained with.
        head
            File of a head that was trained for that encoder; by default the shipped one (all-MiniLM-L6-v2).
        intensity
            Emotional intensity of words, for instance an `IntensityLexicon`.
        encoder
            Loads an encoder by its name.

        Raises
        ------
        InputError
            sentence-transformers is not installed, the model cannot be loaded, or it is another one than
            the head was trained with.
        """
        read = _shipped() if head is None else Head.read(head)
        name = model or str(read.about["encoder"])
        return cls(read, encoder(name), LinearSEM.load(intensity))

    @property
    def about(self) -> Mapping[str, Any]:
        """Which encoder the head is for, and how it was trained."""
        return dict(self._head.about)

    def predict(self, contexts: Sequence[Sequence[str]]) -> Floats:
        """Return the probabilities of the emotions, shape (n, 32)."""
        both = self._linear.logits(contexts) * float(self._head.gain[0]) + self._head.bias
        return softmax(both + vectors(contexts, self._encode, len(self._table)) @ self._table)

    def word_weights_many(self, contexts: Sequence[Sequence[str]]) -> list[Mapping[str, float]]:
        """Return each word of each context with its share of what speaks for the predicted emotions."""
        return self._linear.word_weights_many(contexts, self.predict(contexts))

    def intensity(self, words: Sequence[str]) -> Floats:
        """Return the intensity of each word: that of the source given, or the linear model's in nats."""
        return self._linear.intensity(words)

    def idf(self, words: Sequence[str]) -> Floats:
        """Return log((1 + n) / (1 + contexts with the word)) + 1 over the training contexts."""
        return self._linear.idf(words)


def vectors(contexts: Sequence[Sequence[str]], encode: Encoder, dimensions: int) -> NDArray[np.float32]:
    """Return the vector of each context, scaled to length 1; zeros for a context without a letter.

    The turns are joined by spaces. A text that comes twice is encoded once.
    """
    texts = [" ".join(context) for context in contexts]
    different = [text for text in dict.fromkeys(texts) if any(map(str.isalpha, text))]
    known = {text: i for i, text in enumerate(different)}
    rows = np.zeros((len(different) + 1, dimensions), np.float32)
    if different:
        found = np.asarray(encode(different), np.float32)
        rows[:-1] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return rows[[known.get(text, len(different)) for text in texts]]


def _check_encoder(head: Head, encode: Encoder) -> None:
    found, kept = np.asarray(encode(PROBES), np.float32), head.probes.astype(np.float32)
    name, least = head.about.get("encoder"), -1.0
    if found.shape == kept.shape:
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(kept, axis=1)
        least = float(((found * kept).sum(axis=1) / np.maximum(lengths, 1e-12)).min())
    if not least >= SAME:
        other = f"its vectors have {found.shape[-1]} dimensions" if found.shape != kept.shape else "others"
        raise InputError(
            f"the encoder is not {name!r}, which the head was trained with ({other}; cosine {least:.2f})\n"
            "  mend: name that encoder, or train a head for yours with benchmarks/train_sem_embedding.py"
        )


def _shipped() -> Head:
    with as_file(files("judge.generators.sem").joinpath(SHIPPED)) as path:
        return Head.read(path)
