"""Damaged files are told apart at the first bytes, with row and mend."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest

from judge.errors import TableError
from judge.tables import read_ratings
from judge.tables.lines import BLOCK, LINE_LIMIT, existing, format_of
from tests.tables.helpers import RATING, jsonl, rating


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path):
    """A line of 200 MB (packed: 200 kB) is an error that names the row; memory stays near the limit."""
    path = tmp_path / "huge.jsonl.gz"
    with gzip.open(path, "wb", 1) as stream:
        stream.write(json.dumps(RATING).encode() + b'\n{"dialogue_id":"')
        for _ in range(200):
            stream.write(b"x" * 2**20)
    tracemalloc.start()
    with pytest.raises(TableError, match="longer than 16 MiB") as caught:
        read_ratings(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.row == 2
    assert peak < 6 * LINE_LIMIT


def test_latin1_bytes_are_located(tmp_path):
    """Row and byte offset of the first byte that is not UTF-8, and the command that mends it."""
    path = tmp_path / "latin.jsonl"
    first = json.dumps(RATING).encode() + b"\n"
    path.write_bytes(first + json.dumps(rating(dialogue_id="café"), ensure_ascii=False).encode("latin-1"))
    with pytest.raises(TableError, match=r"iconv -f latin1 -t utf8 latin\.jsonl") as caught:
        read_ratings(path)
    assert caught.value.row == 2
    offset = int(caught.value.message.split()[1])
    assert path.read_bytes()[offset] == 0xE9


def test_bytes_are_located_beyond_the_first_block(tmp_path):
    """Row and offset are right also where the file is read in several blocks."""
    path = tmp_path / "late.csv"
    good = ",".join(RATING).encode() + b"\n" + b"d,s,e,r,human,3\n" * (2 * BLOCK // 16)
    path.write_bytes(good + b"\xff\n")
    with pytest.raises(TableError) as caught:
        read_ratings(path)
    assert caught.value.row == good.count(b"\n") + 1
    assert f"byte {len(good)} " in caught.value.message


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    """Files that Windows programs write with a mark read as any other."""
    for name, text in {
        "a.jsonl": json.dumps(RATING),
        "a.csv": ",".join(RATING) + "\n" + ",".join(map(str, RATING.values())),
    }.items():
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert read_ratings(tmp_path / name)["dialogue_id"].tolist() == ["d1"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_is_named(tmp_path, codec):
    """UTF-16 is told by its mark or by its zero bytes."""
    path = tmp_path / "wide.jsonl"
    path.write_bytes(json.dumps(RATING).encode(codec))
    with pytest.raises(TableError, match="UTF-16"):
        read_ratings(path)


@pytest.mark.parametrize("name", ["empty.jsonl", "empty.csv", "blank.jsonl"])
def test_an_empty_file_is_an_error_unless_allowed(tmp_path, name):
    """Nothing at all is told apart from a header without rows, and can be allowed."""
    (tmp_path / name).write_text("\n\n" if name == "blank.jsonl" else "")
    with pytest.raises(TableError, match="the file is empty"):
        read_ratings(tmp_path / name)
    frame = read_ratings(tmp_path / name, allow_empty=True)
    assert len(frame) == 0
    assert {"score", "outcome", "repeat"} <= set(frame.columns)


def test_a_header_alone_is_an_error(tmp_path):
    """A CSV file with its header only says so."""
    (tmp_path / "head.csv").write_text(",".join(RATING) + "\n")
    with pytest.raises(TableError, match="header but no rows"):
        read_ratings(tmp_path / "head.csv")


def test_a_cut_archive_is_named(tmp_path):
    """A gzip file that was cut off, or is none, is an input error and no traceback."""
    whole = gzip.compress(json.dumps(RATING).encode() * 100)
    for content in (whole[:-12], b"plain text"):
        (tmp_path / "cut.jsonl.gz").write_bytes(content)
        with pytest.raises(TableError, match="gzip archive"):
            read_ratings(tmp_path / "cut.jsonl.gz")


def test_missing_files_name_their_neighbours(tmp_path):
    """A mistyped name gets the nearest file of the folder; a folder is told from a file."""
    jsonl(tmp_path / "people.jsonl", RATING)
    with pytest.raises(TableError, match=r"did you mean people\.jsonl"):
        read_ratings(tmp_path / "peopel.jsonl")
    with pytest.raises(TableError, match="folder"):
        existing(tmp_path)
    with pytest.raises(TableError, match=r"\.parquet"):
        format_of(tmp_path / "people.xlsx")
