"""Predictions of other models, from a file."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from judge.errors import InputError, TableError, UnknownNameError
from judge.generators.sem import FileSEM, IntensityLexicon
from judge.types import EMOTIONS, Dialogue, Turn

if TYPE_CHECKING:
    from pathlib import Path

DIALOGUE = Dialogue("d1", (Turn("speaker", "The funeral is tomorrow."),))
GOOD: dict[str, Any] = {
    "dialogue_id": "d1",
    "probabilities": {"sad": 3, "lonely": 1},
    "words": {"The": 0.1, "funeral": 0.7, "is": 0.1, "tomorrow": 0.1},
}


def written(tmp_path: Path, *rows: Any, name: str = "sem.jsonl") -> Path:
    """Write rows (objects or raw lines) and return the path."""
    path = tmp_path / name
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_probabilities_are_scaled_and_complete(tmp_path):
    """All 32 labels are there, in their order, and sum to 1."""
    found = FileSEM.read(written(tmp_path, GOOD)).probabilities(DIALOGUE)
    assert list(found) == list(EMOTIONS)
    assert (found["sad"], found["lonely"], found["proud"]) == (0.75, 0.25, 0.0)


def test_a_list_is_in_the_order_of_the_labels(tmp_path):
    """32 numbers without labels are those of EMOTIONS."""
    row = {"dialogue_id": "d1", "probabilities": [0] * 31 + [2]}
    assert FileSEM.read(written(tmp_path, row)).probabilities(DIALOGUE)[EMOTIONS[31]] == 1.0


def test_a_ranking_keeps_its_order(tmp_path):
    """Ranked labels stay ranked; the others follow with nothing."""
    row = {"dialogue_id": "d1", "emotions": ["sad", "lonely", "afraid"]}
    found = FileSEM.read(written(tmp_path, row)).probabilities(DIALOGUE)
    assert sorted(found, key=lambda label: -found[label])[:3] == ["sad", "lonely", "afraid"]
    assert sum(found.values()) == pytest.approx(1.0)


def test_cause_words_come_from_the_file(tmp_path):
    """The file's weights choose the words; intensity and rarity say which are high-weight."""
    sem = FileSEM.read(written(tmp_path, GOOD), intensity=IntensityLexicon({"funeral": 1.0}))
    causes = sem.cause_words(DIALOGUE, 2)
    assert [(c.word, c.high) for c in causes] == [("funeral", True), ("The", False)]


def test_words_as_pairs_add_up(tmp_path):
    """A word that stands twice has the sum of its weights."""
    row = {**GOOD, "words": [["funeral", 0.2], ["is", 0.3], ["funeral", 0.2]]}
    assert FileSEM.read(written(tmp_path, row)).cause_words(DIALOGUE, 1)[0].weight == pytest.approx(0.4)


def test_gzip(tmp_path):
    """A compressed file is read as well."""
    path = tmp_path / "sem.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(GOOD).encode()))
    assert len(FileSEM.read(path)) == 1


def test_another_dialogue(tmp_path):
    """A dialogue without a line is named, never guessed."""
    sem = FileSEM.read(written(tmp_path, GOOD))
    with pytest.raises(UnknownNameError, match="d2"):
        sem.probabilities(Dialogue("d2", ()))


def test_no_words(tmp_path):
    """Cause words of a line without words are an error that names the dialogue."""
    sem = FileSEM.read(written(tmp_path, {**GOOD, "words": None}))
    with pytest.raises(InputError, match="d1"):
        sem.cause_words(DIALOGUE, 1)


BAD: list[tuple[Any, str]] = [
    ("{", "not JSON"),
    ("[1]", "not a JSON object"),
    ({**GOOD, "dialogue_id": None}, "dialogue_id.*missing"),
    (GOOD, "there twice"),
    ({"dialogue_id": "d2"}, "no emotions"),
    ({**GOOD, "dialogue_id": "d2", "probabilities": [0.5, 0.5]}, "no emotions"),
    ({**GOOD, "dialogue_id": "d2", "probabilities": {"sadd": 1}}, "Did you mean 'sad'"),
    ({**GOOD, "dialogue_id": "d2", "probabilities": {"sad": -1}}, "no weight"),
    ({**GOOD, "dialogue_id": "d2", "probabilities": {"sad": "1"}}, "no weight"),
    ('{"dialogue_id": "d2", "probabilities": {"sad": NaN}}', "no weight"),
    ({**GOOD, "dialogue_id": "d2", "probabilities": {"sad": 0}}, "all probabilities are 0"),
    ({**GOOD, "dialogue_id": "d2", "words": "funeral"}, "cannot be read"),
    ({**GOOD, "dialogue_id": "d2", "words": {"x": None}}, "no weight"),
]


@pytest.mark.parametrize(("row", "message"), BAD)
def test_bad_lines_name_their_row(tmp_path, row, message):
    """Every fault names file and row and says what is wrong."""
    with pytest.raises(TableError, match=message) as caught:
        FileSEM.read(written(tmp_path, GOOD, row))
    assert "row 2" in str(caught.value)


def test_bad_files(tmp_path):
    """An empty file, a missing one, Latin-1 bytes and half an archive are errors that name the file."""
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(b'{"dialogue_id": "caf\xe9"}')
    half = tmp_path / "half.jsonl.gz"
    half.write_bytes(gzip.compress(json.dumps(GOOD).encode() * 50)[:40])
    for path in (written(tmp_path), tmp_path / "absent.jsonl", latin, half):
        with pytest.raises(TableError, match=path.name):
            FileSEM.read(path)
