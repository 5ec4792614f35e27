"""Embedding neighbours are exact, and a missing package is an error that says what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from judge.errors import InputError
from judge.generators.embeddings import DenseIndex, sentence_encoder
from judge.generators.exemplars import make_pool
from tests.generators.helpers import dialogue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def letters(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([[text.lower().count(c) for c in "abcdefgh"] for text in texts], dtype=np.float32)


def test_equals_a_full_sort() -> None:
    """The search returns the highest cosines of a full product; an empty text has cosine 0."""
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("abcdefgh"), size=6)) for _ in range(40)]
    queries = [*texts[:5], ""]
    index = DenseIndex.build(texts, letters)
    unit = letters(texts) / np.linalg.norm(letters(texts), axis=1, keepdims=True)
    full = -np.sort(-(unit[:5] @ unit.T), axis=1)[:, :4]
    found = index.nearest(queries, 4)
    np.testing.assert_allclose(found.similarities[:5], full, atol=1e-6)
    assert found.similarities[5].tolist() == [0.0] * 4


def test_a_pool_takes_any_index() -> None:
    """Exemplars can be chosen by embeddings instead of TF-IDF."""
    pool = make_pool(
        [dialogue("aaa", did="1", reference="a"), dialogue("hhh", did="2", reference="h")],
        build=lambda texts: DenseIndex.build(texts, letters),
    )
    assert [d.dialogue_id for d in pool.nearest(dialogue("ha ha ha hh", did="q"), 1)] == ["2"]


def test_vectors_are_kept_under_their_content(tmp_path: Path) -> None:
    """Saved vectors load for the same texts and are refused for others."""
    path = DenseIndex.build(["ab", "cd"], letters).save(tmp_path)
    assert DenseIndex.load(path, ["ab", "cd"], letters).nearest(["d"], 1).indices.tolist() == [[1]]
    with pytest.raises(InputError, match="other texts"):
        DenseIndex.load(path, ["ab", "ce"], letters)
    with pytest.raises(InputError, match="another model"):
        DenseIndex.load(path, ["ab", "cd"], letters, model="mpnet")


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sentence-transformers the error names it and the way round."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(InputError, match="pip install sentence-transformers"):
        sentence_encoder("all-mpnet-base-v2")
