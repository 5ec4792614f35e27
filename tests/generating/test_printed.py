"""Printed numbers stand beside the run's own, and are never taken for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from judge.errors import TableError
from judge.pipeline.compare import compare
from judge.pipeline.printed import beside, read_printed
from judge.study import load_study
from judge.types import Finding
from tests.generating.made import dialogues, write_study

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, *rows: dict[str, Any], source: str = "arXiv 1, table 2") -> Path:
    path.write_text(json.dumps({"source": source, "rows": rows}))
    return path


def test_a_number_is_followed_by_ours(tmp_path: Path) -> None:
    """The finding with these columns comes next under the printed name; the printed one has no interval."""
    row = {"statistic": "accuracy", "system": "hef", "estimate": 0.45, "n_items": 100}
    row["ours"] = {"family": "texts", "statistic": "emotion_accuracy", "term": "all"}
    ours = Finding("texts", "emotion_accuracy", system="hef", term="all", estimate=0.5, ci_low=0.4)
    other = Finding("texts", "emotion_accuracy", system="hef", term="readable", estimate=0.6)
    found = beside(read_printed([write(tmp_path / "p.json", row)]), [other, ours])
    assert [(f.family, f.statistic, f.term, f.estimate, f.ci_low) for f in found] == [
        ("published", "accuracy", "printed", 0.45, None),
        ("published", "accuracy", "this run", 0.5, 0.4),
    ]
    assert found[0].method == "as printed in arXiv 1, table 2"


def test_a_pair_is_turned_where_the_run_has_it_the_other_way(tmp_path: Path) -> None:
    """Wins of A over B are the losses of B against A; every judge has its row."""
    row = {"statistic": "wins", "system": "a", "system_b": "b", "criterion": "empathy", "estimate": 0.86}
    printed = read_printed([write(tmp_path / "p.json", {**row, "ours": {"family": "ranking"}})])
    ours = [
        Finding("ranking", name, judge=judge, criterion="empathy", system="b", system_b="a", estimate=value)
        for judge in ("x", "y")
        for name, value in (("wins", 0.2), ("losses", 0.7))
    ]
    found = beside(printed, ours)
    assert [(f.judge, f.statistic, f.system, f.system_b, f.estimate) for f in found] == [
        ("", "wins", "a", "b", 0.86),
        ("x", "wins", "a", "b", 0.7),
        ("y", "wins", "a", "b", 0.7),
    ]


def test_what_the_run_lacks_leaves_the_printed_number_alone(tmp_path: Path) -> None:
    """A system that was not run, or a row that names no finding, has no second row."""
    rows = [{"statistic": "ppl", "system": "a", "estimate": 35}, {"statistic": "x", "estimate": 1}]
    assert len(beside(read_printed([write(tmp_path / "p.json", *rows)]), [])) == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"estimate": 1}, "row 1, column 'statistic'"),
        ({"statistic": "x", "estimate": "1"}, "row 1, column 'estimate'"),
        ({"statistic": "x", "estimate": 1, "sistem": "a"}, "column 'sistem': not known"),
        ({"statistic": "x", "estimate": 1, "ours": {"famly": "a"}}, "column 'ours'"),
    ],
)
def test_broken_rows_are_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    """File, row and key of a mistake are in the error."""
    with pytest.raises(TableError, match=message):
        read_printed([write(tmp_path / "p.json", row)])


def test_a_source_is_needed(tmp_path: Path) -> None:
    """A printed number without its place, or a file that is none, is refused."""
    with pytest.raises(TableError, match="no source"):
        read_printed([write(tmp_path / "p.json", source="")])
    (tmp_path / "p.json").write_text("[]")
    with pytest.raises(TableError, match="rows"):
        read_printed([tmp_path / "p.json"])


def test_the_run_shows_both_and_counts_gaps(tmp_path: Path) -> None:
    """Findings of a run hold the printed numbers with its own, and the missing responses by reason."""
    rows = dialogues("test-", "test")
    del rows[0]["reference"]
    row = {"statistic": "mean_score", "system": "human", "criterion": "exploration", "estimate": 1.5}
    row["ours"] = {"family": "means"}
    write(tmp_path / "p.json", row)
    systems = '[[systems]]\nid = "human"\nstrategy = "human"\n[[systems]]\nid = "p"\nstrategy = "template"\n'
    path = write_study(tmp_path, systems, '[study]\npublished = "p.json"\n', rows)
    text = path.read_text().replace('[study]\nname = "made"\n', "")
    path.write_text(text)
    found = compare(load_study(path), tmp_path / "run").findings
    shown = [f for f in found if f.family == "published"]
    assert [f.term for f in shown] == ["printed", "this run"]
    assert shown[1].judge == "embedded/epitome"
    gap = next(f for f in found if f.family == "generation")
    assert (gap.system, gap.term, gap.estimate, gap.n_items) == ("human", "unusable_input", 1.0, 8)
