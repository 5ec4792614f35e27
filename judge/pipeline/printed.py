"""Numbers as papers print them, put beside the run's own.

A file of printed numbers is JSON::

    {"source": "arXiv 2402.11801, table 3",
     "rows": [{"statistic": "emotion_accuracy", "system": "hef-chatgpt", "estimate": 0.4563,
               "ours": {"family": "texts", "statistic": "emotion_accuracy", "term": "all"}}]}

``ours`` says which finding stands beside it: its columns must have these values, and the row's system,
system_b and criterion unless ``ours`` names others. Without it the row stands alone. An optional ``n_items``
is what the printed number rests on. No printed number has an interval: papers print none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from judge.errors import TableError
from judge.types import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FAMILY = "published"
PRINTED, OURS = "printed", "this run"
_TEXTS = ("statistic", "system", "system_b", "criterion", "note")
_KNOWN = {*_TEXTS, "estimate", "n_items", "ours"}
_COLUMNS = ("family", "statistic", "level", "judge", "criterion", "system", "system_b", "term")
_TURNED = {"wins": "losses", "losses": "wins", "ties": "ties"}


@dataclass(frozen=True, slots=True)
class Printed:
    """One printed number, and which finding of ours belongs beside it."""

    finding: Finding
    ours: Mapping[str, str] = field(default_factory=dict)


def read_printed(paths: Iterable[Path]) -> list[Printed]:
    """Read files of printed numbers.

    Raises
    ------
    TableError
        A file is not of the form above; file, row and key are named.
    """
    return [row for path in paths for row in _rows(path)]


def _rows(path: Path) -> Iterator[Printed]:
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TableError(f"cannot be read: {error}", path=path) from error
    if not isinstance(value, dict) or not isinstance(value.get("rows"), list):
        raise TableError('an object with "source" and a list "rows" was expected', path=path)
    source = str(value.get("source", ""))
    if not source:
        raise TableError("no source: a printed number needs the place where it stands", path=path)
    for number, row in enumerate(value["rows"], start=1):
        yield _printed(row, source, path, number)


def _printed(row: Any, source: str, path: Path, number: int) -> Printed:
    def wrong(message: str, key: str) -> TableError:
        return TableError(message, path=path, row=number, column=key)

    if not isinstance(row, dict) or not row.get("statistic"):
        raise wrong("a row with its statistic was expected", "statistic")
    for key in row:
        if key not in _KNOWN:
            raise wrong(f"not known; known: {', '.join(sorted(_KNOWN))}", key)
    if isinstance(row.get("estimate"), bool) or not isinstance(row.get("estimate"), int | float):
        raise wrong("a number was expected", "estimate")
    ours = row.get("ours", {})
    if not isinstance(ours, dict) or not set(ours) <= set(_COLUMNS):
        raise wrong(f"columns of a finding were expected: {', '.join(_COLUMNS)}", "ours")
    note = f"; {row['note']}" if row.get("note") else ""
    finding = Finding(
        FAMILY,
        str(row["statistic"]),
        level="pair" if row.get("system_b") else "system",
        system=str(row.get("system", "")),
        system_b=str(row.get("system_b", "")),
        criterion=str(row.get("criterion", "")),
        term=PRINTED,
        estimate=float(row["estimate"]),
        n_items=row.get("n_items"),
        method=f"as printed in {source}{note}",
    )
    return Printed(finding, {str(name): str(text) for name, text in ours.items()})


def beside(printed: Sequence[Printed], found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the printed numbers, each followed by what this run found for it.

    A comparison that the run made the other way round (B with A) is turned; where several judges judged,
    each has its row; where nothing was found the printed number stands alone.
    """
    index: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in found:
        index.setdefault((finding.family, finding.statistic, finding.system), []).append(finding)
    rows: list[Finding] = []
    for one in printed:
        rows.append(one.finding)
        rows += [_as_ours(one.finding, match) for match in _matches(one, index)]
    return tuple(rows)


def _matches(one: Printed, index: Mapping[tuple[str, str, str], list[Finding]]) -> list[Finding]:
    if "family" not in one.ours:
        return []
    base = {name: getattr(one.finding, name) for name in ("statistic", "system", "system_b", "criterion")}
    wanted = {name: value for name, value in {**base, **one.ours}.items() if value or name in one.ours}
    direct = _those(wanted, index)
    other = _TURNED.get(wanted["statistic"])
    if direct or other is None or not wanted.get("system_b"):
        return direct
    turned = {**wanted, "statistic": other, "system": wanted["system_b"], "system_b": wanted["system"]}
    return _those(turned, index)


def _those(wanted: Mapping[str, str], index: Mapping[tuple[str, str, str], list[Finding]]) -> list[Finding]:
    key = (wanted["family"], wanted["statistic"], wanted.get("system", ""))
    return [f for f in index.get(key, ()) if all(getattr(f, name) == value for name, value in wanted.items())]


def _as_ours(printed: Finding, match: Finding) -> Finding:
    """Return a finding under the printed number's names."""
    same = {name: getattr(printed, name) for name in ("statistic", "system", "system_b", "criterion")}
    return replace(match, family=FAMILY, term=OURS, level=printed.level, **same)
