"""A small empathetic model with attention: a transformer encoder over hashed words (extra ``torch``).

There is no vocabulary: a token's vector is the mean of its own bucket and those of its character n-grams,
so the file of weights holds numbers alone and an unheard word still has a vector.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from judge.errors import InputError
from judge.generators.sem.contexts import ContextModel, divergence, shares
from judge.hashed import Hasher, surfaces, token
from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from judge.generators.sem.causes import Intensity

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

WORD_BITS = 15
_BATCH_TOKENS = 8192
_MEND = 'pip install torch (the extra `torch`), or leave it away: sem = "embedded" needs nothing'


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the network.

    Attributes
    ----------
    bits
        Words and character n-grams have 2**bits buckets each.
    width, heads, layers, inner
        Of the encoder; `inner` is the width of its feed-forward part.
    longest
        Tokens that are read; of a longer context the first and the last half of so many.
    dropout
        While training.
    """

    bits: int = 15
    width: int = 128
    heads: int = 4
    layers: int = 2
    inner: int = 256
    longest: int = 160
    dropout: float = 0.2


@dataclass(frozen=True)
class Encoded:
    """Contexts as numbers.

    Attributes
    ----------
    buckets, starts
        Buckets of all tokens one after another, and where each token's begin; number 0 is for the mark that
        begins every context.
    tokens
        For each context the numbers of its tokens, the mark first.
    turns
        For each context 0 for tokens of the speaker, 1 for those of the listener.
    places
        For each context the place of each token among all of its tokens, the mark left out.
    """

    buckets: Ints
    starts: Ints
    tokens: list[Ints]
    turns: list[Ints]
    places: list[Ints]


class Encoding:
    """Turns contexts into buckets; the same words give the same numbers in every process."""

    def __init__(self, shape: Shape) -> None:
        self.shape, self._hasher = shape, Hasher(shape.bits, words=(1,), characters=(3, 5))

    @property
    def buckets(self) -> int:
        """Number of buckets; one more is for the mark that begins every context."""
        return self._hasher.buckets

    def __call__(self, contexts: Sequence[Sequence[str]]) -> Encoded:
        """Encode contexts, each a sequence of turns of which the first is the speaker's."""
        read = [_read(context) for context in contexts]
        number: dict[str, int] = {}
        for words, _ in read:
            for word in words:
                number.setdefault(word, len(number) + 1)
        hits = self._hasher.hits([[word] for word in number])
        order = np.argsort(hits.row, kind="stable")
        column = np.concatenate([[self.buckets], hits.column[order]])
        each = np.bincount(hits.row, minlength=len(number))
        starts = np.concatenate([[0], 1 + np.cumsum(each) - each]).astype(np.int64)
        kept = [_kept(len(words), self.shape.longest) for words, _ in read]
        pairs = list(zip(read, kept, strict=True))
        ids = [np.array([number[word] for word in words], np.int64)[at] for (words, _), at in pairs]
        turns = [np.array(who, np.int64)[at] for (_, who), at in pairs]
        mark = np.zeros(1, np.int64)
        first = [np.concatenate([mark, a]) for a in ids], [np.concatenate([mark, a]) for a in turns]
        return Encoded(column, starts, *first, kept)


def _read(context: Sequence[str]) -> tuple[list[str], list[int]]:
    words = [(token(w), i % 2) for i, turn in enumerate(context) for w in surfaces(turn)]
    return [word for word, _ in words], [who for _, who in words]


def _kept(n: int, longest: int) -> Ints:
    if n < longest:
        return np.arange(n)
    half = (longest - 1) // 2
    return np.concatenate([np.arange(half), np.arange(n - half, n)])


