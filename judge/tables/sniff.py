"""Which of the long tables a file holds, told by its columns."""

from __future__ import annotations

from pathlib import Path

from judge.errors import TableError
from judge.tables.chunks import read_chunks
from judge.tables.schema import FEATURES, TABLES, Kind, check_columns

_TELLING = {name for spec in TABLES for name in spec.names} - set(FEATURES.names) - {"key", "reason"}
"""Columns that only the other tables have: with one of these a file is no table of features."""


def table_kind(path: Path | str) -> Kind:
    r"""Tell which table a file is, from the columns of its first rows.

    Raises
    ------
    TableError
        Where the columns are those of no table; what is missing for the nearest is named.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "x.csv"
    ...     _ = path.write_text("dialogue_id,system_id,text\nd1,kemp,Oh no.\n")
    ...     table_kind(path)
    'responses'
    """
    chunk = next(iter(read_chunks(path)), None)
    if chunk is None or not chunk.columns:
        raise TableError("the file is empty", path=path, mend="give at least one row")
    found = set(chunk.columns)
    needs = {spec: {column.name for column in spec.columns if column.required} for spec in TABLES}
    for spec, names in needs.items():
        if names <= found and not (spec is FEATURES and found & _TELLING):
            return spec.kind
    rest = [spec for spec in TABLES if spec is not FEATURES]
    nearest = max(rest, key=lambda spec: len(needs[spec] & found) / len(needs[spec]))
    check_columns(nearest, chunk.columns, Path(path), 1 if chunk.text else chunk.rows[0])
    raise AssertionError("a table whose required columns are all there was found above")
