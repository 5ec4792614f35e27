"""Answers are read strictly: a verdict or score that is there, or a failure with its reason."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from judge.rubrics import example_answer, read_answer, render
from judge.rubrics.found_json import top_level_objects
from judge.types import FAILURES, Answer
from tests.rubrics.helpers import ABSOLUTE, EPITOME, HEADER, PAIRWISE, STEADY, ask, load, write


def verdict(text: str) -> Any:
    """Read a pairwise answer: the verdict, or the failure and its reason."""
    (outcome,) = read_answer(PAIRWISE, Answer(text))
    return outcome.verdict or (outcome.failure, outcome.reason)


def score(text: str) -> Any:
    """Read an absolute answer on the scale from 1 to 5."""
    (outcome,) = read_answer(ABSOLUTE, Answer(text))
    return outcome.score or (outcome.failure, outcome.reason)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"reason": "r", "verdict": "A"}', "A"),
        ('{"verdict": "b"}', "B"),
        ('{"reason": "r", "verdict": " TIE "}', "tie"),
        ('```json\n{"reason": "r", "verdict": "tie"}\n```', "tie"),
        ('Let me think about {A} and {B}.\n\n{"reason": "r", "verdict": "B"}', "B"),
        ('The form {"reason": "...", "verdict": "A" or "B"} asks...\n{"reason": "r", "verdict": "B"}', "B"),
        ('{"reason": "r", "verdict": "A"} I hope this helps.', "A"),
        ('{"verdict": "A"}\n{"verdict": "A"}', "A"),
        ('{"scores": {"A": 3, "B": 4}} {"verdict": "B"}', "B"),
        ('<think>maybe {"verdict": "A"}</think>\n{"reason": "r", "verdict": "B"}', "B"),
        ('{"reason": "it says {\\"verdict\\": \\"A\\"}", "verdict": "B"}', "B"),
        ('{"reason": "line\nbreak", "verdict": "B", "confidence": 0.9}', "B"),
        ('\ufeff{"verdict": "A"}', "A"),
    ],
)
def test_verdicts_that_are_there(text, expected):
    """JSON alone, in a fence, after prose or thinking; the letters in either case."""
    assert verdict(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"verdict": "beide"}', "verdict 'beide' is none of A, B, tie"),
        ('{"verdict": "Response A"}', "verdict 'Response A' is none of A, B, tie"),
        ('{"verdict": "A or B"}', "verdict 'A or B' is none of A, B, tie"),
        ('{"verdict": "empate"}', "verdict 'empate' is none of A, B, tie"),
        ('{"verdict": null}', "verdict 'null' is none of A, B, tie"),
        ('{"verdict": ["A"]}', "verdict 'a list' is none of A, B, tie"),
        ('{"verdict": "A"} {"verdict": "B"}', "2 JSON objects with different 'verdict'"),
        ('{"verdict": "A"} {"verdict": "beide"}', "2 JSON objects with different 'verdict'"),
        ('{"verdict": "A", "verdict": "B"}', "the JSON gives two different values for the same key"),
        ('{"reason": "r", "verdict": "A"', "no complete JSON object with 'verdict' in the answer"),
        ('{"draft": {"verdict": "A"}, "verdict": B}', "no complete JSON object with 'verdict' in the answer"),
        ('{"draft": {"verdict": "A"}, "ver', "no complete JSON object with 'verdict' in the answer"),
        ('{"answer": "A"}', "the JSON holds no 'verdict'"),
        ('{"result": {"verdict": "A"}}', "the JSON holds no 'verdict'"),
        ("[[A]]", "no complete JSON object with 'verdict' in the answer"),
        ("A", "no complete JSON object with 'verdict' in the answer"),
        ("B is clearly better.", "no complete JSON object with 'verdict' in the answer"),
        ("", "the answer is empty"),
        (" \n\t", "the answer is empty"),
        ('<think>{"verdict": "A"}', "the answer holds nothing but unfinished thinking"),
        ("x" * 200_001, "the answer has more than 200,000 characters"),
    ],
)
def test_verdicts_that_are_not_there(text, reason):
    """Other words, other languages, contradictions and halves are parse failures that say why."""
    assert verdict(text) == ("parse_failure", reason)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("4", 4.0), ('"4"', 4.0), ("4.0", 4.0), ('" 5 "', 5.0), ('"1.0"', 1.0), ("1e0", 1.0)],
)
def test_scores_that_are_there(value, expected):
    """Whole numbers on the scale, as numbers or as text."""
    assert score(f'{{"reason": "r", "score": {value}}}') == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("4.5", "score 4.5 is not a whole number"),
        ("7", "score 7 is off the scale from 1 to 5"),
        ("0", "score 0 is off the scale from 1 to 5"),
        ("-3", "score -3 is off the scale from 1 to 5"),
        ("true", "score 'true' is not a number"),
        ("null", "score 'null' is not a number"),
        ("NaN", "score nan is not a number"),
        ("Infinity", "score inf is not a number"),
        ("1e999", "score inf is not a number"),
        ('"4/5"', "score '4/5' is not a number"),
        ('"four"', "score 'four' is not a number"),
        ('"\u0664"', "score '\u0664' is not a number"),
        ("[4]", "score 'a list' is not a number"),
        ("9" * 400, "score is off the scale"),
    ],
)
def test_scores_that_are_not_there(value, reason):
    """What is no whole number on the scale is a parse failure, never rounded or clipped."""
    assert score(f'{{"reason": "r", "score": {value}}}') == ("parse_failure", reason)


@pytest.mark.parametrize(
    ("finish", "failure"),
    [("length", "truncated"), ("content_filter", "content_filter"), ("refusal", "refusal")],
)
def test_the_finish_reason_comes_first(finish, failure):
    """An answer that was cut, filtered or refused is that, even where it looks complete."""
    outcomes = read_answer(EPITOME, Answer(example_answer(EPITOME).text, finish=finish))
    assert [o.failure for o in outcomes] == [failure] * 3


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I\u2019m sorry, I cannot compare these responses.",
        "I cannot assist with this request.",
        "As an AI language model, I am unable to judge.",
        "Sorry, but I won't do that.",
        "Unfortunately, I can't evaluate this.",
        "I apologize, but I must decline.",
    ],
)
def test_plain_refusals(text):
    """The declared phrases at the beginning are a refusal."""
    assert verdict(text)[0] == "refusal"


@pytest.mark.parametrize(
    "text",
    [
        "Response A says: I'm sorry, but I can't help.",
        "I think A, since I can't fault it.",
        "Sorry for the delay: A.",
    ],
)
def test_no_refusal_in_the_middle(text):
    """The same words elsewhere are not a refusal but an unreadable answer."""
    assert verdict(text)[0] == "parse_failure"


def test_a_verdict_beside_an_apology_is_a_verdict():
    """Refusals are looked for only where there is no JSON."""
    assert verdict('I cannot be sure, but {"verdict": "A"}') == "A"


def test_several_criteria_are_read_one_by_one():
    """A criterion that is missing or off the scale fails alone."""
    text = '{"reason": "r", "scores": {"emotional_reaction": 2, "exploration": 3}}'
    first, second, third = read_answer(EPITOME, Answer(text))
    assert (first.score, first.reason) == (2.0, "r")
    assert (second.failure, second.reason) == ("parse_failure", "'scores' has no 'interpretation'")
    assert (third.failure, third.reason) == ("parse_failure", "score 3 is off the scale from 0 to 2")
    assert {o.failure for o in read_answer(EPITOME, Answer('{"scores": 2}'))} == {"parse_failure"}


ODD = st.one_of(
    st.text(),
    st.text('{}[]"\\:,verdictAB tie<think>/`\n0123456789.eE-'),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["verdict", "score", "scores", "x"]), inner)
        ),
    ).map(json.dumps),
)


@STEADY
@given(ODD, ODD)
@example("{" * 50_000, "")
@example('{"a":' * 50_000, "")
@example("[" * 100_000, '{"verdict": "A"}')
@example('{"verdict": ' + "9" * 6000 + "}", "")
@example('{"verdict": ' + "[" * 5000, "]" * 5000 + "}")
def test_no_text_whatever_raises(before, after):
    """Any text gives one outcome a criterion: a verdict or score on the scale, or a known failure."""
    for rubric in (PAIRWISE, ABSOLUTE, EPITOME):
        outcomes = read_answer(rubric, Answer(before + after))
        assert [o.criterion for o in outcomes] == [c.name for c in rubric.criteria]
        for outcome in outcomes:
            assert outcome.failure in {None, *FAILURES}
            assert outcome.verdict in {None, "A", "B", "tie"}


@STEADY
@given(st.sampled_from(["A", "B", "tie"]), st.text(), st.text(st.characters(exclude_characters="{}<")))
def test_what_is_written_is_read_back(word, reason, prose):
    """A verdict in the asked form comes back with its reason, whatever prose stands before it."""
    text = prose + json.dumps({"reason": reason, "verdict": word})
    (outcome,) = read_answer(PAIRWISE, Answer(text))
    assert (outcome.verdict, outcome.reason) == (word, reason[:4000])


@pytest.mark.parametrize("text", ["{" * 200_000, '{"a":' * 40_000, '{a}{"b":1}' * 20_000, '{"' * 100_000])
def test_reading_takes_no_longer_than_it_should(text):
    """Answers made to be slow to read are read in less than a second or two."""
    start = time.process_time()
    assert verdict(text)[0] == "parse_failure"
    assert time.process_time() - start < 2


def test_objects_inside_a_broken_object_do_not_count():
    """The inside of an object that cannot be read is not an answer of its own."""
    assert top_level_objects('{"a": oops, "b": {"verdict": "A"}}') == ()
    assert [f.value for f in top_level_objects('{x} {"v": 1} {"w": {"v": 2}}')] == [{"v": 1}, {"w": {"v": 2}}]


def test_a_declared_pattern_reads_another_form(tmp_path):
    """Where the header declares a pattern, it is used when there is no JSON; all matches have to agree."""
    header = HEADER.replace('"absolute"', '"pairwise"').replace("scale = [1, 3]\n", "")
    header = header.replace(
        "[[criteria]]", r"pattern = '\[\[(?:(?P<A>A)|(?P<B>B)|(?P<tie>C))\]\]'" + "\n[[criteria]]"
    )
    rubric = load(write(tmp_path, '{% extends "standard" %}', header))

    def read(text: str) -> Any:
        (outcome,) = read_answer(rubric, Answer(text))
        return outcome.verdict or outcome.failure

    assert [read(t) for t in ("so: [[B]]", "[[C]]", "[[A]] [[A]]")] == ["B", "tie", "A"]
    assert [read(t) for t in ("[[A]] [[B]]", "[[D]]", "A")] == ["parse_failure"] * 3
    assert read('{"verdict": "A"} not [[B]]') == "A"
    assert render(rubric, ask(rubric, "x", "y")).schema is None


def test_ties_can_be_ruled_out(tmp_path):
    """Without ties the schema, the words and the parser know A and B only."""
    header = HEADER.replace('"absolute"', '"pairwise"\nties = false').replace("scale = [1, 3]\n", "")
    rubric = load(write(tmp_path, "", header))
    (outcome,) = read_answer(rubric, Answer('{"verdict": "tie"}'))
    assert (outcome.failure, outcome.reason) == ("parse_failure", "verdict 'tie' is none of A, B")
    assert rubric.schema["properties"]["verdict"]["enum"] == ["A", "B"]
    assert '"verdict": "A" or "B"}' in render(rubric, ask(rubric, "x", "y")).messages[-1].content


def test_a_pair_on_several_criteria_has_one_verdict_each(tmp_path):
    """Several pairwise criteria in one question are answered and read by name."""
    header = HEADER.replace('"absolute"', '"pairwise"').replace("scale = [1, 3]\n", "")
    header = header.replace(
        "[[criteria]]", '[[criteria]]\nname = "warm"\ndefinition = "Warmth."\n[[criteria]]'
    )
    rubric = load(write(tmp_path, "", header))
    asked = render(rubric, ask(rubric, "x", "y")).messages[-1].content
    assert '"verdicts": {"warm": "A" or "B" or "tie", "calm": ' in asked
    assert rubric.schema["properties"]["verdicts"]["required"] == ["warm", "calm"]
    warm, calm = read_answer(rubric, Answer('{"reason": "r", "verdicts": {"calm": "tie", "warm": "B"}}'))
    assert (warm.criterion, warm.verdict, calm.verdict) == ("warm", "B", "tie")
