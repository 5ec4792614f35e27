"""A small made study with every kind of system: nothing of it comes from a data set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SCENES = (
    ("sad", "My rabbit died in the night.", "I am so sorry. What was its name?"),
    ("joyful", "We are going to the lake tomorrow!", "How lovely, will you swim?"),
    ("afraid", "There is a strange noise under my floor.", "I would be scared, too."),
    ("proud", "My little sister fixed her own bike.", "She must be so pleased with herself."),
    ("angry", "Somebody scratched my car door again.", "Again? That is infuriating."),
    ("lonely", "Nobody wrote to me on my birthday.", "That must have hurt."),
    ("grateful", "A stranger carried my bags up four floors.", "What a kind person."),
    ("annoyed", "The drilling next door starts at six.", "That would drive me mad."),
)


def dialogues(prefix: str, split: str, count: int = len(SCENES), twist: str = "") -> list[dict[str, Any]]:
    return [
        {
            "dialogue_id": f"{prefix}{k}",
            "context": [f"{twist}{text}"],
            "emotion": emotion,
            "situation": f"Scene {k}",
            "reference": reference,
            "split": split,
        }
        for k, (emotion, text, reference) in enumerate(SCENES[:count])
    ]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def write_study(folder: Path, systems: str, more: str = "", rows: list[dict[str, Any]] | None = None) -> Path:
    """Write dialogues, exemplars and knowledge, and a study on them that the embedded judge judges."""
    write_rows(folder / "d.jsonl", rows or dialogues("test-", "test"))
    write_rows(folder / "train.jsonl", dialogues("train-", "train", twist="Believe me: "))
    (folder / "atomic.tsv").write_text(
        "PersonX loses a rabbit\txReact\tsad\nPersonX fixes PersonX's bike\txReact\tproud\n", encoding="utf-8"
    )
    path = folder / "study.toml"
    path.write_text(
        f"""
[study]
name = "made"
[dialogues]
path = "d.jsonl"
{systems}
[[judges]]
model = "embedded/epitome"
[judging]
mode = "absolute"
criteria = ["epitome"]
{more}
""",
        encoding="utf-8",
    )
    return path
