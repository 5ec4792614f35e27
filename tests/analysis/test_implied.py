"""A judge that compares, beside people who rated one response at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from judge.analysis.agreement.implied import implied_findings
from judge.analysis.audit import AuditOptions
from judge.analysis.duel_table import encode_duels
from judge.analysis.rating_table import encode_ratings

SYSTEMS = ("s1", "s2", "s3")


def _ratings(scores: dict[str, np.ndarray]) -> pd.DataFrame:
    rows = [
        (f"d{d}", system, "empathy", rater, "human", float(table[d, k]))
        for rater, table in scores.items()
        for d in range(len(table))
        for k, system in enumerate(SYSTEMS)
    ]
    return pd.DataFrame(
        rows, columns=["dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score"]
    )


def _duels(gap) -> pd.DataFrame:
    """A judge whose verdict is the sign of `gap(d, a, b)`, in both orders."""
    rows = []
    for d in range(20):
        for a in range(3):
            for b in range(a + 1, 3):
                g = gap(d, a, b)
                verdict = "A" if g > 0 else "B" if g < 0 else "tie"
                rows += [
                    (f"d{d}", SYSTEMS[a], SYSTEMS[b], "empathy", "judge", "judge", o, verdict)
                    for o in ("AB", "BA")
                ]
    names = ["dialogue_id", "system_a", "system_b", "criterion", "rater_id", "rater_kind", "order", "verdict"]
    return pd.DataFrame(rows, columns=names)


def _found(duels: pd.DataFrame, ratings: pd.DataFrame) -> dict[tuple[str, str], float | None]:
    coded = encode_duels(duels, None, "dialogue_id"), encode_ratings(ratings, None, "dialogue_id")
    return {(f.level, f.term[:2]): f.estimate for f in implied_findings(*coded, AuditOptions())}


@pytest.fixture
def people() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {rater: rng.integers(1, 6, size=(20, 3)) for rater in ("p1", "p2")}


def test_a_judge_that_copies_one_person_agrees_with_that_person_alone(people):
    """Agreement is one vote against one vote: (1 + agreement of the two people) / 2."""
    copy = people["p1"]
    found = _found(_duels(lambda d, a, b: copy[d, a] - copy[d, b]), _ratings(people))
    assert found["judge", "S1"] == pytest.approx((1 + found["people", "S1"]) / 2)


def test_agreement_equals_a_count_by_hand(people):
    """The share of (question, person) pairs with the same sign, questions weighted equally."""
    rng = np.random.default_rng(1)
    mine = rng.integers(1, 6, size=(20, 3))
    found = _found(_duels(lambda d, a, b: mine[d, a] - mine[d, b]), _ratings(people))
    same = [
        np.sign(mine[d, a] - mine[d, b]) == np.sign(t[d, a] - t[d, b])
        for t in people.values()
        for d in range(20)
        for a in range(3)
        for b in range(a + 1, 3)
    ]
    assert found["judge", "S1"] == pytest.approx(np.mean(same))


def test_ratings_about_other_systems_or_dialogues_do_not_matter(people):
    """Rows that no duel is about change nothing."""
    duels = _duels(lambda d, a, b: a - b)
    more = _ratings(people)
    extra = more.assign(dialogue_id=more["dialogue_id"] + "x", system_id="other")
    extra = extra.drop_duplicates(["dialogue_id", "system_id", "rater_id"])
    assert _found(duels, more) == _found(duels, pd.concat([more, extra], ignore_index=True))
