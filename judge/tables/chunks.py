"""A file as a sequence of chunks of columns, whatever its format: memory stays bounded by one chunk."""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.errors import TableError
from judge.tables.lines import LINE_LIMIT, existing, format_of, open_bytes, text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK_ROWS = 16_384
CHUNK_CHARS = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records: their 1-based lines and their raw cells by column; `text` says that they are CSV."""

    rows: list[int]
    columns: dict[str, list[Any]]
    text: bool


def read_chunks(path: Path | str) -> Iterator[Chunk]:
    """Yield the records of a table in order, some thousands at a time.

    A CSV file that has only its header yields one chunk of no rows, so that its columns can be checked.
    """
    found = existing(path)
    form = format_of(found)
    if form == "parquet":
        yield from _parquet_chunks(found)
        return
    with open_bytes(found) as stream:
        lines = text_lines(found, stream)
        yield from _json_chunks(found, lines) if form == "jsonl" else _csv_chunks(found, lines)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; write null where there is no value")


def _json_chunks(path: Path, lines: Iterator[str]) -> Iterator[Chunk]:
    decode = json.JSONDecoder(parse_constant=_refuse_constant).decode
    rows: list[int] = []
    records: list[dict[str, Any]] = []
    size = 0
    for row, line in enumerate(lines, 1):
        if line.isspace():
            continue
        try:
            record = decode(line)
        except (ValueError, RecursionError) as exc:
            raise _json_error(path, row, line, exc) from None
        if type(record) is not dict:
            raise _json_error(path, row, line, None)
        rows.append(row)
        records.append(record)
        size += len(line)
        if len(rows) >= CHUNK_ROWS or size >= CHUNK_CHARS:
            yield Chunk(rows, _transposed(records), text=False)
            rows, records, size = [], [], 0
    if rows:
        yield Chunk(rows, _transposed(records), text=False)


def _transposed(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for shape in dict.fromkeys(map(tuple, records)) for name in shape)
    return {name: [record.get(name) for record in records] for name in names}


def _json_error(path: Path, row: int, line: str, cause: Exception | None) -> TableError:
    mend = 'each line is one JSON object: {"dialogue_id": "d1", ...}'
    if row == 1 and line.lstrip()[:1] == "[":
        mend = f"the file is a JSON array; one object a line: jq -c '.[]' {path.name}"
    if cause is None:
        return TableError("the line is JSON but not an object", path=path, row=row, mend=mend)
    if isinstance(cause, json.JSONDecodeError):
        message = f"not JSON: {cause.msg} at character {cause.pos + 1}"
    elif isinstance(cause, RecursionError):
        message = "not readable: nested too deep"
    else:
        message = f"not readable: {str(cause).split(';')[0]}"
        mend = str(cause).partition("; ")[2] or mend
    return TableError(message, path=path, row=row, mend=mend)


@contextmanager
def _long_cells() -> Iterator[None]:
    # The limit of the csv module is one for the whole process: it is lifted only while a chunk is read.
    before = csv.field_size_limit(LINE_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _csv_chunks(path: Path, lines: Iterator[str]) -> Iterator[Chunk]:
    reader = csv.reader(lines, strict=True)
    header = _csv_header(path, reader)
    while True:
        with _long_cells():
            rows, records = _csv_some(path, reader, len(header))
        columns = [list(cells) for cells in zip(*records, strict=True)] or [[] for _ in header]
        if rows or reader.line_num <= 1:
            yield Chunk(rows, dict(zip(header, columns, strict=True)), text=True)
        if len(rows) == 0:
            return


def _csv_some(path: Path, reader: Any, width: int) -> tuple[list[int], list[list[str]]]:
    rows: list[int] = []
    records: list[list[str]] = []
    row, size = reader.line_num + 1, 0
    try:
        for record in reader:
            if len(record) == width:
                rows.append(row)
                records.append(record)
            elif record:
                raise TableError(
                    f"{len(record)} cells where the header has {width}",
                    path=path,
                    row=row,
                    mend="put cells that hold commas or line ends in double quotes",
                )
            row = reader.line_num + 1
            size += sum(map(len, record))
            if len(rows) >= CHUNK_ROWS or size >= CHUNK_CHARS:
                break
    except csv.Error as exc:
        raise TableError(
            f"not CSV: {exc}", path=path, row=row, mend='inside a quoted cell write a double quote twice: ""'
        ) from exc
    return rows, records


def _csv_header(path: Path, reader: Any) -> list[str]:
    try:
        header: list[str] = next(reader, [])
    except csv.Error as exc:
        raise TableError(
            f"not CSV: {exc}", path=path, row=1, mend="the first line names the columns"
        ) from exc
    if not header:
        return []
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and mark in header[0]:
            raise TableError(f"cells are separated by {name}", path=path, row=1, mend="save it with commas")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise TableError("the column is there twice", path=path, row=1, column=twice, mend="rename one")
    return header


def _parquet_chunks(path: Path) -> Iterator[Chunk]:
    parquet = import_parquet(path)
    try:
        file = parquet.ParquetFile(path)
        start = 1
        for batch in file.iter_batches(batch_size=CHUNK_ROWS):
            yield Chunk(list(range(start, start + batch.num_rows)), batch.to_pydict(), text=False)
            start += batch.num_rows
    except (OSError, ValueError) as exc:  # pyarrow.ArrowInvalid is a ValueError
        raise TableError(f"not readable as Parquet: {exc}", path=path, mend="write it again") from exc


def import_parquet(path: Path) -> Any:
    """Return ``pyarrow.parquet``, or say how to install it."""
    try:
        from pyarrow import parquet
    except ImportError as exc:
        raise TableError(
            "Parquet files need pyarrow, which is not installed",
            path=path,
            mend="pip install 'judge[parquet]', or use .jsonl",
        ) from exc
    return parquet
