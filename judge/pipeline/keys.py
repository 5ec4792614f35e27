"""Fingerprints of what a stage depends on: the same inputs give the same text, on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from judge.types import Dialogue, Response


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=True, default=str)


def digest(parts: Iterable[Any]) -> str:
    """Return ``sha256:...`` of a sequence of JSON-able values."""
    state = hashlib.sha256()
    for part in parts:
        state.update(_ENCODER.encode(part).encode())
        state.update(b"\x1e")
    return f"sha256:{state.hexdigest()}"


def file_digest(path: Path) -> str:
    """Return ``sha256:...`` of a file's bytes."""
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def dialogue_value(dialogue: Dialogue) -> list[Any]:
    """Return what of a dialogue can reach a prompt, as plain JSON."""
    turns = [[turn.speaker, turn.text] for turn in dialogue.context]
    return [dialogue.dialogue_id, turns, dialogue.emotion, dialogue.situation, dialogue.reference]


def response_value(response: Response) -> list[str]:
    """Return what of a response can reach a prompt, as plain JSON."""
    return [response.dialogue_id, response.system_id, response.text]
