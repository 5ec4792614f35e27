"""Brings what was committed from the system's memory to the disk, without stopping the event loop.

A commit in WAL mode with ``synchronous=NORMAL`` survives the death of the process at once, since the
system holds the pages. To survive a power cut the log must be synced as well. That takes milliseconds, so a
thread does it whenever there is something new, and it also moves the log into the database now and then
(a passive checkpoint blocks nobody).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GAP_S = 0.02
"""Seconds between two syncs under load: what a power cut can cost, beside the sync itself."""
CHECKPOINT_ROWS = 1000
RESTART_PAGES = 16_000


class LogSyncer:
    """Syncs the write-ahead log of one database from a thread of its own.

    Parameters
    ----------
    path
        The database.

    Attributes
    ----------
    error
        What went wrong in the thread, if anything did.
    log_is_long
        Whether the log has grown so far that the writer should start it again from its beginning.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = f"{path}-wal"
        self._news = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._file = -1
        self._rows = 0
        self.log_is_long = False
        self.error: OSError | sqlite3.Error | None = None

    def committed(self, rows: int) -> None:
        """Say that `rows` rows are new in the log; returns at once."""
        if self._thread is None:
            self._file = os.open(self._log, os.O_RDWR | os.O_CLOEXEC)
            _sync_folder(self._path)
            self._thread = threading.Thread(target=self._work, name="judge-store-sync", daemon=True)
            self._thread.start()
        self._rows += rows
        if not self._news.is_set():  # each setting wakes a thread, whether it waits for this or not
            self._news.set()

    def close(self) -> None:
        """Sync what is left and end the thread; the next commit starts another."""
        if self._thread is not None:
            self._closing.set()
            self._news.set()
            self._thread.join()
            self._closing.clear()
            self._thread = None
            os.close(self._file)
            self._file = -1

    def _work(self) -> None:
        conn: sqlite3.Connection | None = None
        try:
            while not self._closing.is_set():
                self._news.wait()
                self._news.clear()
                os.fdatasync(self._file)
                if self._rows > CHECKPOINT_ROWS:
                    self._rows = 0
                    conn = conn or sqlite3.connect(self._path, isolation_level=None, timeout=0.0)
                    _busy, pages, _moved = conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                    self.log_is_long = pages > RESTART_PAGES
                self._closing.wait(GAP_S)
        except (OSError, sqlite3.Error) as exc:
            self.error = exc
        finally:
            if conn is not None:
                conn.close()


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
