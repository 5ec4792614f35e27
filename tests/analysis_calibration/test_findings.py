"""Calibration as findings: what is given, what is refused, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from judge.analysis.calibration.active import next_labels
from judge.analysis.calibration.findings import ALL_LABELLED, calibrated_findings
from judge.analysis.calibration.quality import quality_findings
from judge.analysis.duel_table import encode_duels
from judge.analysis.inputs import AuditInput, AuditOptions
from judge.analysis.rating_table import encode_ratings
from tests.analysis.frames import ratings_of

if TYPE_CHECKING:
    from judge.types import Finding

OPTIONS = AuditOptions()


def _study(labelled: int, dialogues: int = 200, seed: int = 0) -> pd.DataFrame:
    """Two systems, the second better by .5; a judge .6 too generous; two people on the first dialogues."""
    rng = np.random.default_rng(seed)
    quality = np.array([0.0, 0.5]) + 0.5 * rng.normal(size=(dialogues, 1)) + rng.normal(size=(dialogues, 2))
    people = np.round(3 + quality + 0.5 * rng.normal(size=(2, dialogues, 2)), 1)
    people[:, labelled:] = np.nan
    judge = np.round(3.6 + quality + 0.5 * rng.normal(size=(dialogues, 2)), 1)
    raters = {"p0": "human", "p1": "human", "j": "judge"}
    return ratings_of(np.concatenate([people, judge[None]]), raters)


def _found(frame: pd.DataFrame) -> list[Finding]:
    table = encode_ratings(frame, None, "dialogue_id")
    return list(calibrated_findings(table, None, AuditInput(ratings=frame), OPTIONS))


def _one(found: list[Finding], statistic: str, **columns: str) -> Finding:
    wanted = [
        f
        for f in found
        if f.statistic == statistic and all(getattr(f, name) == v for name, v in columns.items())
    ]
    assert len(wanted) == 1
    return wanted[0]


def test_means_are_corrected_and_the_judge_s_share_is_told():
    """The calibrated mean is people's, not the judge's; weight and worth are rows of their own."""
    found = _found(_study(80))
    mean = _one(found, "mean_score", system="s0")
    assert mean.ci_low < 3.0 < mean.ci_high < 3.5  # type: ignore[operator]
    assert mean.n_items == 80
    weight = _one(found, "judge_weight", system="s0", term="mean_score", level="system")
    worth = _one(found, "label_worth", system="s0", term="mean_score", level="system")
    assert 0.4 < weight.estimate < 1  # type: ignore[operator]
    assert worth.estimate > 1.1  # type: ignore[operator]
    difference = _one(found, "mean_difference")
    assert difference.ci_low < -0.5 < difference.ci_high  # type: ignore[operator]


def test_too_few_labels_are_refused_with_the_number_needed():
    """49 labels give no interval."""
    mean = _one(_found(_study(49)), "mean_score", system="s0")
    assert (mean.verdict, mean.estimate) == ("not_identified", None)
    assert "49 labels; 50 are needed" in mean.warnings[0]


def test_where_everything_is_labelled_the_labels_alone_are_used():
    """No correction is needed, and the finding says so."""
    frame = _study(60, dialogues=60)
    mean = _one(_found(frame), "mean_score", system="s1")
    people = frame[(frame.rater_kind == "human") & (frame.system_id == "s1")].score.mean()
    assert mean.estimate == pytest.approx(people)
    assert ALL_LABELLED in mean.warnings
    assert not [f for f in _found(frame) if f.statistic == "judge_weight"]


def test_without_people_or_without_judges_there_is_nothing():
    """One kind of rater alone calibrates nothing."""
    frame = _study(80)
    assert _found(frame[frame.rater_kind == "judge"]) == []
    assert _found(frame[frame.rater_kind == "human"]) == []


def test_labels_that_are_no_random_part_are_told():
    """People labelled what the judge liked best: the finding warns."""
    frame = _study(80)
    judged = frame[(frame.rater_kind == "judge") & (frame.system_id == "s0")]
    order = judged.sort_values("score", ascending=False).dialogue_id.tolist()
    rename = {old: f"d{new}" for new, old in enumerate(order)}
    frame.loc[frame.rater_kind == "judge", "dialogue_id"] = frame.dialogue_id.map(rename)
    mean = _one(_found(frame), "mean_score", system="s0")
    assert any("do not look like a random part" in w for w in mean.warnings)


def test_labels_drawn_with_chances_are_weighted():
    """People labelled mostly what the judge overrates: the mean is right only with `inclusion`."""
    rng = np.random.default_rng(5)
    n = 1500
    bad = rng.random(n) < 0.3
    truth = np.where(bad, 1.0, 4.0) + 0.3 * rng.normal(size=n)
    judge = 4.0 + 0.3 * rng.normal(size=n)
    drawn = next_labels(np.where(bad, 3.0, 0.3), 150, rng=rng)
    rows = [(f"d{i}", "s", "empathy", "j", "judge", judge[i], np.nan) for i in range(n)]
    rows += [(f"d{i}", "s", "empathy", "p", "human", truth[i], drawn.inclusion[i]) for i in drawn.index]
    columns = [
        "dialogue_id",
        "system_id",
        "criterion",
        "rater_id",
        "rater_kind",
        "score",
        "inclusion",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    mean = _one(_found(frame), "mean_score")
    assert mean.ci_low < truth.mean() < mean.ci_high  # type: ignore[operator]
    even = _one(_found(frame.drop(columns="inclusion")), "mean_score")
    assert even.ci_high < truth.mean()  # type: ignore[operator]


def test_a_difference_with_chances_is_that_of_the_two_means():
    """With chances, the difference of systems equals the difference of their weighted means nearly."""
    frame = _study(200)
    rng = np.random.default_rng(3)
    people = frame.rater_kind == "human"
    items = frame.loc[people, ["dialogue_id", "system_id"]].drop_duplicates()
    items["inclusion"] = inclusion = 0.5
    items = items[rng.random(len(items)) < inclusion]
    labels = frame[people].merge(items, on=["dialogue_id", "system_id"])
    both = pd.concat([frame[~people], labels], ignore_index=True)
    found = _found(both)
    difference = _one(found, "mean_difference")
    means = [_one(found, "mean_score", system=s).estimate for s in ("s0", "s1")]
    assert difference.estimate == pytest.approx(means[0] - means[1], abs=0.05)  # type: ignore[operator]
    assert difference.ci_low < -0.5 < difference.ci_high  # type: ignore[operator]


def _duels(labelled: int, *, dialogues: int = 300, share: float = 0.6) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = []
    for d in range(dialogues):
        gap = rng.logistic() + np.log(share / (1 - share))
        judge = "A" if gap + 0.8 + 0.5 * rng.normal() > 0 else "B"
        rows += [(f"d{d}", order, judge, "j", "judge") for order in ("AB", "BA")]
        if d < labelled:
            rows.append((f"d{d}", "AB", "A" if gap > 0 else "B", "p", "human"))
    frame = pd.DataFrame(rows, columns=["dialogue_id", "order", "verdict", "rater_id", "rater_kind"])
    return frame.assign(system_a="x", system_b="y", criterion="empathy")


def _duel_findings(frame: pd.DataFrame) -> list[Finding]:
    table = encode_duels(frame, None, "dialogue_id")
    return list(calibrated_findings(None, table, AuditInput(duels=frame), OPTIONS))


def test_win_rates_are_corrected():
    """A judge that overrates the first system: the calibrated win rate covers people's .6."""
    rate = _one(_duel_findings(_duels(120)), "win_rate")
    assert (rate.system, rate.system_b, rate.level) == ("x", "y", "pair")
    assert rate.ci_low < 0.6 < rate.ci_high  # type: ignore[operator]


def test_a_win_rate_with_too_few_losses_is_refused():
    """Below 10 labels in the rarer class the interval would be too short."""
    rate = _one(_duel_findings(_duels(80, share=0.95)), "win_rate")
    assert rate.verdict == "not_identified"
    assert "10 of each are needed" in rate.warnings[0]


def test_calibration_quality_is_given_for_each_method_or_refused():
    """With 300 labelled items all methods, with 100 no isotonic regression, with 40 nothing."""
    for dialogues, given in ((150, {"raw", "isotonic", "ordinal"}), (50, {"raw", "ordinal"}), (20, set())):
        frame = _study(dialogues, dialogues=dialogues)
        frame["score"] = frame.score.round().clip(1, 5)
        found = list(quality_findings(encode_ratings(frame, None, "dialogue_id"), OPTIONS))
        assert {f.term for f in found if f.verdict != "not_identified"} == given
        assert len(found) == 9
