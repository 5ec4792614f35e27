"""One process at a time in a run folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from judge.errors import RunLockedError
from judge.store import RunLock

HOLD = """
import sys, time
from judge.store import RunLock
lock = RunLock(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


def test_the_second_is_told_who_holds_it(tmp_path):
    """The message names the process and what to do."""
    with (
        RunLock(tmp_path),
        pytest.raises(RunLockedError, match=rf"process {os.getpid()} \(since .*\n.*--out"),
    ):
        RunLock(tmp_path)
    RunLock(tmp_path).release()


def test_the_lock_dies_with_its_holder(tmp_path):
    """After kill -9 the folder is free at once."""
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RunLockedError, match=f"process {holder.pid}"):
            RunLock(tmp_path)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    RunLock(tmp_path).release()


def test_an_unreadable_note_is_no_obstacle(tmp_path):
    """Whatever stands in the file, the lock counts."""
    with RunLock(tmp_path) as lock:
        lock.path.write_text("rubbish")
        with pytest.raises(RunLockedError, match="another process is working"):
            RunLock(tmp_path)
    lock.release()
