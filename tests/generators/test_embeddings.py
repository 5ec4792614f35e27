"""Embedding neighbours are exact, and a missing package is an error that says what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from judge.errors import InputError
from judge.generators.embeddings import DenseIndex, lazy_encoder, sentence_encoder
from judge.generators.exemplars import make_pool
from judge.generators.stored import StoredDense
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


def test_an_encoder_is_loaded_at_the_first_text() -> None:
    """A study is checked without its embedding model; it is then loaded once."""
    loaded: list[str] = []

    def load(model: str) -> object:
        loaded.append(model)
        return letters

    encode = lazy_encoder("mpnet", load)  # type: ignore[arg-type]
    assert not loaded
    encode(["a"])
    encode(["b"])
    assert loaded == ["mpnet"]


def test_stored_vectors_are_made_once(tmp_path: Path) -> None:
    """The same texts and model read the file; another model, or a damaged file, encodes again."""
    encoded: list[int] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        encoded.append(len(texts))
        return letters(texts)

    build = StoredDense(tmp_path / "new", "mpnet", encode)
    first = build(["ab", "cd"])
    assert np.array_equal(build(["ab", "cd"]).rows, first.rows)
    assert encoded == [2]
    (path,) = (tmp_path / "new").iterdir()
    path.write_bytes(b"damaged")
    assert np.array_equal(build(["ab", "cd"]).rows, first.rows)
    StoredDense(tmp_path / "new", "other", encode)(["ab", "cd"])
    assert encoded == [2, 2, 2]


class FakeSentenceTransformer:
    """Stands where the package's class stands, with its signature."""

    def __init__(self, name: str, device: str | None = None) -> None:
        if name == "no-such-model":
            raise OSError("not a folder, not on the hub")

    def encode(
        self, texts: list[str], batch_size: int = 32, show_progress_bar: bool | None = None
    ) -> NDArray[np.float32]:
        assert batch_size == 64
        assert show_progress_bar is False
        return letters(texts)


def test_the_loading_code_uses_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any model name is handed to the package; one that cannot be loaded is named."""
    from types import ModuleType

    package = ModuleType("sentence_transformers")
    package.SentenceTransformer = FakeSentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    assert sentence_encoder("any-name")(["abba"]).tolist() == [[2, 2, 0, 0, 0, 0, 0, 0]]
    with pytest.raises(InputError, match="'no-such-model' cannot be loaded: not a folder"):
        sentence_encoder("no-such-model")


@pytest.mark.filterwarnings("ignore")  # whatever the packages of others warn of
def test_the_real_package_loads_a_tiny_model(tmp_path: Path) -> None:
    """A model of a few thousand random weights is loaded from a folder and finds a text by itself."""
    package = pytest.importorskip("sentence_transformers", reason="needs the extra sentence-transformers")
    transformers = pytest.importorskip("transformers")
    folder = tmp_path / "bert"
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "rain", "sun", "cat", "dog", "the"]
    (folder / "vocab.txt").write_text("\n".join(words))
    transformers.BertTokenizerFast(vocab={w: k for k, w in enumerate(words)}).save_pretrained(folder)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    transformers.BertModel(transformers.BertConfig(vocab_size=len(words), **shape)).save_pretrained(folder)
    package.SentenceTransformer(str(folder), device="cpu").save(str(tmp_path / "st"))
    encode = sentence_encoder(str(tmp_path / "st"), device="cpu")
    index = DenseIndex.build(["the cat", "sun sun rain", "dog"], encode, model="tiny")
    assert index.rows.shape == (3, 16)
    assert index.nearest(["sun sun rain"], 1).indices.tolist() == [[1]]
