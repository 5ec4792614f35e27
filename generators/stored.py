"""Search indexes that are kept in a folder, named by their content, so that no run makes one twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.generators.tfidf import TfidfIndex, content_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from judge.generators.embeddings import DenseIndex, Encoder


@dataclass(frozen=True)
class StoredTfidf:
    """Builds a TF-IDF index, or reads the one that lies in `folder` for the same texts.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = StoredTfidf(Path(folder))(["a red cat", "a blue sea"])
    ...     [path.name[:6] for path in Path(folder).iterdir()]
    ['tfidf-']
    """

    folder: Path

    def __call__(self, texts: Sequence[str]) -> TfidfIndex:
        """Return the index over the texts."""
        digest = content_digest(texts)
        path = self.folder / f"tfidf-{digest[:16]}.npz"
        found = _read_tfidf(path)
        if found is not None and found.digest == digest:
            return found
        index = TfidfIndex.build(texts)
        self.folder.mkdir(parents=True, exist_ok=True)
        index.save(self.folder)
        return index


def _read_tfidf(path: Path) -> TfidfIndex | None:
    """Read an index; a damaged file (a full disk, an old version) is made again, not an error."""
    from zipfile import BadZipFile

    if not path.exists():
        return None
    try:
        return TfidfIndex.load(path)
    except (OSError, ValueError, KeyError, BadZipFile):
        return None


@dataclass(frozen=True)
class StoredDense:
    """Encodes texts, or reads the vectors that lie in `folder` for the same texts and model."""

    folder: Path
    model: str
    encode: Encoder

    def __call__(self, texts: Sequence[str]) -> DenseIndex:
        """Return the index over the texts."""
        from judge.errors import InputError
        from judge.generators.embeddings import DenseIndex

        path = self.folder / f"dense-{content_digest([self.model, *texts])[:16]}.npy"
        if path.exists():
            try:
                return DenseIndex.load(path, texts, self.encode, model=self.model)
            except (OSError, ValueError, InputError):
                path.unlink()
        index = DenseIndex.build(texts, self.encode, model=self.model)
        self.folder.mkdir(parents=True, exist_ok=True)
        index.save(self.folder)
        return index
