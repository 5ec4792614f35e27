"""Data sets are fetched whole or not at all, and read as their authors wrote them."""

from __future__ import annotations

import hashlib
import json
import random
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from judge.cli.data import command
from judge.cli.root import main
from judge.errors import InputError, TableError, Unfinished
from judge.generators.empathetic_dialogues import listener_turns, read_conversations
from judge.generators.sentiment import load_groups
from judge.pipeline.fetching import EMPATHETIC_DIALOGUES, Source, fetch
from judge.tables import read_dialogues
from judge.types import EMOTIONS
from tests.generating.archive import HEADER, LINES, pack, sending
from tests.shared_data import shared

if TYPE_CHECKING:
    from pathlib import Path

BYTES = random.Random(4).randbytes(300_000)


def source(url: str, content: bytes = BYTES) -> Source:
    return Source("file.bin", url, hashlib.sha256(content).hexdigest())


def test_a_broken_transfer_goes_on_where_it_was(tmp_path: Path) -> None:
    """After two breaks the rest alone is asked for, and the bytes are right."""
    steps: list[tuple[int, int | None]] = []
    with sending(BYTES, drops=(100_000, 50_000)) as (url, server):
        path = fetch(source(url), tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert path.read_bytes() == BYTES
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert steps[-1] == (300_000, 300_000)
    assert not (tmp_path / "file.bin.part").exists()


def test_what_came_before_is_kept_for_the_next_start(tmp_path: Path) -> None:
    """If the server goes away, the error says how much is kept, and the next call asks for the rest."""
    with sending(BYTES, drops=(70_000, 0)) as (url, server):
        with pytest.raises(Unfinished, match="70,000 bytes have arrived and are kept"):
            fetch(source(url), tmp_path)
        fetch(source(url), tmp_path)
    assert server.ranges[-1] == "bytes=70000-"


def test_a_server_without_ranges_starts_anew(tmp_path: Path) -> None:
    """Where the server sends everything again, the beginning is not doubled."""
    (tmp_path / "file.bin.part").write_bytes(BYTES[:1000])
    with sending(BYTES) as (url, server):
        server.knows_ranges = False
        assert fetch(source(url), tmp_path).read_bytes() == BYTES


def test_a_part_that_is_whole_needs_no_transfer(tmp_path: Path) -> None:
    """A part that a kill left behind just before its renaming is taken; a whole file is not asked for."""
    (tmp_path / "file.bin.part").write_bytes(BYTES)
    with sending(BYTES) as (url, server):
        assert fetch(source(url), tmp_path).read_bytes() == BYTES
        fetch(source(url), tmp_path)
    assert len(server.ranges) == 1


def test_another_file_is_not_taken(tmp_path: Path) -> None:
    """Bytes of another checksum are refused with both sums, and nothing of them stays."""
    with sending(b"something else") as (url, _), pytest.raises(InputError, match="sha256 expected"):
        fetch(source(url), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_off_line_the_error_says_what_to_do(tmp_path: Path) -> None:
    """No server, an error of the server and an address of another kind each have their words."""
    with sending(BYTES) as (url, server):
        server.status = 503
        with pytest.raises(Unfinished, match="answers 503"):
            fetch(source(url), tmp_path)
    with pytest.raises(Unfinished, match=r"no connection.*\n  mend: .*put it at .*file\.bin"):
        fetch(source(url), tmp_path)
    with pytest.raises(InputError, match="http"):
        fetch(source("file:///etc/passwd"), tmp_path)


def test_the_command_fetches_and_converts(tmp_path: Path) -> None:
    """One command leaves the tables of all splits; the checksum of another file must be named."""
    archive = pack(tmp_path / "made.tar.gz").read_bytes()
    out = tmp_path / "data"
    with sending(archive) as (url, _):
        args = ["fetch", "empathetic-dialogues", "--url", url, "--out", str(out)]
        digest = hashlib.sha256(archive).hexdigest()
        done = CliRunner().invoke(command, [*args, "--sha256", digest], catch_exceptions=False)
        assert "2  train.jsonl" in done.output
        assert "2  test-first.jsonl" in done.output
        assert "the papers count 5,255" in done.output
        (out / EMPATHETIC_DIALOGUES.name).unlink()
        with pytest.raises(InputError, match=EMPATHETIC_DIALOGUES.sha256):
            CliRunner().invoke(command, args, catch_exceptions=False)
    found = read_dialogues(out / "test.jsonl")
    assert [d.dialogue_id for d in found] == ["hit:2_conv:3:1", "hit:2_conv:3:3", "hit:3_conv:4:1"]
    assert [d.extra["sentiment"] for d in found] == ["positive", "positive", "negative"]


def test_off_line_is_an_exit_code_that_can_be_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a network the command ends with 3, an unknown set with 2 and its near names."""
    with sending(b"") as (url, _):
        pass
    with pytest.raises(SystemExit) as end:
        main(["data", "fetch", "empathetic-dialogues", "--url", url, "--out", str(tmp_path / "x")])
    assert end.value.code == 3
    assert "no connection" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        main(["data", "fetch", "empathetic-dialogs"])
    assert end.value.code == 2
    assert "Did you mean 'empathetic-dialogues'" in capsys.readouterr().err


def test_the_reader_knows_the_escapes(tmp_path: Path) -> None:
    """Commas are restored, quotation marks are text, a ninth field is passed over, both people are kept."""
    archive = pack(tmp_path / "a.tar.gz")
    (talk,) = read_conversations(archive, "train")
    assert talk.situation == "We won, at last"
    assert [turn.speaker for turn in talk.turns] == ["speaker", "listener"] * 2
    assert [turn.text for turn in talk.turns][::3] == [
        "We won the cup, can you see it?",
        '"Again", I bet',
    ]
    (other,) = read_conversations(archive, "valid")
    assert other.turns[1].text == "I am sorry, truly."


def test_listener_turns_have_what_came_before(tmp_path: Path) -> None:
    """Each turn of the listener is one dialogue; an empty turn of the speaker is left out of the context."""
    talk = read_conversations(pack(tmp_path / "a.tar.gz"), "test")[0]
    rows = list(listener_turns(talk))
    assert [row.reference for row in rows] == ["Clever girl.", "What did she study?"]
    assert [turn.text for turn in rows[1].context] == ["My niece passed!", "Clever girl."]
    assert [row.reference for row in listener_turns(talk, first_only=True)] == ["Clever girl."]


@pytest.mark.parametrize(
    ("lines", "header", "message"),
    [
        (["a,1,sad,x,1,Hi,,,,z"], HEADER, "row 2: 10 fields"),
        (["a,1,sad,x"], HEADER, "row 2: 4 fields"),
        (["a,one,sad,x,1,Hi,,"], HEADER, "row 2, column 'utterance_idx'"),
        (["a,1,melancholic,x,1,Hi,,"], HEADER, "row 2, column 'context': 'melancholic' is none of the 32"),
        (["a,1,sad,x,1,Hi,,", "a,1,sad,x,2,Ho,,"], HEADER, "row 3.*place 1 of a comes twice"),
        ([], HEADER, "holds no conversation"),
        ([], "conv,idx", "row 1: the header is not"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, lines: list[str], header: str, message: str) -> None:
    """Row and column of what is wrong are in the error."""
    path = pack(tmp_path / "a.tar.gz", {"test": lines}, header)
    with pytest.raises(TableError, match=message):
        read_conversations(path, "test")


def test_an_archive_that_is_none_is_named(tmp_path: Path) -> None:
    """A cut archive, another one and a missing file are errors of the file."""
    whole = pack(tmp_path / "a.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    for name in ("cut.tar.gz", "none.tar.gz"):
        with pytest.raises(TableError, match="cannot be read"):
            read_conversations(tmp_path / name, "test")
    with pytest.raises(TableError, match=r"holds no valid\.csv"):
        read_conversations(pack(tmp_path / "b.tar.gz", {"test": LINES["test"]}), "valid")


def test_groups_can_be_replaced(tmp_path: Path) -> None:
    """Our table has all 32 emotions once; another one comes from JSON or CSV and is checked."""
    assert set(load_groups()) == set(EMOTIONS)
    table = tmp_path / "g.csv"
    table.write_text("emotion,group\nJoyful,up\nsad,down\n")
    assert load_groups(table) == {"joyful": "up", "sad": "down"}
    mine = tmp_path / "g.json"
    mine.write_text(json.dumps({"groups": {"up": ["joyful"], "down": ["joyful"]}}))
    with pytest.raises(TableError, match="in two groups"):
        load_groups(mine)
    archive = pack(tmp_path / "a.tar.gz")
    args = ["convert", "empathetic-dialogues", str(archive), "--out", str(tmp_path / "o")]
    with pytest.raises(InputError, match="leaves out 'proud'"):
        CliRunner().invoke(command, [*args, "--sentiments", str(table)], catch_exceptions=False)


def test_the_grouping_fits_the_published_counts() -> None:
    """On the test conversations that we have the groups are within one of 1,040, 1,157 and 348."""
    counted = json.loads(shared("data/empathetic_dialogues/emotion_counts.json").read_text())
    groups, sums = load_groups(), {"positive": 0, "negative": 0, "ambiguous": 0}
    for emotion, count in counted["test_conversations"].items():
        sums[groups[emotion]] += count
    assert sums == {"positive": 1040, "negative": 1158, "ambiguous": 348}


def test_the_command_lists_sets_and_formats() -> None:
    """Address and checksum of each set, and every format, are shown."""
    shown = CliRunner().invoke(command, ["list"]).output
    assert EMPATHETIC_DIALOGUES.sha256 in shown
    assert "kemp" in shown
    assert "kemp" in json.loads(CliRunner().invoke(command, ["list", "--json"]).output)["formats"]
