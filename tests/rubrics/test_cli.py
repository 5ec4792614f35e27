"""``judge rubrics`` lists, shows, renders and checks, for people and as JSON."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from judge.cli.rubrics import command
from judge.errors import UnknownNameError
from judge.rubrics import load_rubrics
from tests.rubrics.helpers import BODY_LINE, user_block, write


def call(*args: object, code: int = 0) -> str:
    """Run the command and return what it writes."""
    result = CliRunner().invoke(command, [str(a) for a in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def test_list_names_every_rubric():
    """Each id and criterion is there; JSON holds definition and levels."""
    text = call("list")
    rows = json.loads(call("list", "--json", "--mode", "absolute"))
    assert all(r.rubric_id in text and c.name in text for r in load_rubrics() for c in r.criteria)
    assert {row["mode"] for row in rows} == {"absolute"}
    assert rows[0]["criteria"][0]["levels"]["1"]


def test_show_gives_both_modes_unless_one_is_named():
    """The template and the form of the answer are shown."""
    assert call("show", "empathy").count("template\n") == 2
    (row,) = json.loads(call("show", "empathy", "--mode", "pairwise", "--json"))
    assert row["schema"]["properties"]["verdict"]["enum"] == ["A", "B", "tie"]
    with pytest.raises(UnknownNameError, match="Did you mean 'empathy'"):
        call("show", "empaty")


def test_render_without_files_uses_the_example():
    """The prompt is shown message by message."""
    text = call("render", "epitome")
    assert text.startswith("--- system ---\n")
    assert "\n--- user ---\n" in text
    (row,) = json.loads(call("render", "empathy", "--mode", "pairwise", "--json"))
    assert [m["role"] for m in row["messages"]] == ["system", "user"]


def test_render_with_files(tmp_path):
    """The first dialogue that has the responses is shown, or the one asked for."""
    dialogues, responses = tmp_path / "d.jsonl", tmp_path / "kind.jsonl"
    dialogues.write_text("".join(f'{{"dialogue_id": "d{n}", "context": ["I am {n}."]}}\n' for n in range(3)))
    responses.write_text("".join(f'{{"dialogue_id": "d{n}", "text": "So {n}?"}}\n' for n in (1, 2)))
    files = ("--dialogue", dialogues, "--responses", responses)
    assert "So 1?" in call("render", "epitome", *files)
    assert "So 2?" in call("render", "epitome", *files, "--dialogue-id", "d2")
    assert "belong together" in call("render", "epitome", "--dialogue", dialogues, code=2)


def test_check_reports_every_problem_and_exits_1(tmp_path):
    """Good files are named as well; each problem has file, line and mend; wrong usage exits 2."""
    good = write(tmp_path, "", name="good")
    assert "ok  " in call("check", good)
    bad = write(tmp_path, user_block("{{ respones }}"), name="bad")
    text = call("check", tmp_path, code=1)
    assert f"ok  {good}" in text
    assert f"{bad}:{BODY_LINE + 1}: undefined name 'respones'" in text
    told = json.loads(call("check", tmp_path, "--json", code=1))
    assert told["problems"][0]["line"] == BODY_LINE + 1
    assert [f["ref"] is None for f in told["files"]] == [True, False]
    call("check", tmp_path / "absent", code=2)
    call("check", code=2)


def test_check_finds_collisions_with_ours(tmp_path):
    """A file that would not load beside ours does not pass."""
    write(tmp_path, "", name="fluency")
    assert "is also in judge.rubrics/fluency.absolute.jinja" in call("check", tmp_path, code=1)
