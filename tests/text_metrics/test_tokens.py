"""The tokeniser against nltk's, sentence by sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.analysis.text_metrics.tokens import encode, sentences, tokenise
from judge.sample import sample_path

if TYPE_CHECKING:
    from judge.analysis.text_metrics.tokens import Tokeniser

PARTS = st.sampled_from(
    [
        "I", "can't", "won't", "it's", "You're", "they'd", "we'll", "I've", "I'm", "cannot", "gonna", "wanna",
        "dogs'", "'cause", "o'clock", "rock'n'roll", "well-known", "and/or", "$5", "3.50", "1,000", "10:30",
        "50%", "#1", "me@home", "(really)", "[sic]", '"yes"', "“no”", "it’s", "wait...", "so -- then",
        "A-", "hm", "what?!", "oh,", "well;", "note:", "U.S.", "e.g.", "*smile*", ":)", "…", "mother's",
        "SHOULDN'T", "d'ye", "more'n", "'tis", "naïve", "`code`",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=120)
@given(st.lists(PARTS, min_size=1, max_size=8), st.sampled_from([".", "?", "!", "", "..", '."', ".)"]))
def test_words_of_a_sentence_are_nltk_s(parts: list[str], end: str):
    """Each sentence is split as nltk's word tokeniser splits it."""
    nltk = pytest.importorskip("nltk.tokenize")
    for sentence in sentences(" ".join(parts) + end):
        assert tokenise(sentence) == [
            word for part in sentences(sentence) for word in nltk.NLTKWordTokenizer().tokenize(part)
        ]


def test_the_sample_is_split_like_nltk_does():
    """All bundled responses, sentence by sentence."""
    nltk = pytest.importorskip("nltk.tokenize")
    other = nltk.NLTKWordTokenizer()
    for line in sample_path("responses").read_text(encoding="utf-8").splitlines():
        for sentence in sentences(json.loads(line)["text"]):
            assert tokenise(sentence) == other.tokenize(sentence)


def test_full_stops_within_a_response_are_words_of_their_own():
    """nltk splits sentences first: the stop after "lost" is a token, that of "Dr." is not."""
    assert tokenise("I lost. Ask Dr. Gray at 5 p.m. tomorrow.") == [
        "I", "lost", ".", "Ask", "Dr.", "Gray", "at", "5", "p.m.", "tomorrow", ".",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_no_text_has_no_words(text: str):
    """Empty texts give an empty list by either tokeniser."""
    assert tokenise(text) == tokenise(text, "whitespace") == []


def test_case_is_kept():
    """Sad and sad are two words."""
    assert tokenise("Sad, sad") == ["Sad", ",", "sad"]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(PARTS, max_size=8).map(" ".join), max_size=5),
    st.sampled_from(["treebank", "whitespace"]),
)
def test_numbered_words_are_the_words(texts: list[str], tokeniser: Tokeniser):
    """A number a word: as many as there are words, the same where words are, in their order."""
    words = encode(texts, tokeniser)
    expected = [tokenise(text, tokeniser) for text in texts]
    assert words.size.tolist() == [len(each) for each in expected]
    flat = [word for each in expected for word in each]
    book = dict(zip(words.code.tolist(), flat, strict=True))
    assert [book[code] for code in words.code.tolist()] == flat
    assert len(set(flat)) == len(book) == words.kinds
