"""The second process: the same results, nothing left behind, and no failure of it costs anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from judge.pipeline.aside import Aside
from judge.pipeline.compare import compare
from judge.study import study_from_flags
from tests.pipeline.material import flags, served, write_study

if TYPE_CHECKING:
    from collections.abc import Callable


class Sum:
    """Adds in two steps and tells which process did it."""

    def __init__(self, *, fails_in: int | None = None) -> None:
        self.known = 0
        self.fails_in = fails_in

    def ahead(self) -> None:
        if self.fails_in is not None and os.getpid() != self.fails_in:
            raise OSError("not here")
        self.known = 40

    def finish(self, note: Callable[[str], None]) -> tuple[int, int]:
        note("adding")
        return self.known + 2, os.getpid()


linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")


def alone(body: str) -> dict[str, Any]:
    """Run lines in a process of their own, since a test runner has threads; they fill `told`."""
    lines = ["import json, os, signal", "from judge.pipeline.aside import Aside"]
    lines += ["from tests.pipeline.test_aside import Sum", "told, heard = {}, []", textwrap.dedent(body)]
    lines += ["print(json.dumps(told))"]
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=root, capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@linux
def test_second_process() -> None:
    """The work is done by another process, and what it says arrives in order."""
    told = alone("""
        with Aside(Sum()) as aside:
            told["elsewhere"] = aside.elsewhere
            told["total"], pid = aside.finish(heard.append)
        told |= {"other": pid != os.getpid(), "heard": heard}
    """)
    assert told == {"elsewhere": True, "total": 42, "other": True, "heard": ["adding"]}


def test_here() -> None:
    """Where no second process is wanted the work is done here."""
    with Aside(Sum(), wanted=False) as aside:
        assert not aside.elsewhere
        assert aside.finish() == (42, os.getpid())


@linux
def test_failure_there() -> None:
    """Work that fails in the second process is done here instead."""
    told = alone("""
        with Aside(Sum(fails_in=os.getpid())) as aside:
            told["elsewhere"] = aside.elsewhere
            told["same"] = aside.finish() == (42, os.getpid())
    """)
    assert told == {"elsewhere": True, "same": True}


@linux
def test_killed_there() -> None:
    """A second process that was killed (for memory, say) costs nothing but its time."""
    told = alone("""
        with Aside(Sum()) as aside:
            os.kill(aside._process.pid, signal.SIGKILL)
            told["same"] = aside.finish() == (42, os.getpid())
    """)
    assert told == {"same": True}


@linux
def test_no_process_to_be_had() -> None:
    """Where the system gives no further process the work is done here."""
    told = alone("""
        def refuse(): raise BlockingIOError(11, "no process left")
        os.fork = refuse
        with Aside(Sum()) as aside:
            told["elsewhere"] = aside.elsewhere
            told["same"] = aside.finish() == (42, os.getpid())
    """)
    assert told == {"elsewhere": False, "same": True}


class Broken:
    """Fails everywhere."""

    def ahead(self) -> None:
        raise ValueError("the disk is full")

    def finish(self, note: Callable[[str], None]) -> None:
        raise AssertionError("never reached")


def test_error_is_told() -> None:
    """An error that would come anyway is raised in the first process, with its own type."""
    with Aside(Broken()) as aside, pytest.raises(ValueError, match="disk is full"):
        aside.finish()


def test_threads_forbid() -> None:
    """A process with other threads is not copied: their locks would stay locked."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with Aside(Sum()) as aside:
            assert not aside.elsewhere
    finally:
        done.set()
        thread.join()


@linux
def test_ends_with_first(tmp_path: Path) -> None:
    """kill -9 of the first process ends the second at once, however long its work is."""
    script = textwrap.dedent("""
        import time
        from judge.pipeline.aside import Aside
        class Long:
            def ahead(self): time.sleep(60)
            def finish(self, note): return None
        aside = Aside(Long())
        print(aside._process.pid, flush=True)
        time.sleep(60)
    """)
    first = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert first.stdout is not None
    second = int(first.stdout.readline())
    time.sleep(0.05)
    first.kill()
    first.wait()
    first.stdout.close()
    for _ in range(200):
        if not _alive(second):
            break
        time.sleep(0.01)
    assert not _alive(second)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii")
    except FileNotFoundError:
        return False
    return state.rsplit(")", 1)[1].split()[0] != "Z"


@linux
@pytest.mark.parametrize("strategy", [(), ("zero-shot@openai/m",)])
def test_a_run_finds_the_same_with_a_second_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: tuple[str, ...]
) -> None:
    """Tables and findings are the same to the byte, whichever process made them."""
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    folder = write_study(tmp_path / "study", dialogues=12)
    with served() as server:
        how = {"judges": ("openai/m",), "base_url": server.openai_url}
        if strategy:  # systems that are generated first
            how |= {"strategy": strategy, "strategy_url": server.openai_url}
        told = alone(f"""
            from pathlib import Path
            from judge.pipeline import aside
            from judge.pipeline.compare import compare
            from judge.study import study_from_flags
            from tests.pipeline.material import flags
            took = aside._result
            aside._result = lambda *given: told.update(second=True) or took(*given)
            study = study_from_flags(**flags(Path({str(folder)!r}), **{how!r}))
            compare(study, Path({str(tmp_path / "two")!r}))
        """)
        # Here the server is a thread of this process, which is therefore not copied.
        compare(study_from_flags(**flags(folder, **how)), tmp_path / "one")
    assert told == {"second": True}
    for name in ("dialogues", "responses", "duels", "ratings", "features", "findings"):
        one, two = (tmp_path / run / f"{name}.jsonl" for run in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
