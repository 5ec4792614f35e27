"""Every published statistic of the research sets, through our own functions (skipped without the data)."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.shared_data import ROOT, shared

if TYPE_CHECKING:
    from types import ModuleType

PAGE = ROOT / "docs" / "goldens.md"
DATASETS = (
    "llmbar", "alttest", "topicalchat_gpt35", "summeval_shen", "pandalm", "empathy_chatgpt_vs_human",
    "epitome", "judgebench", "alpaca_eval2",
)  # fmt: skip
LINES = 231
NEARLY = 0.0051
"""How far authors' printed numbers lie from their own data (a snapshot older than the print, two digits)."""


@cache
def goldens() -> ModuleType:
    """Load benchmarks/goldens.py."""
    spec = importlib.util.spec_from_file_location("goldens", ROOT / "benchmarks" / "goldens.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = path
    return module


@cache
def results() -> list[tuple[dict[str, Any], Any, bool]]:
    """Recompute all lines, once a session."""
    folder = shared("goldens/published_statistics.jsonl").parents[1]
    shared("data/llmbar")
    return list(goldens().checked(folder))


def of(dataset: str) -> list[tuple[dict[str, Any], Any, bool]]:
    """Return a data set's lines."""
    return [result for result in results() if result[0]["dataset"] == dataset]


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_line_is_reproduced(dataset):
    """Each line comes out of the shipped functions to the last printed digit."""
    mine = of(dataset)
    assert mine
    wrong = [
        (row["statistic"], row["recomputed"], answer and answer.value)
        for row, answer, same in mine
        if not same and row["statistic"] not in goldens().UNREACHABLE
    ]
    assert not wrong


@pytest.mark.parametrize("dataset", DATASETS)
def test_printed_numbers_are_met(dataset):
    """Where the authors printed a number, ours is that number (percentages to the last digit)."""
    numbers = goldens().numbers_of
    for row, answer, _ in of(dataset):
        printed = list(numbers(row["published"]))
        ours = list(numbers(answer.value))[: len(printed)]
        assert ours == pytest.approx(printed, abs=NEARLY), row["statistic"]


def test_no_line_is_left_out():
    """All lines are walked, and what cannot be reproduced has a reason."""
    assert len(results()) == LINES
    assert {row["dataset"] for row, _, _ in results()} == set(DATASETS) == set(goldens().SETS)
    names = {row["statistic"] for row, _, _ in results()}
    assert set(goldens().UNREACHABLE) <= names
    assert all(goldens().UNREACHABLE.values())


def test_honest_numbers_stand_beside():
    """Where unreadable verdicts or scores were read as something, the audit's own number is given too."""
    changed = [
        answer
        for _, answer, _ in results()
        if "unreadable" in answer.treatment and "read as" in answer.treatment
    ]
    assert len(changed) >= 10
    assert all(answer.honest for answer in changed)


def test_page_is_up_to_date():
    """docs/goldens.md is what the command writes."""
    assert PAGE.read_text(encoding="utf-8") == goldens().page(results())
