"""The judge's own probabilities, read off the alternatives to the token that gave the verdict or score.

Source of the idea: G-Eval, Liu et al. 2023, arXiv 2303.16634 (expected score over the scale).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from judge.rubrics.schema import allowed_verdicts, answer_key

if TYPE_CHECKING:
    from judge.types import Answer, Outcome, Rubric

MIN_MASS = 0.5
MAX_UNCLEAR = 0.01
_Token = tuple[str, tuple[tuple[str, float], ...]]


def with_probability(
    rubric: Rubric, answer: Answer, outcomes: tuple[Outcome, ...], start: int, end: int
) -> tuple[Outcome, ...]:
    """Add `Outcome.probability` where the tokens say it; leave it None where they do not.

    Pairwise: P(A) with a tie counting half. Absolute: the expected score. Both over the alternatives that
    are answers at all, renormalised; None where these hold less than half of the mass, where a token could
    begin two answers, and where the tokens do not spell the text.

    Parameters
    ----------
    rubric, answer, outcomes
        As read by `read_answer`.
    start, end
        Where the JSON object stands in the text, in characters.
    """
    if "".join(token for token, _ in answer.logprobs) != answer.text:
        return outcomes
    single = len(rubric.criteria) == 1
    result = []
    for criterion, outcome in zip(rubric.criteria, outcomes, strict=True):
        key = answer_key(rubric.mode, rubric.criteria) if single else criterion.name
        token = None if outcome.failure else _value_token(answer, key, start, end)
        words = _words(rubric, criterion.levels)
        result.append(replace(outcome, probability=_expectation(token, words) if token else None))
    return tuple(result)


def _words(rubric: Rubric, levels: tuple[tuple[float, str], ...]) -> dict[str, float]:
    if rubric.mode == "pairwise":
        values = {"A": 1.0, "B": 0.0, "tie": 0.5}
        return {verdict.casefold(): values[verdict] for verdict in allowed_verdicts(rubric)}
    return {f"{score:g}": score for score, _ in levels}


def _value_token(answer: Answer, key: str, start: int, end: int) -> _Token | None:
    """Find the token in which the value of `key` begins."""
    pattern = re.compile(rf'(?<!\\)"{re.escape(key)}"\s*:\s*"?\s*(?=[^\s"])')
    matches = list(pattern.finditer(answer.text, start, end))
    if not matches:
        return None
    at, position = matches[-1].end(), 0
    for token in answer.logprobs:
        if position <= at < position + len(token[0]):
            return token
        position += len(token[0])
    return None


def _expectation(token: _Token, words: dict[str, float]) -> float | None:
    masses, unclear = dict.fromkeys(words, 0.0), 0.0
    for text, logprob in token[1]:
        begun = _words_begun_by(text, tuple(words))
        mass = math.exp(min(logprob, 0.0))
        if len(begun) == 1:
            masses[begun[0]] += mass
        elif begun:
            unclear += mass
    total = sum(masses.values())
    if total < MIN_MASS or unclear > MAX_UNCLEAR:
        return None
    return sum(words[word] * mass for word, mass in masses.items()) / total


def _words_begun_by(token: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the answers that a token may begin: "1" begins both 1 and 10."""
    start = token.casefold().strip(' \t\n":,}')
    return tuple(word for word in words if start and word.startswith(start))
