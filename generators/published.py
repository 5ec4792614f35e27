"""Read the text files in which small empathetic systems were published.

They are one family of formats: a record for each turn, a line for each field::

    Emotion: proud                      EmpDG and MIME write "emotion:", MIME adds fields after tabs
    Context:['first turn', 'second']
    Pred:that is great !                the response; Greedy, Beam and Topk, or a name for each system
    Ref:how did you do it ?             the reference; a line of dashes or an empty line may follow

Read so: KEMP and EmpDG (Pred), MIME (Topk, Beam, Greedy), MoEL (trs, trs+multitask, MOE, MOE+oracle), and
what the code of CEM writes (Beam, Greedy), which CASE took over. Lines before the first record (comments,
scores) are kept in `Published.preamble`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

RESPONSE_FIELDS = (
    "pred",
    "greedy",
    "beam",
    "topk",
    "trs",
    "trs+multitask",
    "moe",
    "moe+oracle",
    "hyp",
    "generated",
)
"""Fields that hold a system's response; others (Concept, Emotion_context, ...) are kept as details."""
_FIELD = re.compile(r"^([A-Za-z][\w+ -]{0,30}?)\s*:[ \t]*(.*)$")
_RULE = re.compile(r"^[-=*_\s]*$")


@dataclass(frozen=True, slots=True)
class PublishedRecord:
    """One turn of a published file: line of its first field, the context, the reference, all responses."""

    line: int
    context: tuple[str, ...]
    emotion: str | None
    reference: str | None
    responses: Mapping[str, str]
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Published:
    """A published file: its records and the lines that came before them."""

    records: tuple[PublishedRecord, ...]
    preamble: tuple[str, ...] = ()

    def fields(self) -> tuple[str, ...]:
        """Return the response fields that occur, in the order of `RESPONSE_FIELDS`."""
        found = {name for record in self.records for name in record.responses}
        return tuple(name for name in RESPONSE_FIELDS if name in found)


def read_published(path: Path) -> Published:
    """Read a published file.

    Raises
    ------
    TableError
        If the file cannot be read as UTF-8, holds no record, or a record is broken; the line is named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TableError(f"not UTF-8: {error.reason} at byte {error.start}", path=path) from error
    except OSError as error:
        raise TableError(f"cannot be read: {error.strerror}", path=path) from error
    return parse_published(text.splitlines(), path=path)


def parse_published(lines: Iterable[str], *, path: Path | str | None = None) -> Published:
    r"""Read the lines of a published file; see `read_published`.

    Examples
    --------
    >>> lines = ["emotion:sad\tpredicted_emotion: angry", "Greedy:i see .", "Ref:no !", "---"]
    >>> record = parse_published(lines).records[0]
    >>> record.responses, record.reference, record.details
    ({'greedy': 'i see .'}, 'no !', {'predicted_emotion': 'angry'})
    """
    preamble: list[str] = []
    blocks: list[tuple[int, dict[str, str]]] = []
    for number, line in enumerate(lines, start=1):
        if _RULE.match(line):
            continue
        found = _FIELD.match(line)
        name = found.group(1).strip().lower() if found else ""
        if name == "emotion":
            first, *rest = line.split("\t")
            blocks.append((number, {"emotion": first.partition(":")[2].strip()}))
            blocks[-1][1].update(_pair(part) for part in rest if ":" in part)
        elif not blocks:
            preamble.append(line)
        elif found:
            blocks[-1][1].setdefault(name, found.group(2).strip())
        else:
            last = next(reversed(blocks[-1][1]))
            blocks[-1][1][last] += f" {line.strip()}"
    if not blocks:
        raise TableError("holds no record: no line begins with 'Emotion:'", path=path)
    return Published(tuple(_record(number, fields, path) for number, fields in blocks), tuple(preamble))


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip().lower(), value.strip()


def _record(number: int, fields: Mapping[str, str], path: Path | str | None) -> PublishedRecord:
    responses = {name: fields[name] for name in RESPONSE_FIELDS if name in fields}
    if not responses:
        raise TableError(
            "this record has no response",
            path=path,
            row=number,
            mend=f"a response stands in a line that begins with one of {', '.join(RESPONSE_FIELDS)}",
        )
    known = {"emotion", "context", "ref", *responses}
    return PublishedRecord(
        line=number,
        context=_context(fields.get("context", ""), number, path),
        emotion=fields.get("emotion") or None,
        reference=fields.get("ref"),
        responses=responses,
        details={name: value for name, value in fields.items() if name not in known},
    )


def _context(text: str, number: int, path: Path | str | None) -> tuple[str, ...]:
    if not text.startswith("["):
        return (text,) if text else ()
    try:
        turns = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise TableError("the context is not a list of strings", path=path, row=number) from error
    if not isinstance(turns, list) or not all(isinstance(turn, str) for turn in turns):
        raise TableError("the context is not a list of strings", path=path, row=number)
    return tuple(turns)
