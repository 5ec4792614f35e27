"""`judge verify` and `judge explain` on a run's store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from judge.cli.explain import command as explain
from judge.cli.verify import command as verify
from judge.store import PlanRow, SqliteStore, request_key
from judge.types import Answer, Request, Usage

if TYPE_CHECKING:
    from pathlib import Path

    import click


def asked(question: str, **more: object) -> Request:
    return Request("openai", "gpt", {"messages": [{"role": "user", "content": question}], **more})


ANSWERED, FAILED, OPEN = asked("Which is better?", temperature=0.0), asked("Which is worse?"), asked("Open?")
MENDED, MUTED = asked("Mend"), asked("Mute")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with SqliteStore(tmp_path / "run.sqlite", clock=lambda: 0.0) as store:
        answer = Answer('{"verdict": "A"}', usage=Usage(12, 5), served_model="gpt-1", latency_s=0.5)
        store.begin_plan("judge", "f")
        requests = [ANSWERED, FAILED, OPEN, MENDED, MUTED]
        store.add_plan("judge", [PlanRow(n, request_key(r), [n]) for n, r in enumerate(requests)])
        store.finish_plan("judge")
        url = "http://127.0.0.1:1/v1"
        store.put(request_key(ANSWERED), ANSWERED, answer, endpoint=url, attempts=2, cost=0.25)
        store.fail(request_key(FAILED), "timeout", "no answer within 60 s", attempts=8, request=FAILED)
        store.put(request_key(MENDED), MENDED, Answer("hm\x1b[2J"))
        repair = asked("What did you mean?")
        store.put(request_key(repair), repair, Answer("B"))
        store.link(request_key(MENDED), request_key(repair), "repair")
        store.reject(request_key(MUTED), MUTED, Answer("hm"), attempt=1, why="no verdict")
    return tmp_path


def call(command: click.Command, *args: object) -> tuple[str, int]:
    result = CliRunner().invoke(command, [str(arg) for arg in args], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.output, int(result.return_value or 0)


def test_a_sound_run(folder):
    """Counts are told, and that the run did not come to its end."""
    out, code = call(verify, folder)
    assert code == 0
    assert "judge: 2 of 5 answered, 1 failed" in out
    assert "no manifest yet" in out
    assert "nothing is wrong" in out


def test_a_changed_answer_is_found(folder):
    """Exit code 1 and a line for each problem, also as JSON."""
    with SqliteStore(folder / "run.sqlite") as store:
        store._conn.execute("UPDATE answers SET key = zeroblob(32) WHERE id = 1")
    out, code = call(verify, folder, "--json")
    assert code == 1
    (problem,) = json.loads(out)["problems"]
    assert problem.startswith("answer sha256:0000")


def test_a_damaged_file_is_a_problem_not_a_crash(folder):
    """Rubbish in place of the store is reported with its mend."""
    (folder / "run.sqlite").write_bytes(b"rubbish " * 1000)
    out, code = call(verify, folder)
    assert code == 1
    assert "damaged" in out


def test_a_hit_is_explained(folder):
    """Prompt as sent, raw answer, attempts, cost, endpoint, place in the plan; half a key is enough."""
    out, _ = call(explain, folder, request_key(ANSWERED)[7:20])
    for part in (
        "a hit",
        "http://127.0.0.1:1/v1, 1970-01-01",
        "attempts  2",
        "0.250000 dollars",
        "judge, number 0",
        "--- user\nWhich is better?",
        "12 tokens in, 5 out, gpt-1",
        '{"verdict": "A"}',
    ):
        assert part in out


def test_a_miss_is_explained(folder):
    """The failure, and the stored request that is nearest with the fields that differ."""
    out, _ = call(explain, folder, request_key(FAILED))
    assert "timeout after 8 attempts" in out
    value = json.loads(call(explain, folder, request_key(FAILED), "--json")[0])
    assert value["state"] == "failed"
    fields = {d["field"] for d in value["nearest"]["differences"]}
    assert fields <= {"messages[0].content", "temperature"}


def test_repairs_and_unreadable_answers_are_shown(folder):
    """Control characters of an answer are written out, never sent to the terminal."""
    out, _ = call(explain, folder, request_key(MENDED))
    assert "hm\\x1b[2J" in out
    assert "answer to the repair question" in out
    out, _ = call(explain, folder, request_key(MUTED))
    assert "unreadable answer (no verdict)" in out


def test_a_question_never_sent(folder):
    """It is said that there is nothing to compare."""
    out, _ = call(explain, folder, request_key(OPEN))
    assert "not asked yet" in out
    assert "never sent" in out


@pytest.mark.parametrize("key", ["sha256:ffffffff", "xyz", "", "abc"])
def test_unknown_keys(folder, key):
    """A key that nothing answers to is an error of its own."""
    with pytest.raises(Exception, match="unknown key"):
        call(explain, folder, key)
