"""JSON schemas in the narrower form that vendors' structured output asks for, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN_TO_ANTHROPIC = frozenset(
    {
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength", "maxLength", "pattern", "maxItems", "uniqueItems", "minProperties", "maxProperties",
    }
)  # fmt: skip
"""Keywords that Anthropic's structured output refuses; our own parser still checks them."""


def strict(schema: Mapping[str, Any], without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Close every object: all its properties required, no others allowed.

    Parameters
    ----------
    schema
        A JSON schema.
    without
        Keywords to leave out.

    Examples
    --------
    >>> schema = {"type": "object", "properties": {"score": {"type": "integer", "minimum": 1}}}
    >>> closed = strict(schema, without=UNKNOWN_TO_ANTHROPIC)
    >>> closed["properties"], closed["required"], closed["additionalProperties"]
    ({'score': {'type': 'integer'}}, ['score'], False)
    """
    closed = {
        key: _within(key, value, without)
        for key, value in schema.items()
        if key not in without and not key.startswith("$schema")
    }
    if closed.get("type") == "object" and "properties" in closed:
        closed["additionalProperties"] = False
        closed["required"] = list(closed["properties"])
    return closed


def _within(key: str, value: Any, without: frozenset[str]) -> Any:
    if key in {"properties", "$defs", "definitions"}:
        return {name: strict(part, without) for name, part in value.items()}
    if key in {"anyOf", "allOf", "oneOf"}:
        return [strict(part, without) for part in value]
    if key == "items" and isinstance(value, dict):
        return strict(value, without)
    return value
