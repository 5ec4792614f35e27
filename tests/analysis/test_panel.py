"""Several judges as one panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from judge.analysis.audit import AuditInput, audit
from judge.analysis.panel import majority
from tests.analysis.frames import duels_of, planted_ratings, ratings_of

if TYPE_CHECKING:
    from judge.types import Finding


def panel_of(data: AuditInput) -> list[Finding]:
    return [f for f in audit(data) if f.family == "panels"]


def three(verdicts: dict[str, list[str]]) -> AuditInput:
    parts = [duels_of(v, orders=("AB", "BA"), rater_id=name) for name, v in verdicts.items()]
    return AuditInput(duels=pd.concat(parts, ignore_index=True))


def test_one_judge_is_no_panel():
    """With a single judge there is nothing to put together."""
    assert panel_of(three({"a": ["A"] * 20})) == []


def test_the_majority_is_counted_by_hand():
    """Of four questions the majority says A, A, tie, B: a win rate of 2.5 / 4."""
    found = panel_of(
        three({"a": ["A", "A", "A", "B"], "b": ["A", "A", "B", "B"], "c": ["A", "B", "tie", "A"]})
    )
    by = {(f.statistic, f.term): f.estimate for f in found if f.level == "pair"}
    assert by["win_rate", "majority"] == pytest.approx(2.5 / 4)
    assert by["win_rate", "mean"] == pytest.approx((1 + 2 / 3 + 0.5 + 1 / 3) / 4)
    assert by["unanimous", ""] == pytest.approx(1 / 4)
    assert {f.n_raters for f in found} == {3}


def test_the_majority_errs_less_than_its_judges():
    """Three independent judges who are right 70 % of the time are right 78.4 % together (Condorcet)."""
    rng = np.random.default_rng(3)
    votes = (rng.random((3, 40_000)) < 0.7).astype(float)
    assert majority(votes).mean() == pytest.approx(0.784, abs=0.01)


def test_questions_that_one_judge_failed_are_left_out_and_said():
    """The panel speaks on what all judges answered; the rest is named, never filled in."""
    frame = three({"a": ["A"] * 20, "b": ["B"] * 20}).duels
    assert frame is not None
    hit = (frame["rater_id"] == "b") & (frame["dialogue_id"] == "d3")
    frame.loc[hit, "verdict"] = None
    frame["outcome"] = np.where(hit, "refusal", "ok")
    found = panel_of(AuditInput(duels=frame))
    rate = next(f for f in found if f.term == "majority")
    assert (rate.n_items, rate.estimate) == (19, 0.5)
    assert "1 of 20 questions are left out" in " ".join(rate.warnings)


def test_the_mean_score_is_that_of_averaged_judges():
    """The panel's mean, its interval and its differences equal those of one judge with the mean scores."""
    frame = planted_ratings(np.random.default_rng(5), people=0, judges=3)
    found = panel_of(AuditInput(ratings=frame))
    mean = frame.groupby(["dialogue_id", "system_id", "criterion"], as_index=False)["score"].mean()
    alone = audit(AuditInput(ratings=mean.assign(rater_id="one", rater_kind="judge")))
    for statistic in ("mean_score", "mean_difference"):
        ours = [f for f in found if f.statistic == statistic]
        theirs = [f for f in alone if f.statistic == statistic and f.family == "means"]
        assert [f.estimate for f in ours] == pytest.approx([f.estimate for f in theirs])
        assert [f.ci_low for f in ours] == pytest.approx([f.ci_low for f in theirs])


def test_agreement_among_judges_is_krippendorffs_alpha():
    """Alpha of judges among themselves equals alpha of people with the same scores."""
    frame = planted_ratings(np.random.default_rng(6), people=0, judges=3)
    ours = {f.term: f.estimate for f in panel_of(AuditInput(ratings=frame)) if "alpha" in f.statistic}
    people = audit(AuditInput(ratings=frame.assign(rater_kind="human")))
    theirs = {f.term: f.estimate for f in people if f.statistic == "krippendorff_alpha"}
    assert ours == {term: pytest.approx(theirs[term]) for term in ("ordinal", "interval")}


def test_samples_are_averaged_before_a_judge_votes():
    """A judge with three samples a question has one voice: their mean."""
    once = ratings_of(np.array([[[2.0], [4.0]] * 10]), {"a": "judge"})
    thrice = [once.assign(rater_id="b", score=value, repeat=k) for k, value in enumerate((1.0, 2.0, 6.0))]
    frame = pd.concat([once.assign(repeat=0), *thrice], ignore_index=True)
    mean = next(f for f in panel_of(AuditInput(ratings=frame)) if f.statistic == "mean_score")
    assert mean.estimate == pytest.approx(3.0)  # the mean of 3 (a) and 3 (b: the mean of 1, 2 and 6)
    assert mean.n_items == 20
