"""Another package brings a provider, a strategy and rubrics, without a line of ours being touched.

The package is a real one as far as Python is concerned: a module and a ``.dist-info`` on the path of a
process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.material import write_study

if TYPE_CHECKING:
    from pathlib import Path

MODULE = '''
"""What another package might hold."""

from pathlib import Path

from judge.generators import Done
from judge.types import Answer, Request


class Oracle:
    name = "oracle"

    def __init__(self, options):
        self.options = options

    def request(self, model, prompt, sampling, repeat=0):
        return Request(self.name, model, {"text": prompt.messages[-1].content}, repeat)

    async def send(self, request):
        return Answer('{"reason": "It is the first.", "verdict": "A"}')

    async def aclose(self):
        pass


class Shout:
    name, ref, needs_model = "shout", "shout@1", False

    def prepare(self, dialogues):
        return self

    def start(self, dialogue):
        return Done(dialogue.context[-1].text.upper())


def make_shout(options, resources):
    return Shout()


def rubrics():
    return Path(__file__).parent / "oracle_rubrics"
'''
RUBRIC = """---
id = "volume"
version = "1"
mode = "pairwise"

[[criteria]]
name = "volume"
definition = "Which response is louder?"
---
{% extends "standard" %}
"""
POINTS = """[judge.providers]
oracle = oracle_judge:Oracle
[judge.strategies]
shout = oracle_judge:make_shout
[judge.rubrics]
oracle = oracle_judge:rubrics
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with an installed package in it."""
    site = tmp_path / "site"
    (site / "oracle_rubrics").mkdir(parents=True)
    (site / "oracle_judge.py").write_text(MODULE)
    (site / "oracle_rubrics" / "volume.pairwise.jinja").write_text(RUBRIC)
    info = site / "oracle_judge-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: oracle-judge\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    return site


def judge(site: Path, cwd: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "judge", *args],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_provider_strategy_and_rubric_of_another_package_do_the_whole_job(site: Path, tmp_path: Path):
    """A study that uses all three runs to its findings."""
    folder = write_study(tmp_path / "study", dialogues=3)
    done = judge(
        site, folder, "compare", "--dialogues", "dialogues.jsonl", "--responses", "warm.jsonl", "--strategy",
        "shout", "--judge", "oracle/delphi", "--criteria", "volume", "--no-report", "--json", "--out", "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["asked"] == 6
    rows = [json.loads(line) for line in (folder / "run" / "duels.jsonl").read_text().splitlines()]
    assert {row["rater_id"] for row in rows} == {"oracle/delphi"}
    assert {row["rubric"].split("@")[0] for row in rows} == {"volume"}
    assert {row["system_b"] for row in rows} == {"shout"}


def test_without_the_package_its_names_are_unknown(tmp_path: Path):
    """The names come from the package and from nowhere else."""
    folder = write_study(tmp_path / "study", dialogues=3)
    done = judge(
        tmp_path, folder, "compare", "--dialogues", "dialogues.jsonl", "--responses", "warm.jsonl",
        "--responses", "dull.jsonl", "--judge", "oracle/delphi", "--no-report",
    )  # fmt: skip
    assert done.returncode == 2
    assert "oracle" in done.stderr


def test_a_package_that_cannot_be_loaded_is_named(site: Path, tmp_path: Path):
    """A fault of another package is one clear message with its name, and no traceback."""
    (site / "oracle_judge.py").write_text("raise RuntimeError('broken on purpose')\n")
    folder = write_study(tmp_path / "study", dialogues=3)
    done = judge(
        site, folder, "compare", "--dialogues", "dialogues.jsonl", "--responses", "warm.jsonl",
        "--responses", "dull.jsonl", "--judge", "oracle/delphi", "--no-report",
    )  # fmt: skip
    assert done.returncode == 2
    assert "oracle" in done.stderr
    assert "Traceback" not in done.stderr
