"""A file as a sequence of chunks of columns, whatever its format: memory stays bounded by one chunk."""

from __future__ import annotations

import csv
import io
import json
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

from judge.errors import TableError
from judge.tables.lines import BLOCK, LINE_LIMIT, existing, format_of, open_bytes, text_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK_ROWS = 16_384


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
        if form == "jsonl":
            yield from _json_chunks(found, text_blocks(found, stream))
        else:
            yield from _csv_chunks(found, stream)


def refuse_empty(path: Path, count: int, *, header: bool) -> None:
    """Raise where a file holds no rows."""
    if count == 0:
        message = "the file has a header but no rows" if header else "the file is empty"
        raise TableError(message, path=path, mend="give at least one row, or leave the file out")


class _NotJsonError(ValueError):
    """A word that Python's JSON takes and the standard does not."""


def _refuse_constant(name: str) -> Any:
    raise _NotJsonError(f"{name} is not JSON")


def _json_chunks(path: Path, blocks: Iterator[tuple[int, str]]) -> Iterator[Chunk]:
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    for row, block in blocks:
        records = _json_at_once(decoder, block)
        if records is not None:
            yield Chunk(list(range(row, row + len(records))), _transposed(records), text=False)
            continue
        numbered = list(_json_by_line(path, decoder, row, block))
        if numbered:
            yield Chunk([k for k, _ in numbered], _transposed([r for _, r in numbered]), text=False)


_BETWEEN = -1.0625e-300


def _json_at_once(decoder: json.JSONDecoder, block: str) -> list[dict[str, Any]] | None:
    """Decode a block of lines in one call, which is twice as fast; None where anything is unusual.

    The lines become one array with a marker between any two, so that a record broken over two lines or two
    records on one line cannot pass for something else.
    """
    body = block.removesuffix("\n")
    n = body.count("\n") + 1
    try:
        cells: list[Any] = decoder.decode(f"[{body.replace(chr(10), f'{chr(10)},{_BETWEEN!r},{chr(10)}')}]")
    except (ValueError, RecursionError):
        return None
    records = cells[::2]
    regular = len(cells) == 2 * n - 1 and cells[1::2].count(_BETWEEN) == n - 1
    return records if regular and set(map(type, records)) == {dict} else None


def _json_by_line(
    path: Path, decoder: json.JSONDecoder, first: int, block: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    for row, line in enumerate(block.split("\n"), first):
        if not line or line.isspace():
            continue
        try:
            record = decoder.decode(line)
        except (ValueError, RecursionError) as exc:
            raise _json_error(path, row, line, exc) from None
        if type(record) is not dict:
            raise _json_error(path, row, line, None)
        yield row, record


def _transposed(records: list[dict[str, Any]]) -> dict[str, list[Any]]:
    shapes = list(map(tuple, records))
    if shapes.count(shapes[0]) == len(shapes):
        columns = zip(*map(dict.values, records), strict=True)
        return dict(zip(shapes[0], map(list, columns), strict=True))
    names = dict.fromkeys(name for shape in dict.fromkeys(shapes) for name in shape)
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
    elif isinstance(cause, _NotJsonError):
        message, mend = str(cause), "write null where there is no value"
    else:
        message, mend = "a number has thousands of digits", "write a number of the usual length"
    return TableError(message, path=path, row=row, mend=mend)


@contextmanager
def _long_cells() -> Iterator[None]:
    # The limit of the csv module is one for the whole process: it is lifted only while a chunk is read.
    before = csv.field_size_limit(LINE_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _csv_chunks(path: Path, stream: BinaryIO) -> Iterator[Chunk]:
    texts = (io.StringIO(block, newline="\n") for _, block in text_blocks(path, stream))
    reader = csv.reader(chain.from_iterable(texts), strict=True)
    header = _csv_header(path, reader)
    first = True
    while True:
        row = reader.line_num + 1
        with _long_cells():
            records, fault = _csv_some(reader, stream)
        if reader.line_num + 1 - row == len(records) and set(map(len, records)) == {len(header)}:
            rows = list(range(row, row + len(records)))
        else:
            rows, records = _numbered(path, row, records, len(header))
        if fault is not None:
            raise _csv_error(path, rows, records, fault, row)
        if rows or first:
            columns = [list(cells) for cells in zip(*records, strict=True)] or [[] for _ in header]
            yield Chunk(rows, dict(zip(header, columns, strict=True)), text=True)
        if reader.line_num + 1 == row:
            return
        first = False


def _csv_some(reader: Any, stream: BinaryIO) -> tuple[list[list[str]], csv.Error | None]:
    records: list[list[str]] = []
    start = stream.tell()
    try:
        while len(records) < CHUNK_ROWS and stream.tell() - start < 64 * BLOCK:
            before = len(records)
            records.extend(islice(reader, 1024))  # those before a fault are kept
            if len(records) == before:
                break
    except csv.Error as exc:
        return records, exc
    return records, None


def _numbered(
    path: Path, row: int, records: list[list[str]], width: int
) -> tuple[list[int], list[list[str]]]:
    """Give each record its first line: cells may hold line ends, and blank lines are no records."""
    rows: list[int] = []
    for record in records:
        rows.append(row)
        if len(record) != width and record:
            quotes = "put cells that hold commas or line ends in double quotes"
            mend = quotes if len(record) > width else "complete the row; the file may be cut off here"
            raise TableError(
                f"{len(record)} cells where the header has {width}", path=path, row=row, mend=mend
            )
        row += 1 + "".join(record).count("\n")
    if width and [] in records:
        kept = [(k, record) for k, record in zip(rows, records, strict=True) if record]
        return [k for k, _ in kept], [record for _, record in kept]
    return rows, records


def _csv_error(
    path: Path, rows: list[int], records: list[list[str]], fault: csv.Error, row: int
) -> TableError:
    if rows:
        row = rows[-1] + 1 + "".join(records[-1]).count("\n")
    mend = 'inside a quoted cell write a double quote twice: ""'
    return TableError(f"not CSV: {fault}", path=path, row=row, mend=mend)


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
