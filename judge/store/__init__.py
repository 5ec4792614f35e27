"""Where answers are kept: one SQLite file behind a small interface."""

from __future__ import annotations

from judge.store.base import AnswerStore, Failed, PlanRow, PlanState, PlanStore, Result, Stored
from judge.store.keys import request_key

__all__ = ["AnswerStore", "Failed", "PlanRow", "PlanState", "PlanStore", "Result", "Stored", "request_key"]
