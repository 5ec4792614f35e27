"""How judges are asked: repair, samples, reading again, budgets under concurrency."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from judge.pipeline import judging
from judge.pipeline.compare import RunResult, compare
from judge.study import study_from_flags
from judge.tables import read_duels
from judge.types import Outcome
from tests.pipeline.material import flags, served, without_analysis, write_study

if TYPE_CHECKING:
    from pathlib import Path

    from judge.study import Study
    from tests.providers.loopback import Loopback


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    without_analysis(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


def study_of(folder: Path, server: Loopback, *, judge: dict[str, Any] | None = None, **more: Any) -> Study:
    given = {"judges": ("openai/m",), "base_url": server.openai_url} | more
    study = study_from_flags(**flags(folder, **given))
    return replace(study, judges=tuple(replace(j, **(judge or {})) for j in study.judges))


def go(folder: Path, out: Path, server: Loopback, **more: Any) -> RunResult:
    return compare(study_of(folder, server, **more), out)


def is_repair(body: dict[str, Any]) -> bool:
    return "could not be read" in body["messages"][-1]["content"]


def prose_first(body: dict[str, Any]) -> str:
    """Answer in prose; in the form that was asked for only when asked for the form."""
    if is_repair(body):
        return '{"reason": "As I said.", "verdict": "B"}'
    return "Well, the second one is much warmer, I would say."


def test_an_unreadable_answer_is_mended_by_one_cheap_question(folder: Path, tmp_path: Path):
    """A judge that answers in prose is asked once for the form; the repair's answer is the verdict."""
    with served(answer=prose_first) as server:
        result = go(folder, tmp_path / "run", server)
        kinds = Counter(is_repair(call.body) for call in server.calls)
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    assert set(duels["outcome"]) == {"ok"}
    assert kinds == {False: 36, True: 36}
    assert (result.asked, result.open_questions, result.failures) == (36, 0, {})


def test_the_repair_shows_the_judge_its_own_answer(folder: Path, tmp_path: Path):
    """The repair question holds the whole conversation, so that the judgement stays the first one."""
    with served(answer=prose_first) as server:
        go(folder, tmp_path / "run", server)
        repair = next(call.body for call in server.calls if is_repair(call.body))
    assert [m["role"] for m in repair["messages"]][-3:] == ["user", "assistant", "user"]
    assert repair["messages"][-2]["content"].startswith("Well, the second one")


def test_repair_can_be_switched_off(folder: Path, tmp_path: Path):
    """With repair = false the same question is asked again and no other."""
    with served(answer=prose_first) as server:
        result = go(folder, tmp_path / "run", server, judge={"repair": False})
        assert not any(is_repair(call.body) for call in server.calls)
        assert len(server.calls) == 36 * 3
    assert result.failures["parse_failure"][0] == 36


def test_a_mended_answer_is_paid_for_and_kept(folder: Path, tmp_path: Path):
    """A second start finds the mended answers and asks nothing."""
    with served(answer=prose_first) as server:
        go(folder, tmp_path / "run", server)
        before = len(server.calls)
        again = go(folder, tmp_path / "run", server)
        assert len(server.calls) == before
    assert (again.asked, again.kept, again.open_questions) == (0, 36, 0)


def test_chaos_ends_with_a_verdict_for_every_question(folder: Path, tmp_path: Path):
    """Dropped, cut, empty and unreadable replies in turn: every question gets its verdict in the end."""
    faults = ["drop", "", "garbage", "", "500", "truncated", "", "empty", "malformed", "nothing", ""] * 6
    turn = iter(range(10**6))

    def now_and_then(body: dict[str, Any]) -> str:
        if not is_repair(body) and next(turn) % 5 == 0:
            return "Hard to say; A, I think? Or B."
        return '{"reason": "r", "verdict": "A"}'

    with served(answer=now_and_then, faults=faults) as server:
        result = go(folder, tmp_path / "run", server, concurrency=4)
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    assert (len(duels), set(duels["outcome"]), result.open_questions) == (36, {"ok"}, 0)


