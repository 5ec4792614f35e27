"""Dialogues and responses: contexts in every allowed form, ids that are unique, texts kept as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from judge.errors import TableError
from judge.tables import check_links, dialogue_frame, read_dialogues, read_responses
from judge.types import Dialogue, Response, Turn
from tests.tables.helpers import jsonl

if TYPE_CHECKING:
    from pathlib import Path


def _dialogues(tmp_path: Path, *contexts: Any) -> list[Dialogue]:
    rows = [{"dialogue_id": k, "context": context} for k, context in enumerate(contexts)]
    return read_dialogues(jsonl(tmp_path / "d.jsonl", *rows))


def test_plain_texts_alternate_from_the_speaker(tmp_path):
    """A list of strings begins with the speaker; named turns may begin with the listener."""
    plain, named = _dialogues(tmp_path, ["a", "b", "c"], [{"speaker": "listener", "text": "hello"}])
    assert [turn.speaker for turn in plain.context] == ["speaker", "listener", "speaker"]
    assert named.context == (Turn("listener", "hello"),)


def test_csv_holds_the_context_as_json(tmp_path):
    """The cell is JSON, ids keep their zeros, unknown columns are kept."""
    path = tmp_path / "d.csv"
    path.write_text('dialogue_id,context,emotion,mood\n007,"[""a"", ""b""]",sad,low\n')
    (dialogue,) = read_dialogues(path)
    assert dialogue.dialogue_id == "007"
    assert [turn.text for turn in dialogue.context] == ["a", "b"]
    assert (dialogue.emotion, dialogue.reference, dict(dialogue.extra)) == ("sad", None, {"mood": "low"})


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ([], "the context is empty"),
        (None, "the context is empty"),
        (["a", " "], "turn 2 of the context is empty"),
        ("hello", 'write ["..."]'),
        (["a", 5], "turn 2"),
        ([{"speaker": "seeker", "text": "x"}], "did you mean 'speaker'?"),
        ([{"speaker": "assistant", "text": "x"}], "did you mean 'listener'?"),
        ([{"text": "x"}], "accepted: speaker"),
        (["half \ud83d"], "surrogate"),
    ],
)
def test_a_wrong_context_is_named(tmp_path, context, words):
    """Row, column and turn, with what is accepted."""
    with pytest.raises(TableError) as caught:
        _dialogues(tmp_path, ["fine"], context)
    assert (caught.value.row, caught.value.column) == (2, "context")
    assert words in str(caught.value)


def test_control_characters_are_text(tmp_path):
    """NUL, bells and right-to-left marks stay in the text; escaping them is the report's business."""
    text = "a\x00b\x07c\u202ed<script>{{ x }}"
    assert _dialogues(tmp_path, [text])[0].context[0].text == text


def test_repeated_ids_name_both_rows(tmp_path):
    """The number 1 and the text "1" are the same dialogue."""
    rows = ({"dialogue_id": 1, "context": ["a"]}, "", {"dialogue_id": "1", "context": ["b"]})
    with pytest.raises(TableError, match="the same as row 1: dialogue_id '1'") as caught:
        read_dialogues(jsonl(tmp_path / "d.jsonl", *rows))
    assert caught.value.row == 3


@pytest.mark.parametrize(
    ("second", "third", "words"),
    [
        (
            {"context": ["b"], "emotion": 5},
            {"dialogue_id": "d1", "context": ["c"]},
            "row 2, column 'emotion'",
        ),
        ({"context": [""]}, {"dialogue_id": None, "context": ["c"]}, "row 2, column 'context'"),
        ({"context": [""], "emotion": 5}, {}, "row 2, column 'emotion'"),
        ({"dialogue_id": "d1", "context": ["b"]}, {"context": []}, "row 2: the same as row 1"),
    ],
)
def test_of_several_faults_the_first_row_is_named(tmp_path, second, third, words):
    """Columns are checked as wholes, yet the fault that is told is the one that stands first in the file."""
    rows = [{"dialogue_id": "d1", "context": ["a"]}, {"dialogue_id": "d2", **second}, third]
    with pytest.raises(TableError, match=words):
        read_dialogues(jsonl(tmp_path / "d.jsonl", *rows))


def test_responses_may_leave_the_system_to_the_caller(tmp_path):
    """Without system_id and without a default it is an error; details and unknown columns are kept."""
    path = jsonl(tmp_path / "r.jsonl", {"dialogue_id": 1, "text": "", "details": {"k": 5}, "latency": 2})
    with pytest.raises(TableError, match="column missing"):
        read_responses(path)
    (response,) = read_responses(path, default_system="kemp")
    assert response == Response("1", "kemp", "")
    assert response.details == {"k": 5, "latency": 2}


def test_two_responses_of_one_system_are_an_error(tmp_path):
    """Both rows are named: which of the two was meant is not guessed."""
    row = {"dialogue_id": 1, "system_id": "a", "text": "x"}
    with pytest.raises(TableError, match="the same as row 1: dialogue '1', system 'a'"):
        read_responses(jsonl(tmp_path / "r.jsonl", row, {**row, "text": "y"}))


@pytest.mark.parametrize("text", [None, 5, True, ["x"]])
def test_a_response_is_text(tmp_path, text):
    """An empty text is a response, no text at all is not."""
    row = {"dialogue_id": 1, "system_id": "a", "text": text}
    with pytest.raises(TableError) as caught:
        read_responses(jsonl(tmp_path / "r.jsonl", row))
    assert caught.value.column == "text"


def test_links_between_dialogues_and_responses():
    """A response without dialogue is an error with the nearest id; a gap is listed, by system."""
    dialogues = [Dialogue(name, (Turn("speaker", "x"),)) for name in ("dialogue-1", "dialogue-2")]
    responses = [
        Response("dialogue-1", "a", "x"),
        Response("dialogue-2", "b", "x"),
        Response("dialogue-1", "b", ""),
    ]
    links = check_links(dialogues, responses)
    assert links.systems == ("a", "b")
    assert links.missing == {"a": ("dialogue-2",)}
    assert links.n_missing == 1
    with pytest.raises(TableError, match=r"1 of the responses .* 'dialogue-3' \(nearest: 'dialogue-2'\)"):
        check_links(dialogues, [*responses, Response("dialogue-3", "a", "x")])


def test_the_frame_of_dialogues_counts_turns():
    """The analysis gets one row a dialogue."""
    frame = dialogue_frame([Dialogue("d", (Turn("speaker", "x"), Turn("listener", "y")), emotion="sad")])
    assert frame["n_turns"].tolist() == [2]
    assert frame["emotion"].tolist() == ["sad"]
