"""The main job: what it leaves behind, what it asks again, what it never writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from judge.errors import InputError, RunLockedError
from judge.pipeline.compare import RunResult, compare
from judge.store import RunLock
from judge.study import study_from_flags
from judge.tables import read_duels, read_findings, read_ratings
from tests.pipeline.material import flags, served, write_rows, write_study

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "sk-canary-0123456789abcdef"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


def _run(folder: Path, out: Path, **more: Any) -> RunResult:
    return compare(study_from_flags(**flags(folder, **more)), out)


def test_every_part_of_a_run_folder_is_there(folder: Path, tmp_path: Path):
    """A finished run holds tables, findings in two forms, manifest and store."""
    _run(folder, tmp_path / "run", mode="both", criteria="empathy,epitome")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names >= {
        "dialogues.jsonl", "responses.jsonl", "ratings.jsonl", "duels.jsonl", "features.jsonl",
        "findings.jsonl", "findings.csv", "manifest.json", "run.sqlite",
    }  # fmt: skip


def test_every_pair_is_shown_in_both_orders(folder: Path, tmp_path: Path):
    """Six dialogues, three pairs, two orders: 36 duels, each key once."""
    result = _run(folder, tmp_path / "run")
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    assert result.asked == len(duels) == 36
    assert not duels.duplicated(["dialogue_id", "system_a", "system_b", "order"]).any()


def test_the_same_command_again_asks_nothing(folder: Path, tmp_path: Path):
    """A second start finds every answer in the store and gives the same findings."""
    first = _run(folder, tmp_path / "run")
    second = _run(folder, tmp_path / "run")
    assert (second.asked, second.kept, second.open_questions) == (0, first.asked, 0)
    assert second.findings == first.findings


def test_a_judge_that_always_says_first_is_seen_through(tmp_path: Path):
    """A verdict for the first slot is no win of the first system: position is found, win rates are even."""
    folder = write_study(tmp_path / "study", dialogues=20)
    with served() as server:  # its answer is always A
        _run(folder, tmp_path / "run", judges=("openai/m",), base_url=server.openai_url)
    findings = read_findings(tmp_path / "run" / "findings.jsonl")
    win_rates = [f.estimate for f in findings if f.statistic == "win_rate" and f.level == "pair"]
    assert win_rates == pytest.approx([0.5] * len(win_rates))
    effect = next(f for f in findings if f.statistic == "first_slot_effect")
    assert effect.estimate == pytest.approx(0.5)
    assert effect.verdict == "bias_found"


def test_an_answer_nobody_can_read_is_no_tie_and_no_loss(folder: Path, tmp_path: Path):
    """Unreadable answers end as parse_failure: counted, out of every denominator, never a verdict."""
    answers = iter(range(10**6))

    def mostly(body: dict[str, Any]) -> str:
        text = " ".join(message["content"] for message in body["messages"])
        if "time 3" in text:  # asked again, or asked for the form alone: the same
            return "I like both of them, honestly."
        return json.dumps({"reason": "r", "verdict": "AB"[next(answers) % 2]})

    with served(answer=mostly) as server:
        result = _run(folder, tmp_path / "run", judges=("openai/m",), base_url=server.openai_url)
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    bad = duels[duels["dialogue_id"] == "d3"]
    assert set(bad["outcome"]) == {"parse_failure"}
    assert bad["verdict"].isna().all()
    assert result.failures["parse_failure"][0] == 6
    pair = next(f for f in result.findings if f.statistic == "win_rate" and f.level == "pair")
    assert pair.n_dialogues == 5


def test_a_verdict_counts_for_the_system_and_not_for_the_slot(folder: Path, tmp_path: Path):
    """A judge that always picks the warm response makes it win in both orders."""

    def warm(body: dict[str, Any]) -> str:
        text = body["messages"][-1]["content"]
        first = text.index("so sorry") if "so sorry" in text else -1
        others = [text.index(part) for part in ("Okay, number", "You should buy") if part in text]
        verdict = "tie" if first < 0 else "A" if first < min(others) else "B"
        return json.dumps({"reason": "r", "verdict": verdict})

    with served(answer=warm) as server:
        _run(folder, tmp_path / "run", judges=("openai/m",), base_url=server.openai_url)
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    with_warm = duels[(duels["system_a"] == "warm") | (duels["system_b"] == "warm")]
    wins = with_warm["verdict"].to_numpy() == ["A" if a == "warm" else "B" for a in with_warm["system_a"]]
    assert wins.all()


def test_a_missing_response_leaves_its_pairs_out_and_is_said(folder: Path, tmp_path: Path):
    """A system that did not answer a dialogue is no loser there: the pairs are absent, the gap is listed."""
    rows = [{"dialogue_id": f"d{i}", "text": "Hm."} for i in range(4)]
    write_rows(folder / "dull.jsonl", rows)
    result = _run(folder, tmp_path / "run")
    assert result.missing == {"dull": 2}
    assert result.asked == 2 * (6 + 4 + 4)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["missing_responses"] == {"dull": ["d4", "d5"]}


def test_no_key_is_in_anything_that_is_written(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A canary key is sent to the server and found in no file of the run."""
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    with served() as server:
        _run(folder, tmp_path / "run", judges=("openai/m",), base_url=server.openai_url)
        assert any(CANARY in value for call in server.calls for value in call.headers.values())
    for path in (tmp_path / "run").rglob("*"):
        assert CANARY.encode() not in path.read_bytes(), path


def test_two_processes_do_not_work_in_one_folder(folder: Path, tmp_path: Path):
    """While one run holds the folder, a second one is refused and told who holds it."""
    _run(folder, tmp_path / "run")
    with RunLock(tmp_path / "run"), pytest.raises(RunLockedError, match="process"):
        _run(folder, tmp_path / "run")


def test_a_folder_of_a_newer_version_is_left_alone(folder: Path, tmp_path: Path):
    """A run folder with a higher format number is refused, and not a byte of it changes."""
    _run(folder, tmp_path / "run")
    path = tmp_path / "run" / "manifest.json"
    manifest = json.loads(path.read_text()) | {"format": 99}
    path.write_text(json.dumps(manifest))
    before = path.read_bytes()
    with pytest.raises(InputError, match="newer version"):
        _run(folder, tmp_path / "run")
    assert path.read_bytes() == before


def test_people_are_analysed_beside_the_judge(folder: Path, tmp_path: Path):
    """Human ratings join the run's tables and get findings of their own."""
    rows = [
        {"dialogue_id": f"d{i}", "system_id": s, "criterion": "empathy", "rater_id": p, "rater_kind": "human",
         "score": 1 + (i + k) % 5}
        for i in range(6) for k, s in enumerate(("warm", "dull", "advice")) for p in ("p1", "p2")
    ]  # fmt: skip
    people = write_rows(folder / "people.jsonl", rows)
    result = _run(folder, tmp_path / "run", human_ratings=(people,))
    assert len(read_ratings(tmp_path / "run" / "ratings.jsonl")) == 36
    assert {f.statistic for f in result.findings if f.judge == "people"} >= {"mean_score", "duel_agreement"}


def test_labels_about_other_dialogues_are_refused(folder: Path, tmp_path: Path):
    """Human labels of which none is about what was judged are a mistake, not an empty table."""
    rows = [{"dialogue_id": "x", "system_id": "warm", "criterion": "empathy", "rater_id": "p",
             "rater_kind": "human", "score": 3}]  # fmt: skip
    people = write_rows(folder / "people.jsonl", rows)
    with pytest.raises(InputError, match="none of the judged"):
        _run(folder, tmp_path / "run", human_ratings=(people,))
