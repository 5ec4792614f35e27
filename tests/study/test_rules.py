"""Names that only later layers know are looked up in one go, with lines and the nearest names."""

from __future__ import annotations

import pytest

from judge.errors import StudyError
from judge.generators.baselines import MODEL_FREE
from judge.study import check_names, load_study, require_names, study_from_flags
from tests.study.test_load import GOOD


@pytest.fixture
def study(tmp_path):
    """Load a study whose names are all a little wrong."""
    for name in ("dialogues.jsonl", "kemp.jsonl", "people.jsonl"):
        (tmp_path / name).write_text("{}\n")
    (tmp_path / "my_rubrics").mkdir()
    path = tmp_path / "study.toml"
    path.write_text(GOOD.replace("zero-shot", "zero-shto").replace("openai/", "opnai/"))
    return load_study(path)


def test_names_are_looked_up_with_lines(study):
    """Criteria, strategies and providers: each with its line and what was probably meant."""
    problems = check_names(
        study, criteria=["empathy", "fluent"], strategies=["zero-shot", "few-shot"], providers=["openai"]
    )
    assert problems == [
        "line 32: [judging], criteria: no rubric judges 'fluency'; did you mean 'fluent'?",
        (
            "line 16: [[systems]] number 2, strategy: no strategy is named 'zero-shto'; "
            "did you mean 'zero-shot'?"
        ),
        "line 25: [[judges]] number 1, model: no provider is named 'opnai'; did you mean 'openai'?",
        "line 17: [[systems]] number 2, model: no provider is named 'opnai'; did you mean 'openai'?",
    ]
    with pytest.raises(StudyError, match="4 mistakes"):
        require_names(study, criteria=["empathy", "fluent"], strategies=["zero-shot"], providers=["openai"])


def test_what_is_not_asked_is_not_checked(study):
    """None checks nothing; a function may tell which criterion goes in which mode."""
    assert check_names(study) == []
    asked = []

    def known(criterion: str, mode: str) -> bool:
        asked.append((criterion, mode))
        return True

    assert check_names(study, criteria=known) == []
    assert asked == [("empathy", "both"), ("fluency", "both")]


@pytest.mark.parametrize("name", MODEL_FREE)
def test_strategies_without_a_model_need_none(tmp_path, name):
    """The baselines that answer by themselves are systems without a model."""
    (tmp_path / "dialogues.jsonl").write_text("{}")
    study = study_from_flags(dialogues=tmp_path / "dialogues.jsonl", strategy=(name, "zero-shot@a/b"))
    assert study.systems[0].model is None
