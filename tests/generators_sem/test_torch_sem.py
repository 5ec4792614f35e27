"""The transformer with attention as a small empathetic model."""

from __future__ import annotations

import argparse
import builtins
import importlib.util

import numpy as np
import pytest

from judge.errors import InputError
from judge.generators.sem.torch_sem import Encoding, Shape, TorchSEM, by_length, torch_or_mend
from judge.types import EMOTIONS, Dialogue, Turn
from tests.shared_data import ROOT

TINY = Shape(bits=10, width=16, heads=2, layers=1, inner=32, longest=24, dropout=0.0)
TOLD = {
    "sad": ["My old cat died and I cried", "We cried at the grave", "She died in spring", "I cried all day"],
    "proud": ["My son won a medal", "I won the first prize", "Our team won again", "She won and I cheered"],
}


@pytest.fixture
def torch():
    """Return torch, or skip."""
    return pytest.importorskip("torch")


def trained(seed):
    """Return a tiny model, trained on a few made texts by the script that trains the real one."""
    path = ROOT / "benchmarks" / "train_torch_sem.py"
    if not path.exists():
        pytest.skip("the training script is not beside the tests")
    spec = importlib.util.spec_from_file_location("train_torch_sem", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rows = [
        {"id": f"{label}{i}", "emotion": label, "situation": text, "context": [text]}
        for label, texts in TOLD.items()
        for i, text in enumerate(texts)
    ]
    args = argparse.Namespace(seed=seed, passes=40, rate=0.005, batch=8, unseen=0.1)
    return script.train(rows, TINY, args)


@pytest.fixture(scope="module")
def model():
    """Return a tiny trained model, or skip."""
    pytest.importorskip("torch")
    return trained(seed=1)


def test_encoding_needs_no_vocabulary():
    """Every word has buckets of its own, the same ones wherever and whenever it stands."""
    encoding = Encoding(TINY)
    one, other = encoding([["So sad"]]), encoding([["unheardof", "so sad"], []])

    def buckets(encoded, context, place):
        number = encoded.tokens[context][place]
        ends = np.append(encoded.starts, len(encoded.buckets))
        return sorted(encoded.buckets[ends[number] : ends[number + 1]].tolist())

    assert buckets(one, 0, 1) == buckets(other, 0, 2)
    assert buckets(one, 0, 1) != buckets(one, 0, 2)
    assert buckets(one, 0, 0) == [encoding.buckets]
    assert other.turns[0].tolist() == [0, 0, 1, 1]
    assert other.tokens[1].tolist() == [0]


def test_a_long_context_keeps_both_ends():
    """Of a context of 10,000 words the first and the last are read, and no more than fit."""
    encoded = Encoding(TINY)([["word " * 10_000]])
    assert len(encoded.tokens[0]) <= TINY.longest
    assert encoded.places[0][0] == 0
    assert encoded.places[0][-1] == 9_999


def test_batches_hold_every_context_once():
    """Batches by length leave nothing out."""
    encoded = Encoding(TINY)([["word " * (n % 7)] for n in range(3000)])
    assert sorted(i for rows in by_length(encoded) for i in rows) == list(range(3000))


def test_it_learns_what_the_words_say(model):
    """After a few steps the emotions of made texts are told apart, also in a text that it has not seen."""
    p = model.predict([["He died and we cried"], ["You won"], []])
    assert p.shape == (3, 32)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert [EMOTIONS[i] for i in p[:2].argmax(axis=1)] == ["sad", "proud"]


def test_attention_weighs_the_words(model):
    """Words have shares of the attention that sum to 1; causes and dialogues are read from them."""
    weights = model.word_weights(["We cried, cried and CRIED."])
    assert list(weights) == ["We", "cried", "and"]
    assert sum(weights.values()) == pytest.approx(1.0)
    dialogue = Dialogue("d", (Turn("speaker", "We cried."), Turn("listener", "Oh no!")))
    causes = model.cause_words(dialogue, 2)
    assert len(causes) == 2
    assert causes[0].weight >= causes[1].weight
    assert model.word_weights([""]) == {}
    assert sum(model.probabilities(dialogue).values()) == pytest.approx(1.0)


def test_words_have_intensity_and_rarity(model):
    """Divergences are not negative; an unheard word is as rare as can be."""
    assert (model.intensity(["cried", "and"]) >= 0).all()
    cried, unheard = model.idf(["Cried", "zzyzx"])
    assert 0 < cried < unheard


def test_rows_do_not_depend_on_the_others(model):
    """One by one or together: the same numbers, but for the last digits."""
    contexts = [["We cried"], ["word " * 50], ["You won", "Great!", "Yes"]]
    together = model.predict(contexts)
    for row, context in zip(together, contexts, strict=True):
        np.testing.assert_allclose(model.predict([context])[0], row, atol=1e-5)


def test_weights_survive_a_file(model, tmp_path):
    """What is saved predicts the same after loading, and says how it was trained."""
    model.save(tmp_path / "w.pt")
    again = TorchSEM.load(tmp_path / "w.pt")
    contexts = [["He died"], ["You won"]]
    np.testing.assert_array_equal(again.predict(contexts), model.predict(contexts))
    assert again.about["seed"] == 1
    assert again.shape == TINY


def test_the_same_seed_gives_the_same_weights(model):
    """Training is repeatable; another seed gives another model."""
    contexts = [["He died"], ["You won"]]
    np.testing.assert_array_equal(trained(seed=1).predict(contexts), model.predict(contexts))
    assert not np.array_equal(trained(seed=2).predict(contexts), model.predict(contexts))


def test_a_file_of_something_else_is_refused(torch, tmp_path):
    """A text, other weights and a pickle with code are no model."""
    (tmp_path / "a.pt").write_text("no")
    torch.save({"weights": {}}, tmp_path / "b.pt")
    torch.save({"weights": argparse.Namespace()}, tmp_path / "c.pt")
    for name in ("a.pt", "b.pt", "c.pt", "absent.pt"):
        with pytest.raises(InputError, match="no weights of this model"):
            TorchSEM.load(tmp_path / name)


def test_without_torch_the_message_says_what_to_install(monkeypatch, tmp_path):
    """Where torch is absent, loading says so and what works without it."""
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name == "torch":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(InputError, match="pip install torch"):
        torch_or_mend()
    with pytest.raises(InputError, match="needs the package torch"):
        TorchSEM.load(tmp_path / "w.pt")
