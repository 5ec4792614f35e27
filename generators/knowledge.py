"""Commonsense inferences without a network: triples of ATOMIC from the user's file, or precomputed ones.

Both are sources for the strategy ``knowledge`` (protocol `judge.generators.base.Knowledge`). ATOMIC 2020 is
not shipped: its file has the columns head, relation and tail, divided by tabs (Hwang et al. 2021,
arXiv 2010.05953).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from judge.errors import TableError
from judge.generators.tfidf import TfidfIndex
from judge.generators.variables import RELATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

NEIGHBOURS = 20
"""Heads that are looked at for one utterance, nearest first."""
_NOTHING = {"", "none", "n/a"}
_PERSON = re.compile(r"\bperson[xyz]'?s?\b|_+", re.IGNORECASE)


@dataclass(frozen=True)
class AtomicFile:
    """ATOMIC triples, found by the likeness of their heads to an utterance.

    `heads` are the events; `tails` has for each head the phrases by relation. `build` makes the index.
    """

    heads: tuple[str, ...]
    tails: tuple[Mapping[str, tuple[str, ...]], ...]
    build: Callable[[Sequence[str]], Any] = TfidfIndex.build

    @cached_property
    def index(self) -> Any:
        """The index over the heads, without "PersonX" and blanks."""
        return self.build([_PERSON.sub(" ", head) for head in self.heads])

    def infer(self, text: str, relations: Sequence[str], k: int) -> dict[str, list[str]]:
        """Return up to `k` phrases for each relation, from the nearest heads on."""
        found = self.index.nearest([text], NEIGHBOURS)
        likely = [i for i, s in zip(found.indices[0], found.similarities[0], strict=True) if i >= 0 and s > 0]
        out: dict[str, list[str]] = {}
        for relation in relations:
            phrases = dict.fromkeys(p for i in likely for p in self.tails[i].get(relation, ()))
            out[relation] = list(phrases)[:k]
        return out


def read_atomic(path: Path, relations: Sequence[str] = tuple(RELATIONS)) -> AtomicFile:
    """Read a file of ATOMIC triples (head, relation, tail; divided by tabs).

    Parameters
    ----------
    path
        The file.
    relations
        Which to keep.

    Raises
    ------
    TableError
        If a line has not three columns, the file is not UTF-8, or nothing is left; the line is named.
    """
    kept: dict[str, dict[str, dict[str, None]]] = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                parts = line.rstrip("\r\n").split("\t")
                if len(parts) != 3:
                    raise TableError(
                        f"{len(parts)} columns instead of head, relation, tail", path=path, row=number
                    )
                head, relation, tail = (part.strip() for part in parts)
                if relation in relations and tail.lower() not in _NOTHING:
                    kept.setdefault(head, {}).setdefault(relation, {})[tail] = None
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"cannot be read: {error}", path=path) from error
    if not kept:
        raise TableError(f"holds no triple of the relations {', '.join(relations)}", path=path)
    return AtomicFile(
        tuple(kept), tuple({r: tuple(tails) for r, tails in by.items()} for by in kept.values())
    )


@dataclass(frozen=True, slots=True)
class Precomputed:
    """Inferences made elsewhere (COMET, for example), by the utterance they belong to."""

    by_text: Mapping[str, Mapping[str, Sequence[str]]]

    def infer(self, text: str, relations: Sequence[str], k: int) -> dict[str, list[str]]:
        """Return up to `k` phrases for each relation; none where the utterance is not in the file."""
        row = self.by_text.get(text.strip(), {})
        return {relation: list(row.get(relation, ()))[:k] for relation in relations}


def read_precomputed(path: Path) -> Precomputed:
    """Read inferences from JSON lines: ``{"text": ..., "xIntent": [...], ...}``.

    Raises
    ------
    TableError
        If a line is not such an object; the line is named.
    """
    rows: dict[str, Mapping[str, Sequence[str]]] = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    text, row = _precomputed_row(line, path, number)
                    rows[text] = row
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"cannot be read: {error}", path=path) from error
    return Precomputed(rows)


def _precomputed_row(line: str, path: Path, number: int) -> tuple[str, Mapping[str, Sequence[str]]]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise TableError(f"not JSON: {error}", path=path, row=number) from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise TableError(
            "an object with the text of the utterance was expected", path=path, row=number, column="text"
        )
    phrases = {name: value for name, value in row.items() if name in RELATIONS}
    for name, value in phrases.items():
        if not isinstance(value, list) or not all(isinstance(phrase, str) for phrase in value):
            raise TableError("a list of phrases was expected", path=path, row=number, column=name)
    return row["text"].strip(), phrases
