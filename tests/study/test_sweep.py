"""One entry of a study can stand for many systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.errors import StudyError
from judge.study import load_study, override

if TYPE_CHECKING:
    from pathlib import Path

REST = """
[dialogues]
path = "d.jsonl"
[[systems]]
id = "human"
reference = true
[[judges]]
model = "scripted/fair"
[judging]
criteria = ["empathy"]
"""


def study_file(folder: Path, entry: str) -> Path:
    (folder / "d.jsonl").write_text('{"dialogue_id": "1", "context": ["Hi"]}\n')
    path = folder / "study.toml"
    path.write_text(f"[[systems]]\n{entry}{REST}")
    return path


def test_every_combination_is_a_system(tmp_path: Path) -> None:
    """Fields and options are swept together; the id carries the values, of a model its own name."""
    entry = (
        'id = "hef-{model}-{k1}"\nstrategy = "hef"\noptions = { words = true }\n'
        'sweep = { model = ["openai/a", "compatible/b/c"], k1 = [1, 5] }\n'
    )
    study = load_study(study_file(tmp_path, entry))
    found = [(s.id, s.model, dict(s.options)) for s in study.systems]
    assert found == [
        ("hef-a-1", "openai/a", {"words": True, "k1": 1}),
        ("hef-a-5", "openai/a", {"words": True, "k1": 5}),
        ("hef-c-1", "compatible/b/c", {"words": True, "k1": 1}),
        ("hef-c-5", "compatible/b/c", {"words": True, "k1": 5}),
        ("human", None, {}),
    ]


def test_a_swept_study_can_be_changed_by_flags(tmp_path: Path) -> None:
    """What was written out stays so when flags change the study."""
    path = study_file(
        tmp_path, 'id = "hef-{k1}"\nstrategy = "hef"\nmodel = "openai/a"\nsweep = { k1 = [1, 5] }\n'
    )
    changed = override(load_study(path), repeats=2)
    assert [s.id for s in changed.systems] == ["hef-1", "hef-5", "human"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('id = "hef"\nstrategy = "hef"\nmodel = "a/b"\nsweep = { k1 = [1] }\n', "line 5.*id must say"),
        ('id = "h-{k1}"\nstrategy = "hef"\nmodel = "a/b"\nsweep = { k1 = 1 }\n', "line 5.*list of values"),
        ('id = "h"\nstrategy = "hef"\nmodel = "a/b"\nsweep = 3\n', "line 5.*table of lists"),
        ('id = "h-{k1}"\nstrategy = "hef"\nmodel = 3\nsweep = { k1 = [1, 2] }\n', "line 4.*text in quotes"),
        ('id = "h-{k1}"\nstrategy = "hef"\nmodel = "a/b"\nsweep = { k1 = [1, 1] }\n', "is also the id"),
    ],
)
def test_mistakes_are_found_on_their_line(tmp_path: Path, entry: str, message: str) -> None:
    """A wrong sweep, and a wrong field beside one, are named with the line of the entry."""
    with pytest.raises(StudyError, match=message):
        load_study(study_file(tmp_path, entry))


def test_resources_are_found_from_the_study(tmp_path: Path) -> None:
    """Files of the table [resources] are relative to the study; the embedded model is a word, not a file."""
    path = study_file(tmp_path, 'id = "r"\nstrategy = "retrieval"\nsem = "embedded"\n')
    path.write_text(path.read_text() + '[resources]\nexemplars = "d.jsonl"\n[study]\npublished = "d.jsonl"\n')
    study = load_study(path)
    assert study.resources.exemplars == tmp_path / "d.jsonl"
    assert study.published == (tmp_path / "d.jsonl",)
    assert study.systems[0].sem == "embedded"
    assert study.to_dict()["resources"] == {"exemplars": "d.jsonl"}
    path.write_text(path.read_text().replace('"embedded"', '"embeded"'))
    with pytest.raises(StudyError, match="no such file 'embeded'"):
        load_study(path)