def torch_or_mend() -> Any:
    """Return the module ``torch``.

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        import torch  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise InputError(f"this small empathetic model needs the package torch\n  mend: {_MEND}") from error
    return torch


def network(shape: Shape, buckets: int) -> Any:
    """Return the untrained network as a `torch.nn.Module`.

    Its forward takes buckets and starts of the tokens that occur, and three tables of shape (contexts,
    longest): the number of each token, its turn, and whether it is there. It returns logits (contexts, 32)
    and the attention that each token gets where the context is read (contexts, longest).
    """
    torch = torch_or_mend()
    nn = torch.nn

    class Network(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.EmbeddingBag(buckets + 1, shape.width, mode="mean")
            self.turn = nn.Embedding(2, shape.width)
            self.place = nn.Embedding(shape.longest, shape.width)
            for table in (self.words, self.turn, self.place):
                nn.init.normal_(table.weight, std=0.1)
            layer = nn.TransformerEncoderLayer(
                shape.width, shape.heads, shape.inner, shape.dropout, batch_first=True, norm_first=True
            )
            self.encoder = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
            self.norm, self.drop = nn.LayerNorm(shape.width), nn.Dropout(shape.dropout)
            self.asks = nn.Linear(shape.width, 1)
            self.out = nn.Linear(2 * shape.width, len(EMOTIONS))

        def forward(self, column: Any, starts: Any, number: Any, turn: Any, there: Any) -> tuple[Any, Any]:
            bare = self.words(column, starts)[number]
            place = torch.arange(number.shape[1], device=number.device)
            mixed = self.drop(bare + self.turn(turn) + self.place(place))
            seen = self.norm(self.encoder(mixed, src_key_padding_mask=~there))
            asked = self.asks(seen).squeeze(-1).masked_fill(~there, float("-inf"))
            attention = asked.softmax(-1)
            both = torch.cat([seen, bare], -1)
            read = (attention.unsqueeze(-1) * both).sum(1)
            return self.out(self.drop(read)), attention

    return Network()


def batch(encoded: Encoded, rows: Sequence[int]) -> tuple[Any, ...]:
    """Return the network's arguments for some of the contexts, padded to the longest of them."""
    torch = torch_or_mend()
    length = max(len(encoded.tokens[i]) for i in rows)
    number, turn = np.zeros((2, len(rows), length), np.int64)
    there = np.zeros((len(rows), length), bool)
    for j, i in enumerate(rows):
        n = len(encoded.tokens[i])
        number[j, :n], turn[j, :n], there[j, :n] = encoded.tokens[i], encoded.turns[i], True
    occurring, short = np.unique(number, return_inverse=True)
    ends = np.append(encoded.starts, len(encoded.buckets))
    width = ends[occurring + 1] - ends[occurring]
    starts = np.cumsum(width) - width
    at = np.repeat(ends[occurring] - starts, width) + np.arange(int(width.sum()))
    arrays = encoded.buckets[at], starts, short.reshape(number.shape), turn, there
    return tuple(torch.from_numpy(np.ascontiguousarray(a)) for a in arrays)


