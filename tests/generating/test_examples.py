"""The three studies in `examples` name every system of their papers and run without a network."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from judge.errors import StudyError
from judge.pipeline.compare import RunResult, compare
from judge.reports import render_report
from judge.study import load_study, override
from tests.generating.made import SCENES, dialogues, write_rows

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
OUTPUTS = (
    "moel",
    "mime",
    "empdg",
    "kemp",
    "cem",
    "case",
    "escm",
    "escm_tt",
    "kemp-first",
    "fe-first",
    "cab-first",
)
SYSTEMS = {
    "qian2023": {
        "human", "moel", "mime", "empdg", "kemp", "cem", "gpt-3.5-turbo-zero-shot", "gpt-3.5-turbo-1-shot",
        "gpt-3.5-turbo-5-shot", "davinci-zero-shot", "davinci-1-shot", "davinci-5-shot", "similar-icl",
        "two-stage", "two-stage-true", "knowledge", "cot", "self-refine", "retrieval",
    },
    "hef2024": {
        "kemp", "cem", "case", "escm", "escm_tt", "sem", "llama-2-7b-chat", "llama-2-13b-chat",
        "chatglm3-6b", "mistral-7b-instruct", "gpt-3.5-turbo", "llama-2-7b-chat-c10", "llama-2-13b-chat-c3",
        "chatglm3-6b-c3", "mistral-7b-instruct-c3", "gpt-3.5-turbo-c20w1", "gpt-3.5-turbo-c20",
        "gpt-3.5-turbo-w1", *(f"gpt-3.5-turbo-c20w{k}" for k in (5, 10, 15)),
        *(f"gpt-3.5-turbo-c{k}w1" for k in (1, 3, 5, 10, 15, 25, 32)),
    },
    "loh2023": {
        "human", "kemp", "fe", "cab", "gpt-3.5-turbo", "gpt-4", "vicuna-fastchat-t5", "palm-2",
        "falcon-7b-instruct",
    },
}  # fmt: skip


def laid_out(folder: Path, name: str) -> Path:
    """Copy a study and lay made files where it looks for its own."""
    for part in ("data", "outputs", "published"):
        (folder / part).mkdir()
    for printed in (EXAMPLES / "published").iterdir():
        shutil.copy(printed, folder / "published")
    shutil.copy(EXAMPLES / f"{name}.toml", folder)
    shutil.copy(EXAMPLES / "loh2023-kinds.csv", folder)
    for file in ("test", "test-first"):
        write_rows(folder / "data" / f"{file}.jsonl", dialogues("test-", "test", 6))
    write_rows(folder / "data" / "train.jsonl", dialogues("train-", "train", twist="Well, "))
    (folder / "data" / "atomic2020.tsv").write_text("PersonX loses a rabbit\txReact\tsad\n", encoding="utf-8")
    for k, output in enumerate(OUTPUTS):
        texts = [f"I see, that is {emotion}. ({k})" for emotion, _, _ in SCENES[:6]]
        rows = [{"dialogue_id": f"test-{n}", "text": text} for n, text in enumerate(texts)]
        write_rows(folder / "outputs" / f"{output}.jsonl", rows)
    return folder / f"{name}.toml"


def run(folder: Path, name: str, judge: str) -> RunResult:
    study = override(load_study(laid_out(folder, name)), strategy_model="scripted/fair", judges=(judge,))
    assert {str(system.id) for system in study.systems} == SYSTEMS[name]
    assert len(study.systems) == len(SYSTEMS[name])
    result = compare(study, folder / "run")
    assert result.stopped == ""
    assert not result.gaps
    assert not result.missing
    return result


@pytest.mark.parametrize(("name", "judge"), [("qian2023", "scripted/fair"), ("loh2023", "embedded/epitome")])
def test_a_study_runs_from_one_file(tmp_path: Path, name: str, judge: str) -> None:
    """Dialogues in, a report out, with every system of the paper and nothing missing."""
    result = run(tmp_path, name, judge)
    render_report(result.folder.root)
    page = result.folder.report.read_text(encoding="utf-8")
    assert all(system in page for system in SYSTEMS[name])


def test_hef_shows_the_papers_tables_beside_its_own(tmp_path: Path) -> None:
    """Each printed comparison has the run's own number beside it, and the report shows both."""
    result = run(tmp_path, "hef2024", "scripted/fair")
    shown = [f for f in result.findings if f.family == "published"]
    wins = [f for f in shown if f.statistic == "wins"]
    assert [f.term for f in wins] == ["printed", "this run"] * 15
    assert wins[0].estimate == 0.86
    assert wins[0].n_items == 100
    assert wins[1].judge == "scripted/fair"
    assert all(f.ci_low is None for f in shown if f.term == "printed")
    render_report(result.folder.root)
    page = result.folder.report.read_text(encoding="utf-8")
    assert "Beside published numbers" in page
    assert "2402.11801" in page


def test_loh_ends_in_the_mixed_model(tmp_path: Path) -> None:
    """Kinds of systems and sentiments meet in the mixed model, with its warning and the summary test."""
    path = laid_out(tmp_path, "loh2023")
    rows = [
        {**row, "sentiment": ("positive", "negative")[k % 2]}
        for k, row in enumerate(dialogues("test-", "test", 6))
    ]
    write_rows(tmp_path / "data" / "test-first.jsonl", rows)
    found = compare(override(load_study(path), strategy_model="scripted/fair"), tmp_path / "run").findings
    mixed = {f.term for f in found if f.family == "mixed"}
    assert "kind: language model" in mixed
    assert any("sentiment" in term for term in mixed)
    text = path.read_text().replace("threshold = 1 ", "# ")
    path.write_text(text)
    with pytest.raises(StudyError, match="threshold = 1"):
        load_study(path)
