"""Which of the long tables a file holds, told by its columns."""

from __future__ import annotations

from pathlib import Path

from judge.errors import TableError
from judge.tables.chunks import read_chunks
from judge.tables.schema import TABLES, Kind


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
        if names <= found:
            return spec.kind
    nearest = max(needs, key=lambda spec: len(needs[spec] & found) / len(needs[spec]))
    lacking = ", ".join(name for name in nearest.names if name in needs[nearest] - found)
    raise TableError(
        f"the columns {', '.join(map(repr, list(chunk.columns)[:12]))} are those of no table",
        path=Path(path),
        row=1,
        mend=f"nearest is {nearest.kind}, which also needs: {lacking}",
    )
