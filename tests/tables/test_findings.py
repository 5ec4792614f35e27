"""Findings on disk: the same columns in the same order, empty where there is no number."""

from __future__ import annotations

import csv
import json
import math
from typing import cast

import numpy as np
import pytest

from judge.errors import TableError
from judge.tables import FINDING_COLUMNS, read_findings, write_findings
from judge.types import Finding
from tests.tables.helpers import jsonl

FINDINGS = [
    Finding("means", "mean_score", level="system", judge="people", system="kemp", estimate=2.5, n_items=2000),
    Finding(
        "position",
        "first_slot_effect",
        estimate=None,
        verdict="not_identified",
        warnings=("one order only; ask both", "=danger"),
        method="mean slot effect, cluster t",
    ),
]


@pytest.mark.parametrize("ending", ["jsonl", "csv", "csv.gz"])
def test_findings_come_back(tmp_path, ending):
    """Counts as whole numbers, warnings as a tuple, what is empty as None."""
    write_findings(FINDINGS, tmp_path / f"f.{ending}")
    assert read_findings(tmp_path / f"f.{ending}") == FINDINGS


def test_columns_and_their_order_are_fixed(tmp_path):
    """All columns in both formats, in the order of the contract; warnings are a list."""
    write_findings(FINDINGS, tmp_path / "f.jsonl")
    write_findings(FINDINGS, tmp_path / "f.csv")
    row = json.loads((tmp_path / "f.jsonl").read_text().splitlines()[1])
    with (tmp_path / "f.csv").open(newline="") as stream:
        header = next(csv.reader(stream))
    assert tuple(row) == tuple(header) == FINDING_COLUMNS
    assert row["warnings"] == ["one order only; ask both", "=danger"]
    assert row["estimate"] is None


def test_no_file_holds_nan(tmp_path):
    """NaN and infinity are written as empty; numpy's numbers as numbers."""
    findings = [
        Finding(
            "a", "b", estimate=math.nan, ci_low=math.inf, p=float("nan"), n_items=cast("int", np.int64(3))
        )
    ]
    for ending in ("jsonl", "csv"):
        write_findings(findings, tmp_path / f"f.{ending}")
        text = (tmp_path / f"f.{ending}").read_text().lower()
        assert "nan" not in text
        assert "inf" not in text
        assert read_findings(tmp_path / f"f.{ending}") == [Finding("a", "b", n_items=3)]


def test_no_findings_are_an_empty_list(tmp_path):
    """A file without rows is no error here."""
    for ending in ("jsonl", "csv"):
        write_findings([], tmp_path / f"f.{ending}")
        assert read_findings(tmp_path / f"f.{ending}") == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"family": "a"}, "column missing"),
        ({"family": "a", "statistic": "b", "estimat": 1}, "unknown column"),
        ({"family": "a", "statistic": "b", "estimate": "x"}, "not a number"),
        ({"family": "a", "statistic": "b", "verdict": "maybe"}, "not accepted"),
    ],
)
def test_foreign_findings_are_refused(tmp_path, row, words):
    """A table that only looks like findings is told at its first row."""
    with pytest.raises(TableError, match=words):
        read_findings(jsonl(tmp_path / "f.jsonl", row))


def test_findings_have_no_parquet(tmp_path):
    """Two formats are enough for a table this small."""
    with pytest.raises(TableError, match=r"\.jsonl or \.csv"):
        write_findings(FINDINGS, tmp_path / "f.parquet")
