"""Numbers, pictures, tables and the command."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

import judge.reports
from judge.cli.report import command
from judge.reports import grid, numbers
from judge.reports.failures import asked_and_failed
from judge.reports.figures import draw_forest
from judge.reports.index import Findings
from judge.reports.made import made_tables
from judge.reports.model import Forest, ForestRow
from judge.reports.view import build_view
from judge.types import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from judge.reports.load import Run

MODULES = sorted(m.name for m in pkgutil.walk_packages(judge.reports.__path__, "judge.reports."))


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_docstrings_hold(name: str) -> None:
    """Every example in a docstring gives what it says."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (
            Finding("position", "first_slot_effect", estimate=-0.0304, ci_low=-0.05, ci_high=0.0102),
            "−3.0 points [−5.0, +1.0]",
        ),
        (Finding("outcomes", "count", estimate=1234.0), "1,234"),
        (Finding("agreement", "spearman", estimate=0.5), "0.500"),
        (Finding("agreement", "spearman", estimate=float("nan")), "–"),
        (Finding("bias", "length"), "–"),
    ],
)  # fmt: skip
def test_numbers_are_written_in_their_unit(finding: Finding, text: str) -> None:
    """Shares in percent, effects of position in points, counts whole, what is missing as a dash."""
    assert numbers.estimate(finding).replace("\u00a0", " ") == text


def test_what_is_not_identified_is_never_blank() -> None:
    """A finding without estimate says so and keeps its reason as a note."""
    notes = grid.Notes()
    cell = grid.value_cell(Finding("bias", "x", verdict="not_identified", warnings=("one rater",)), notes)
    assert (cell.text, cell.notes, notes.texts()) == ("not identified", (1,), ("one rater",))


def test_failures_are_counted_once() -> None:
    """Counts by system are not added to the counts of the whole."""
    whole = [
        Finding("outcomes", "count", judge="j", criterion="c", term=t, estimate=n, n_items=10)
        for t, n in (("ok", 8), ("refusal", 2))
    ]
    parts = [
        Finding(
            "outcomes", "count", judge="j", criterion="c", system=s, term="refusal", estimate=1, n_items=5
        )
        for s in "ab"
    ]
    assert asked_and_failed(Findings(whole + parts)) == (10, 2)
    assert asked_and_failed(Findings(parts)) == (10, 2)


def test_measures_of_systems_become_one_table() -> None:
    """One row for each measure; those that are zero throughout are named under it, none is lost."""
    rows = [
        Finding("texts", "feature_mean", level="system", system=s, term=t, estimate=x)
        for t, x in (("n_words", 9.5), ("n_emoji", 0.0))
        for s in ("a", "b")
    ]
    (table,) = grid.by_statistic(rows)
    assert [c.label for c in table.columns] == ["Measure", "a", "b"]
    assert [[c.text for c in row] for row in table.rows] == [["words", "9.50", "9.50"]]
    assert table.notes == ("Zero for every system: emoji.",)


def test_every_finding_is_on_the_page(run: Run) -> None:
    """Each family has a section; nothing that the analysis says is left out."""
    view = build_view(run)
    titles = [s.title for s in view.sections]
    assert titles == [
        "Ranking",
        "What would simulated people have said?",
        "Agreement with simulated people",
        "What the judge favours",
        "Position bias",
        "Failures",
        "Probes",
        "The judges as a panel",
        "Calibration of the scores",
        "Kinds of systems",
        "The texts themselves",
        "Cost",
        "Beside published numbers",
        "<i>novel</i>",
    ]


def test_pictures_are_the_same_each_time_and_take_any_label() -> None:
    """Labels with markup, mathematics and control characters make a sound picture."""
    rows = (ForestRow("<b>$x^2$</b>\x00 & \u202e", 0.5, 0.4, 0.6, strong=True), ForestRow("日本 " * 20, 0.2))
    forest = Forest("title <b>", "what & why", "axis", rows, 0.0)
    for size in ("wide", "narrow"):
        one, two = (draw_forest(forest, prefix="p-", size=size) for _ in range(2))
        assert one == two
        root = ET.fromstring(one)
        assert not [e for e in root.iter() if "style" in e.attrib or e.tag == "style"]
        assert root.find("title") is not None
        assert any("<b>$x^2$</b>" in (e.text or "") for e in root.iter("text"))


def test_any_manifest_becomes_tables() -> None:
    """Lists of numbers, nested parts and empty values all find their place."""
    tables = made_tables(
        {"a": [1, 2], "b": {"c": {"d": None}}, "e": True, "f": {}, "g": [{"x": i} for i in range(3)]}
    )
    assert [t.caption for t in tables] == ["Run", "A", "B", "G"]


def test_command_renders_and_says_where(bare: Path, tmp_path: Path) -> None:
    """`judge report RUN --out FILE --json` writes the file and prints its path and size."""
    target = tmp_path / "r.html"
    result = CliRunner().invoke(command, [str(bare), "--out", str(target), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output) == {"report": str(target), "bytes": target.stat().st_size}