class TorchSEM(ContextModel):
    """A transformer encoder with attention that predicts the emotion; its attention weighs the words.

    Parameters
    ----------
    net
        What `network` returns, trained.
    shape
        Its size.
    word_idf
        IDF of single words over the training contexts, in 2**`WORD_BITS` buckets.
    about
        How it was trained; kept with the weights.
    intensity
        Emotional intensity of words, for instance an `IntensityLexicon`; by default the model's own: how
        far the word alone moves the probabilities (Kullback-Leibler divergence, nats).

    Notes
    -----
    A word's weight is the attention its tokens get where the context is read for the emotion, as in the
    models that HEF builds on. Attention says where the model looked, not what a word did (Jain & Wallace
    2019, arXiv 1902.10186).
    """

    def __init__(
        self,
        net: Any,
        shape: Shape,
        word_idf: NDArray[np.float16],
        about: Mapping[str, Any] | None = None,
        intensity: Intensity | None = None,
    ) -> None:
        self.net, self.shape, self.about = net, shape, dict(about or {})
        self._word_idf, self._own_intensity = word_idf, intensity
        self._encoding = Encoding(shape)
        self._words = Hasher(WORD_BITS, words=(1,), characters=(1, 0))

    @classmethod
    def load(cls, path: Path, intensity: Intensity | None = None) -> TorchSEM:
        """Read weights that `save` wrote; nothing but numbers and plain values is read.

        Raises
        ------
        InputError
            torch is not installed, or the file is not one of ours.
        """
        torch = torch_or_mend()
        try:
            held = torch.load(path, map_location="cpu", weights_only=True)
            shape = Shape(**held["shape"])
            net = network(shape, Encoding(shape).buckets)
            net.load_state_dict(held["weights"])
            return cls(net, shape, held["word_idf"].numpy(), held["about"], intensity)
        except Exception as error:  # torch raises whatever its parts raise
            mend = "a file that benchmarks/train_torch_sem.py of this version wrote"
            raise InputError(f"{path}: no weights of this model: {error!r}\n  mend: {mend}") from error

    def save(self, path: Path) -> None:
        """Write the weights, their shape and how they were trained."""
        torch = torch_or_mend()
        held = {
            "shape": asdict(self.shape),
            "weights": self.net.state_dict(),
            "word_idf": torch.from_numpy(self._word_idf),
            "about": self.about,
        }
        partial = path.with_name(path.name + ".part")
        torch.save(held, partial)
        partial.replace(path)

    def predict(self, contexts: Sequence[Sequence[str]]) -> Floats:
        """Return the probabilities of the emotions, shape (n, 32)."""
        return self._run(contexts)[0]

    def word_weights_many(self, contexts: Sequence[Sequence[str]]) -> list[Mapping[str, float]]:
        """Return each word of each context with its share of the attention."""
        attention = self._run(contexts)[1]
        found: list[Mapping[str, float]] = []
        for context, given in zip(contexts, attention, strict=True):
            standing = [w for turn in context for w in surfaces(turn)]
            found.append(shares(standing, [token(w) for w in standing], given.tolist()))
        return found

    def intensity(self, words: Sequence[str]) -> Floats:
        """Return the intensity of each word: that of the source given, or the model's own in nats."""
        if self._own_intensity is not None:
            return self._own_intensity.intensity(words)
        found = self.predict([*([word] for word in words), []])
        return divergence(found[:-1], found[-1])

    def idf(self, words: Sequence[str]) -> Floats:
        """Return log((1 + n) / (1 + contexts with the word)) + 1 over the training contexts."""
        hits, rarity = self._words.hits([[token(word)] for word in words]), np.zeros(len(words))
        rarity[hits.row] = self._word_idf[hits.column]
        return rarity

    def _run(self, contexts: Sequence[Sequence[str]]) -> tuple[Floats, list[Floats]]:
        """Return probabilities, and for each context the attention of each of its tokens."""
        torch = torch_or_mend()
        encoded = self._encoding(contexts)
        probabilities, attention = np.zeros((len(contexts), len(EMOTIONS))), [np.zeros(0)] * len(contexts)
        self.net.eval()
        for rows in by_length(encoded):
            with torch.inference_mode():
                logits, weights = self.net(*batch(encoded, rows))
            probabilities[rows] = logits.double().softmax(-1).numpy()
            for i, given in zip(rows, weights.double().numpy(), strict=True):
                attention[i] = _spread(given[1:], encoded.places[i], contexts[i])
        return probabilities, attention


def by_length(encoded: Encoded) -> list[list[int]]:
    """Return the contexts in batches of about the same length."""
    order = sorted(range(len(encoded.tokens)), key=lambda i: len(encoded.tokens[i]))
    batches: list[list[int]] = []
    for i in order:
        if not batches or (len(batches[-1]) + 1) * len(encoded.tokens[i]) > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(i)
    return batches


def _spread(given: Floats, places: Ints, context: Sequence[str]) -> Floats:
    whole = np.zeros(sum(len(surfaces(turn)) for turn in context))
    whole[places] = given[: len(places)]
    return whole
