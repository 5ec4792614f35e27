"""The model behind the embedded judge."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.errors import InputError
from judge.hashed import tokens
from judge.providers.embedded.features import counts, sentences
from judge.providers.embedded.model import MECHANISMS, EpitomeModel, ordinal, stacked
from tests.shared_data import ROOT, shared

TEXTS = [
    "I'm so sorry you are going through this.",
    "What happened next? Do you want to talk about it?",
    "I went through the same thing last year and I felt so alone.",
    "Buy milk.",
    "",
]
SAID = ["I lost my job and I feel worthless."] * len(TEXTS)


def test_shapes_and_probabilities():
    """Probabilities sum to 1 over the levels; expected levels lie between 0 and 2."""
    done = EpitomeModel.load().predict(SAID, TEXTS)
    assert done.probabilities.shape == (5, 3, 3)
    np.testing.assert_allclose(done.probabilities.sum(axis=2), 1.0)
    assert ((done.expected >= 0) & (done.expected <= 2)).all()
    assert set(np.unique(done.levels)) <= {0, 1, 2}


def test_each_mechanism_is_highest_where_a_reader_expects_it():
    """Sympathy, an own experience and a question raise their own mechanism above a shopping note."""
    expected = EpitomeModel.load().predict(SAID, TEXTS).expected
    assert len(MECHANISMS) == 3
    for mechanism, text in ((0, 0), (1, 2), (2, 1)):
        assert expected[text, mechanism] == expected[:, mechanism].max()
        assert expected[text, mechanism] > expected[3, mechanism] + 0.5


def test_a_text_without_words_is_level_zero():
    """Nothing said is certainly nothing shown, not a failure and not an average."""
    done = EpitomeModel.load().predict(SAID[:2], ["", " \n "])
    np.testing.assert_array_equal(done.expected, 0.0)


def test_nothing_to_predict():
    """No responses give an empty prediction of the right shape."""
    assert EpitomeModel.load().predict([], []).expected.shape == (0, 3)


def test_lengths_must_agree():
    """A context too few is an error that gives both numbers."""
    with pytest.raises(InputError, match="1 contexts for 2 responses"):
        EpitomeModel.load().predict(["x"], ["a", "b"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_a_prediction_does_not_depend_on_the_batch(texts):
    """Alone or among others, a response gets the same numbers."""
    model = EpitomeModel.load()
    together = model.predict(["so it was"] * len(texts), texts).expected
    alone = np.concatenate([model.predict(["so it was"], [text]).expected for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_more_than_one_chunk():
    """Longer tables are worked on in parts and come back in order."""
    model = EpitomeModel.load()
    done = model.predict(SAID * 500, TEXTS * 500).expected
    np.testing.assert_allclose(done[-5:], model.predict(SAID, TEXTS).expected, atol=1e-12)


def test_a_new_model_object_gives_the_same_numbers():
    """What was read before leaves no trace in later predictions."""
    used, fresh = EpitomeModel.load(), EpitomeModel(EpitomeModel.load()._weights)
    used.predict(SAID, TEXTS[::-1])
    np.testing.assert_array_equal(
        used.predict(SAID, TEXTS).probabilities, fresh.predict(SAID, TEXTS).probabilities
    )


def test_a_very_long_response():
    """10,000 words, and one word of 100,000 letters, are read in bounded time and memory."""
    done = EpitomeModel.load().predict(["x", "x"], ["sorry to hear that " * 2500, "a" * 100_000])
    assert np.isfinite(done.expected).all()


def test_the_shipped_file_holds_numbers_only():
    """No text of the training data: numeric arrays without pickles or strings, under 1.5 MB."""
    path = files("judge.providers.embedded").joinpath("epitome.npz")
    with path.open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        kinds = {name: archive[name].dtype.kind for name in archive.files}
    assert set(kinds.values()) <= {"f", "i"}
    assert len(path.read_bytes()) < 1_500_000


def test_the_model_card_names_these_weights():
    """The card's digest is the digest of what is shipped."""
    card = ROOT / "docs" / "embedded-judge.md"
    if not card.exists():
        pytest.skip("the documentation is not beside the tests")
    assert EpitomeModel.load().digest in card.read_text(encoding="utf-8")


def test_ordinal_probabilities():
    """Two even steps give one half, one quarter, one quarter."""
    np.testing.assert_allclose(ordinal(np.zeros((1, 2))), [[0.5, 0.25, 0.25]])


def test_the_strongest_sentence_counts():
    """The stacked features hold the largest sentence reading, whatever the number of sentences."""
    whole, counted = np.zeros((1, 6)), np.zeros((1, 1))
    one = stacked(whole, np.full((1, 6), 2.0), np.array([1]), counted)
    low = np.concatenate([np.full((1, 6), 2.0), np.full((3, 6), -30.0)])
    more = stacked(whole, low, np.array([4]), counted)
    np.testing.assert_allclose(one[0, 0, 3:7], more[0, 0, 3:7], atol=1e-6)


def test_tokens_and_sentences():
    """Entities, curly quotes, numbers and emoticons are read the way the card says."""
    assert tokens("I\u2019m 40 &lt;3 :)") == ["i'm", "0", "<3", ":)"]
    assert sentences("No!! Why?\n\nwell") == [["no", "!!"], ["why", "?"], ["well"]]
    assert sentences("...") == [["."] * 3]


def test_counts_have_one_length():
    """The number of hand-made features does not depend on the text."""
    assert {len(counts(tokens(SAID[0]), sentences(text))) for text in TEXTS} == {len(counts([], []))}


def test_people_and_model_agree_on_the_training_pairs():
    """On the annotated pairs expected levels follow the annotators': the shipped file is the trained one."""
    path = shared("data/epitome_reddit/epitome_reddit.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream][:600]
    done = EpitomeModel.load().predict([r["seeker_post"] for r in rows], [r["response_post"] for r in rows])
    for m, short in enumerate(("ER", "IP", "EX")):
        assert np.corrcoef(done.expected[:, m], [r["levels"][short] for r in rows])[0, 1] > 0.6
