"""Published outputs become tables of responses from the command line, and what is missing is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from judge.cli.data import command
from judge.errors import InputError, UnknownNameError
from judge.tables import read_responses
from tests.generating.made import SCENES, dialogues, write_rows

if TYPE_CHECKING:
    from pathlib import Path


def convert(folder: Path, fmt: str, text: str, *more: str) -> tuple[str, list[Any]]:
    """Write a file, convert it, return what was said and the responses."""
    (folder / "out.txt").write_text(text, encoding="utf-8")
    write_rows(folder / "d.jsonl", dialogues("t", "test"))
    args = ["convert", fmt, str(folder / "out.txt"), "--dialogues", str(folder / "d.jsonl")]
    done = CliRunner().invoke(
        command, [*args, "--out", str(folder / "r.jsonl"), *more], catch_exceptions=False
    )
    return done.output, read_responses(folder / "r.jsonl")


def record(k: int, **fields: str) -> str:
    emotion, context, reference = SCENES[k]
    lines = [f"Emotion:{emotion}", f"Context:[{context.lower()!r}]"]
    return "\n".join(
        [*lines, *(f"{n}:{v}" for n, v in fields.items()), f"Ref:{reference.lower()}", "---", ""]
    )


def test_a_file_with_one_record_too_few(tmp_path: Path) -> None:
    """The dialogue without a record is named; all others find theirs."""
    text = "".join(record(k, Pred=f"i see , number {k} .") for k in range(8) if k != 5)
    said, found = convert(tmp_path, "kemp", text)
    assert "1 (t5) of 8 dialogues have no record" in said
    assert [r.dialogue_id for r in found] == [f"t{k}" for k in range(8) if k != 5]
    assert found[0].text == "I see, number 0."
    assert found[0].system_id == "kemp"


def test_several_fields_are_several_systems(tmp_path: Path) -> None:
    """Each field gets the system's name with its ending; names can be given, and text left as it is."""
    text = "".join(record(k, Topk="a .", Beam="b .", Greedy="") for k in range(8))
    said, found = convert(tmp_path, "mime", text)
    assert {r.system_id for r in found} == {"mime-topk", "mime"}
    assert "8  mime-topk" in said
    _, named = convert(tmp_path, "mime", text, "--system", "beam=mine", "--raw")
    assert {(r.system_id, r.text) for r in named} == {("mine", "b .")}
    _, cem = convert(tmp_path, "cem", "".join(record(k, Beam="x", Greedy="y") for k in range(8)))
    assert {r.system_id for r in cem} == {"cem", "cem-greedy"}
    _, one = convert(tmp_path, "case", "".join(record(k, Greedy="y") for k in range(8)))
    assert {r.system_id for r in one} == {"case"}


def test_empty_responses_are_named(tmp_path: Path) -> None:
    """An empty response is no response, and which it was is said."""
    said, found = convert(tmp_path, "fe", "".join(record(k, Pred="" if k == 2 else "oh .") for k in range(8)))
    assert len(found) == 7
    assert "fe: 1 (t2) have an empty response" in said


def test_bare_lines_must_be_complete(tmp_path: Path) -> None:
    """One response a line, in order; with one line too few nothing tells which, and that is said."""
    _, found = convert(
        tmp_path, "lines", "".join(f"reply {k} !\n" for k in range(8)), "--system", "text=plain"
    )
    assert [(r.dialogue_id, r.system_id, r.text) for r in found][3] == ("t3", "plain", "Reply 3!")
    with pytest.raises(InputError, match="7 lines for 8 dialogues"):
        convert(tmp_path, "lines", "x\n" * 7)


def test_mistakes_on_the_command_line(tmp_path: Path) -> None:
    """An unknown format or field, outputs of other dialogues, and a lacking table each have their words."""
    with pytest.raises(UnknownNameError, match="Did you mean 'kemp'"):
        convert(tmp_path, "kem", record(0, Pred="x"))
    with pytest.raises(InputError, match="no field 'beam'; it has pred"):
        convert(tmp_path, "kemp", record(0, Pred="x"), "--system", "beam=b")
    other = record(0, Pred="x").replace("rabbit", "zeppelin").replace("sorry", "glad of it all")
    with pytest.raises(InputError, match="none of its 1 records answers one of the 8 dialogues"):
        convert(tmp_path, "kemp", other.replace("night", "cloud over paris in spring"))
    for args in (
        ["kemp", "f", "--out", "o"],
        ["kemp", "f", "--out", "o", "--dialogues", "d", "--system", "x"],
    ):
        assert CliRunner().invoke(command, ["convert", *args]).exit_code == 2
