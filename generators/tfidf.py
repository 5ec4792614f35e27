"""TF-IDF vectors and exact cosine neighbours, in chunks, with numpy and scipy alone."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+(?:['’]\w+)*")
CHUNK = 128
"""Queries at a time, at most."""
CELLS = 16_000_000
"""Similarities held at a time (64 MB): with a million candidates 16 queries at a time.

The memory of a search is two such blocks, whatever the number of queries and candidates."""


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case.

    Examples
    --------
    >>> tokens("I can't, Mum!")
    ['i', "can't", 'mum']
    """
    return _TOKEN.findall(text.lower())


@dataclass(frozen=True, eq=False)
class TfidfIndex:
    """Candidates as rows of unit length; cosine is then a product.

    Attributes
    ----------
    vocabulary
        Term to column.
    idf
        Smoothed inverse document frequency ``log((1 + n) / (1 + df)) + 1`` by column.
    rows
        Candidates x terms, float32, every row of length 1 (or 0, where a text has no word).
    digest
        sha256 of the candidates' texts: the index is named by its content.
    """

    vocabulary: Mapping[str, int]
    idf: NDArray[np.float32]
    rows: Any
    digest: str

    @classmethod
    def build(cls, texts: Sequence[str]) -> TfidfIndex:
        """Index texts.

        Examples
        --------
        >>> index = TfidfIndex.build(["a red cat", "a blue sea"])
        >>> found = index.nearest(["the cat"], k=1)
        >>> int(found.indices[0, 0])
        0
        """
        counts = [Counter(tokens(text)) for text in texts]
        vocabulary = {term: i for i, term in enumerate(sorted({term for count in counts for term in count}))}
        raw = _count_matrix(counts, vocabulary)
        df = np.bincount(raw.indices, minlength=len(vocabulary))
        idf = (np.log((1 + len(texts)) / (1 + df)) + 1).astype(np.float32)
        return cls(vocabulary, idf, _unit_rows(raw, idf), content_digest(texts))

    def vectors(self, texts: Sequence[str]) -> Any:
        """Return queries as unit rows; words that no candidate has do not count."""
        counts = [Counter(tokens(text)) for text in texts]
        return _unit_rows(_count_matrix(counts, self.vocabulary), self.idf)

    def nearest(
        self, texts: Sequence[str], k: int, *, excluded: Sequence[NDArray[np.intp]] | None = None
    ) -> Neighbours:
        """Find for each text the `k` candidates of the highest cosine: exact, ties to the earlier candidate.

        Parameters
        ----------
        texts
            The queries.
        k
            How many; fewer come back where there are fewer candidates.
        excluded
            For each query, the candidates that it must not get.
        """
        queries = self.vectors(texts)
        n = self.rows.shape[0]
        parts = []
        for start, stop in chunks(queries.shape[0], n):
            # Sparse candidates times dense queries: nearly every cell is filled, a sparse product is slower.
            block = self.rows @ np.ascontiguousarray(queries[start:stop].toarray().T)
            similarities = np.ascontiguousarray(block.T)
            parts.append(top_k(similarities, k, excluded[start:stop] if excluded else None))
        return stack(parts, min(k, n))

    def save(self, folder: Path) -> Path:
        """Write the index to a file that is named by its content; returns its path."""
        path = folder / f"tfidf-{self.digest[:16]}.npz"
        temporary = path.with_suffix(".part.npz")
        np.savez_compressed(
            temporary,
            terms=np.frombuffer("\n".join(self.vocabulary).encode(), dtype=np.uint8),
            idf=self.idf,
            data=self.rows.data,
            indices=self.rows.indices,
            indptr=self.rows.indptr,
            digest=np.frombuffer(self.digest.encode(), dtype=np.uint8),
        )
        temporary.replace(path)
        return path

    @classmethod
    def load(cls, path: Path) -> TfidfIndex:
        """Read an index that `save` wrote (plain arrays, nothing is unpickled)."""
        with np.load(path, allow_pickle=False) as held:
            terms = held["terms"].tobytes().decode().split("\n")
            shape = (len(held["indptr"]) - 1, len(held["idf"]))
            rows = sparse.csr_array((held["data"], held["indices"], held["indptr"]), shape=shape)
            return cls(
                {t: i for i, t in enumerate(terms)}, held["idf"], rows, held["digest"].tobytes().decode()
            )


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Queries x k: positions of the candidates, most similar first, and their similarities.

    Position -1 (similarity ``-inf``) fills up where fewer candidates were allowed.
    """

    indices: NDArray[np.intp]
    similarities: NDArray[np.float32]


def content_digest(texts: Sequence[str]) -> str:
    """Return sha256 over texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\x00")
    return digest.hexdigest()


def top_k(
    similarities: NDArray[np.float32], k: int, excluded: Sequence[NDArray[np.intp]] | None = None
) -> Neighbours:
    """Return the k highest of each row, exact, ties to the lower position.

    Examples
    --------
    >>> top_k(np.array([[0.1, 0.9, 0.9, 0.3]], dtype=np.float32), 2).indices.tolist()
    [[1, 2]]
    """
    for row, left_out in enumerate(excluded or ()):
        similarities[row, left_out] = -np.inf
    n = similarities.shape[1]
    k = min(k, n)
    indices = np.empty((len(similarities), k), dtype=np.intp)
    for row, values in enumerate(similarities):
        # Everything at least as high as the k-th is a candidate, so that ties are broken by position.
        bound = np.partition(values, n - k)[n - k] if k < n else -np.inf
        high = np.flatnonzero(values >= bound)
        indices[row] = high[np.argsort(-values[high], kind="stable")[:k]]
    found = np.take_along_axis(similarities, indices, axis=1)
    return Neighbours(np.where(np.isneginf(found), -1, indices), found)


def stack(parts: Sequence[Neighbours], k: int) -> Neighbours:
    """Put chunks together."""
    if not parts:
        return Neighbours(np.empty((0, k), np.intp), np.empty((0, k), np.float32))
    return Neighbours(
        np.concatenate([p.indices for p in parts]), np.concatenate([p.similarities for p in parts])
    )


def chunks(n_queries: int, n_candidates: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of the queries so that no block has more than `CELLS` similarities."""
    size = max(1, min(CHUNK, CELLS // max(n_candidates, 1)))
    return ((start, min(start + size, n_queries)) for start in range(0, n_queries, size))


def _count_matrix(counts: Sequence[Counter[str]], vocabulary: Mapping[str, int]) -> Any:
    known = [[(vocabulary[t], c) for t, c in count.items() if t in vocabulary] for count in counts]
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in known])]).astype(np.int64)
    flat = [pair for row in known for pair in row]
    columns = np.array([column for column, _ in flat], dtype=np.int32)
    values = np.array([value for _, value in flat], dtype=np.float32)
    return sparse.csr_array((values, columns, indptr), shape=(len(counts), len(vocabulary)))


def _unit_rows(counts: Any, idf: NDArray[np.float32]) -> Any:
    # A word that comes twice counts 1 + log 2: measured a point better than raw counts on ED.
    damped = counts.copy()
    damped.data = 1 + np.log(damped.data)
    weighted = damped @ sparse.diags_array(idf) if len(idf) else damped
    length = np.sqrt(np.asarray((weighted * weighted).sum(axis=1)).ravel())
    scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
    return sparse.csr_array(sparse.diags_array(scale) @ weighted).astype(np.float32)
