"""Bytes of a file as bounded, decoded lines: the border where damaged files are told apart."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from judge.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_LIMIT = 16 * 2**20
"""Bytes of one line. A long dialogue has some kilobytes; a line of more than 16 MiB is a damaged file or one
without line ends, and reading it whole could take all memory."""

Format = Literal["jsonl", "csv", "parquet"]
_ENDINGS: dict[str, Format] = {
    ".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet",
}  # fmt: skip


def format_of(path: Path) -> Format:
    """Tell a table's format by the ending of its name.

    >>> format_of(Path("people.csv.gz"))
    'csv'
    """
    name = path.name.lower()
    for ending, form in _ENDINGS.items():
        if name.endswith(ending):
            return form
    raise TableError(
        f"the ending of {path.name!r} names no known format",
        path=path,
        mend=f"use one of {', '.join(_ENDINGS)}",
    )


def existing(path: Path | str) -> Path:
    """Return the path of a file that is there, or raise an error that names near ones."""
    from difflib import get_close_matches

    found = Path(path)
    if found.is_file():
        return found
    if found.is_dir():
        raise TableError("this is a folder, not a file", path=found, mend="name the file in it")
    near = [other.name for other in found.parent.iterdir()] if found.parent.is_dir() else []
    close = get_close_matches(found.name, near, n=2, cutoff=0.6)
    mend = f"did you mean {' or '.join(close)}?" if close else "check the path"
    raise TableError("no such file", path=found, mend=mend)


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a plain or gzipped file; faults of the disk or the archive become a `TableError`."""
    try:
        if path.name.lower().endswith(".gz"):
            with gzip.open(path, "rb") as packed:
                yield cast("BinaryIO", packed)
        else:
            with path.open("rb") as plain:
                yield plain
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise TableError(
            f"the gzip archive is damaged or cut off ({exc})", path=path, mend="copy or pack it again"
        ) from exc
    except OSError as exc:
        raise TableError(
            f"cannot be read: {exc.strerror or exc}", path=path, mend="check its rights"
        ) from exc


def text_lines(path: Path, stream: BinaryIO) -> Iterator[str]:
    """Yield every line of a UTF-8 file with its line end; a byte order mark is dropped.

    Raises
    ------
    TableError
        For a line over `LINE_LIMIT`, bytes that are not UTF-8 (row and byte offset are named), UTF-16.
    """
    start = 0
    for row, raw in enumerate(iter(partial(stream.readline, LINE_LIMIT + 1), b""), 1):
        line = raw
        if row == 1:
            _refuse_utf16(path, raw)
            line = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > LINE_LIMIT:
            raise TableError(
                f"the line is longer than {LINE_LIMIT // 2**20} MiB",
                path=path,
                row=row,
                mend="one record a line: check that the line ends are not lost, no cell holds a whole file",
            )
        try:
            yield line.decode()
        except UnicodeDecodeError as exc:
            offset = start + len(raw) - len(line) + exc.start
            raise TableError(
                f"byte {offset} (0x{line[exc.start]:02x}) of the file is not UTF-8",
                path=path,
                row=row,
                mend=f"if it is Latin-1: iconv -f latin1 -t utf8 {path.name} > new_{path.name}",
            ) from exc
        start += len(raw)


def _refuse_utf16(path: Path, head: bytes) -> None:
    marked = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    unmarked = len(head) >= 4 and (head[:4:2] == b"\0\0" or head[1:4:2] == b"\0\0")
    if marked or unmarked:
        raise TableError(
            "the file is UTF-16, not UTF-8",
            path=path,
            row=1,
            mend=f"iconv -f utf-16 -t utf-8 {path.name} > new_{path.name}",
        )
