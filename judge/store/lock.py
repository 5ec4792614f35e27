"""One process at a time in a run folder."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from judge.errors import RunLockedError

if TYPE_CHECKING:
    from types import TracebackType


class RunLock:
    """Holds a run folder for this process; given back by the system itself when the process dies.

    Parameters
    ----------
    folder
        The run folder; it must exist.

    Raises
    ------
    RunLockedError
        Another process holds the folder; the message says which, and since when.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, RunLock(folder):
    ...     try:
    ...         RunLock(folder)
    ...     except RunLockedError as exc:
    ...         print(str(exc).splitlines()[-1].strip())
    mend: wait for it, or give this run a folder of its own (--out)
    """

    def __init__(self, folder: Path | str) -> None:
        import fcntl

        self.path = Path(folder) / "run.lock"
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            holder = _holder(self._file)
            os.close(self._file)
            raise RunLockedError(
                f"{self.path.parent}: {holder} is working in this run folder\n"
                "  mend: wait for it, or give this run a folder of its own (--out)"
            ) from exc
        note = json.dumps({"pid": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S")})
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, note.encode(), 0)

    def fileno(self) -> int:
        """Return the open file; a copy of this process must close it, or the folder stays held with it."""
        return self._file

    def release(self) -> None:
        """Give the folder back; may be called twice."""
        if self._file >= 0:
            # The file stays: removing it would let two processes hold two files of the same name.
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _holder(file: int) -> str:
    try:
        note = json.loads(os.pread(file, 1000, 0))
        return f"process {note['pid']} (since {note['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"
