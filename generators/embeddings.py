"""Neighbours by sentence embeddings: exact cosine search over dense vectors, with any encoder.

The encoder is a plain function from texts to vectors. `sentence_encoder` makes one from a model of the
``sentence-transformers`` package, which is no dependency of ours (Qian et al. 2023 use all-mpnet-base-v2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from judge.errors import InputError
from judge.generators.tfidf import Neighbours, chunks, content_digest, stack, top_k

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Encoder: TypeAlias = Callable[[Sequence[str]], "NDArray[np.float32]"]


@dataclass(frozen=True, eq=False)
class DenseIndex:
    """Candidates as rows of unit length (candidates x dimensions, float32), and the encoder for queries.

    Examples
    --------
    >>> def count_letters(texts):
    ...     return np.array([[t.count("a"), t.count("b")] for t in texts], dtype=np.float32)
    >>> index = DenseIndex.build(["aaa", "bbb"], count_letters)
    >>> index.nearest(["ab b"], k=1).indices.tolist()
    [[1]]
    """

    rows: NDArray[np.float32]
    encode: Encoder
    digest: str

    @classmethod
    def build(cls, texts: Sequence[str], encode: Encoder, *, model: str = "") -> DenseIndex:
        """Encode and index texts; `model` names the encoder, so that vectors of two models never mix."""
        return cls(_unit(encode(texts)), encode, content_digest([model, *texts]))

    def nearest(
        self, texts: Sequence[str], k: int, *, excluded: Sequence[NDArray[np.intp]] | None = None
    ) -> Neighbours:
        """Find for each text the `k` candidates of the highest cosine; see `TfidfIndex.nearest`."""
        queries = _unit(self.encode(texts))
        n = len(self.rows)
        parts = [
            top_k(queries[start:stop] @ self.rows.T, k, excluded[start:stop] if excluded else None)
            for start, stop in chunks(len(queries), n)
        ]
        return stack(parts, min(k, n))

    def save(self, folder: Path) -> Path:
        """Write the vectors to a file that is named by the texts' content; returns its path."""
        path = folder / f"dense-{self.digest[:16]}.npy"
        temporary = path.with_suffix(".part.npy")
        np.save(temporary, self.rows, allow_pickle=False)
        temporary.replace(path)
        return path

    @classmethod
    def load(cls, path: Path, texts: Sequence[str], encode: Encoder, *, model: str = "") -> DenseIndex:
        """Read vectors that `save` wrote for these texts.

        Raises
        ------
        InputError
            If the file was made from other texts or with another model.
        """
        digest = content_digest([model, *texts])
        rows = np.load(path, allow_pickle=False)
        if digest[:16] not in path.name or len(rows) != len(texts):
            raise InputError(f"{path}: these vectors were made from other texts or with another model")
        return cls(rows, encode, digest)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    vectors = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return unit


def sentence_encoder(model: str, *, batch_size: int = 64, device: str | None = None) -> Encoder:
    """Load a model of sentence-transformers as an encoder.

    Raises
    ------
    InputError
        If the package is not installed, or the model cannot be loaded (no such model, no network).
    """
    try:
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise InputError(
            "embeddings need the package sentence-transformers\n  mend: pip install sentence-transformers,"
            " or leave the embedding away: TF-IDF needs nothing"
        ) from error
    try:
        loaded: Any = SentenceTransformer(model, device=device)
    except Exception as error:  # the package raises whatever its backends raise
        raise InputError(f"the embedding model {model!r} cannot be loaded: {error}") from error

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = loaded.encode(list(texts), batch_size=batch_size, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    return encode


def lazy_encoder(model: str, load: Callable[[str], Encoder] = sentence_encoder) -> Encoder:
    """Return an encoder that loads its model at the first text: a study can be checked without it."""
    held: list[Encoder] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        if not held:
            held.append(load(model))
        return held[0](texts)

    return encode
