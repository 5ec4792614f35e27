"""A study's exemplars, knowledge and small model reach its strategies; one dialogue never ends a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.cli.root import main
from judge.errors import InputError, StudyError
from judge.pipeline.compare import generate
from judge.study import load_study, override
from judge.tables import read_responses
from tests.generating.made import dialogues, write_rows, write_study

if TYPE_CHECKING:
    from pathlib import Path

    from judge.types import Response

RESOURCES = '[resources]\nexemplars = "train.jsonl"\nknowledge = "atomic.tsv"\n'


def system(name: str, strategy: str, *more: str) -> str:
    return "\n".join(["[[systems]]", f'id = "{name}"', f'strategy = "{strategy}"', *more, ""])


def on_model(name: str, strategy: str, *more: str) -> str:
    return system(name, strategy, 'model = "scripted/fair"', *more)


def responses(folder: Path) -> dict[tuple[str, str], Response]:
    return {(r.system_id, r.dialogue_id): r for r in read_responses(folder / "responses.jsonl")}


def test_strategies_get_what_the_study_names(tmp_path: Path) -> None:
    """Exemplars and knowledge come from the study's files; baselines answer without a model."""
    systems = on_model("near", "similar-icl", "options = { k = 2 }") + on_model("known", "knowledge")
    systems += system("found", "retrieval") + system("human", "human")
    run = tmp_path / "run"
    result = generate(load_study(write_study(tmp_path, systems, RESOURCES)), run)
    found = responses(run)
    assert not result.gaps
    assert result.asked == 16, "two strategies of one question each; the baselines ask nothing"
    assert found["near", "test-0"].details["exemplars"][0] == "train-0"
    assert len(found["near", "test-0"].details["exemplars"]) == 2
    assert found["known", "test-0"].details["knowledge"]["xReact"] == ["sad"]
    assert found["found", "test-3"].text == "She must be so pleased with herself."
    assert found["human", "test-1"].text == "How lovely, will you swim?"
    assert "keys" not in found["human", "test-1"].details


def test_indexes_are_kept_by_content(tmp_path: Path) -> None:
    """A second run reads the index of the first; other exemplars get another one; a damaged one is remade."""
    path = write_study(tmp_path, system("found", "retrieval"), f'{RESOURCES}cache = "kept"\n')
    generate(load_study(path), tmp_path / "one")
    (index,) = (tmp_path / "kept").iterdir()
    made = index.stat().st_mtime_ns
    generate(load_study(path), tmp_path / "two")
    assert [p.stat().st_mtime_ns for p in (tmp_path / "kept").iterdir()] == [made]
    index.write_bytes(b"not an index")
    generate(load_study(path), tmp_path / "three")
    assert index.stat().st_size > 100
    write_rows(tmp_path / "train.jsonl", dialogues("train-", "train", 4, "Look: "))
    generate(load_study(path), tmp_path / "four")
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_a_dialogue_that_cannot_be_asked_is_a_gap(tmp_path: Path) -> None:
    """What one dialogue lacks costs its response alone; it is counted by its own name, not as a failure."""
    rows = dialogues("test-", "test", 4)
    rows[1] |= {"context": ["Hello?", "Yes, who is it?"]}
    del rows[2]["emotion"], rows[3]["reference"]
    systems = on_model("plain", "zero-shot") + on_model("told", "two-stage-true") + system("human", "human")
    result = generate(load_study(write_study(tmp_path, systems, rows=rows)), tmp_path / "run")
    gaps = {(gap.system_id, gap.dialogue_id): gap for gap in result.gaps}
    assert set(gaps) == {("plain", "test-1"), ("told", "test-1"), ("told", "test-2"), ("human", "test-3")}
    assert {gap.kind for gap in result.gaps} == {"unusable_input"}
    assert "the listener has the last word" in gaps["plain", "test-1"].message
    assert "emotion" in gaps["told", "test-2"].message


def test_a_strategy_that_can_do_with_no_dialogue_is_the_studys_mistake(tmp_path: Path) -> None:
    """If a template asks for what no dialogue has, nothing is asked and the field is named."""
    (tmp_path / "mine.jinja").write_text(
        '+++\nname = "mine"\nversion = "1"\nabout = "Hm."\n+++\n=== respond\n--- system\n'
        "{{ dialogue.age }}\n--- context\n",
        encoding="utf-8",
    )
    systems = on_model("plain", "zero-shot") + on_model("mine", "mine.jinja")
    with pytest.raises(InputError, match=r"'mine' can answer none of the dialogues.*'age'"):
        generate(load_study(write_study(tmp_path, systems)), tmp_path / "run")


def test_what_is_lacking_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    """A strategy without its exemplars, or a template without a model, names the system and the mend."""
    path = write_study(tmp_path, on_model("plain", "zero-shot") + on_model("near", "similar-icl"))
    with pytest.raises(InputError, match=r"'near'.*exemplars = "):
        generate(load_study(path), tmp_path / "run")
    path = write_study(tmp_path, on_model("known", "knowledge"), RESOURCES.replace("atomic.tsv", "d.jsonl"))
    with pytest.raises(InputError, match=r"row 1, column 'text'"):
        generate(load_study(path), tmp_path / "run")
    write_rows(tmp_path / "train.jsonl", dialogues("train-", "test"))
    path = write_study(tmp_path, system("found", "retrieval"), RESOURCES)
    write_rows(tmp_path / "train.jsonl", dialogues("train-", "test"))
    with pytest.raises(InputError, match=r"train\.jsonl: no dialogue can serve as an exemplar"):
        generate(load_study(path), tmp_path / "run")


def test_systems_of_one_model_share_its_limits(tmp_path: Path) -> None:
    """Two systems on one server are one lane: its limit of calls in flight holds for both together."""
    systems = on_model("a", "zero-shot") + on_model("b", "loh") + on_model("c", "zero-shot", "timeout = 5")
    run = tmp_path / "run"
    result = generate(load_study(write_study(tmp_path, systems)), run)
    assert result.asked == 16, "the same question of two systems is asked once"
    assert len(responses(run)) == 24


def test_all_strategies_can_ask_another_model(tmp_path: Path) -> None:
    """A study for hosted models runs on another one by a flag; baselines and files stay as they are."""
    systems = system("a", "zero-shot", 'model = "openai/gpt-4o"', 'base_url = "http://127.0.0.1:9/v1"')
    systems += system("human", "human")
    study = load_study(write_study(tmp_path, systems))
    changed = override(study, strategy_model="scripted/fair")
    assert [(s.model, s.base_url) for s in changed.systems] == [("scripted/fair", None), (None, None)]
    assert (
        override(study, strategy_url="http://127.0.0.1:8/v1").systems[0].base_url == "http://127.0.0.1:8/v1"
    )
    with pytest.raises(StudyError, match="--strategy-model: must name provider and model"):
        override(study, strategy_model="gpt-4o")
    args = ["generate", str(tmp_path / "study.toml"), "--out", str(tmp_path / "run"), "--sample", "3", "-q"]
    with pytest.raises(SystemExit) as end:
        main([*args, "--strategy-model", "scripted/fair"])
    assert end.value.code == 0
    assert len(responses(tmp_path / "run")) == 6
