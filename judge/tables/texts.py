"""Dialogues and responses as domain values, and the check that they belong together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import TableError
from judge.tables.chunks import read_chunks, refuse_empty
from judge.tables.schema import DIALOGUES, RESPONSES, TableSpec, check_columns
from judge.tables.values import CellError, json_cell, shown, unguard_formula
from judge.types import Dialogue, Response, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

SPEAKERS = ("speaker", "listener")
_SAME_SPEAKER = {
    **dict.fromkeys(("seeker", "user", "client", "patient", "human", "poster", "0"), "speaker"),
    **dict.fromkeys(("supporter", "assistant", "therapist", "bot", "system", "counselor", "1"), "listener"),
}


def read_dialogues(path: Path | str, *, allow_empty: bool = False) -> list[Dialogue]:
    """Read a table of dialogues, in the order of the file.

    The context is a list of ``{"speaker": "speaker" | "listener", "text": ...}`` or of plain texts that
    alternate from the speaker; in CSV it stands as JSON in the cell. Columns that we do not know are kept in
    ``Dialogue.extra``.

    Raises
    ------
    TableError
        For the first row that does not keep the contract: an id that was there before (both rows are named),
        an empty context or turn, a role that is not known, ...

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "d.jsonl"
    ...     _ = path.write_text('{"dialogue_id": 1, "context": ["I lost my cat."]}')
    ...     read_dialogues(path)[0].context
    (Turn(speaker='speaker', text='I lost my cat.'),)
    """
    found: list[Dialogue] = []
    seen: dict[Any, int] = {}
    for row, record, text in _records(Path(path), DIALOGUES, allow_empty=allow_empty):
        known, extra = _cells((Path(path), row), record, text, DIALOGUES, ("context",))
        context = _located(Path(path), row, "context", _context, record.get("context"))
        _refuse_twice(Path(path), row, seen, known["dialogue_id"], f"dialogue_id {known['dialogue_id']!r}")
        found.append(Dialogue(context=context, extra=extra, **known))
    return found


def read_responses(
    path: Path | str, *, default_system: str | None = None, allow_empty: bool = False
) -> list[Response]:
    """Read a table of responses, in the order of the file.

    Parameters
    ----------
    path
        A file ending in .jsonl, .jsonl.gz, .csv, .csv.gz or .parquet.
    default_system
        The system of the rows that name none.
    allow_empty
        Accept a file without rows.

    Returns
    -------
    list of Response
        Columns that we do not know are kept in ``Response.details``.

    Raises
    ------
    TableError
        For the first row that does not keep the contract; two responses of one system to one dialogue are an
        error that names both rows.
    """
    found: list[Response] = []
    seen: dict[Any, int] = {}
    optional = ("system_id",) if default_system is not None else ()
    for row, record, text in _records(Path(path), RESPONSES, optional, allow_empty=allow_empty):
        if default_system is not None and record.get("system_id") in (None, ""):
            record["system_id"] = default_system
        known, extra = _cells((Path(path), row), record, text, RESPONSES)
        known["details"] = {**(known["details"] or {}), **extra}
        key = (known["dialogue_id"], known["system_id"])
        _refuse_twice(Path(path), row, seen, key, f"dialogue {key[0]!r}, system {key[1]!r}")
        found.append(Response(**known))
    return found


def _records(
    path: Path, spec: TableSpec, optional: Sequence[str] = (), *, allow_empty: bool
) -> Iterator[tuple[int, dict[str, Any], bool]]:
    count, header = 0, False
    for chunk in read_chunks(path):
        if not header and chunk.columns:
            check_columns(spec, chunk.columns, path, 1 if chunk.text else chunk.rows[0], optional)
        header = header or bool(chunk.columns)
        count += len(chunk.rows)
        names = list(chunk.columns)
        for row, *cells in zip(chunk.rows, *chunk.columns.values(), strict=True):
            yield row, dict(zip(names, cells, strict=True)), chunk.text
    if not allow_empty:
        refuse_empty(path, count, header=header)


def _located(path: Path, row: int, column: str, parse: Any, *values: Any) -> Any:
    try:
        return parse(*values)
    except CellError as exc:
        raise TableError(exc.message, path=path, row=row, column=column, mend=exc.mend) from None


def _cells(
    place: tuple[Path, int], record: dict[str, Any], text: bool, spec: TableSpec, skip: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    known = {
        column.name: _located(*place, column.name, column.parse, record.get(column.name), text)
        for column in spec.columns
        if column.name not in skip
    }
    extra = {
        name: unguard_formula(cell) if text else cell
        for name, cell in record.items()
        if name not in spec.names and cell is not None and not (text and cell == "")
    }
    return known, extra


def _refuse_twice(path: Path, row: int, seen: dict[Any, int], key: Any, named: str) -> None:
    first = seen.setdefault(key, row)
    if first != row:
        mend = "keep one of the two rows, or give them different ids"
        raise TableError(f"the same as row {first}: {named}", path=path, row=row, mend=mend)


def _context(value: Any) -> tuple[Turn, ...]:
    turns = json_cell(value) if isinstance(value, str) and value[:1] in ("[", "{") else value
    if turns is None or turns in ("", []):
        raise CellError("the context is empty", "give at least one turn")
    if not isinstance(turns, list):
        raise CellError(f"{shown(value)} is not a list of turns", 'write ["..."] even for a single turn')
    return tuple(_turn(turn, place) for place, turn in enumerate(turns))


def _turn(turn: Any, place: int) -> Turn:
    if isinstance(turn, str):
        speaker, text = SPEAKERS[place % 2], turn
    elif isinstance(turn, dict) and isinstance(turn.get("text"), str):
        speaker, text = _speaker(turn.get("speaker"), place), turn["text"]
    else:
        mend = 'a turn is a text or {"speaker": "speaker", "text": "..."}'
        raise CellError(f"turn {place + 1} of the context is {shown(turn)}", mend)
    if not text.strip():
        raise CellError(f"turn {place + 1} of the context is empty", "drop the turn, or give its text")
    if not text.isascii() and any("\ud800" <= mark <= "\udfff" for mark in text):
        raise CellError(f"turn {place + 1} holds half of a surrogate pair", "replace it, e.g. by U+FFFD")
    return Turn(speaker, text)


def _speaker(value: Any, place: int) -> str:
    if value in SPEAKERS:
        return str(value)
    meant = _SAME_SPEAKER.get(str(value).strip().lower())
    hint = f"; did you mean {meant!r}?" if meant else ""
    raise CellError(
        f"turn {place + 1} of the context has the speaker {shown(value)}",
        f"accepted: speaker (who tells), listener (who answers){hint}",
    )


@dataclass(frozen=True, slots=True)
class Links:
    """What is there and what is not: the dialogues that each system left without a response."""

    systems: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def n_missing(self) -> int:
        """How many responses are absent in all."""
        return sum(len(ids) for ids in self.missing.values())


def check_links(
    dialogues: Iterable[Dialogue], responses: Iterable[Response], *, path: Path | str | None = None
) -> Links:
    """Check that every response answers a dialogue; list the dialogues that a system did not answer.

    Raises
    ------
    TableError
        For responses to dialogues that are not there: they are counted, the first is named with the nearest
        id. A dialogue without a response is no error: it comes back in ``Links.missing``.

    Examples
    --------
    >>> from judge.types import Dialogue, Response, Turn
    >>> d = [Dialogue(name, (Turn("speaker", "Hi"),)) for name in ("d1", "d2")]
    >>> check_links(d, [Response("d1", "kemp", "Hello")]).missing
    {'kemp': ('d2',)}
    """
    from difflib import get_close_matches

    ids = dict.fromkeys(dialogue.dialogue_id for dialogue in dialogues)
    answered: dict[str, set[str]] = {}
    orphans: list[Response] = []
    for response in responses:
        answered.setdefault(response.system_id, set()).add(response.dialogue_id)
        if response.dialogue_id not in ids:
            orphans.append(response)
    if orphans:
        first = orphans[0]
        close = get_close_matches(first.dialogue_id, list(ids)[:10_000], n=1, cutoff=0.7)
        hint = f" (nearest: {close[0]!r})" if close else ""
        raise TableError(
            f"{len(orphans)} of the responses have no dialogue; the first: dialogue "
            f"{first.dialogue_id!r}{hint}, system {first.system_id!r}",
            path=path,
            column="dialogue_id",
            mend="the ids of the responses must be those of the dialogues; drop responses that are too many",
        )
    missing = {
        system: absent
        for system, there in answered.items()
        if (absent := tuple(name for name in ids if name not in there))
    }
    return Links(tuple(answered), missing)


def dialogue_frame(dialogues: Iterable[Dialogue]) -> pd.DataFrame:
    """Return dialogues as the analysis takes them: one row each, with `n_turns` in place of the context."""
    import pandas as pd

    rows = [(d.dialogue_id, d.emotion, d.situation, d.reference, d.split, len(d.context)) for d in dialogues]
    names = ["dialogue_id", "emotion", "situation", "reference", "split", "n_turns"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.astype({"dialogue_id": "category", "emotion": "category", "split": "category"})
