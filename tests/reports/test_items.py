"""The rows of the item table, against cases worked out by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from judge.reports import items
from judge.reports.items import build_payload
from judge.reports.load import Run


def _duel(
    verdict: str | None, order: str = "AB", *, a: str = "x", b: str = "y", kind: str = "judge", **more: Any
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "dialogue_id": "d",
        "system_a": a,
        "system_b": b,
        "criterion": "c",
        "rater_id": "j",
        "rater_kind": kind,
    }
    row |= {
        "order": order,
        "verdict": verdict,
        "repeat": 0,
        "outcome": "ok" if verdict else "refusal",
        "reason": "",
    }
    return row | more


def _rating(system: str, score: float | None, rater: str = "h", kind: str = "human") -> dict[str, Any]:
    row = {"dialogue_id": "d", "system_id": system, "criterion": "c", "rater_id": rater, "rater_kind": kind}
    return row | {"score": score, "repeat": 0, "outcome": "ok" if score is not None else "timeout"}


def _frame(rows: list[dict[str, Any]] | None) -> pd.DataFrame | None:
    return pd.DataFrame(rows) if rows else None


def _payload(
    duels: list[dict[str, Any]] | None = None, ratings: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return build_payload(Run("r", (), {}, duels=_frame(duels), ratings=_frame(ratings)))


@pytest.mark.parametrize(
    ("verdicts", "result", "flags"),
    [
        (("A", "A"), items.A_WINS, 0),
        (("B", "B"), items.B_WINS, 0),
        (("tie", "tie"), items.TIE, 0),
        (("A", "B"), items.DISAGREE, items.FLAG_ORDERS),
        (("A", "tie"), items.A_WINS, items.FLAG_ORDERS),
        ((None, "B"), items.B_WINS, items.FLAG_FAILED),
        ((None, None), items.NO_RESULT, items.FLAG_FAILED),
    ],
)
def test_orders_are_averaged_and_failures_are_no_verdict(
    verdicts: tuple[str | None, ...], result: int, flags: int
) -> None:
    """Two orders make one row; a failure counts for nothing but its own mark."""
    pairs = _payload([_duel(verdicts[0], "AB"), _duel(verdicts[1], "BA")])["pairs"]
    assert (pairs["start"], pairs["n"]) == ([0], [2])
    assert (pairs["result"], pairs["flags"]) == ([result], [flags])


def test_a_pair_written_both_ways_round_is_one_row() -> None:
    """x against y and y against x are the same pair; verdict, order and probability are turned."""
    payload = _payload([_duel("A", "AB", probability=0.9), _duel("B", "AB", a="y", b="x", probability=0.2)])
    assert payload["pairs"]["result"] == [items.A_WINS]
    duels, systems = payload["duels"], payload["systems"]
    assert [systems[i] for i in duels["a"]] == ["x", "x"]
    assert (duels["v"], duels["o"], duels["p"]) == ([0, 0], [0, 1], [0.9, 0.8])


def test_repeats_that_differ_are_marked() -> None:
    """The same order asked again with another verdict is a remark, not a conflict of orders."""
    pairs = _payload([_duel("A"), _duel("B", repeat=1)])["pairs"]
    assert pairs["flags"] == [items.FLAG_REPEATS]


def test_people_who_compared_stand_beside_the_judge() -> None:
    """People's own comparisons give their side of the row, and opposition is marked."""
    people = [_duel("B", kind="human", rater_id=f"h{i}") for i in range(2)]
    pairs = _payload([_duel("A"), *people])["pairs"]
    assert (pairs["people"], pairs["flags"], len(pairs["start"])) == ([0], [items.FLAG_PEOPLE], 1)


def test_people_who_scored_stand_beside_the_judge() -> None:
    """Where people scored and did not compare, their means say whom they prefer."""
    pairs = _payload([_duel("B")], [_rating("x", 5), _rating("y", 2), _rating("y", None, "h2")])["pairs"]
    assert (pairs["people"], pairs["flags"]) == ([1], [items.FLAG_PEOPLE])


def test_scores_of_judges_are_rows_and_failures_have_none() -> None:
    """A judge's score is a row with people's mean beside it; a failure has no number."""
    rows = [
        _rating("x", 4, "j", "judge"),
        _rating("y", None, "j", "judge"),
        _rating("x", 1),
        _rating("x", 2, "h2"),
    ]
    scores = _payload(ratings=rows)["scores"]
    assert (scores["score"], scores["people"], scores["flags"]) == (
        [4, None],
        [1.5, None],
        [0, items.FLAG_FAILED],
    )


def test_without_a_judge_people_make_the_rows() -> None:
    """An audit of people alone still lists its items."""
    assert _payload(ratings=[_rating("x", 4), _rating("y", 3)])["scores"]["score"] == [4, 3]


def test_every_duel_and_rating_is_in_the_payload(run: Run) -> None:
    """Nothing is dropped, and each judge's judgment belongs to one row."""
    payload = build_payload(run)
    assert run.duels is not None
    assert run.ratings is not None
    assert len(payload["duels"]["d"]) == len(run.duels)
    assert len(payload["ratings"]["d"]) == len(run.ratings)
    assert sum(payload["pairs"]["n"]) == int((run.duels["rater_kind"].astype(str) == "judge").sum())
    simulated = [i for i, s in zip(payload["raters"]["id"], payload["raters"]["simulated"], strict=True) if s]
    assert simulated == ["simulated-1", "simulated-2", "simulated-3"]


def test_an_empty_run_has_an_empty_payload() -> None:
    """No tables, no rows, no error."""
    payload = _payload()
    assert payload["pairs"]["start"] == payload["scores"]["start"] == []
