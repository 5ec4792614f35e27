"""The reader of recorded judgments: a file of duels or ratings as a dictionary by ids.

It is small and its own, so that a judge can be a file of a million rows without loading pandas.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from judge.errors import InputError, TableError
from judge.types import FAILURES, OK, VERDICTS, unswap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Key: TypeAlias = tuple[str, str, tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class Recording:
    """Judgments of one rater.

    Parameters
    ----------
    path
        The file, for messages.
    sha256
        Digest of its bytes.
    rows
        By dialogue, criterion, systems in the order shown, and repeat.
    """

    path: str
    sha256: str
    rows: Mapping[Key, dict[str, Any]] = field(repr=False)

    def find(self, task: Mapping[str, Any], criterion: str, repeat: int) -> dict[str, Any] | None:
        """Return the row of one criterion of a question, or None."""
        return self.rows.get((task["dialogue_id"], criterion, tuple(task["shown"]), repeat))


def load(model: str) -> Recording:
    """Read ``FILE`` or ``FILE#RATER``.

    Raises
    ------
    judge.errors.TableError
        A row cannot be used, or two rows of one rater answer the same question differently.
    judge.errors.InputError
        Several raters are in the file and none was named.
    """
    name, _, rater = model.partition("#") if not Path(model).exists() else (model, "", "")
    path = Path(name)
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise InputError(f"the recording {name} cannot be read: {exc.strerror or exc}") from exc
    rows: dict[Key, dict[str, Any]] = {}
    raters: set[str] = set()
    for number, row in _rows(path, raw):
        who = str(row.get("rater_id") or "")
        if rater and who != rater:
            raters.add(who)
            continue
        raters.add(who)
        for key, value in _entries(path, number, row):
            if key in rows and _gist(rows[key]) != _gist(value) and len(raters) < 2:
                raise TableError(
                    "this question was answered differently in an earlier row", path=name, row=number,
                    mend="number the repetitions in a column 'repeat'",
                )  # fmt: skip
            rows[key] = value
    _check_raters(name, rater, raters)
    return Recording(name, hashlib.sha256(raw).hexdigest(), rows)


def _check_raters(name: str, rater: str, raters: set[str]) -> None:
    if rater and rater not in raters:
        raise InputError(f"{name} has no rater {rater!r}; it has {', '.join(sorted(raters)) or 'no rows'}")
    if not rater and len(raters) > 1:
        some = ", ".join(sorted(raters)[:5])
        raise InputError(f"{name} has {len(raters)} raters ({some}): name one, recorded/{name}#RATER")


def _rows(path: Path, raw: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    suffixes = [part.lower() for part in path.suffixes[-2:]]
    try:
        text = (gzip.decompress(raw) if suffixes and suffixes[-1] == ".gz" else raw).decode("utf-8-sig")
    except (UnicodeDecodeError, OSError, EOFError) as exc:
        raise TableError(f"it cannot be read as UTF-8 text: {exc}", path=path) from exc
    if ".csv" in suffixes:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        for row in reader:
            yield reader.line_num, dict(row)
    elif ".jsonl" in suffixes:
        yield from _json_rows(path, text)
    else:
        raise TableError("a recording ends in .jsonl, .jsonl.gz, .csv or .csv.gz", path=path)


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise TableError(f"it is no JSON: {exc}", path=path, row=number) from exc
        if not isinstance(row, dict):
            raise TableError("a row is a JSON object", path=path, row=number)
        yield number, row


def _entries(path: Path, number: int, row: Mapping[str, Any]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield the questions that a row answers: a duel without an order answers for both."""
    where: dict[str, Any] = {"path": path, "row": number}
    if _empty(row.get("dialogue_id")):
        raise TableError("every judgment has one", column="dialogue_id", **where)
    dialogue, criterion = str(row["dialogue_id"]), str(row.get("criterion") or "")
    repeat = _repeat(row.get("repeat"), where)
    outcome = str(row.get("outcome") or OK)
    if outcome != OK and outcome not in FAILURES:
        raise TableError(
            f"{outcome!r} is no outcome",
            column="outcome",
            mend=f"one of {OK}, {', '.join(FAILURES)}",
            **where,
        )
    kept = {"outcome": outcome, "reason": row.get("reason")}
    if not _empty(row.get("system_a")):
        yield from _duel(row, (dialogue, criterion, repeat), kept, where)
    elif not _empty(row.get("system_id")):
        kept["score"] = None if outcome != OK else _score(row.get("score"), where)
        yield (dialogue, criterion, (str(row["system_id"]),), repeat), kept
    else:
        raise TableError("neither a duel (system_a, system_b) nor a rating (system_id)", **where)


def _duel(
    row: Mapping[str, Any], ids: tuple[str, str, int], kept: dict[str, Any], where: dict[str, Any]
) -> Iterator[tuple[Key, dict[str, Any]]]:
    dialogue, criterion, repeat = ids
    pair = (str(row["system_a"]), str(row.get("system_b") or ""))
    verdict, order = row.get("verdict"), row.get("order")
    if kept["outcome"] == OK and verdict not in VERDICTS:
        raise TableError(f"{verdict!r} is no verdict", column="verdict", mend="one of A, B, tie", **where)
    if not _empty(order) and order not in ("AB", "BA"):
        raise TableError(f"{order!r} is no order", column="order", mend="AB or BA", **where)
    for shown in ("AB", "BA") if _empty(order) else (order,):
        said = None if kept["outcome"] != OK else unswap(verdict, shown)  # type: ignore[arg-type] # checked above
        systems = pair if shown == "AB" else pair[::-1]
        yield (dialogue, criterion, systems, repeat), {**kept, "shown_verdict": said}


def _score(value: Any, where: dict[str, Any]) -> float | int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise TableError(f"{value!r} is no score", column="score", **where)
    return int(number) if number == int(number) else number


def _repeat(value: Any, where: dict[str, Any]) -> int:
    try:
        return 0 if _empty(value) else int(float(value))
    except (TypeError, ValueError) as exc:
        raise TableError(f"{value!r} is no number of a repetition", column="repeat", **where) from exc


def _gist(row: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return row["outcome"], row.get("score"), row.get("shown_verdict")


def _empty(value: Any) -> bool:
    return value is None or value == ""
