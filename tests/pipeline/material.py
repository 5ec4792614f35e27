"""A small study on disk: six dialogues, three systems; and a server to judge it."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from tests.providers.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

Server = TypeVar("Server", bound=Loopback)

SYSTEMS = {
    "warm": "I'm so sorry, that sounds hard. How are you holding up, number {i}?",
    "dull": "Okay, number {i}.",
    "advice": "You should buy a new one, number {i}.",
}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_study(folder: Path, *, dialogues: int = 6) -> Path:
    """Write dialogues.jsonl and one file of responses a system; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    contexts = [
        {
            "dialogue_id": f"d{i}",
            "context": [f"I lost my keys again, time {i}."],
            "emotion": "sad" if i % 2 else "annoyed",
            "reference": f"Oh no, where did you see them last, {i}?",
        }
        for i in range(dialogues)
    ]
    write_rows(folder / "dialogues.jsonl", contexts)
    for name, text in SYSTEMS.items():
        rows = [{"dialogue_id": f"d{i}", "text": text.format(i=i)} for i in range(dialogues)]
        write_rows(folder / f"{name}.jsonl", rows)
    return folder


def flags(folder: Path, **more: Any) -> dict[str, Any]:
    """Return the flags of a study on this folder; the embedded judge unless `more` says otherwise."""
    given = {
        "dialogues": folder / "dialogues.jsonl",
        "responses": tuple(str(folder / f"{name}.jsonl") for name in SYSTEMS),
    }
    return given | more


@contextmanager
def served(**how: Any) -> Iterator[Loopback]:
    """Run a loopback server in a thread of its own, so that blocking code can use it."""
    with running(Loopback(**how)) as server:
        yield server


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Run a server of this kind in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def without_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the audit and the text metrics out of `compare`, for tests that are not about findings."""
    monkeypatch.setattr("judge.pipeline.analysing.audit", lambda *_: ())
    monkeypatch.setattr("judge.pipeline.finishing.text_findings", lambda *_, **__: ())
