"""How the run was made: the manifest as tables, whatever it holds."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from judge.reports import numbers
from judge.reports.model import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FIRST = (
    "command", "created", "started", "finished", "seconds", "status", "study", "seed", "sampling", "judges",
    "models", "rubrics", "inputs", "calls", "usage", "cost", "outcomes", "versions", "environment",
    "tables", "format",
)  # fmt: skip
_MANY = 12


def made_tables(manifest: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the manifest: one table of single values, then one for each part of it.

    >>> [t.caption for t in made_tables({"seed": 1, "rubrics": [{"id": "empathy", "version": "1"}]})]
    ['Run', 'Rubrics']
    """
    keys = sorted(manifest, key=lambda k: _FIRST.index(k) if k in _FIRST else len(_FIRST))
    single = {
        k: _joined(k, manifest[k]) for k in keys if k == "command" or not isinstance(manifest[k], dict | list)
    }
    tables = [_pairs("Run", single)] if single else []
    for key in keys:
        value = manifest[key]
        if key not in single and value:
            tables.append(_part(_label(key), value))
    return tuple(tables)


def _joined(key: str, value: Any) -> Any:
    return shlex.join(str(v) for v in value) if key == "command" and isinstance(value, list) else value


def _part(caption: str, value: Any) -> Table:
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        flat = [dict(_flatten(row)) for row in value]
        columns = list(dict.fromkeys(k for row in flat for k in row))
        if len(columns) <= 7:
            rows = tuple(tuple(Cell(_text(row.get(c))) for c in columns) for row in flat)
            return Table(caption, tuple(Column(_label(c)) for c in columns), rows, folded=len(rows) > _MANY)
    return _pairs(caption, value if isinstance(value, dict) else dict(enumerate(value, 1)))


def _pairs(caption: str, value: Mapping[Any, Any]) -> Table:
    rows = tuple((Cell(_label(str(k)), tone="name"), Cell(_text(v), tone="code")) for k, v in _flatten(value))
    return Table(caption, (Column("What"), Column("Value")), rows, folded=len(rows) > _MANY, style="tight")


def _flatten(value: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, part in value.items():
        name = f"{prefix}{key}"
        if isinstance(part, dict) and part:
            yield from _flatten(part, f"{name}.")
        elif isinstance(part, list) and part and all(isinstance(p, dict) for p in part):
            for i, p in enumerate(part, 1):
                yield from _flatten(p, f"{name}.{i}.")
        else:
            yield name, part


def _text(value: Any) -> str:
    if value is None or value == "":
        return numbers.MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(_text(v) for v in value)
    return str(value)


def _label(key: str) -> str:
    """Leave names of files and models alone; spell out the names of fields."""
    if any(mark in key for mark in "/.:@# ") or not key.islower():
        return key
    text = key.replace("_", " ")
    return text[:1].upper() + text[1:]
