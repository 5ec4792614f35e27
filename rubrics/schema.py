"""The form of an answer: its JSON schema, and the words that ask a model for it.

Both are derived from a rubric's mode and criteria, so that they cannot drift apart from the parser.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from judge.types import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from judge.types import Criterion, Mode, Rubric, Verdict

SINGULAR: dict[str, str] = {"pairwise": "verdict", "absolute": "score"}
PLURAL: dict[str, str] = {"pairwise": "verdicts", "absolute": "scores"}
REASON = "reason"


def answer_key(mode: Mode, criteria: Sequence[Criterion]) -> str:
    """Return the key under which an answer holds what was judged.

    Examples
    --------
    >>> from judge.types import Criterion
    >>> answer_key("pairwise", [Criterion("empathy", "...")])
    'verdict'
    """
    return SINGULAR[mode] if len(criteria) == 1 else PLURAL[mode]


def derive_schema(mode: Mode, criteria: Sequence[Criterion], *, ties: bool = True) -> dict[str, Any]:
    """Derive the JSON schema of an answer: the reason first, then the verdict or the score.

    It keeps to what every provider's strict mode takes: closed objects, every key required, enums.

    Examples
    --------
    >>> from judge.types import Criterion
    >>> schema = derive_schema("pairwise", [Criterion("empathy", "...")])
    >>> list(schema["properties"]), schema["properties"]["verdict"]["enum"]
    (['reason', 'verdict'], ['A', 'B', 'tie'])
    """
    key = answer_key(mode, criteria)
    if len(criteria) == 1:
        value = _value_schema(mode, criteria[0], ties=ties)
    else:
        value = _closed({c.name: _value_schema(mode, c, ties=ties) for c in criteria})
    return _closed({REASON: {"type": "string"}, key: value})


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _value_schema(mode: Mode, criterion: Criterion, *, ties: bool) -> dict[str, Any]:
    if mode == "pairwise":
        return {"type": "string", "enum": [v for v in VERDICTS if ties or v != "tie"]}
    return {"type": "integer", "enum": [int(score) for score, _ in criterion.levels]}


def allowed_verdicts(rubric: Rubric) -> tuple[Verdict, ...]:
    """Return the verdicts that a pairwise rubric allows: all three, or A and B where ties are ruled out."""
    enum = _verdict_enum(rubric.schema, answer_key(rubric.mode, rubric.criteria))
    return tuple(v for v in VERDICTS if v in enum) if enum else VERDICTS


def _verdict_enum(schema: Mapping[str, Any], key: str) -> Sequence[Any]:
    """Find the enum in a schema of ours; a user's own schema may be of any shape."""
    value = _mapping(_mapping(schema.get("properties")).get(key))
    if key == "verdicts":
        value = _mapping(next(iter(_mapping(value.get("properties")).values()), None))
    enum = value.get("enum")
    return enum if isinstance(enum, (list, tuple)) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def answer_format(rubric: Rubric) -> str:
    """Say in words which JSON object is wanted; templates call it ``answer_format``.

    Examples
    --------
    >>> from judge.rubrics import load_rubrics
    >>> print(answer_format(load_rubrics().get("empathy", "pairwise")))
    Answer with one JSON object and nothing else, the reason first:
    {"reason": "<one or two sentences>", "verdict": "A" or "B" or "tie"}
    """
    if len(rubric.criteria) == 1:
        value = _value_words(rubric, rubric.criteria[0])
    else:
        parts = (f"{json.dumps(c.name)}: {_value_words(rubric, c)}" for c in rubric.criteria)
        value = "{" + ", ".join(parts) + "}"
    key = answer_key(rubric.mode, rubric.criteria)
    return (
        "Answer with one JSON object and nothing else, the reason first:\n"
        f'{{"{REASON}": "<one or two sentences>", "{key}": {value}}}'
    )


def _value_words(rubric: Rubric, criterion: Criterion) -> str:
    if rubric.mode == "pairwise":
        return " or ".join(f'"{v}"' for v in allowed_verdicts(rubric))
    return f"<whole number from {criterion.low:g} to {criterion.high:g}>"
