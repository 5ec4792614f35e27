"""What `judge plan` says before anything is paid."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from judge.pipeline.compare import compare
from judge.pipeline.measured import tokenizer
from judge.pipeline.planning import PanelPlan, plan
from judge.study import study_from_flags
from judge.types import Request
from tests.pipeline.material import flags, served, write_study

if TYPE_CHECKING:
    from pathlib import Path

    from judge.study import Study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study", dialogues=4)


def study_of(folder: Path, model: str = "openai/gpt-4o", **judge: Any) -> Study:
    study = study_from_flags(**flags(folder, judges=(model,)))
    return replace(study, judges=tuple(replace(j, **judge) for j in study.judges))


def only(study: Study, run: Path | None = None) -> PanelPlan:
    (panel,) = plan(study, run).panels
    return panel


def test_hidden_tokens_of_a_reasoning_model_are_planned(folder: Path):
    """A model that thinks may spend 8,192 tokens a call more, and they are paid as output."""
    plain, thinking = only(study_of(folder)), only(study_of(folder, "openai/o3"))
    assert plain.hidden_tokens_high == 0
    assert thinking.hidden_tokens_high == 24 * 8192
    assert thinking.output_tokens_high == 24 * (8192 + 512)


def test_a_batch_is_planned_at_half_the_price_and_up_to_a_day(folder: Path):
    """Both ends of the range are halved; the time is that of a batch."""
    live, batch = only(study_of(folder)), only(study_of(folder, batch=True))
    assert live.dollars_low is not None and live.dollars_high is not None  # noqa: PT018 - for type checkers
    assert batch.dollars_low == pytest.approx(live.dollars_low / 2)
    assert batch.dollars_high == pytest.approx(live.dollars_high / 2)
    assert batch.seconds_high == 86_400


def test_samples_are_planned(folder: Path):
    """Three samples are three times the calls."""
    assert only(study_of(folder, samples=3)).calls == 3 * 24


def test_a_run_folder_gives_the_measured_rate(folder: Path):
    """Where a run measured the judge, time and tokens are those that were measured."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 33}
    with served(usage=usage) as server:
        study = study_of(folder, "openai/m", base_url=server.openai_url)
        compare(study, folder / "run")
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    start = manifest["calls"]["this_start"]
    again = only(study, folder / "run")
    assert again.seconds_low == again.seconds_high == pytest.approx(start["seconds"], rel=1e-6)
    assert (again.input_tokens, again.output_tokens_low) == (24_000, 24 * 33)
    assert again.time_by == "measured in an earlier run"
    assert only(study, folder / "nowhere").time_by == "assumed"


def test_tokens_are_counted_only_where_no_vocabulary_has_to_be_fetched(monkeypatch: pytest.MonkeyPatch):
    """tiktoken serves where its vocabularies lie on the disk; else the estimate does, and says so."""
    coder = SimpleNamespace(name="fake", encode=lambda text, **_: text.split())
    module = SimpleNamespace(encoding_for_model=lambda _: coder)
    monkeypatch.setitem(sys.modules, "tiktoken", module)
    request = Request("openai", "m", {"messages": [{"role": "user", "content": "one two three"}]})
    count, how = tokenizer("gpt-4o", {"TIKTOKEN_CACHE_DIR": "/there"})
    assert (count(request), how) == (3 + 4 + 1 + 4, "counted by tiktoken (fake)")
    assert tokenizer("gpt-4o", {})[1].startswith("estimated")
