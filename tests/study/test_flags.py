"""Flags make a study without a file, and change one that has a file."""

from __future__ import annotations

import pytest

from judge.errors import InputError, StudyError
from judge.study import load_study, override, study_from_flags
from tests.study.test_load import GOOD


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    for name in ("dialogues.jsonl", "kemp.jsonl", "moel.jsonl", "people.jsonl"):
        (tmp_path / name).write_text("{}\n")
    (tmp_path / "my_rubrics").mkdir()
    (tmp_path / "study.toml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)


def test_two_files_are_enough():
    """Without a judge it is the embedded one, without criteria empathy: nothing is paid by accident."""
    study = study_from_flags(dialogues="dialogues.jsonl", responses=("kemp.jsonl", "moel=moel.jsonl"))
    assert [judge.model for judge in study.judges] == ["embedded/epitome"]
    assert study.judging.criteria == ("empathy",)
    assert [(system.id, str(system.responses)) for system in study.systems] == [
        (None, "kemp.jsonl"),
        ("moel", "moel.jsonl"),
    ]


def test_every_flag_has_its_place():
    """The whole command line of the main job."""
    study = study_from_flags(
        dialogues="dialogues.jsonl",
        responses=("kemp=kemp.jsonl",),
        strategy=("zero-shot@openai/gpt-4o", "mine=few-shot@a/b", "template"),
        reference=True,
        judges=("openai/x", "anthropic/y"),
        criteria="empathy, fluency",
        mode="both",
        orders="random",
        repeats=2,
        baseline="kemp",
        sample=10,
        seed=0,
        human_ratings=("people.jsonl",),
        human_duels=("people.jsonl",),
        base_url="http://localhost:1/v1",
        concurrency=8,
        max_cost=0.0,
        rubrics=("my_rubrics",),
    )
    assert [system.id for system in study.systems] == [
        "kemp",
        "zero-shot@openai/gpt-4o",
        "mine",
        "template",
        "human",
    ]
    assert {judge.base_url for judge in study.judges} == {"http://localhost:1/v1"}
    assert study.judges[1].concurrency == 8
    assert (study.judging.pairs, study.judging.baseline) == ("baseline", "kemp")
    assert (study.seed, study.dialogues.sample, study.budget.max_cost) == (0, 10, 0.0)
    assert study.judging.criteria == ("empathy", "fluency")
    assert len(study.humans.ratings) == len(study.humans.duels) == 1


def test_mistakes_name_their_flag():
    """All at once, as in a file, and with the flag in place of the line."""
    with pytest.raises(StudyError) as caught:
        study_from_flags(
            responses=("x=kmep.jsonl",), judges=("gpt-4o",), sample=0, base_url="localhost", mode="absolute"
        )
    text = "\n".join(caught.value.problems)
    for words in (
        "--dialogues: lacks 'path'",
        "--responses: no such file 'kmep.jsonl'; did you mean 'kemp.jsonl'?",
        "--judge: must name provider and model",
        "--base-url: must begin with http",
        "--sample: must be a whole number",
    ):
        assert words in text


def test_a_file_whose_name_has_an_equals_sign(tmp_path):
    """NAME=FILE gives way to a file of that whole name."""
    (tmp_path / "k=5.jsonl").write_text("{}")
    study = study_from_flags(dialogues="dialogues.jsonl", responses=("k=5.jsonl", "kemp.jsonl"))
    assert study.systems[0].id is None


def test_flags_have_the_last_word(tmp_path):
    """What a flag says replaces what the file says; the rest stays, and so do the places of both."""
    study = load_study("study.toml")
    changed = override(study, sample=3, judges=("a/b",), seed=0, mode="absolute")
    assert (changed.dialogues.sample, changed.seed, changed.judging.mode) == (3, 0, "absolute")
    assert [judge.model for judge in changed.judges] == ["a/b"]
    assert changed.systems == study.systems
    assert changed.humans == study.humans
    assert override(study) == study
    with pytest.raises(StudyError) as caught:
        override(study, responses=("kemp.jsonl", "x=nix.jsonl"), baseline="none")
    assert caught.value.problems[0].startswith("--")


def test_paths_of_file_and_flags_meet(tmp_path, monkeypatch):
    """The file's paths start at the file, the flags' at the working folder."""
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    (inner / "more.jsonl").write_text("{}")
    study = override(load_study("../study.toml"), human_duels=("more.jsonl",))
    assert study.humans.duels[0].read_text() == "{}"
    assert study.humans.ratings[0].exists()
    assert study.dialogues.path.exists()


def test_an_unknown_flag_is_a_fault_of_the_caller():
    """A flag that no field takes is never dropped silently."""
    with pytest.raises(InputError, match="colour"):
        study_from_flags(dialogues="dialogues.jsonl", responses=("kemp.jsonl",), colour="red")
