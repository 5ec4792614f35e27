"""Says in plain words what SQLite means by its errors."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from judge.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAMAGED = ("malformed", "not a database", "file is encrypted")
_FULL = ("disk is full", "disk I/O error", "No space left", "quota")


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn the database's and the system's errors into `StoreError` with a mend.

    Raises
    ------
    StoreError
        In place of `sqlite3.Error` and `OSError`.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        raise store_error(path, exc) from exc


def store_error(path: Path, exc: Exception) -> StoreError:
    """Make the error to raise for what SQLite or the system said."""
    text = str(exc)
    if any(word in text for word in _DAMAGED):
        return StoreError(
            f"{path} is damaged ({text})\n  mend: `sqlite3 {path.name} .recover` saves what can be read; or "
            "move the file away and run again (its answers are then asked again)"
        )
    if any(word in text for word in _FULL):
        return StoreError(
            f"{path} could not take more ({text})\n  mend: make room on the disk and run the same command "
            "again; every answer kept so far stays"
        )
    if "locked" in text:
        return StoreError(
            f"{path} is held by another process ({text})\n  mend: wait until it has ended, then run again"
        )
    if "readonly" in text or "unable to open" in text or isinstance(exc, PermissionError):
        return StoreError(f"{path} cannot be written ({text})\n  mend: check the rights of file and folder")
    return StoreError(f"{path}: {text}\n  mend: `judge verify` says more")
