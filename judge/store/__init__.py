"""Where answers are kept: one SQLite file behind a small interface."""

from __future__ import annotations

from judge.store.base import AnswerStore, Failed, PlanRow, PlanState, PlanStore, Result, Stored
from judge.store.keys import request_key
from judge.store.lock import RunLock
from judge.store.sqlite import SqliteStore
from judge.store.verify import verify

__all__ = [
    "AnswerStore",
    "Failed",
    "PlanRow",
    "PlanState",
    "PlanStore",
    "Result",
    "RunLock",
    "SqliteStore",
    "Stored",
    "request_key",
    "verify",
]
