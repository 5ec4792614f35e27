"""Asks questions: many at once, nothing twice, nothing lost."""

from __future__ import annotations

from judge.runner.jobs import Budget, Job, LaneTally, Limits, Observer, Silent, Tally
from judge.runner.run import run

__all__ = ["Budget", "Job", "LaneTally", "Limits", "Observer", "Silent", "Tally", "run"]
