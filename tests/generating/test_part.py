"""A study can judge chosen pairs on a part of its dialogues, and still measure everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.errors import StudyError
from judge.pipeline.compare import compare
from judge.pipeline.planning import plan
from judge.study import load_study, override
from judge.tables import read_duels, read_responses
from tests.generating.made import write_study

if TYPE_CHECKING:
    from pathlib import Path

SYSTEMS = """
[[systems]]
id = "{strategy}"
strategy = "zero-shot"
model = "scripted/fair"
sweep = { strategy = ["zero-shot", "loh", "cot"] }
[[systems]]
id = "human"
reference = true
"""


def chosen(folder: Path, judging: str) -> Path:
    path = write_study(folder, SYSTEMS)
    text = path.read_text()
    head, _, _ = text.partition("[[judges]]")
    judge = '[[judges]]\nmodel = "scripted/fair"\n'
    path.write_text(f'{head}{judge}[judging]\nmode = "pairwise"\ncriteria = ["empathy"]\n{judging}')
    return path


def test_listed_pairs_on_a_sample_of_the_dialogues(tmp_path: Path) -> None:
    """Only the listed pairs are compared, on so many dialogues; all responses are in the tables."""
    study = load_study(chosen(tmp_path, 'pairs = [["human", "loh"], ["zero-shot", "cot"]]\nsample = 3\n'))
    result = compare(study, tmp_path / "run")
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    assert set(zip(duels["system_a"], duels["system_b"], strict=True)) == {
        ("loh", "human"),
        ("zero-shot", "cot"),
    }
    assert duels["dialogue_id"].nunique() == 3
    assert len(duels) == 2 * 2 * 3
    assert len(read_responses(tmp_path / "run" / "responses.jsonl")) == 4 * 8
    assert result.stopped == ""
    assert sum(panel.calls for panel in plan(study).panels) == len(duels)


def test_the_part_does_not_move(tmp_path: Path) -> None:
    """The same seed takes the same dialogues, another one others."""
    study = load_study(chosen(tmp_path, "sample = 3\n"))
    runs = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        compare(override(study, seed=seed), tmp_path / name)
        runs[name] = sorted(read_duels(tmp_path / name / "duels.jsonl")["dialogue_id"].unique())
    assert runs["a"] == runs["b"] != runs["c"]


@pytest.mark.parametrize(
    ("judging", "message"),
    [
        ('pairs = [["human", "lo"]]\n', r"\[judging\], pairs: no system is named 'lo'; did you mean 'loh'"),
        ('pairs = [["loh", "loh"]]\n', "compares 'loh' with itself"),
        ('pairs = ["human", "loh"]\n', "a list of pairs of ids"),
        ('pairs = "bassline"\n', "did you mean 'baseline'"),
        ("pairs = []\n", "a list of pairs of ids"),
    ],
)
def test_wrong_pairs_are_told_with_the_mend(tmp_path: Path, judging: str, message: str) -> None:
    """A pair of unknown systems, of one system, or no pair at all, is a mistake of the study."""
    with pytest.raises(StudyError, match=message):
        load_study(chosen(tmp_path, judging))
