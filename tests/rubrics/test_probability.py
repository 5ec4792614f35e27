"""Token probabilities become P(A) or an expected score, or nothing."""

from __future__ import annotations

import math

import pytest

from judge.rubrics import read_answer
from judge.types import Answer
from tests.rubrics.helpers import ABSOLUTE, EPITOME, HEADER, PAIRWISE, load, write


def answer(*tokens: str, alternatives: dict[str, float], at: str) -> Answer:
    """Return an answer whose token `at` has these alternatives."""
    told = tuple((token, math.log(p)) for token, p in alternatives.items())
    return Answer("".join(tokens), logprobs=tuple((t, told if t == at else ((t, 0.0),)) for t in tokens))


def test_probability_of_a_counts_a_tie_half():
    """P(A) over the alternatives that are answers: (.6 + .1 / 2) / .9."""
    told = answer(
        '{"reason": "A', ' is", "', 'verdict":', ' "', "A", '"}',
        alternatives={"A": 0.6, "B": 0.2, "t": 0.06, "tie": 0.04, "maybe": 0.1}, at="A",
    )  # fmt: skip
    (outcome,) = read_answer(PAIRWISE, told)
    assert outcome.verdict == "A"
    assert outcome.probability == pytest.approx((0.6 + 0.05) / 0.9)


def test_expected_score_over_the_scale():
    """The mean of the scale under the judge's probabilities: (3 * .5 + 4 * .3 + 5 * .1) / .9."""
    told = answer(
        '{"reason": "4", "score": ', "3", "}", alternatives={"3": 0.5, "4": 0.3, "5": 0.1, "9": 0.1}, at="3"
    )
    (outcome,) = read_answer(ABSOLUTE, told)
    assert outcome.probability == pytest.approx((1.5 + 1.2 + 0.5) / 0.9)


def test_each_criterion_has_its_own():
    """With several criteria the token of each score is found by its name."""
    tokens = (
        '{"scores": {"emotional_reaction":',
        " 1",
        ', "interpretation":',
        " 2",
        ', "exploration":',
        " 0",
        "}}",
    )
    told = answer(*tokens, alternatives={" 2": 0.75, " 0": 0.25}, at=" 2")
    probabilities = [o.probability for o in read_answer(EPITOME, told)]
    assert probabilities == pytest.approx([1.0, 1.5, 0.0])


@pytest.mark.parametrize(
    "told",
    [
        Answer('{"verdict": "A"}'),
        Answer('{"verdict": "A"}', logprobs=(("other", ()),)),
        answer('{"verdict": "', "A", '"}', alternatives={"A": 0.3, "x": 0.7}, at="A"),
        answer('{"verdict": "', "A", '"}', alternatives={}, at="A"),
    ],
)
def test_nothing_is_made_up(told):
    """Without tokens, with those of another text, or with little mass on answers, there is no probability."""
    (outcome,) = read_answer(PAIRWISE, told)
    assert (outcome.verdict, outcome.probability) == ("A", None)


def test_a_token_that_could_begin_two_scores_gives_nothing(tmp_path):
    """On a scale to 10, the token "1" may be 1 or the beginning of 10."""
    rubric = load(write(tmp_path, "", HEADER.replace("[1, 3]", "[1, 10]")))
    told = answer('{"score": ', "8", "}", alternatives={"8": 0.7, "1": 0.3}, at="8")
    (outcome,) = read_answer(rubric, told)
    assert (outcome.score, outcome.probability) == (8.0, None)
