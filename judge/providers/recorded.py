"""Judgments made before, by any tool, looked up by their ids: ``recorded/FILE`` or ``recorded/FILE#RATER``.

The file holds duels or ratings with the columns of the tables (``docs/tables.md``), as JSONL or CSV, packed
with gzip or not. A judgment that the file does not hold is a failure of its own, never a guess.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from judge.errors import ProviderFailure, RateLimited, Timeout
from judge.providers.recording import Recording, load
from judge.types import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.types import FailureKind, JudgeTask, Prompt, Sampling

_FINISH: dict[str, Literal["length", "content_filter", "refusal"]] = {
    "truncated": "length",
    "content_filter": "content_filter",
    "refusal": "refusal",
}


class RecordedProvider:
    """Answers from files of judgments.

    Each file is read once, at the first question. The digest of its content is part of every request, so a
    changed file is asked again.

    Raises
    ------
    judge.errors.TableError
        The file cannot be read as duels or ratings; the message names the row.
    """

    def __init__(self, name: str = "recorded") -> None:
        self.name = name
        self._files: dict[str, Recording] = {}

    def request(self, model: str, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Request:  # noqa: ARG002
        """Say what will be looked up; nothing of the text is needed."""
        task = None if prompt.task is None else _ids(prompt.task)
        return Request(self.name, model, {"sha256": self._file(model).sha256, "task": task}, repeat)

    async def send(self, request: Request) -> Answer:
        """Look one judgment up."""
        task = request.body["task"]
        if task is None:
            raise ProviderFailure(f"{request.model} holds judgments only: it cannot answer a free prompt")
        recording = self._file(request.model)
        rows = [recording.find(task, name, request.repeat) for name in task["criteria"]]
        missing = [name for name, row in zip(task["criteria"], rows, strict=True) if row is None]
        if missing:
            raise ProviderFailure(f"{recording.path} holds no {_describe(task, missing, request.repeat)}")
        return _answer(task, [row for row in rows if row is not None])

    async def aclose(self) -> None:
        """Nothing is open."""

    def _file(self, model: str) -> Recording:
        if model not in self._files:
            self._files[model] = load(model)
        return self._files[model]


def _ids(task: JudgeTask) -> dict[str, Any]:
    return {
        "mode": task.rubric.mode,
        "criteria": [part.name for part in task.rubric.criteria],
        "dialogue_id": task.dialogue.dialogue_id,
        "shown": [part.system_id for part in task.responses],
    }


def _describe(task: Mapping[str, Any], criteria: list[str], repeat: int) -> str:
    what = "verdict" if task["mode"] == "pairwise" else "score"
    again = f", repeat {repeat}" if repeat else ""
    systems = ", then ".join(repr(system) for system in task["shown"])
    return f"{what} of {', '.join(criteria)} for dialogue {task['dialogue_id']!r}, {systems}{again}"


def _answer(task: Mapping[str, Any], rows: list[dict[str, Any]]) -> Answer:
    failed = next((row["outcome"] for row in rows if row["outcome"] != "ok"), None)
    if failed is not None:
        return _failed(failed)
    reason = str(rows[0].get("reason") or "")
    found: dict[str, Any] = {"reason": reason}
    if task["mode"] == "pairwise":
        found["verdict"] = rows[0]["shown_verdict"]
    elif len(rows) == 1:
        found["score"] = rows[0]["score"]
    else:
        found["scores"] = dict(zip(task["criteria"], (row["score"] for row in rows), strict=True))
    return Answer(text=json.dumps(found, ensure_ascii=False))


def _failed(kind: FailureKind) -> Answer:
    """Repeat the recorded failure: it stays the same kind, and is not retried."""
    if kind in _FINISH:
        return Answer(text="", finish=_FINISH[kind])
    if kind == "parse_failure":
        return Answer(text="(recorded as unreadable)")
    failure = {"rate_limited": RateLimited, "timeout": Timeout}.get(kind, ProviderFailure)
    error = failure(f"recorded as {kind}")
    error.retryable = False
    raise error
