"""From a model's answer to outcomes: strict, pure, and never a guess.

The rules, in order (also in docs/rubrics.md):

1. The provider's finish reason: cut off is ``truncated``, filtered is ``content_filter``, refused is
   ``refusal``, whatever the text looks like.
2. A leading ``<think>...</think>`` is not part of the answer.
3. The JSON objects at the top level that hold the key of the rubric (verdict, score, verdicts, scores). If
   there are several and they differ, the answer is unreadable.
4. Where there is none: the rubric's own pattern, if its header declares one. All matches have to agree.
5. Where there is none: a short list of phrases that decline the task is a ``refusal``; everything else is a
   ``parse_failure`` with the reason.

An unreadable verdict is never a tie and an unreadable score never a number.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from judge.rubrics.found_json import Found, Repeated, top_level_objects
from judge.rubrics.schema import REASON, allowed_verdicts, answer_key
from judge.types import FailureKind, Outcome

if TYPE_CHECKING:
    from judge.types import Answer, Criterion, Rubric, Verdict

MAX_ANSWER = 200_000
MAX_REASON = 4_000
MAX_PATTERN_TEXT = 20_000
_FINISHED: dict[str, tuple[FailureKind, str]] = {
    "length": ("truncated", "the answer was cut off at the limit of tokens"),
    "content_filter": ("content_filter", "the provider's filter withheld the answer"),
    "refusal": ("refusal", "the model refused"),
}
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}(\.0{1,9})?")
REFUSALS = (
    "i can't", "i can not", "i cannot", "i am unable to", "i'm unable to", "i am not able to",
    "i'm not able to", "i won't", "i will not", "i must decline", "i have to decline",
)  # fmt: skip
"""A plain-text answer is a refusal where one of these begins its first sentence, after an apology or "As an
AI ..." at most. English only: a refusal in other words is a parse_failure, which is kept out of the numbers
just the same."""
_PREFACE = re.compile(
    r"^(?:(?:i'm|i am|we're|we are)? ?(?:very |so |really )?(?:sorry|afraid)(?: to say)?,? ?(?:but )?|"
    r"(?:my )?apologies,? ?(?:but )?|i apologi[sz]e,? ?(?:but )?|unfortunately,? ?|sorry,? ?(?:but )?|"
    r"as an? [a-z -]{2,40}, ?)+"
)


def read_answer(rubric: Rubric, answer: Answer) -> tuple[Outcome, ...]:
    """Read what a model answered: one outcome a criterion, in the rubric's order.

    Pure, and raises on no text whatever.

    Parameters
    ----------
    rubric
        The rubric that asked.
    answer
        As the provider gave it. Token probabilities, where there are any, become `Outcome.probability`.

    Returns
    -------
    tuple of judge.types.Outcome
        Verdicts speak of the slots as shown: A is the first response.

    Examples
    --------
    >>> from judge.rubrics import load_rubrics
    >>> from judge.types import Answer
    >>> rubric = load_rubrics().get("empathy", "pairwise")
    >>> read_answer(rubric, Answer('{"reason": "B names the loss.", "verdict": "B"}'))[0].verdict
    'B'
    >>> outcome = read_answer(rubric, Answer('{"reason": "gleich gut", "verdict": "beide"}'))[0]
    >>> outcome.failure, outcome.reason
    ('parse_failure', "verdict 'beide' is none of A, B, tie")
    """
    if answer.finish in _FINISHED:
        return _failed(rubric, *_FINISHED[answer.finish])
    if not answer.text.strip():
        return _failed(rubric, "parse_failure", "the answer is empty")
    if len(answer.text) > MAX_ANSWER:
        return _failed(rubric, "parse_failure", f"the answer has more than {MAX_ANSWER:,} characters")
    begin = _after_thinking(answer.text)
    if begin is None:
        return _failed(rubric, "parse_failure", "the answer holds nothing but unfinished thinking")
    return _read_text(rubric, answer, begin)


def _read_text(rubric: Rubric, answer: Answer, begin: int) -> tuple[Outcome, ...]:
    text = answer.text[begin:]
    key = answer_key(rubric.mode, rubric.criteria)
    objects = top_level_objects(text)
    candidates = [found for found in objects if key in found.value]
    if candidates:
        return _from_candidates(rubric, answer, begin, candidates)
    if rubric.pattern and (matched := _from_pattern(rubric, text)) is not None:
        return matched
    if objects:
        return _failed(rubric, "parse_failure", f"the JSON holds no {key!r}")
    if _declines(text):
        return _failed(rubric, "refusal", _short(text))
    return _failed(rubric, "parse_failure", f"no complete JSON object with {key!r} in the answer")


def _failed(rubric: Rubric, kind: FailureKind, reason: str) -> tuple[Outcome, ...]:
    return tuple(Outcome(c.name, failure=kind, reason=reason) for c in rubric.criteria)


def _after_thinking(text: str) -> int | None:
    """Return where the answer begins after a leading <think> block; None where the block has no end."""
    if not text.lstrip().startswith("<think>"):
        return 0
    end = text.rfind("</think>")
    return None if end < 0 else end + len("</think>")


def _from_candidates(
    rubric: Rubric, answer: Answer, begin: int, candidates: list[Found]
) -> tuple[Outcome, ...]:
    readings = [_from_object(rubric, found.value) for found in candidates]
    if len({tuple((o.verdict, o.score, o.failure) for o in reading) for reading in readings}) > 1:
        what = answer_key(rubric.mode, rubric.criteria)
        return _failed(rubric, "parse_failure", f"{len(readings)} JSON objects with different {what!r}")
    if not answer.logprobs:
        return readings[-1]
    from judge.rubrics.probability import with_probability

    last = candidates[-1]
    return with_probability(rubric, answer, readings[-1], begin + last.start, begin + last.end)


def _from_object(rubric: Rubric, value: dict[str, Any]) -> tuple[Outcome, ...]:
    key = answer_key(rubric.mode, rubric.criteria)
    said = value.get(REASON)
    reason = said[:MAX_REASON] if isinstance(said, str) else ""
    if len(rubric.criteria) == 1:
        return (_outcome(rubric, rubric.criteria[0], value[key], reason),)
    values = value[key]
    if not isinstance(values, dict):
        return _failed(rubric, "parse_failure", f"{key!r} is not an object with one entry a criterion")
    return tuple(
        _outcome(rubric, criterion, values[criterion.name], reason)
        if criterion.name in values
        else Outcome(criterion.name, failure="parse_failure", reason=f"{key!r} has no {criterion.name!r}")
        for criterion in rubric.criteria
    )


def _outcome(rubric: Rubric, criterion: Criterion, value: Any, reason: str) -> Outcome:
    if isinstance(value, Repeated):
        why = "the JSON gives two different values for the same key"
        return Outcome(criterion.name, failure="parse_failure", reason=why)
    if rubric.mode == "pairwise":
        return _verdict(rubric, criterion, value, reason)
    return _score(criterion, value, reason)


def _verdict(rubric: Rubric, criterion: Criterion, value: Any, reason: str) -> Outcome:
    allowed = allowed_verdicts(rubric)
    word = value.strip().casefold() if isinstance(value, str) else None
    verdict: Verdict | None = next((v for v in allowed if v.casefold() == word), None)
    if verdict is not None:
        return Outcome(criterion.name, verdict=verdict, reason=reason)
    why = f"verdict {_short(value)!r} is none of {', '.join(allowed)}"
    return Outcome(criterion.name, failure="parse_failure", reason=why)


def _score(criterion: Criterion, value: Any, reason: str) -> Outcome:
    number = _whole_number(value)
    if isinstance(number, str):
        return Outcome(criterion.name, failure="parse_failure", reason=number)
    if all(number != level for level, _ in criterion.levels):
        why = f"score {number:g} is off the scale from {criterion.low:g} to {criterion.high:g}"
        return Outcome(criterion.name, failure="parse_failure", reason=why)
    return Outcome(criterion.name, score=float(number), reason=reason)


def _whole_number(value: Any) -> float | str:
    """Return the number, or the words that say why it is none."""
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"score {_short(value)!r} is not a number"
    if isinstance(value, int):
        return float(value) if abs(value) < 1e9 else "score is off the scale"
    if not math.isfinite(value):
        return f"score {value} is not a number"
    return value if value == int(value) else f"score {value:g} is not a whole number"


def _from_pattern(rubric: Rubric, text: str) -> tuple[Outcome, ...] | None:
    """Read the form that the rubric declares; None where it is not there."""
    criterion = rubric.criteria[0]
    tail = text[-MAX_PATTERN_TEXT:]
    values = [_group(match) for match in re.finditer(rubric.pattern, tail)]
    if not values:
        return None
    outcomes = [_outcome(rubric, criterion, value, "") for value in values]
    if len({(o.verdict, o.score, o.failure) for o in outcomes}) > 1:
        why = f"the pattern matches {len(outcomes)} times with different values"
        return (Outcome(criterion.name, failure="parse_failure", reason=why),)
    return (outcomes[-1],)


def _group(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    for name in ("verdict", "score"):
        if groups.get(name) is not None:
            return groups[name]
    return next((name for name in ("A", "B", "tie") if groups.get(name) is not None), None)


def _declines(text: str) -> bool:
    start = " ".join(text[:400].replace("\u2019", "'").casefold().split())
    return _PREFACE.sub("", start, count=1).lstrip(" ,.;:").startswith(REFUSALS)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else _plain(value)
    text = " ".join(text[:400].split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return str(value) if not isinstance(value, int) or abs(value) < 10**18 else "a huge number"
