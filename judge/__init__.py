"""LLM-as-judge evaluation with an audit of the judge.

The names below are the public API; each is loaded on first use, so that ``import judge`` costs next to
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judge.errors import JudgeError
    from judge.types import Dialogue, Duel, Finding, Outcome, Rating, Response, Rubric, Turn

__version__ = "0.1.0"

_HOME = {
    "Dialogue": "judge.types",
    "Duel": "judge.types",
    "Finding": "judge.types",
    "JudgeError": "judge.errors",
    "Outcome": "judge.types",
    "Rating": "judge.types",
    "Response": "judge.types",
    "Rubric": "judge.types",
    "Turn": "judge.types",
}

__all__ = [
    "Dialogue",
    "Duel",
    "Finding",
    "JudgeError",
    "Outcome",
    "Rating",
    "Response",
    "Rubric",
    "Turn",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'judge' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
