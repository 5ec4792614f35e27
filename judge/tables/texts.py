"""Dialogues and responses as domain values, and the check that they belong together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.errors import TableError
from judge.tables.chunks import Chunk, read_chunks, refuse_empty
from judge.tables.schema import DIALOGUES, RESPONSES, TableSpec, check_columns
from judge.tables.values import CellError, half_a_pair, json_cell, shown, unguard_formula
from judge.types import Dialogue, Response, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
    seen: dict[str, int] = {}
    for part in _parts(Path(path), DIALOGUES, allow_empty=allow_empty):
        names = part.cells["dialogue_id"]
        _refuse_twice(Path(path), seen, part.rows, names, lambda name: f"dialogue_id {name!r}")
        found += map(Dialogue, *(part.cells[column] for column in DIALOGUES.names), part.extra)
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
    seen: dict[tuple[str, str], int] = {}
    for part in _parts(Path(path), RESPONSES, default_system, allow_empty=allow_empty):
        cells = part.cells
        keys = zip(cells["dialogue_id"], cells["system_id"], strict=True)
        _refuse_twice(
            Path(path), seen, part.rows, keys, lambda key: "dialogue {!r}, system {!r}".format(*key)
        )
        if any(part.extra):
            both = zip(cells["details"], part.extra, strict=True)
            cells["details"] = [{**details, **extra} for details, extra in both]
        found += map(Response, *(cells[column] for column in RESPONSES.names))
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """Some rows of a table: the known columns, checked, and a mapping a row of those that we do not know."""

    rows: list[int]
    cells: dict[str, list[Any]]
    extra: list[dict[str, Any]]


def _parts(
    path: Path, spec: TableSpec, default_system: str | None = None, *, allow_empty: bool
) -> Iterator[_Part]:
    count, header = 0, False
    optional = ("system_id",) if default_system is not None else ()
    for chunk in read_chunks(path):
        if not header and chunk.columns:
            check_columns(spec, chunk.columns, path, 1 if chunk.text else chunk.rows[0], optional)
        header = header or bool(chunk.columns)
        count += len(chunk.rows)
        if default_system is not None:
            named = chunk.columns.get("system_id") or [None] * len(chunk.rows)
            chunk.columns["system_id"] = [default_system if cell in (None, "") else cell for cell in named]
        yield from _checked(path, chunk, spec)
    if not allow_empty:
        refuse_empty(path, count, header=header)


def _checked(path: Path, chunk: Chunk, spec: TableSpec) -> Iterator[_Part]:
    """Check a chunk column by column; where a cell is wrong, again row by row, to name the first fault."""
    cells: dict[str, list[Any]] = {}
    # The context is checked last: it is the longest.
    for column in sorted(spec.columns, key=lambda column: column.name == "context"):
        parse = _context if column.name == "context" else column.parse
        raw = chunk.columns.get(column.name)
        try:
            if raw is None:  # nobody writes into a Mapping: one empty one may serve all rows
                cells[column.name] = [parse(None, chunk.text)] * len(chunk.rows)
            else:
                cells[column.name] = [parse(cell, chunk.text) for cell in raw]
        except CellError as exc:
            if len(chunk.rows) == 1:
                place: dict[str, Any] = {"path": path, "row": chunk.rows[0], "column": column.name}
                raise TableError(exc.message, **place, mend=exc.mend) from None
            for k, row in enumerate(chunk.rows):
                single = {name: [values[k]] for name, values in chunk.columns.items()}
                yield from _checked(path, Chunk([row], single, chunk.text), spec)
            return
    yield _Part(chunk.rows, cells, _unknown(chunk, spec))


def _unknown(chunk: Chunk, spec: TableSpec) -> list[dict[str, Any]]:
    names = [name for name in chunk.columns if name not in spec.names]
    if not names:
        return [{}] * len(chunk.rows)
    columns = [chunk.columns[name] for name in names]
    if chunk.text:
        columns = [[unguard_formula(cell) if cell else None for cell in column] for column in columns]
    return [
        {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
        for cells in zip(*columns, strict=True)
    ]


def _refuse_twice(
    path: Path, seen: dict[Any, int], rows: list[int], keys: Iterable[Any], named: Callable[[Any], str]
) -> None:
    for row, key in zip(rows, keys, strict=True):
        first = seen.setdefault(key, row)
        if first != row:
            mend = "keep one of the two rows, or give them different ids"
            raise TableError(f"the same as row {first}: {named(key)}", path=path, row=row, mend=mend)


def _context(value: Any, text: bool) -> tuple[Turn, ...]:  # noqa: ARG001 - a check like the others
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
    if half_a_pair(text):
        raise CellError(f"turn {place + 1} holds half of a surrogate pair", "replace it, e.g. by U+FFFD")
    return Turn(speaker, text)


def _speaker(value: Any, place: int) -> str:
    for known in SPEAKERS:
        if value == known:
            return known  # ours, not the file's: one string for all turns
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
    ids = dict.fromkeys(dialogue.dialogue_id for dialogue in dialogues)
    answered: dict[str, set[str]] = {}
    orphans: list[Response] = []
    for response in responses:
        answered.setdefault(response.system_id, set()).add(response.dialogue_id)
        if response.dialogue_id not in ids:
            orphans.append(response)
    if orphans:
        from difflib import get_close_matches

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
