"""The embedded small empathetic model."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files

import numpy as np
import pytest

from judge.errors import InputError
from judge.generators.sem import IntensityLexicon, LinearSEM, top_k_accuracy
from judge.generators.sem.contexts import softmax
from judge.generators.sem.linear import Weights, _shipped
from judge.hashed import tokens
from judge.types import EMOTIONS, Dialogue, Turn
from tests.shared_data import ROOT, shared

SCARED = ["I heard a strange noise downstairs at night and I was so scared."]
PROUD = ["My daughter graduated from university last week.", "That is great!", "I am so proud of her."]


@pytest.fixture(scope="module")
def model():
    """Return the shipped model."""
    return LinearSEM.load()


def test_probabilities_are_a_distribution(model):
    """Each context gets 32 probabilities that sum to 1."""
    p = model.predict([SCARED, PROUD, []])
    assert p.shape == (3, 32)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


def test_plain_contexts_are_read_as_a_reader_would(model):
    """Fear and pride are found where they are said."""
    assert model.ranked(SCARED)[0] in ("afraid", "terrified")
    assert model.ranked(PROUD)[0] == "proud"


def test_a_row_does_not_depend_on_the_others(model):
    """One by one or together: the same numbers."""
    together = model.predict([SCARED, PROUD])
    np.testing.assert_array_equal(together[1], model.predict([PROUD])[0])


def test_no_evidence(model):
    """An empty context, an empty turn and foreign marks all get the same probabilities, and no cause word."""
    p = model.predict([[], [""], ["\u2603 \u2603"]])
    np.testing.assert_array_equal(p[0], p[1])
    np.testing.assert_array_equal(p[0], p[2])
    assert model.word_weights([""]) == {}
    assert model.causes([], 3) == ()


def test_nothing_to_predict(model):
    """No contexts give an empty table of 32 columns."""
    assert model.predict([]).shape == (0, 32)


def test_a_very_long_turn(model):
    """A turn of 10,000 words is read."""
    assert model.ranked(["so scared " * 5000])[0] in ("afraid", "terrified")


def test_for_strategies_it_speaks_of_dialogues(model):
    """A dialogue's probabilities are those of its turns, by label; its causes are words of the context."""
    dialogue = Dialogue("d", tuple(Turn("speaker", text) for text in SCARED))
    named = model.probabilities(dialogue)
    assert list(named) == list(EMOTIONS)
    assert list(named.values()) == model.predict([SCARED])[0].tolist()
    assert [c.word for c in model.cause_words(dialogue, 2)] == [c.word for c in model.causes(SCARED, 2)]


def test_words_share_what_speaks_for_the_emotion(model):
    """Shares sum to 1; the word that names the fear has the largest."""
    weights = model.word_weights(SCARED)
    assert sum(weights.values()) == pytest.approx(1.0)
    assert max(weights, key=weights.__getitem__) == "scared"
    assert list(weights)[:2] == ["I", "heard"]


def test_contributions_add_up_to_the_prediction(model):
    """What the words of a context move adds up to what the model computes from all of its buckets."""
    words = tokens(PROUD[2])
    features, logits = model._read(model._hasher.hits([words]))
    p = softmax(logits)
    pull = model._table[features.column]
    whole = (features.value * (pull @ p[0] - pull.mean(axis=1))).sum()
    assert sum(model._attributed([words])[0]) == pytest.approx(whole, abs=1e-6)


def test_weights_follow_what_happens_without_the_word(model):
    """Without the heaviest word the emotion is less probable than without the lightest."""
    words = SCARED[0].rstrip(".").split()
    weights = model.word_weights([" ".join(words)])
    label = EMOTIONS.index(model.ranked([" ".join(words)])[0])

    def without(word: str) -> float:
        rest = " ".join(w for w in words if w != word)
        return float(model.predict([[rest]])[0, label])

    ranked = sorted(weights, key=weights.__getitem__)
    assert without(ranked[-1]) < without(ranked[0])


def test_many_contexts_at_once(model):
    """Word weights and causes in bulk are those of each context alone."""
    contexts = [SCARED, [], PROUD, [""], SCARED + PROUD]
    for together, context in zip(model.word_weights_many(contexts), contexts, strict=True):
        assert together == pytest.approx(model.word_weights(context), abs=1e-12)
    alone = [[(c.word, c.high) for c in model.causes(context, 3)] for context in contexts]
    assert [[(c.word, c.high) for c in causes] for causes in model.causes_many(contexts, 3)] == alone
    assert model.causes_many([], 3) == []


def test_rare_words_have_a_larger_idf(model):
    """Everyday words are frequent, an unheard word is as rare as can be; case does not matter."""
    the, funeral, unheard, upper = model.idf(["the", "funeral", "zzyzxqv", "Funeral"])
    assert the < funeral <= unheard
    assert upper == funeral


def test_intense_words(model):
    """A word that alone points to an emotion is more intense than one that points nowhere."""
    terrified, the = model.intensity(["terrified", "the"])
    assert terrified > 5 * the >= 0


def test_intensity_of_a_lexicon_takes_the_place_of_the_models(model):
    """High-weight words follow the lexicon where one is given, per call or once for all."""
    lexicon = IntensityLexicon({"noise": 1.0})
    assert model.high_and_low(SCARED, 20, lexicon)[0] == ("noise",)
    assert LinearSEM.load(lexicon).high_and_low(SCARED, 20)[0] == ("noise",)


def test_one_cause_word_can_be_high(model):
    """At the paper's own k = 1 the heaviest word may be high-weight."""
    assert model.high_and_low(SCARED, 1) == (("scared",), ())


def test_weights_of_another_size_are_refused():
    """Weights of another version are named by their shape."""
    small = Weights(*(np.zeros((4, 32), np.float32),) * 5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="expected"):
        LinearSEM(small)


def test_the_shipped_file_holds_numbers_only():
    """No text of the training data: numeric arrays without pickles or strings, under 2.5 MB."""
    path = files("judge.generators.sem").joinpath("linear.npz")
    with path.open("rb") as stream:
        archive = np.load(stream, allow_pickle=False)
        assert {archive[name].dtype.kind for name in archive.files} <= {"f", "i"}
    assert len(path.read_bytes()) < 2_500_000


def test_the_model_card_names_these_weights():
    """The card's digest is the digest of what is shipped."""
    card = ROOT / "docs" / "sem-model-card.md"
    if not card.exists():
        pytest.skip("the documentation is not beside the tests")
    assert _shipped().digest() in card.read_text(encoding="utf-8")


def test_accuracy_on_the_test_turns(model):
    """Top 1/3/10/20 on the 5,255 test turns reach those of the published ESCM_tt, 42.02/66.39/87/96.57."""
    with gzip.open(shared("data/empathetic_dialogues/turns_test.jsonl.gz"), "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    found = top_k_accuracy(model.predict([r["context"] for r in rows]), [r["emotion"] for r in rows])
    assert [result.n for result in found] == [5255] * 4
    assert [result.accuracy for result in found] >= [0.4202, 0.6639, 0.87, 0.961]
    for result, least in zip(found, (0.43, 0.68, 0.87, 0.961), strict=True):
        assert result.accuracy >= least
