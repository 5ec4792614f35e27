"""Broken JSON and CSV are located by line; odd but right files read as they should."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import TableError
from judge.tables import read_ratings
from judge.tables.chunks import _json_at_once, read_chunks
from tests.tables.helpers import RATING, jsonl, rating

HEADER = ",".join(RATING)


def _error(read: Any, *args: Any) -> TableError:
    with pytest.raises(TableError) as caught:
        read(*args)
    return caught.value


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[1]", "not an object"),
        (json.dumps(RATING) * 2, "Extra data"),
        ('{"score": NaN}', "NaN is not JSON"),
        ('{"score": -Infinity}', "-Infinity is not JSON"),
        ('{"score": ' + "1" * 5000 + "}", "thousands of digits"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_bad_json_names_its_line(tmp_path, line, words):
    """Blank lines count, so that the row is the one that an editor shows."""
    error = _error(read_ratings, jsonl(tmp_path / "r.jsonl", RATING, "", line))
    assert error.row == 3
    assert words in error.message


def test_a_record_over_two_lines_is_not_put_together(tmp_path):
    """The quick way of reading a block never accepts what a line by line reading would not."""
    first = json.dumps(rating(extra=[1, 2]))
    broken = first.replace("[1, 2]", "[1\n2]")
    error = _error(read_ratings, jsonl(tmp_path / "r.jsonl", broken, json.dumps(rating(dialogue_id="d2"))))
    assert error.row == 1


def test_a_json_array_gets_the_command_that_splits_it(tmp_path):
    """A whole file in brackets is common; the mend is one command."""
    error = _error(read_ratings, jsonl(tmp_path / "r.jsonl", "[", json.dumps(RATING), "]"))
    assert "jq -c '.[]'" in str(error)


@given(
    st.lists(
        st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.text()), max_size=3), min_size=1
    )
)
def test_the_quick_way_agrees_with_line_by_line(records):
    """Reading a block at once gives what reading each line gives."""
    block = "".join(json.dumps(record) + "\n" for record in records)
    assert _json_at_once(json.JSONDecoder(), block) == records


@pytest.mark.parametrize(
    ("body", "row", "words"),
    [
        ('1,s,e,r,human,3\n\n2,"s\nt",e,r\n', 4, "4 cells where the header has 6"),
        ('1,"s\nt",e,r,human,3\n2,s,e,r,human,4,5\n', 4, "7 cells"),
        ('1,"s\nt",e,r,human,3\n2,"s,e,r,human,4\n', 4, "not CSV"),
        ('1,"s"t,e,r,human,3\n', 2, "not CSV"),
        ('1,s,e,r,human,"3,5"\n', 2, "decimal point"),
        ("1,s,e,r,human,NaN\n", 2, "not a finite number"),
        ("1,s,e,r,human,1_0\n", 2, "not a finite number"),
    ],
)
def test_bad_csv_names_its_line(tmp_path, body, row, words):
    """Blank lines and line ends inside cells count, so that the row is the one that an editor shows."""
    path = tmp_path / "r.csv"
    path.write_text(f"{HEADER}\n{body}")
    error = _error(read_ratings, path)
    assert error.row == row
    assert words in str(error)


@pytest.mark.parametrize(
    ("header", "words"),
    [("a;b;c", "semicolons"), ("a\tb", "tabs"), ("a,b,a", "twice"), ('"a', "not CSV")],
)
def test_bad_headers_say_what_to_do(tmp_path, header, words):
    """Files of other spreadsheet settings are recognised."""
    (tmp_path / "r.csv").write_text(header + "\n1,2,3\n")
    assert words in str(_error(read_ratings, tmp_path / "r.csv"))


def test_long_cells_do_not_change_the_csv_module(tmp_path):
    """A cell of 1 MB reads, and the limit of the whole process is as it was."""
    before = csv.field_size_limit()
    (tmp_path / "r.csv").write_text(f"{HEADER},note\n1,s,e,r,human,3,{'x' * 10**6}\n")
    assert len(read_ratings(tmp_path / "r.csv")["note"][0]) == 10**6
    assert csv.field_size_limit() == before


def test_columns_may_come_and_go_in_jsonl(tmp_path):
    """A column that only some rows have is empty in the others, in any order of keys."""
    path = jsonl(tmp_path / "r.jsonl", {"a": 1}, {"b": 2, "a": 3}, {"a": 4, "b": 5})
    (chunk,) = read_chunks(path)
    assert chunk.columns == {"a": [1, 3, 4], "b": [None, 2, 5]}


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    """The extra is named where it is needed, and only there."""
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "r.parquet").write_bytes(b"PAR1")
    assert "judge[parquet]" in str(_error(read_ratings, tmp_path / "r.parquet"))


def test_junk_is_not_parquet(tmp_path):
    """A file that only has the ending is an input error."""
    pytest.importorskip("pyarrow")
    (tmp_path / "r.parquet").write_bytes(b"junk")
    assert "not readable as Parquet" in str(_error(read_ratings, tmp_path / "r.parquet"))