def test_samples_are_numbered_and_sent_with_the_temperature_given(folder: Path, tmp_path: Path):
    """Three samples: three rows a question, numbered 0 to 2, each sent, at the judge's temperature."""
    with served() as server:
        result = go(folder, tmp_path / "run", server, samples=3, temperature=0.7)
        assert {call.body["temperature"] for call in server.calls} == {0.7}
        assert len(server.calls) == 3 * 36
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    assert duels["repeat"].value_counts().to_dict() == {0: 36, 1: 36, 2: 36}
    assert not any("samples" in note for note in result.notes)


def test_samples_multiply_repeats(folder: Path, tmp_path: Path):
    """Repeats are asked of every judge, samples of one: their product is what that judge is asked."""
    with served() as server:
        result = go(folder, tmp_path / "run", server, samples=2, temperature=1.0, repeats=2)
    assert result.asked == 4 * 36


def test_samples_without_temperature_are_warned_about(folder: Path, tmp_path: Path):
    """At temperature 0 samples hardly differ, and the run says so."""
    with served() as server:
        result = go(folder, tmp_path / "run", server, samples=2)
    assert any("2 samples a question at temperature 0" in note for note in result.notes)


def test_a_newer_parser_reads_what_is_stored(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where only the reading changes, the same command gives new verdicts and sends nothing."""
    with served(answer=lambda _: "I prefer: second") as server:
        first = go(folder, tmp_path / "run", server)
        before = len(server.calls)
        assert first.failures["parse_failure"][0] == 36
        monkeypatch.setattr(
            judging, "read_answer", lambda rubric, _: (Outcome(rubric.criteria[0].name, verdict="B"),)
        )
        again = go(folder, tmp_path / "run", server)
        assert len(server.calls) == before
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    assert (again.asked, set(duels["outcome"])) == (0, {"ok"})
    assert set(duels.loc[duels["order"] == "AB", "verdict"]) == {"B"}


RUBRIC = """---
id = "warmth"
version = "1"
mode = "pairwise"
{pattern}
[[criteria]]
name = "warmth"
definition = "Which response is warmer?"
---
{{% extends "standard" %}}
"""


def test_a_rubric_with_another_pattern_asks_nothing_again(folder: Path, tmp_path: Path):
    """A rubric whose header changes in how answers are read, and no more, finds every answer stored."""
    path = tmp_path / "rubrics" / "warmth.pairwise.jinja"
    path.parent.mkdir()
    path.write_text(RUBRIC.format(pattern="pattern = 'Verdict: (?P<verdict>A|B|tie)'\n"))
    how: dict[str, Any] = {"rubrics": (path.parent,), "criteria": "warmth", "judge": {"repair": False}}
    with served(answer=lambda _: "Winner: A") as server:
        first = go(folder, tmp_path / "run", server, **how)
        before = len(server.calls)
        path.write_text(RUBRIC.format(pattern="pattern = 'Winner: (?P<verdict>A|B|tie)'\n"))
        again = go(folder, tmp_path / "run", server, **how)
        assert len(server.calls) == before
    assert first.failures["parse_failure"][0] == 36
    assert (again.asked, again.failures) == (0, {})


def test_the_budget_holds_under_concurrency(folder: Path, tmp_path: Path):
    """A limit of dollars is kept with many calls in flight, and the stop can be taken up again."""
    price = {"input": 1000.0, "output": 1000.0}  # 0.605 dollars an answer
    usage = {"prompt_tokens": 600, "completion_tokens": 5, "total_tokens": 605}
    with served(latency_s=0.01, usage=usage) as server:
        how = {"judge": {"price": price, "max_tokens": 5}, "concurrency": 32}
        result = go(folder, tmp_path / "run", server, max_cost=10.0, **how)
        assert result.stopped == "budget"
        assert 0 < result.cost <= 10.0
        assert result.open_questions == 36 - result.asked > 0
        more = go(folder, tmp_path / "run", server, max_cost=10_000.0, **how)
    assert (more.stopped, more.open_questions, more.asked + result.asked) == ("", 0, 36)
