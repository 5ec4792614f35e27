"""Writers of the long tables: streaming, atomic (a temporary file beside the target, then a rename)."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, TypeAlias

from judge.errors import StoreError, TableError
from judge.tables.chunks import import_parquet
from judge.tables.lines import format_of
from judge.tables.schema import DIALOGUES, DUELS, FEATURES, RATINGS, RESPONSES, TableSpec
from judge.tables.values import guard_formula
from judge.types import Dialogue, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    Rows: TypeAlias = Iterable[Any] | pd.DataFrame

_FRAME_ROWS = 16_384


@contextmanager
def atomic_text(path: Path | str) -> Iterator[TextIO]:
    """Open a text file that takes its name only when all of it is on the disk.

    It is written under a temporary name in the same folder, flushed to the disk and renamed; whatever
    goes wrong before, the old file stays as it was and the temporary one is removed. A name ending in .gz
    is packed (without a time stamp, so that the same rows give the same bytes).

    Raises
    ------
    StoreError
        Where the disk is full or the folder cannot be written.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("xb") as raw:
            packed = gzip.GzipFile("", "wb", 6, raw, mtime=0) if target.name.lower().endswith(".gz") else None
            stream: Any = packed if packed is not None else raw
            text = io.TextIOWrapper(stream, "utf-8", newline="")
            try:
                yield text
                text.detach()
                if packed is not None:
                    packed.close()
                raw.flush()
                os.fsync(raw.fileno())
            except BaseException:
                with suppress(OSError, ValueError):
                    text.close()  # now, or the interpreter tries it later and complains
                with suppress(OSError, ValueError):
                    stream.close()
                raise
        temporary.replace(target)
    except OSError as exc:
        raise StoreError(
            f"{target}: could not be written ({exc.strerror or exc}); what was there before is untouched.\n"
            "  mend: free some space or check the folder's rights, then run the same command again"
        ) from exc
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_dialogues(rows: Rows, path: Path | str) -> None:
    """Write dialogues (domain values, mappings or a frame); see `write_table`."""
    write_table(rows, path, DIALOGUES)


def write_responses(rows: Rows, path: Path | str) -> None:
    """Write responses (domain values, mappings or a frame); see `write_table`."""
    write_table(rows, path, RESPONSES)


def write_ratings(rows: Rows, path: Path | str) -> None:
    """Write ratings (domain values, mappings or a frame); see `write_table`."""
    write_table(rows, path, RATINGS)


def write_duels(rows: Rows, path: Path | str) -> None:
    """Write duels (domain values, mappings or a frame); see `write_table`."""
    write_table(rows, path, DUELS)


def write_features(rows: Rows, path: Path | str) -> None:
    """Write features (mappings or a frame); see `write_table`."""
    write_table(rows, path, FEATURES)


def write_table(rows: Rows, path: Path | str, spec: TableSpec) -> None:
    """Write rows to a file whose ending gives the format.

    Rows are taken one by one, so that a generator of any length needs no memory (Parquet is the
    exception). In CSV the columns are those of the first row and of the table; text that a spreadsheet
    would run as a formula (it begins with = + - @, a tab or a carriage return) gets a single quote in
    front, which our readers take off again. JSONL is written as it is.

    Raises
    ------
    StoreError
        Where the disk would not take the file; the old one is untouched.
    TableError
        Where a CSV row has a column that the first row lacks.
    """
    target = Path(path)
    form = format_of(target)
    records = _records(rows)
    if form == "parquet":
        _write_parquet(records, target)
        return
    with atomic_text(target) as stream:
        if form == "jsonl":
            stream.writelines(_json_lines(records, spec))
        else:
            _write_csv(records, stream, spec, target)


def json_line(record: Mapping[str, Any]) -> str:
    """Return one line of JSONL: UTF-8 as it is, no NaN, a lone surrogate replaced by U+FFFD."""
    line = _ENCODER.encode(record)
    return f"{line if line.isascii() else clean(line)}\n"


def clean(text: str) -> str:
    """Replace halves of surrogate pairs, which no UTF-8 file can hold."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def plain(value: Any) -> Any:
    """Turn numpy scalars, mappings and tuples into what JSON knows."""
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "items"):
        return dict(value.items())
    if is_dataclass(value):
        return {part.name: getattr(value, part.name) for part in fields(value)}
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} cannot be written to a table")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, default=plain, separators=(",", ":")
)


def missing(value: Any) -> bool:
    """Tell whether a cell is empty: None, NaN or pandas' NA."""
    if type(value) is str:
        return False
    return value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in _NA


_NA = ("NAType", "NaTType")


def _records(rows: Rows) -> Iterator[dict[str, Any]]:
    if hasattr(rows, "to_dict"):
        frame: Any = rows
        for start in range(0, len(frame), _FRAME_ROWS):
            part = frame.iloc[start : start + _FRAME_ROWS]
            columns = part.astype(object).where(part.notna(), None).to_dict("list")
            names = [str(name) for name in columns]
            for cells in zip(*columns.values(), strict=True):
                yield dict(zip(names, cells, strict=True))
        return
    for row in rows:
        yield _record(row)


