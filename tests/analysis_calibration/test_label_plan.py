"""Which items people should label next: uncertainty, the draw, and the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from judge.analysis.calibration.uncertainty import duel_uncertainty, rating_uncertainty
from judge.analysis.duel_table import encode_duels
from judge.analysis.rating_table import encode_ratings
from judge.cli.root import cli
from judge.tables import write_ratings
from tests.analysis.frames import duels_of, ratings_of

if TYPE_CHECKING:
    from pathlib import Path


def test_judges_that_disagree_make_an_item_uncertain():
    """Two judges on different levels: only the item on which they differ from their habit is uncertain."""
    scores = np.array([[[1], [2], [3], [4]], [[2], [3], [4], [2]]], dtype=float)
    table = encode_ratings(ratings_of(scores, {"a": "judge", "b": "judge"}), None, "dialogue_id")
    found = rating_uncertainty(table)
    assert int(found.spread.argmax()) == 3
    assert not found.labelled.any()


def test_a_verdict_that_flips_with_the_order_is_uncertain():
    """A conflict between the orders has the spread .5, an agreed verdict none."""
    agreed = duels_of(["A", "B"], orders=("AB", "BA"))
    flips = duels_of(["A"], orders=("AB", "BA"))
    flips["dialogue_id"] = "d9"
    flips.loc[flips.order == "BA", "verdict"] = "B"
    found = duel_uncertainty(encode_duels(pd.concat([agreed, flips]), None, "dialogue_id"))
    assert found.spread.tolist() == [0.0, 0.0, 0.5]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run folder with two judges' ratings of 200 items, of which people rated 10."""
    rng = np.random.default_rng(0)
    quality = rng.normal(size=(100, 2))
    scores = np.round(3 + quality + rng.normal(size=(3, 100, 2)))
    scores[2, 5:] = np.nan
    frame = ratings_of(scores, {"a": "judge", "b": "judge", "p": "human"})
    write_ratings(frame, tmp_path / "ratings.jsonl")
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 1}))
    return tmp_path


def test_the_command_writes_items_with_their_chances(run: Path, tmp_path: Path):
    """So many rows, none that has labels, chances above nought, the same with the same seed."""
    out = tmp_path / "next.csv"
    args = ["label-plan", str(run), "--n", "40", "--out", str(out)]
    result = CliRunner().invoke(cli, args, standalone_mode=False)
    assert (result.return_value, result.exception) == (0, None)
    assert "40 drawn of 190 (10 have labels already)" in result.output
    rows = pd.read_csv(out)
    assert list(rows.columns) == ["dialogue_id", "system_id", "inclusion", "spread"]
    assert len(rows.drop_duplicates(["dialogue_id", "system_id"])) == 40
    assert not set(rows.dialogue_id) & {f"d{k}" for k in range(5)}
    assert rows.inclusion.between(0.2 * 40 / 190 - 1e-9, 1).all()
    first = out.read_text()
    CliRunner().invoke(cli, args, standalone_mode=False)
    assert out.read_text() == first


def test_a_folder_without_judges_is_refused(tmp_path: Path):
    """There is nothing to draw from."""
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 1}))
    args = ["label-plan", str(tmp_path), "--out", str(tmp_path / "x.csv")]
    result = CliRunner().invoke(cli, args, standalone_mode=False)
    assert "holds no ratings or duels of a judge" in str(result.exception)
