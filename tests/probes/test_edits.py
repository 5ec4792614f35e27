"""The edits: what they change, what they leave, and where they do not apply."""

from __future__ import annotations

import re
from random import Random

import pytest

from judge.errors import UnknownNameError
from judge.pipeline.edits import PROBES, choose_probes
from judge.types import Dialogue, Turn

TEXT = "I'm so sorry to hear that. Don't you have anyone to talk to?"
DIALOGUE = Dialogue("d", (Turn("speaker", "My dog died."),), reference="Oh no . was he old ?")


def _edit(name: str, text: str = TEXT, dialogue: Dialogue = DIALOGUE) -> dict[str, str]:
    return dict(PROBES[name].edit(text, dialogue, Random(0)))


@pytest.mark.parametrize("name", ["padding", "sympathy", "emotion-words", "injection"])
def test_additions_keep_the_response_whole(name: str):
    """The original stands in the copy unchanged, and the copy is longer."""
    made = _edit(name)[name]
    assert TEXT in made
    assert len(made) > len(TEXT)


def test_markdown_changes_no_word():
    """Without the marks the words are the same."""
    made = _edit("markdown")["markdown"]
    assert made.splitlines() == ["- **I'm so sorry to hear that.**", "- Don't you have anyone to talk to?"]
    assert re.findall(r"[\w']+", made) == re.findall(r"[\w']+", TEXT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, "I am so sorry to hear that. Don't you have anyone to talk to?"),
        ("i do not know", "i don't know"),
        ("I am glad. I have no idea.", "I'm glad. I've no idea."),
        ("That's great!", "That is great!"),
    ],
)
def test_a_paraphrase_writes_contractions_out_or_makes_them(text: str, expected: str):
    """Capital letters stay where they were."""
    assert _edit("paraphrase", text)["paraphrase"] == expected


def test_a_text_without_contractions_has_no_paraphrase():
    """What the rule does not change is not probed."""
    assert _edit("paraphrase", "Congratulations!") == {}


def test_the_reference_comes_in_by_degrees():
    """At 100 % the copy is the reference; each degree is nearer to it; none without a reference."""
    made = _edit("reference")
    assert list(made) == ["reference-25", "reference-50", "reference-75", "reference-100"]
    assert made["reference-100"] == DIALOGUE.reference
    words = set(str(DIALOGUE.reference).split())
    shared = [len(set(text.split()) & words) for text in made.values()]
    assert shared == sorted(shared)
    assert _edit("reference", dialogue=Dialogue("d", DIALOGUE.context)) == {}
    assert _edit("reference", "Oh no . was he old ?") == {}


def test_swap_is_the_same_text():
    """The copy differs in nothing."""
    assert _edit("swap") == {"swap": TEXT}


def test_names_are_checked_and_all_is_all():
    """An unknown probe is answered with the nearest; every probe says what it asks."""
    assert {p.name for p in choose_probes(["all"])} == set(PROBES)
    with pytest.raises(UnknownNameError, match="Did you mean 'padding'"):
        choose_probes(["pading"])
    assert all("?" in probe.asks for probe in PROBES.values())
