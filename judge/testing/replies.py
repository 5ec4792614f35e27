"""Texts of a scripted provider: free ones, ones in a schema, cut ones, and token probabilities; pure."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from judge.types import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.testing.behaviour import Behaviour, Draw

Spread = tuple[tuple[str, tuple[tuple[str, float], ...]], ...]

_OPENINGS = ("That sounds heavy.", "Oh, I can see why.", "What a day that must have been.", "I hear you.")
_MIDDLES = (
    "It makes sense that it stays on your mind.",
    "Anyone in your place would feel it.",
    "You put a lot of yourself into it.",
)
_CLOSINGS = (
    "What happened then?",
    "How are you now?",
    "Who is there for you?",
    "I am glad that you told me.",
)
_LABEL = re.compile(r"^([A-Z][a-z]+): ", re.MULTILINE)
_TOKEN = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")


def free_text(draw: Draw) -> str:
    """Return a short reply that depends on the draw alone.

    >>> from judge.testing.behaviour import Draw
    >>> free_text(Draw("x")) == free_text(Draw("x"))
    True
    """
    parts = (("opening", _OPENINGS), ("middle", _MIDDLES), ("closing", _CLOSINGS))
    return " ".join(choices[int(draw(name) * len(choices))] for name, choices in parts)


def reply_to(asked: str, draw: Draw) -> str:
    r"""Return a short reply; where labelled lines are asked for ("Emotion: ..."), in these lines.

    >>> from judge.testing.behaviour import Draw
    >>> text = reply_to("Answer on two lines:\nEmotion: one word\nResponse: your reply", Draw("x"))
    >>> [line.split(":")[0] for line in text.splitlines()]
    ['Emotion', 'Response']
    """
    labels = _LABEL.findall(asked)
    if not labels:
        return free_text(draw)
    return "\n".join(f"{label}: {_about(label, draw)}" for label in dict.fromkeys(labels))


def _about(label: str, draw: Draw) -> str:
    if label.lower() == "emotion":
        return EMOTIONS[int(draw("emotion") * len(EMOTIONS))]
    return free_text(draw)


def from_schema(schema: Mapping[str, Any], draw: Draw) -> str:
    """Return JSON in a schema: the simplest value of each type, an enum's by the draw."""
    return json.dumps(_value(schema, draw, "$"))


def cut(text: str) -> str:
    """Return the first half, as a limit of tokens leaves it."""
    return text[: len(text) // 2]


def spread_over(text: str, behaviour: Behaviour, task: Mapping[str, Any]) -> Spread:
    """Return each token of an answer with its alternatives; the joined tokens are the text.

    Only the verdict of a duel is uncertain: its alternatives have the probabilities with which the
    behaviour's noise would choose them. Every other token is certain.
    """
    tokens = _TOKEN.findall(text)
    at = _verdict_at(tokens) if task["mode"] == "pairwise" else None
    odds = _odds(behaviour, task) if at is not None else {}
    return tuple(
        (token, tuple((name, math.log(p)) for name, p in odds.items() if p > 0))
        if place == at
        else (token, ((token, 0.0),))
        for place, token in enumerate(tokens)
    )


def _odds(behaviour: Behaviour, task: Mapping[str, Any]) -> dict[str, float]:
    ahead = behaviour.difference(task, task["criteria"][0]["name"])
    scale, width = max(behaviour.noise, 1e-6), behaviour.tie_width
    first, second = _logistic((ahead - width) / scale), _logistic((-ahead - width) / scale)
    return {"A": first, "B": second, "tie": max(1 - first - second, 0.0)}


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x)) if x > -700 else 0.0


def _verdict_at(tokens: list[str]) -> int | None:
    places = [place for place, token in enumerate(tokens) if token in {"A", "B", "tie"}]
    return places[-1] if places else None


def _value(schema: Mapping[str, Any], draw: Draw, path: str) -> Any:
    if "enum" in schema:
        return schema["enum"][int(draw("enum", path) * len(schema["enum"]))]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        parts = schema.get("properties", {})
        return {name: _value(part, draw, f"{path}.{name}") for name, part in parts.items()}
    if kind == "array":
        count = schema.get("minItems", 1)
        return [_value(schema.get("items", {}), draw, f"{path}[{place}]") for place in range(count)]
    if kind in {"integer", "number"}:
        return schema.get("minimum", 0)
    return {"boolean": True, "null": None}.get(kind, free_text(draw))
