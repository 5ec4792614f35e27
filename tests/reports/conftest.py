"""One small run for all tests of the report; it is read and never written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.reports.load import load_run
from judge.reports.render import render_page
from tests.reports.fixtures import build_run, finding, write_lines

if TYPE_CHECKING:
    from pathlib import Path

    from judge.reports.load import Run


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with hostile text, failures, people and every family of findings."""
    return build_run(tmp_path_factory.mktemp("run") / "small", n=6)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three findings and nothing else: what the smallest audit leaves."""
    folder = tmp_path_factory.mktemp("bare")
    pair = {"level": "pair", "system": "warm", "system_b": "curious", "ci_low": 0.6, "ci_high": 0.8}
    rows = [finding("ranking", "win_rate", judge="j", criterion="empathy", estimate=0.7, **pair)]
    for system, estimate in (("warm", 0.7), ("curious", 0.3)):
        more = {"system": system, "judge": "j", "criterion": "empathy", "estimate": estimate}
        rows.append(finding("ranking", "win_rate", level="system", **more))
    write_lines(folder / "findings.jsonl", rows)
    return folder


@pytest.fixture(scope="session")
def run(folder: Path) -> Run:
    """The same run, read."""
    return load_run(folder)


@pytest.fixture(scope="session")
def page(run: Run) -> str:
    """The same run's page."""
    return render_page(run)
