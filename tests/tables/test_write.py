"""What is written reads back the same, replaces the old file only when whole, and runs in no spreadsheet."""

from __future__ import annotations

import csv
import errno
import json
import os
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.errors import StoreError, TableError
from judge.tables import (
    atomic_text,
    read_dialogues,
    read_duels,
    read_features,
    read_ratings,
    read_responses,
    write_dialogues,
    write_duels,
    write_features,
    write_ratings,
    write_responses,
)
from judge.types import Dialogue, Duel, Rating, Response, Turn
from tests.tables.helpers import rating

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDINGS = ["jsonl", "jsonl.gz", "csv", "csv.gz", "parquet"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SPOKEN = TEXT.filter(lambda text: text.strip() != "")
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
RESPONSES = st.lists(
    st.builds(
        Response,
        NAME,
        NAME,
        TEXT,
        details=st.dictionaries(st.sampled_from(["k", "m"]), TEXT | st.integers(), max_size=2),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda response: (response.dialogue_id, response.system_id),
)


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    records: Any = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return list(records)


def _skip_without(ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_table_comes_back_in_every_format(tmp_path, ending):
    """Domain values, mappings and frames are written; the readers give the same back."""
    _skip_without(ending)
    ratings = [
        Rating("d1", "a", "empathy", "ann", "human", 4.5),
        Rating("007", "a", "empathy", "m", "judge", None, 1, "r@1", "refusal"),
    ]
    write_ratings(ratings, tmp_path / f"r.{ending}")
    frame = read_ratings(tmp_path / f"r.{ending}")
    assert [Rating(**row) for row in _plain(frame)] == ratings
    write_ratings(frame, tmp_path / f"again.{ending}")
    pd.testing.assert_frame_equal(read_ratings(tmp_path / f"again.{ending}"), frame)

    duels = [
        Duel("d1", "a", "b", "overall", "m", "judge", "BA", "tie"),
        Duel("d2", "a", "b", "overall", "m", "judge", "AB", None, outcome="timeout"),
    ]
    write_duels(duels, tmp_path / f"d.{ending}")
    frame = read_duels(tmp_path / f"d.{ending}")
    assert [Duel(**row) for row in _plain(frame)] == duels

    write_features([{"dialogue_id": "d1", "system_id": "a", "n": 2, "q": True}], tmp_path / f"f.{ending}")
    assert read_features(tmp_path / f"f.{ending}")["q"].tolist() == [True]

    dialogues = [
        Dialogue(
            "d1",
            (Turn("speaker", "hi\nthere"), Turn("listener", "="), Turn("speaker", "'")),
            emotion="sad",
            extra={"k": "v"},
        )
    ]
    write_dialogues(dialogues, tmp_path / f"x.{ending}")
    (back,) = read_dialogues(tmp_path / f"x.{ending}")
    assert back == dialogues[0]
    assert dict(back.extra) == {"k": "v"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(RESPONSES, st.sampled_from(["jsonl", "csv"]))
def test_any_text_survives(tmp_path, responses, ending):
    """Quotes, line ends, NUL, formulas, guards: whatever stands in a text stands in it afterwards."""
    path = tmp_path / f"r.{ending}"
    write_responses(responses, path)
    back = read_responses(path)
    assert back == responses
    assert [dict(one.details) for one in back] == [dict(one.details) for one in responses]


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx", "'=1"])
def test_csv_cells_do_not_run_as_formulas(tmp_path, text):
    """A spreadsheet sees a quote first; our reader takes it off; JSONL and numbers are not touched."""
    rows = [Response("d1", "a", text)]
    write_responses(rows, tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="") as stream:
        cell = list(csv.reader(stream))[1][2]
    assert cell == f"'{text}"
    assert read_responses(tmp_path / "r.csv") == rows
    write_responses(rows, tmp_path / "r.jsonl")
    assert read_responses(tmp_path / "r.jsonl") == rows
    write_ratings([rating(score=-1.5)], tmp_path / "n.csv")
    assert ",-1.5" in (tmp_path / "n.csv").read_text()


def test_a_half_surrogate_does_not_stop_the_writing(tmp_path):
    """What no UTF-8 file can hold becomes U+FFFD: one broken emoji of a model loses no run."""
    for ending in ("jsonl", "csv"):
        write_responses([Response("d1", "a", "x\ud83d")], tmp_path / f"r.{ending}")
        assert "\ufffd" in read_responses(tmp_path / f"r.{ending}")[0].text


def test_empty_cells_have_one_form_each(tmp_path):
    """NaN, NA and None are one gap: an optional column is left out, a required or unknown one is null."""
    path = tmp_path / "r.jsonl"
    gaps = [None, float("nan"), pd.NA, pd.NaT]
    write_ratings([rating(score=gap, probability=gap, note=gap, repeat=1) for gap in gaps], path)
    wanted = {**rating(score=None), "repeat": 1, "note": None}
    lines = path.read_text().splitlines()
    assert [list(json.loads(line).items()) for line in lines] == [list(wanted.items())] * len(gaps)


def test_rows_of_any_shape_have_the_columns_in_one_order(tmp_path):
    """Known columns come first, in the order of the table, whatever the row before looked like."""
    path = tmp_path / "r.jsonl"
    turned = dict(reversed(rating(note="x").items()))
    write_ratings([{}, rating(), turned, rating()], path)
    first, *rest = (list(json.loads(line)) for line in path.read_text().splitlines())
    assert first == list(rating())
    assert rest == [list(rating()), [*rating(), "note"], list(rating())]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    """The old table stays whole, the temporary file is gone, the error says what to do."""
    path = tmp_path / "r.jsonl"
    write_ratings([rating()], path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for target in (path, tmp_path / "new.csv.gz"):
        with pytest.raises(StoreError, match="No space left"):
            write_ratings([rating(score=1)], target)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.jsonl"]


def test_a_writer_that_fails_half_way_leaves_the_old_file(tmp_path):
    """An error in the rows is raised as it is, and nothing half is left behind."""

    def rows() -> Iterator[Any]:
        yield rating()
        raise RuntimeError("the source broke")

    path = tmp_path / "r.jsonl"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="the source broke"):
        write_ratings(rows(), path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_packed_files_are_the_same_twice(tmp_path):
    """No time stamp and no name in the archive: the same rows give the same bytes."""
    for name in ("a", "b"):
        write_ratings([rating()], tmp_path / f"{name}.jsonl.gz")
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_a_csv_row_with_a_new_column_is_refused(tmp_path):
    """CSV fixes its columns with the first row; silently dropping a cell would lose data."""
    with pytest.raises(TableError, match="write \\.jsonl") as caught:
        write_features(
            [{"dialogue_id": 1, "system_id": 2}, {"dialogue_id": 1, "system_id": 3, "n": 1}],
            tmp_path / "f.csv",
        )
    assert (caught.value.row, caught.value.column) == (3, "n")


def test_nothing_is_written_where_the_folder_is_not(tmp_path):
    """A folder that does not exist is told, not made."""
    with pytest.raises(StoreError), atomic_text(tmp_path / "no" / "r.jsonl"):
        pass


def test_a_million_rows_are_not_held(tmp_path):
    """Writing takes the rows one at a time."""
    alive = 0

    class Row(dict[str, Any]):
        def __init__(self, **cells: Any) -> None:
            nonlocal alive
            alive += 1
            super().__init__(**cells)

        def __del__(self):
            nonlocal alive
            alive -= 1

    highest = 0

    def rows() -> Iterator[Any]:
        nonlocal highest
        for k in range(2000):
            yield Row(**rating(dialogue_id=k))
            highest = max(highest, alive)

    for ending in ("jsonl", "csv"):
        write_ratings(rows(), tmp_path / f"r.{ending}")
    assert highest < 10
