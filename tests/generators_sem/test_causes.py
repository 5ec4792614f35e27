"""Cause words, intensity lexicons and accuracy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError, TableError
from judge.generators.sem import IntensityLexicon, heaviest, high_and_low, top_k_accuracy


class Facts:
    """Facts of four words, by hand."""

    def intensity(self, words):
        """Say that d and c are intense."""
        return np.array([{"a": 0.0, "b": 0.0, "c": 3.0, "d": 4.0}[w] for w in words])

    def idf(self, words):
        """Say that d and b are rare."""
        return np.array([{"a": 1.0, "b": 5.0, "c": 1.0, "d": 5.0}[w] for w in words])


WEIGHTS = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}


def test_algorithm_1_by_hand():
    """High-weight is intense and rare, each above the mean of the context; the rest is low-weight."""
    causes = heaviest(WEIGHTS, 3, Facts())
    assert [c.word for c in causes] == ["d", "c", "b"]
    assert high_and_low(causes) == (("d",), ("c", "b"))


@pytest.mark.parametrize("k", [0, -1])
def test_no_causes_wanted(k):
    """k of nought gives none."""
    assert heaviest(WEIGHTS, k, Facts()) == ()


def test_more_causes_than_words():
    """A larger k gives all words of positive weight."""
    assert len(heaviest({**WEIGHTS, "a": 0.0}, 99, Facts())) == 3


def test_equal_weights_keep_the_order_of_the_context():
    """Ties are not decided by chance."""
    assert [c.word for c in heaviest(dict.fromkeys("cab", 0.5), 2, Facts())] == ["c", "a"]


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1), max_size=4), st.integers(0, 5))
def test_causes_are_words_of_the_context(weights, k):
    """Never more than k, all from the context, heaviest first, each high or low."""
    causes = heaviest(weights, k, Facts())
    assert len(causes) <= k
    assert [c.weight for c in causes] == sorted((c.weight for c in causes), reverse=True)
    high, low = high_and_low(causes)
    assert sorted(high + low) == sorted(c.word for c in causes)


@pytest.mark.parametrize(
    ("text", "word", "score"),
    [
        ("grief\t0.9\n", "grief", 0.9),
        ("word\temotion\tscore\ngrief\tsadness\t0.8\ngrief\tfear\t0.3\n", "GRIEF", 0.8),
        ("Word\tValence\tArousal\tDominance\ngrief\t0.1\t0.6\t0.5\n", "grief", 0.5),
        ("grief\t0.9\n\n", "joy", 0.0),
    ],
)
def test_three_forms_of_lexicon(tmp_path, text, word, score):
    """Scores, scores by emotion and valence-arousal-dominance are told apart by their fields."""
    path = tmp_path / "lexicon.txt"
    path.write_text(text, encoding="utf-8")
    assert IntensityLexicon.read(path).intensity([word]).tolist() == pytest.approx([score])


@pytest.mark.parametrize(
    "text", ["", "a\tb\n", "joy\t0.5\ngrief\thigh\n", "joy\t1\ngrief\n", "joy\t1\nx\t1\tnan\n"]
)
def test_a_lexicon_that_cannot_be_read(tmp_path, text):
    """The file, the line and the forms that are understood are named."""
    path = tmp_path / "lexicon.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=r"lexicon\.txt"):
        IntensityLexicon.read(path)


def test_accuracy_counts_ties_against_the_model():
    """A model that says the same of all emotions is right about none but at k = 32."""
    flat = np.full((4, 32), 1 / 32)
    assert [r.accuracy for r in top_k_accuracy(flat, ["sad"] * 4, ks=(1, 31, 32))] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("emotions", [["sad"], ["sad", "melancholic"], []])
def test_accuracy_of_the_wrong_labels(emotions):
    """Another number of labels, an unknown label, or none: an error, never a number."""
    with pytest.raises(InputError):
        top_k_accuracy(np.zeros((2 if emotions else 0, 32)), emotions)
