"""Bytes of a file as bounded, decoded lines: the border where damaged files are told apart."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from judge.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_LIMIT = 16 * 2**20
"""Bytes of one line. A long dialogue has some kilobytes; a line of more than 16 MiB is a damaged file or one
without line ends, and reading it whole could take all memory."""

BLOCK = 2**18
"""Bytes read at a time: a thousand ratings, which stay in the processor's cache while they are split."""

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
    found = Path(path)
    if found.is_file():
        return found
    if found.is_dir():
        raise TableError("this is a folder, not a file", path=found, mend="name the file in it")
    from difflib import get_close_matches

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


def text_blocks(path: Path, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    r"""Yield a UTF-8 file as blocks of whole lines, each with the 1-based number of its first line.

    A byte order mark is dropped; lines end at ``\n`` alone.

    Raises
    ------
    TableError
        For a line over `LINE_LIMIT`, bytes that are not UTF-8 (row and byte offset are named), UTF-16.
    """
    row, offset, carry = 1, 0, b""
    while fresh := stream.read(BLOCK):
        if row == 1 and not carry:
            _refuse_utf16(path, fresh)
        block = carry + fresh
        _refuse_long(path, row, block)
        end = block.rfind(b"\n") + 1
        whole, carry = block[:end], block[end:]
        if whole:
            yield row, _decoded(path, whole, row, offset)
            row += whole.count(b"\n")
            offset += len(whole)
    if carry:
        yield row, _decoded(path, carry, row, offset)


def _refuse_long(path: Path, row: int, block: bytes) -> None:
    # What was carried over has no line end: only the first line of a block can be too long.
    end = block.find(b"\n")
    if (end if end >= 0 else len(block)) > LINE_LIMIT:
        raise TableError(
            f"the line is longer than {LINE_LIMIT // 2**20} MiB",
            path=path,
            row=row,
            mend="one record a line: check that the line ends are not lost, no cell holds a whole file",
        )


def _decoded(path: Path, block: bytes, row: int, offset: int) -> str:
    try:
        text = block.decode()
    except UnicodeDecodeError as exc:
        raise TableError(
            f"byte {offset + exc.start} (0x{block[exc.start]:02x}) of the file is not UTF-8",
            path=path,
            row=row + block.count(b"\n", 0, exc.start),
            mend=f"if it is Latin-1: iconv -f latin1 -t utf8 {path.name} > new_{path.name}",
        ) from exc
    return text.removeprefix("\ufeff") if row == 1 else text


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
