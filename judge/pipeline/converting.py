"""Data sets and published outputs as our long tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from judge.errors import InputError, UnknownNameError
from judge.generators.align import Alignment, published_responses
from judge.generators.empathetic_dialogues import SPLITS, listener_turns, read_conversations
from judge.generators.published import read_published
from judge.tables import read_dialogues, write_dialogues, write_responses
from judge.types import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from judge.types import Dialogue

_ONE_SYSTEM: Mapping[str, str] = dict.fromkeys(("pred", "greedy", "beam", "topk", "hyp", "generated"), "")
FORMATS: dict[str, Mapping[str, str]] = {
    "kemp": {"pred": ""},
    "moel": {
        "trs": "-transformer",
        "trs+multitask": "-transformer-multitask",
        "moe": "",
        "moe+oracle": "-oracle",
    },
    "mime": {"topk": "-topk", "beam": "", "greedy": "-greedy"},
    "empdg": {"pred": ""},
    **{name: {**_ONE_SYSTEM, "greedy": "-greedy"} for name in ("cem", "case", "escm", "escm_tt")},
    **dict.fromkeys(("cab", "fe"), _ONE_SYSTEM),
}
"""Formats of published outputs: response field to what the system's name ends with. ``NAME`` alone is the
response that its paper reports (of CEM and its kin the beam, where the file has one)."""
LINES, ED = "lines", "empathetic-dialogues"
TEST_TURNS = 5255
"""Listener turns of the test part that the papers count."""


def format_names() -> tuple[str, ...]:
    """Return every format that `judge data convert` reads."""
    return (ED, *FORMATS, LINES)


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written, and what the reader of the result must know."""

    paths: tuple[Path, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...] = ()


def convert_dialogues(path: Path, out: Path, groups: Mapping[str, str] | None = None) -> Converted:
    """Write EmpatheticDialogues as tables of dialogues, one row a turn of the listener.

    Parameters
    ----------
    path
        The archive, or one of its files (its name tells the split).
    out
        The folder: ``train.jsonl``, ``valid.jsonl``, ``test.jsonl``, and ``test-first.jsonl`` with the first
        prompts of the test part alone.
    groups
        Emotion to group: becomes the column ``sentiment``.

    Raises
    ------
    TableError
        The file is not of that form.
    InputError
        The table of groups leaves an emotion out, or the name of a single file tells no split.
    """
    splits = SPLITS if path.suffix.lower() != ".csv" else tuple(s for s in SPLITS if s == path.stem)
    if not splits:
        raise InputError(f"{path}: the name tells no split\n  mend: call it train.csv, valid.csv or test.csv")
    _make_folder(out)
    written: dict[str, int] = {}
    for split in splits:
        conversations = read_conversations(path, split)
        views = {f"{split}.jsonl": False, **({"test-first.jsonl": True} if split == "test" else {})}
        for name, first in views.items():
            turns = (d for c in conversations for d in listener_turns(c, first_only=first))
            rows = [_grouped(d, groups) for d in turns]
            write_dialogues(rows, out / name)
            written[name] = len(rows)
    found = written.get("test.jsonl", TEST_TURNS)
    note = f"test.jsonl has {found:,} turns; the papers count {TEST_TURNS:,}"
    return Converted(tuple(out / n for n in written), written, (note,) if found != TEST_TURNS else ())


def _grouped(dialogue: Dialogue, groups: Mapping[str, str] | None) -> Dialogue:
    if not groups:
        return dialogue
    if str(dialogue.emotion) not in groups:
        raise InputError(
            f"the table of groups leaves out {dialogue.emotion!r}, the emotion of dialogue"
            f" {dialogue.dialogue_id!r}"
        )
    return replace(dialogue, extra={**dialogue.extra, "sentiment": groups[str(dialogue.emotion)]})


def convert_outputs(
    name: str,
    path: Path,
    dialogues: Path,
    out: Path,
    *,
    systems: Mapping[str, str] | None = None,
    clean: bool = True,
) -> Converted:
    """Write a published file of outputs as a table of responses to our dialogues.

    Parameters
    ----------
    name
        One of `FORMATS`, or ``lines``: one response a line, in the order of the dialogues.
    path
        The file.
    dialogues
        Table of the turns that were answered.
    out
        The table to write.
    systems
        Response field to system id, where the format's own names will not do; other fields are left out.
    clean
        Whether to join tokens and restore capitals.

    Raises
    ------
    UnknownNameError
        There is no such format.
    InputError
        The file is not of that form, or answers none of the dialogues.
    """
    turns = read_dialogues(dialogues)
    if name == LINES:
        made = _from_lines(path, turns, systems, clean=clean)
        write_responses(made, out)
        return Converted((out,), _counts(made))
    if name not in FORMATS:
        raise UnknownNameError("format", name, format_names())
    published = read_published(path)
    chosen = dict(systems) if systems else _own_names(name, published.fields())
    made, alignment = published_responses(published, turns, chosen, clean=clean)
    if not made:
        raise InputError(
            f"{path}: none of its {len(published.records):,} records answers one of the"
            f" {len(turns):,} dialogues of {dialogues}"
        )
    write_responses(made, out)
    return Converted((out,), _counts(made), tuple(_alignment_notes(alignment, turns, made)))


def _own_names(name: str, fields: Sequence[str]) -> dict[str, str]:
    endings = FORMATS[name]
    found: dict[str, str] = {}
    for field in fields:
        system = f"{name}{endings.get(field, f'-{field}')}"
        found[field] = f"{name}-{field}" if system in found.values() else system
    if list(found.values()) == [f"{name}-greedy"]:  # a file with one response needs no ending
        return dict.fromkeys(found, name)
    return found


def _from_lines(
    path: Path, turns: Sequence[Dialogue], systems: Mapping[str, str] | None, *, clean: bool
) -> list[Response]:
    from judge.generators.detokenise import detokenise

    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    lines = lines[:-1] if lines[-1] == "" else lines
    if len(lines) != len(turns):
        raise InputError(
            f"{path}: {len(lines):,} lines for {len(turns):,} dialogues; bare lines do not tell which"
            " dialogue they answer, and one too few shifts all the rest\n  mend: give a table with"
            " dialogue_id and text (.jsonl or .csv), or the file with its contexts"
        )
    system = next(iter((systems or {}).values()), path.stem)
    return [
        Response(turn.dialogue_id, system, detokenise(line) if clean else line.strip())
        for turn, line in zip(turns, lines, strict=True)
        if line.strip()
    ]


def _counts(responses: Iterable[Response]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for response in responses:
        counts[response.system_id] = counts.get(response.system_id, 0) + 1
    return counts


def _alignment_notes(
    alignment: Alignment, turns: Sequence[Dialogue], made: Sequence[Response]
) -> Iterable[str]:
    if alignment.placed:
        yield f"{alignment.placed:,} records were placed between their neighbours: they differ a little"
    if alignment.unmatched:
        yield f"{len(alignment.unmatched):,} records answer none of the dialogues"
    if alignment.missing:
        yield f"{_named(alignment.missing)} of {len(turns):,} dialogues have no record"
    for system, count in _counts(made).items():
        answered = {r.dialogue_id for r in made if r.system_id == system}
        empty = [i for i in alignment.dialogue_ids if i is not None and i not in answered]
        if empty and count:
            yield f"{system}: {_named(empty)} have an empty response, which is left out"


def _named(ids: Sequence[str], most: int = 5) -> str:
    listed = ", ".join(ids[:most]) + (", ..." if len(ids) > most else "")
    return f"{len(ids):,} ({listed})"


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create the folder {out}: {error.strerror}") from error
