"""Ratings, duels and features: what is accepted, what it becomes, and what is refused with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from judge.errors import TableError
from judge.tables import read_duels, read_features, read_ratings, table_kind
from judge.types import FAILURES
from tests.tables.helpers import DUEL, RATING, duel, jsonl, rating

if TYPE_CHECKING:
    from pathlib import Path


def _ratings(tmp_path: Path, *rows: Any, **options: Any) -> Any:
    return read_ratings(jsonl(tmp_path / "r.jsonl", *rows), **options)


def _duels(tmp_path: Path, *rows: Any) -> Any:
    return read_duels(jsonl(tmp_path / "d.jsonl", *rows))


def test_a_frame_of_ratings_has_the_types_of_the_contract(tmp_path):
    """Ids are categories of text, the score is float64, the repeat int32, outcome is always there."""
    frame = _ratings(tmp_path, RATING, rating(dialogue_id=2, score=None, outcome="refusal", note="x"))
    for name in ("dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "rubric", "outcome"):
        assert isinstance(frame[name].dtype, pd.CategoricalDtype)
    assert frame["score"].dtype == np.float64
    assert frame["repeat"].dtype == np.int32
    assert frame["outcome"].tolist() == ["ok", "refusal"]
    assert np.isnan(frame["score"][1])
    assert frame["note"].tolist()[1] == "x"


def test_ids_become_text_without_loss(tmp_path):
    """1, 1.0 and "1" are one id; "01" is another; CSV keeps leading zeros."""
    frame = _ratings(
        tmp_path,
        rating(dialogue_id=1),
        rating(dialogue_id="1", system_id="b"),
        rating(dialogue_id=1.0, system_id="c"),
        rating(dialogue_id="01"),
    )
    assert frame["dialogue_id"].tolist() == ["1", "1", "1", "01"]
    path = tmp_path / "r.csv"
    path.write_text(",".join(RATING) + "\n007,kemp,empathy,0,human,4\n")
    assert read_ratings(path)["dialogue_id"].tolist() == ["007"]


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"score": "4"}, "score", "without quotes"),
        ({"score": True}, "score", "not a number"),
        ({"score": [4]}, "score", "not a number"),
        ({"score": None}, "score", "leave the row out"),
        ({"score": 10**400}, "score", "finite"),
        ({"outcome": "refused"}, "outcome", "did you mean 'refusal'?"),
        ({"outcome": "refusal"}, "outcome", "a failure has no score"),
        ({"rater_kind": "llm"}, "rater_kind", "did you mean 'judge'?"),
        ({"rater_kind": None}, "rater_kind", "missing"),
        ({"dialogue_id": 1.5}, "dialogue_id", "whole number"),
        ({"dialogue_id": True}, "dialogue_id", "not an id"),
        ({"dialogue_id": ""}, "dialogue_id", "missing"),
        ({"system_id": {"a": 1}}, "system_id", "not text"),
        ({"repeat": -1}, "repeat", "0, 1, 2"),
        ({"repeat": 0.5}, "repeat", "0, 1, 2"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path, changes, column, words):
    """File, row, column and mend, whatever is wrong."""
    path = jsonl(tmp_path / "r.jsonl", RATING, {**rating(dialogue_id="d2"), **changes})
    with pytest.raises(TableError) as caught:
        read_ratings(path)
    error = caught.value
    assert (error.path, error.row, error.column) == (path, 2, column)
    assert words in str(error)


def test_the_first_wrong_row_is_reported(tmp_path):
    """Of several mistakes in a column the one that stands first in the file is named."""
    with pytest.raises(TableError) as caught:
        _ratings(tmp_path, RATING, rating(score="b"), RATING, rating(score="a"), rating(score="b"))
    assert caught.value.row == 2


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("Unentschieden", "tie"),
        ("gleich", "tie"),
        ("draw", "tie"),
        ("a", "A"),
        ("model_b", "B"),
        ("[[A]]", "A"),
    ],
)
def test_verdicts_in_other_words_are_refused_and_explained(tmp_path, word, meant):
    """No verdict is guessed: the accepted words are listed and the likely one is named."""
    with pytest.raises(TableError) as caught:
        _duels(tmp_path, duel(verdict=word))
    assert "accepted: A, B, tie (A is system_a" in str(caught.value)
    assert f"did you mean {meant!r}?" in str(caught.value)


def test_failures_have_no_verdict(tmp_path):
    """Every failure is read as a row without a verdict; a verdict beside it is an error."""
    rows = [duel(dialogue_id=k, verdict=None, outcome=kind) for k, kind in enumerate(FAILURES)]
    frame = _duels(tmp_path, *rows)
    assert frame["verdict"].isna().all()
    assert frame["outcome"].tolist() == list(FAILURES)
    with pytest.raises(TableError, match="there is a verdict although"):
        _duels(tmp_path, duel(outcome="timeout"))


def test_repeated_ratings_name_both_rows(tmp_path):
    """The same rater on the same response twice is an error unless the repeats are numbered."""
    again = rating(dialogue_id="d2")
    with pytest.raises(TableError, match="the same as row 2") as caught:
        _ratings(tmp_path, RATING, again, rating(dialogue_id="d3"), again)
    assert caught.value.row == 4
    assert len(_ratings(tmp_path, RATING, rating(repeat=1))) == 2


def test_a_mirrored_duel_is_the_same_presentation(tmp_path):
    """(x, y, AB) and (y, x, BA) show the same texts in the same order; the other order is a new question."""
    mirrored = duel(system_a="moel", system_b="kemp", order="BA", verdict="B")
    with pytest.raises(TableError, match="the same as row 1"):
        _duels(tmp_path, DUEL, mirrored)
    assert len(_duels(tmp_path, DUEL, duel(order="BA"), duel(repeat=1))) == 3


def test_a_system_is_not_set_against_itself(tmp_path):
    """Both sides with one name are an error."""
    with pytest.raises(TableError, match="against itself"):
        _duels(tmp_path, DUEL, duel(system_b="kemp"))


def test_scores_out_of_the_scale_are_named(tmp_path):
    """A scale for all criteria or by criterion; criteria without one are not checked."""
    rows = (RATING, rating(criterion="overall", score=7))
    with pytest.raises(TableError, match="7 is out of the scale 1 to 5 of 'overall'") as caught:
        _ratings(tmp_path, *rows, scale=(1, 5))
    assert (caught.value.row, caught.value.column) == (2, "score")
    assert len(_ratings(tmp_path, *rows, scale={"empathy": (1, 5)})) == 2


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("dialog_id", "dialogue_id"),
        ("Dialogue ID", "dialogue_id"),
        ("system", "system_id"),
        ("judge", "rater_id"),
        ("rating", "score"),
        ("criteria", "criterion"),
    ],
)
def test_columns_with_other_names_are_recognised(tmp_path, wrong, right):
    """A missing column names the one that was probably meant."""
    row = {wrong if name == right else name: cell for name, cell in RATING.items()}
    with pytest.raises(TableError, match=f"rename '{wrong}' to '{right}'") as caught:
        _ratings(tmp_path, row)
    assert caught.value.column == right


def test_features_are_numbers_or_flags(tmp_path):
    """Numbers, booleans and gaps read; words are refused with the column."""
    path = tmp_path / "f.csv"
    path.write_text("dialogue_id,system_id,n_tokens,question,pause\n1,a,3,true,true\n2,a,,false,\n")
    frame = read_features(path)
    assert frame["question"].tolist() == [True, False]
    assert frame["n_tokens"].isna().tolist() == [False, True]
    assert frame["pause"].dtype == np.float64
    path.write_text("dialogue_id,system_id,mood\n1,a,good\n")
    with pytest.raises(TableError, match="number or true/false") as caught:
        read_features(path)
    assert caught.value.column == "mood"


def test_features_of_many_blocks_are_one_column(tmp_path):
    """Flags stay flags over all blocks, one gap makes them numbers; a late fault is named by its row."""
    rows = [{"dialogue_id": k, "system_id": "a", "q": k % 2 == 0, "p": True, "n": 1.5} for k in range(9000)]
    rows[8000]["p"] = None
    rows[8500]["late"] = 3
    frame = read_features(jsonl(tmp_path / "f.jsonl", *rows))
    assert frame["q"].dtype == bool
    assert frame["p"].isna().sum() == 1
    assert frame["late"].dropna().to_dict() == {8500: 3.0}
    rows[8900]["n"] = "high"
    with pytest.raises(TableError, match="number or true/false") as caught:
        read_features(jsonl(tmp_path / "f.jsonl", *rows))
    assert (caught.value.row, caught.value.column) == (8901, "n")


def test_many_rows_in_blocks_keep_their_order(tmp_path):
    """Blocks meet without a seam: 30,000 rows come back in order with their own categories."""
    rows = [rating(dialogue_id=f"d{k}", score=k % 5) for k in range(30_000)]
    frame = _ratings(tmp_path, *rows)
    assert frame["dialogue_id"].tolist() == [f"d{k}" for k in range(30_000)]
    assert frame["score"].tolist() == [k % 5 for k in range(30_000)]


def test_the_kind_of_a_table_is_told_by_its_columns(tmp_path):
    """Duels and ratings are told apart; a mistyped column is named instead of taking it for features."""
    assert table_kind(jsonl(tmp_path / "a.jsonl", DUEL)) == "duels"
    assert table_kind(jsonl(tmp_path / "b.jsonl", RATING)) == "ratings"
    assert table_kind(jsonl(tmp_path / "c.jsonl", {"dialogue_id": 1, "system_id": 2, "len": 3})) == "features"
    assert table_kind(jsonl(tmp_path / "d.jsonl", {"dialogue_id": 1, "context": ["x"]})) == "dialogues"
    near = {("rating" if name == "score" else name): cell for name, cell in RATING.items()}
    with pytest.raises(TableError, match="rename 'rating' to 'score'"):
        table_kind(jsonl(tmp_path / "e.jsonl", near))


def test_optional_columns_can_be_left_out(tmp_path):
    """A column that nobody needs costs no memory; the others are as they were."""
    path = jsonl(tmp_path / "d.jsonl", duel(key="sha256:1", reason="warm", note="n"))
    whole, part = read_duels(path), read_duels(path, without=("key", "reason"))
    assert list(part) == [name for name in whole if name not in ("key", "reason")]
    assert len(part.columns) == len(whole.columns) - 2
    assert part.equals(whole[list(part)])
