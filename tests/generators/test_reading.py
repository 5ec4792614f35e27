"""Emotions and fields are read from answers by the declared rules."""

from __future__ import annotations

import gzip
import json

import pytest

from judge.generators.reading import read_emotion, read_fields
from judge.types import EMOTIONS
from tests.shared_data import shared


@pytest.mark.parametrize("label", EMOTIONS)
def test_each_label_is_read(label: str) -> None:
    """All 32 labels are read bare, large, quoted, bold and on a labelled line."""
    for text in (label, f"{label.upper()}.", f'They feel "{label}"', f"**{label}**", f"- Emotion: {label}!"):
        assert read_emotion(text, "Emotion").label == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("", None),
        ("frustrated", None),
        ("anger", None),
        ("sadness and unafraid", None),
        ("not angry but sad", "sad"),
        ("They aren't proud. They are ashamed", "ashamed"),
        ("sad, lonely and devastated", "sad"),
        ('The emotion may be "upset" and the situation is that she felt guilty.', None),
        ('Proud people aside, I would say "content".', "content"),
        ("Situation: they were afraid of dogs\nEmotion: nostalgic", "nostalgic"),
    ],
)
def test_the_rules(text: str, label: str | None) -> None:
    """None for no label, the first of several, nothing negated, nothing from the retelling."""
    assert read_emotion(text, "Emotion").label == label


def test_all_that_was_named_is_kept() -> None:
    """Three emotions named: the first counts, all three are kept in order."""
    assert read_emotion("jealous, angry, jealous, sad").named == ("jealous", "angry", "sad")


def test_the_last_of_repeated_fields_counts() -> None:
    """A model that writes a draft first is read at its last line of that label."""
    assert read_fields("Response: a draft\nhm\nresponse : the real one", ["Response"]) == {
        "Response": "the real one"
    }


def test_released_stage_one_answers() -> None:
    """ChatGPT's released answers: 39.1 % of 5,255 right, 44.5 % of the readable.

    A parser that takes the first label anywhere finds 39.2 % and 44.5 %. Ours does not read the retelling of
    what happened, which loses three answers that are right by chance there.
    """
    path = shared("data/llm4ed/stage1_and_neighbours.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    read = [read_emotion(row["stage1_text"]).label for row in rows]
    right = sum(label == row["emotion_gold"] for label, row in zip(read, rows, strict=True))
    readable = sum(label is not None for label in read)
    assert len(rows) == 5255
    assert right / len(rows) == pytest.approx(0.3912, abs=0.00005)
    assert right / readable == pytest.approx(0.445, abs=0.0005)
