"""Exemplars: exact neighbours, never the same conversation, never the test split."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.errors import InputError
from judge.generators import tfidf
from judge.generators.exemplars import make_pool
from judge.generators.tfidf import TfidfIndex, chunks, top_k
from judge.types import Dialogue, Turn
from tests.generators.helpers import POOL, dialogue
from tests.shared_data import shared

if TYPE_CHECKING:
    from pathlib import Path

WORDS = st.lists(st.sampled_from(["cat", "sea", "sun", "mum", "job", "red"]), min_size=1, max_size=6).map(
    " ".join
)


@settings(max_examples=40, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12), st.lists(WORDS, min_size=1, max_size=5))
def test_neighbours_are_those_of_brute_force(texts: list[str], queries: list[str]) -> None:
    """The search equals a full sort of all cosines."""
    index = TfidfIndex.build(texts)
    found = index.nearest(queries, 3)
    full = (index.vectors(queries) @ index.rows.T).toarray()
    best = -np.sort(-full, axis=1)[:, :3]
    np.testing.assert_allclose(found.similarities, best, atol=1e-5)


def test_cosine_agrees_with_sklearn() -> None:
    """Weights are those of scikit-learn's TfidfVectorizer with sublinear counts."""
    text = pytest.importorskip("sklearn.feature_extraction.text")
    texts = ["red cat red sea", "the sun and the sea", "mum and the cat", "job"]
    theirs = text.TfidfVectorizer(
        sublinear_tf=True, tokenizer=tfidf.tokens, token_pattern=None, lowercase=False
    )
    mine = TfidfIndex.build(texts)
    np.testing.assert_allclose(mine.rows.toarray(), theirs.fit_transform(texts).toarray(), atol=1e-6)
    np.testing.assert_allclose(
        mine.vectors(["cat of the sea"]).toarray(), theirs.transform(["cat of the sea"]).toarray(), atol=1e-6
    )


@given(st.integers(0, 500), st.integers(0, 10_000_000))
def test_chunks_cover_the_queries_within_memory(queries: int, candidates: int) -> None:
    """Chunks cover each query once, and a block of more than one query stays within the limit."""
    found = list(chunks(queries, candidates))
    assert [i for start, stop in found for i in range(start, stop)] == list(range(queries))
    assert all(stop - start == 1 or (stop - start) * candidates <= tfidf.CELLS for start, stop in found)


def test_ties_go_to_the_earlier_candidate() -> None:
    """Equal similarities come in the candidates' order, however many there are."""
    assert top_k(np.ones((1, 50), dtype=np.float32), 4).indices.tolist() == [[0, 1, 2, 3]]


def test_an_index_is_kept_under_its_content(tmp_path: Path) -> None:
    """A saved index is named by its texts and finds the same when loaded."""
    index = TfidfIndex.build(["red cat", "blue sea"])
    path = index.save(tmp_path)
    assert index.digest[:16] in path.name
    assert TfidfIndex.build(["red cat", "blue sun"]).digest != index.digest
    loaded = TfidfIndex.load(path)
    assert loaded.digest == index.digest
    assert loaded.nearest(["a cat"], 1).indices.tolist() == index.nearest(["a cat"], 1).indices.tolist()


def test_no_exemplar_from_the_same_conversation() -> None:
    """Neither the same conversation id nor the same opening words pass, in draws and in neighbours."""
    pool = make_pool(
        [
            dialogue("The cat is gone.", did="c1-t1", reference="No!", extra={"conversation_id": "c1"}),
            dialogue("the CAT is gone", "No!", "Yes, the cat.", did="other-id", reference="Oh."),
            dialogue("A dog barked.", did="c2-t1", reference="Loud?", extra={"conversation_id": "c2"}),
        ]
    )
    asked = dialogue("The cat is gone!", did="c1-t3", extra={"conversation_id": "c1"})
    assert [d.dialogue_id for d in pool.nearest(asked, 1)] == ["c2-t1"]
    assert {pool.drawn(asked, 1, seed)[0].dialogue_id for seed in range(20)} == {"c2-t1"}
    with pytest.raises(InputError, match="only 1"):
        pool.nearest(asked, 2)


def test_no_exemplar_from_the_test_split() -> None:
    """Test dialogues and dialogues without a response are no candidates; an empty pool is an error."""
    kept = make_pool(
        [
            dialogue("a", did="1", reference="x", split="train"),
            dialogue("b", did="2", reference="y", split="test"),
        ]
    )
    assert [d.dialogue_id for d in kept.candidates] == ["1"]
    with pytest.raises(InputError, match="no dialogue can serve"):
        make_pool([dialogue("b", reference="y", split="test"), dialogue("c", did="3")])


def test_the_draw_is_shared_and_mended() -> None:
    """All dialogues share one draw; where a member is forbidden, the next of the draw takes its place."""
    draw = [d.dialogue_id for d in POOL.drawn(dialogue("New."), 3, 13)]
    assert [d.dialogue_id for d in POOL.drawn(dialogue("Other."), 3, 13)] == draw
    own = next(c for c in POOL.candidates if c.dialogue_id == draw[0])
    mended = [d.dialogue_id for d in POOL.drawn(own, 3, 13)]
    assert mended[:2] == draw[1:]
    assert draw[0] not in mended
    assert len(set(mended)) == 3


def test_a_response_counts_on_the_train_side_only() -> None:
    """Candidates are found by context and response, or by context alone when asked so."""
    pool = make_pool(
        [dialogue("aa bb", did="1", reference="zebra"), dialogue("cc zebra dd ee", did="2", reference="x")]
    )
    asked = dialogue("zebra")
    assert pool.nearest(asked, 1)[0].dialogue_id == "1"
    assert pool.nearest_many([asked], 1, with_response=False)[0][0].dialogue_id == "2"


def test_neighbours_on_real_dialogues() -> None:
    """On ED no neighbour is of the test or of its own conversation; 1 in 5 shares the emotion."""

    def read(split: str, step: int) -> list[Dialogue]:
        path = shared(f"data/empathetic_dialogues/turns_{split}.jsonl.gz")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines][::step]
        return [
            Dialogue(
                f"{split}-{i}",
                tuple(Turn(("speaker", "listener")[j % 2], text) for j, text in enumerate(row["context"])),
                row["emotion"], None, row["response"], split, {"conversation_id": row["id"] or str(i)},
            )
            for i, row in enumerate(rows)
        ]  # fmt: skip

    asked = read("test", 20)
    found = make_pool([*read("train", 2), *asked]).nearest_many(asked, 5)
    assert all(near.split == "train" for row in found for near in row)
    first = np.mean([row[0].emotion == d.emotion for row, d in zip(found, asked, strict=True)])
    any_of_5 = np.mean([d.emotion in {n.emotion for n in row} for row, d in zip(found, asked, strict=True)])
    assert 0.14 < first < 0.30
    assert 0.40 < any_of_5 < 0.58
