"""Asking by batch: the same keys, half the price, nothing paid twice, leftovers asked live."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from judge.cli.root import main
from judge.errors import InputError
from judge.pipeline.compare import Events, RunResult, compare
from judge.providers.batch import OpenAIBatches
from judge.store import SqliteStore
from judge.study import study_from_flags
from judge.tables import read_duels
from tests.pipeline.material import flags, running, without_analysis, write_study
from tests.providers.batches import BatchServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from judge.study import Study

CANARY = "sk-canary-batch-0123456789"
MODELS = {"openai": "openai/m", "anthropic": "anthropic/claude-haiku-4-5"}
PRICE = {"input": 1000.0, "output": 1000.0}  # 7 + 5 tokens: .012 dollars live, .006 by batch
QUESTIONS = 24


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    without_analysis(monkeypatch)


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with running(BatchServer()) as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study", dialogues=4)


def study_of(folder: Path, server: BatchServer, vendor: str = "openai", **judge: Any) -> Study:
    url = server.openai_url if vendor == "openai" else server.anthropic_url
    study = study_from_flags(**flags(folder, judges=(MODELS[vendor],), base_url=url))
    return replace(study, judges=tuple(replace(j, **({"batch": True} | judge)) for j in study.judges))


def go(
    folder: Path, server: BatchServer, vendor: str = "openai", *, said: list[str] | None = None, **judge: Any
) -> RunResult:
    note = (lambda _: None) if said is None else said.append
    events = Events(note=note, batch_wait_s=0.02)
    return compare(study_of(folder, server, vendor, **judge), folder / "run", events=events)


def outcomes(folder: Path) -> dict[str, int]:
    return dict(Counter(map(str, read_duels(folder / "run" / "duels.jsonl")["outcome"])))


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_everything_is_answered_by_one_batch_at_half_the_price(
    folder: Path, server: BatchServer, vendor: str
):
    """All questions go into one batch; no live call is made; the cost is half of the live price."""
    said: list[str] = []
    result = go(folder, server, vendor, said=said, price=PRICE)
    assert (len(server.made), len(server.calls)) == (1, 0)
    assert (result.asked, result.open_questions) == (QUESTIONS, 0)
    assert result.cost == pytest.approx(QUESTIONS * 0.012 / 2)
    assert outcomes(folder) == {"ok": QUESTIONS}
    assert any(f"submitted {QUESTIONS} questions as batch" in line for line in said)


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_answers_lie_under_the_keys_of_live_calls(folder: Path, server: BatchServer, vendor: str):
    """After a batch the same study without batch asks nothing: the keys are the same."""
    go(folder, server, vendor)
    again = go(folder, server, vendor, batch=False)
    assert (again.asked, again.kept, len(server.calls)) == (0, QUESTIONS, 0)


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_what_a_batch_does_not_answer_is_asked_live(folder: Path, server: BatchServer, vendor: str):
    """Errored, expired, missing and unreadable requests of a batch: those four are asked live, no others."""
    server.lose = {0: "errored", 5: "expired", 9: "missing", 11: "unreadable"}
    result = go(folder, server, vendor)
    assert len(server.calls) == 4
    assert (outcomes(folder), result.open_questions) == ({"ok": QUESTIONS}, 0)


def test_a_broken_line_costs_one_question_not_the_batch(folder: Path, server: BatchServer):
    """A line of the result file that is no JSON leaves its question open for the live path."""
    server.lose = {3: "junk"}
    go(folder, server)
    assert (len(server.calls), outcomes(folder)) == (1, {"ok": QUESTIONS})


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_a_batch_that_fails_as_a_whole_is_asked_live(folder: Path, server: BatchServer, vendor: str):
    """A batch that the provider refuses or fails is said, and its questions are asked live."""
    server.refuse = "no such model for batches"
    said: list[str] = []
    go(folder, server, vendor, said=said)
    assert (len(server.calls), outcomes(folder)) == (QUESTIONS, {"ok": QUESTIONS})
    assert any("no such model for batches" in line for line in said)


def test_live_judges_work_while_a_batch_is_under_way(folder: Path, server: BatchServer):
    """One judge by batch, one live: both judge everything, each in its own way."""
    study = study_of(folder, server)
    second = replace(study.judges[0], model="openai/n", batch=False)
    both = replace(study, judges=(*study.judges, second))
    compare(both, folder / "run", events=Events(batch_wait_s=0.02))
    assert (len(server.made), len(server.calls)) == (1, QUESTIONS)
    duels = read_duels(folder / "run" / "duels.jsonl")
    assert duels["rater_id"].value_counts().to_dict() == {"openai/m": QUESTIONS, "openai/n": QUESTIONS}


def test_a_batch_is_not_larger_than_allowed(
    folder: Path, server: BatchServer, monkeypatch: pytest.MonkeyPatch
):
    """More questions than fit make several batches, and all of them are taken in."""
    monkeypatch.setattr(OpenAIBatches, "most_requests", 10)
    go(folder, server)
    assert [len(made.entries) for made in server.made] == [10, 10, 4]
    assert outcomes(folder) == {"ok": QUESTIONS}


def test_the_budget_bounds_what_is_submitted(folder: Path, server: BatchServer):
    """Only as many questions are submitted as the limit allows, reckoned at half the price."""
    study = study_of(folder, server, price=PRICE, max_tokens=5)
    tight = replace(study, budget=replace(study.budget, max_calls=10))
    result = compare(tight, folder / "run", events=Events(batch_wait_s=0.02))
    assert [len(made.entries) for made in server.made] == [10]
    assert (result.stopped, result.asked, result.open_questions) == ("budget", 10, QUESTIONS - 10)


def test_a_run_killed_while_a_batch_is_under_way_takes_it_up_again(folder: Path, server: BatchServer):
    """kill -9 while waiting; the next run finds the batch by its id, submits nothing, asks nothing."""
    server.hold = True
    code = (
        "import sys; from pathlib import Path; from judge.study import study_from_flags;"
        "from judge.pipeline.compare import compare; from dataclasses import replace;"
        "from tests.pipeline.material import flags; folder = Path(sys.argv[1]);"
        "study = study_from_flags(**flags(folder, judges=('openai/m',), base_url=sys.argv[2]));"
        "study = replace(study, judges=tuple(replace(j, batch=True) for j in study.judges));"
        "compare(study, folder / 'run')"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(folder), server.openai_url], env={**os.environ})
    try:
        deadline = time.monotonic() + 60
        store = folder / "run" / "run.sqlite"
        while not _named(store) and time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    assert len(server.made) == 1
    server.hold = False
    result = go(folder, server)
    assert (len(server.made), len(server.calls), result.asked) == (1, 0, QUESTIONS)
    assert outcomes(folder) == {"ok": QUESTIONS}


def _named(path: Path) -> bool:
    if not path.exists():
        return False
    import sqlite3

    try:
        with sqlite3.connect(path) as conn:
            found = conn.execute("SELECT count(*) FROM batches WHERE batch IS NOT NULL").fetchone()[0] > 0
        conn.close()
    except sqlite3.Error:
        return False
    return found


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_a_batch_whose_id_was_lost_is_found_again(folder: Path, server: BatchServer, vendor: str):
    """Killed between sending and noting the id: found by its mark, or by time and size."""
    real = SqliteStore.name_batch
    try:
        SqliteStore.name_batch = _dies  # type: ignore[method-assign,assignment]  # the process ends exactly here
        with pytest.raises(_KilledError):
            go(folder, server, vendor)
    finally:
        SqliteStore.name_batch = real  # type: ignore[method-assign]
    assert len(server.made) == 1
    result = go(folder, server, vendor)
    assert (len(server.made), len(server.calls), result.open_questions) == (1, 0, 0)


class _KilledError(BaseException):
    pass


def _dies(*_: object) -> None:
    raise _KilledError


def test_a_batch_that_never_arrived_is_sent_again(folder: Path, server: BatchServer):
    """Noted, but the provider has no such batch: its questions are submitted anew."""
    real = OpenAIBatches.submit
    try:
        OpenAIBatches.submit = _dies  # type: ignore[method-assign,assignment]
        with pytest.raises(_KilledError):
            go(folder, server)
    finally:
        OpenAIBatches.submit = real  # type: ignore[method-assign]
    result = go(folder, server)
    assert (len(server.made), result.asked) == (1, QUESTIONS)


def test_the_key_is_in_nothing_that_is_written(folder: Path, server: BatchServer):
    """A canary key goes to the server and into no file, note or batch."""
    said: list[str] = []
    go(folder, server, said=said)
    for path in (folder / "run").rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in repr(said) + repr(server.made)


def test_a_judge_without_a_batch_api_says_so(folder: Path):
    """batch = true for a judge that runs here is a mistake with its mend."""
    study = study_from_flags(**flags(folder, judges=("embedded/epitome",)))
    study = replace(study, judges=tuple(replace(j, batch=True) for j in study.judges))
    with pytest.raises(InputError, match=r"embedded/epitome has no batch API(.|\n)*leave out"):
        compare(study, folder / "run")


def test_an_interrupt_leaves_the_batches_under_way(folder: Path, server: BatchServer):
    """Ctrl-C while waiting: the run says how to go on, and the same command takes the results in."""
    server.hold = True
    done = threading.Event()

    def press() -> None:
        while not done.is_set():
            if server.looks:  # it waits: before, an interrupt would end the event loop's own start
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.02)

    presser, said = threading.Thread(target=press), list[str]()
    presser.start()
    try:
        result = go(folder, server, said=said)
    finally:
        done.set()
        presser.join(10)
    assert result.stopped == "interrupted"
    server.hold = False
    again = go(folder, server)
    assert (len(server.made), len(server.calls), again.open_questions) == (1, 0, 0)


def test_a_run_by_batch_is_verified_and_explained(folder: Path, server: BatchServer):
    """`judge verify` re-derives every hash of a run by batch, mended questions included."""
    server.lose = {0: "errored", 7: "unreadable"}
    go(folder, server)
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(folder / "run")])
    assert ended.value.code == 0


def test_batches_do_not_stop_early_and_say_so(folder: Path, server: BatchServer):
    """Stopping when decided goes live, round by round; the run says that there was no batch."""
    study = study_of(folder, server)
    study = replace(study, judging=replace(study.judging, stop_when_decided=True))
    result = compare(study, folder / "run")
    assert server.made == []
    assert any("asked live and not by batch" in note for note in result.notes)
