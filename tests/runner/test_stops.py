"""A run that is stopped or killed loses nothing that had arrived."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from judge.runner import run
from judge.store import SqliteStore, verify
from tests.runner.virtual import Fake, jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

# Writes a line to a log when it sends and one when it has answered, as a server would.
CHILD = """
import asyncio, os, sys
from judge.runner import Limits, run
from judge.store import RunLock, SqliteStore
from judge.types import Answer
from tests.runner.virtual import jobs

log = os.open(sys.argv[1] + "/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

class Slow:
    name = "fake"
    async def send(self, request):
        os.write(log, f"sent {request.body['q']}\\n".encode())
        await asyncio.sleep(0.02)
        os.write(log, f"answered {request.body['q']}\\n".encode())
        return Answer("fine")

async def main():
    with RunLock(sys.argv[1]), SqliteStore(sys.argv[1] + "/run.sqlite") as store:
        tally = await run(
            [jobs(int(sys.argv[2]))], {"fake": Slow()}, store, limits=Limits(concurrency=16), grace=5.0
        )
        print(tally.answered, tally.kept, tally.stopped or "done", flush=True)

asyncio.run(main())
"""


def start(folder: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(folder), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def lines(folder: Path, word: str) -> list[str]:
    log = folder / "log"
    text = log.read_text() if log.exists() else ""
    return [line.removeprefix(word + " ") for line in text.splitlines() if line.startswith(word + " ")]


def wait_for(folder: Path, answered: int) -> None:
    end = time.monotonic() + 30
    while len(lines(folder, "answered")) < answered:
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(tmp_path, 100_000)
    yield process
    process.kill()
    if process.stdout is not None and not process.stdout.closed:
        process.communicate()


def test_kill_9_asks_again_only_what_was_in_flight(tmp_path, child):
    """What had arrived is never paid twice, whenever the process dies."""
    wait_for(tmp_path, 150)
    child.send_signal(signal.SIGKILL)
    child.wait()
    sent, answered = lines(tmp_path, "sent"), lines(tmp_path, "answered")
    count = len(sent) + 20
    with start(tmp_path, count) as again:
        out, _ = again.communicate(timeout=30)
    asked_now = lines(tmp_path, "sent")[len(sent) :]
    # The process may die between the server's last word and the commit of that turn of the event loop.
    twice = set(asked_now) & set(answered)
    assert len(twice) <= 16
    assert not twice & set(answered[:-16])
    assert set(asked_now) & set(sent) <= set(sent[-48:])
    made, kept, how = out.split()
    assert (int(made) + int(kept), how) == (count, "done")
    assert int(kept) >= len(answered) - 16
    with SqliteStore(tmp_path / "run.sqlite") as store:
        assert verify(store) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_what_is_paid(tmp_path, child, number):
    """Ctrl-C takes no new jobs, keeps every answer in flight, and says that it was interrupted."""
    wait_for(tmp_path, 100)
    child.send_signal(number)
    out, _ = child.communicate(timeout=30)
    made, kept, how = out.split()
    assert (child.returncode, kept, how) == (0, "0", "interrupted")
    assert int(made) == len(lines(tmp_path, "sent")) == len(lines(tmp_path, "answered"))


def test_a_second_process_is_turned_away(tmp_path, child):
    """Two runs on one folder: the second is told who is there."""
    wait_for(tmp_path, 1)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path), "5"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as second:
        _, err = second.communicate(timeout=30)
    assert f"RunLockedError: {tmp_path}: process {child.pid} (since" in err


def test_the_second_interrupt_does_not_wait(tmp_path):
    """Ctrl-C twice ends at once, even where the server would take for ever."""
    with SqliteStore(tmp_path / "s") as store:

        async def interrupted() -> float:
            loop = asyncio.get_running_loop()
            for after in (0.1, 0.2):
                loop.call_later(after, os.kill, os.getpid(), signal.SIGINT)
            began = loop.time()
            tally = await run([jobs(100)], {"fake": Fake(latency=60.0)}, store, grace=60.0)
            assert (tally.stopped, tally.answered) == ("interrupted", 0)
            return loop.time() - began

        assert asyncio.run(interrupted()) < 5.0


def test_the_grace_ends(tmp_path):
    """Answers in flight get so long and no longer."""
    with SqliteStore(tmp_path / "s") as store:

        async def interrupted() -> float:
            loop = asyncio.get_running_loop()
            loop.call_later(0.1, os.kill, os.getpid(), signal.SIGTERM)
            began = loop.time()
            await run([jobs(100)], {"fake": Fake(latency=60.0)}, store, grace=0.2)
            return loop.time() - began

        assert asyncio.run(interrupted()) < 5.0


def test_cancelling_the_run_cancels_its_calls(tmp_path):
    """A caller that cancels gets its cancellation, and nothing goes on behind its back."""
    fake = Fake(latency=60.0)
    with SqliteStore(tmp_path / "s") as store:

        async def cancelled() -> None:
            task = asyncio.ensure_future(run([jobs(100)], {"fake": fake}, store, handle_signals=False))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert fake.in_flight == 0

        asyncio.run(cancelled())