def _record(row: Any) -> dict[str, Any]:
    kind: Any = type(row)
    names = _names(kind)
    if not names:
        return dict(row)
    record = {name: getattr(row, name) for name in names}
    if isinstance(row, Dialogue):
        record["context"] = [{"speaker": turn.speaker, "text": turn.text} for turn in row.context]
        extra = record.pop("extra")
        record = {**{str(k): v for k, v in extra.items()}, **record} if extra else record
    elif isinstance(row, Response):
        record["details"] = dict(row.details) or None
    return record


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """Return the fields of a domain value, none for a mapping; asked for every row, so kept."""
    return tuple(part.name for part in fields(kind)) if is_dataclass(kind) else ()


def _json_lines(records: Iterable[dict[str, Any]], spec: TableSpec) -> Iterator[str]:
    order = _order((), spec)
    for record in records:
        if tuple(record) != order.given:  # rows mostly have the columns of the row before
            order = _order(tuple(record), spec)
        try:
            yield json_line(_tidy(record, order))
        except (ValueError, TypeError):  # NaN and NA are no JSON, and rare: only then every cell is looked at
            known = {name: None if missing(cell) else cell for name, cell in record.items()}
            yield json_line(_tidy(known, _order(tuple(known), spec)))


class _Order(NamedTuple):
    """The columns of a row as they are given and as they are written, and those left out where empty."""

    given: tuple[str, ...]
    names: tuple[str, ...]
    optional: tuple[str, ...]


def _order(given: tuple[str, ...], spec: TableSpec) -> _Order:
    known = [column for column in spec.columns if column.required or column.name in given]
    rest = (name for name in given if name not in spec.names)
    optional = tuple(column.name for column in known if not column.required)
    return _Order(given, (*(column.name for column in known), *rest), optional)


def _tidy(record: dict[str, Any], order: _Order) -> dict[str, Any]:
    """Put known columns first; an empty optional cell is taken out, an empty score or verdict is null."""
    if order.names != order.given:
        record = dict(zip(order.names, map(record.get, order.names), strict=True))
    for name in order.optional:
        if record[name] is None:
            del record[name]
    return record


def _write_csv(records: Iterator[dict[str, Any]], stream: TextIO, spec: TableSpec, path: Path) -> None:
    first = next(records, None)
    given = list(first or {})
    optional = [] if first is None else [c.name for c in spec.columns if not c.required and c.name in first]
    names = [c.name for c in spec.columns if c.required or c.name in optional]
    names += [name for name in given if name not in spec.names]
    width = set(names)

    def cells() -> Iterator[list[Any]]:
        for row, record in enumerate(chain([first] if first is not None else [], records), 2):
            if not record.keys() <= width:
                extra = next(name for name in record if name not in width)
                mend = "give every row the same columns, or write .jsonl"
                raise TableError("not a column of the first row", path=path, row=row, column=extra, mend=mend)
            yield [record.get(name) for name in names]

    write_csv_rows(stream, names, cells())


def write_csv_rows(stream: TextIO, names: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a header and rows of raw cells. A row that holds a carriage return is quoted throughout."""
    writer = csv.writer(stream, lineterminator="\n")
    careful = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for row in rows:
        cells = [csv_cell(cell) for cell in row]
        # With lines that end in \n alone, the csv module takes a \r in a cell for harmless; readers do not.
        returns = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (careful if returns else writer).writerow(cells)


def csv_cell(value: Any) -> Any:
    """Return a cell as CSV holds it: empty, a number, guarded text, or JSON for lists and mappings."""
    if isinstance(value, str):
        return guard_formula(clean(value))
    if missing(value):
        return ""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    return guard_formula(clean(json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain)))


def _write_parquet(records: Iterator[dict[str, Any]], path: Path) -> None:
    import_parquet(path)
    import pyarrow as pa

    rows = [{name: _parquet_cell(name, cell) for name, cell in record.items()} for record in records]
    names = dict.fromkeys(name for row in rows for name in row)
    try:
        table = pa.table({name: [row.get(name) for row in rows] for name in names})
    except (pa.ArrowInvalid, pa.ArrowTypeError) as exc:
        raise TableError(f"a column mixes types: {exc}", path=path, mend="write .jsonl") from exc
    _replace_parquet(table, path)


def _parquet_cell(name: str, cell: Any) -> Any:
    if missing(cell):
        return None
    if isinstance(cell, str):
        return clean(cell)
    if hasattr(cell, "item"):
        return cell.item()
    if name == "context" or not isinstance(cell, list | dict | tuple):
        return cell
    return json.dumps(cell, ensure_ascii=False, allow_nan=False, default=plain)


def _replace_parquet(table: Any, path: Path) -> None:
    parquet = import_parquet(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        parquet.write_table(table, temporary)
        temporary.replace(path)
    except OSError as exc:
        raise StoreError(f"{path}: could not be written ({exc}); the old file is untouched") from exc
    finally:
        with suppress(OSError):
            temporary.unlink()
