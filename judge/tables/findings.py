"""Findings to and from disk: JSONL for machines, CSV for spreadsheets; the same columns in the same order."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from judge.errors import TableError
from judge.tables.chunks import Chunk, read_chunks
from judge.tables.lines import format_of
from judge.tables.values import CellError, as_number, as_text, json_cell, one_of
from judge.tables.write import atomic_text, json_line, write_csv_rows
from judge.types import Finding, FindingVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable

FINDING_COLUMNS: tuple[str, ...] = tuple(part.name for part in fields(Finding))
"""The columns of the findings table, in order."""
_COUNTS = ("n_items", "n_dialogues", "n_raters")
_NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "confidence", "p", "p_adjusted")


def write_findings(findings: Iterable[Finding], path: Path | str) -> None:
    """Write findings to .jsonl or .csv (also .gz), atomically. NaN and infinity are written as empty.

    Examples
    --------
    >>> import tempfile
    >>> from judge.types import Finding
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_findings([Finding("means", "mean_score", estimate=2.5)], f"{folder}/f.csv")
    ...     read_findings(f"{folder}/f.csv")[0].estimate
    2.5
    """
    target = Path(path)
    form = format_of(target)
    if form == "parquet":
        raise TableError("findings are written as .jsonl or .csv", path=target, mend="choose one of them")
    rows = ({name: _cell(getattr(finding, name)) for name in FINDING_COLUMNS} for finding in findings)
    with atomic_text(target) as stream:
        if form == "jsonl":
            stream.writelines(map(json_line, rows))
            return
        write_csv_rows(stream, FINDING_COLUMNS, (row.values() for row in rows))


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return list(value)
    number = value.item() if hasattr(value, "item") else value
    return None if isinstance(number, float) and not math.isfinite(number) else number


def read_findings(path: Path | str) -> list[Finding]:
    """Read findings from .jsonl or .csv (also .gz). A file without rows gives an empty list.

    Raises
    ------
    TableError
        For a column that is missing or unknown and for a cell of the wrong kind.
    """
    found: list[Finding] = []
    table = Path(path)
    for chunk in read_chunks(table):
        _check_names(table, chunk)
        names = list(chunk.columns)
        for row, *cells in zip(chunk.rows, *chunk.columns.values(), strict=True):
            parts = zip(names, cells, strict=True)
            found.append(Finding(**{name: _read(table, row, name, cell, chunk) for name, cell in parts}))
    return found


def _check_names(path: Path, chunk: Chunk) -> None:
    for name in ("family", "statistic"):
        if chunk.columns and name not in chunk.columns:
            raise TableError(
                "column missing", path=path, row=1, column=name, mend="is this a findings table?"
            )
    for name in chunk.columns:
        if name not in FINDING_COLUMNS:
            mend = f"the columns are {', '.join(FINDING_COLUMNS)}"
            raise TableError("unknown column", path=path, row=1, column=name, mend=mend)


def _read(path: Path, row: int, name: str, cell: Any, chunk: Chunk) -> Any:
    try:
        if name in _NUMBERS:
            return as_number(cell, chunk.text)
        if name in _COUNTS:
            number = as_number(cell, chunk.text)
            return None if number is None else int(number)
        if name == "warnings":
            listed = json_cell(cell) if isinstance(cell, str) and cell else cell or []
            return tuple(str(warning) for warning in listed)
        if name == "verdict":
            return _verdict(cell, chunk.text)
        return as_text("" if cell is None else cell, chunk.text)
    except CellError as exc:
        raise TableError(exc.message, path=path, row=row, column=name, mend=exc.mend) from None


_verdict = one_of(get_args(FindingVerdict), missing="")
