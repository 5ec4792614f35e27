"""The panel of an audit: every feature with its checks, and what is missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from judge.analysis.audit import AuditInput
from judge.analysis.simulate.planted import Design
from tests.analysis_bias.studies import bias, frames, one, pick


def test_a_planted_liking_is_found_and_the_other_feature_is_not():
    """Single, within the dialogue, by instruments and jointly."""
    found = bias(frames(Design(dialogues=300), (0.0, 0.4)))
    for level in ("pooled", "within_dialogue", "instrumental", "joint"):
        assert one(found, "preference", level=level, term="x1").verdict == "bias_found"
        assert one(found, "preference", level=level, term="x0").verdict != "bias_found"
    points = one(found, "preference_points", term="x1")
    assert points.ci_low < 0.37 < points.ci_high


def test_the_family_is_adjusted():
    """p-values of the single features are adjusted together, and those of the joint model."""
    found = bias(frames(planted=(0.0, 0.1, 0.2)))
    for level in ("pooled", "joint"):
        rows = pick(found, "preference", level=level)
        assert [r.correction for r in rows] == ["benjamini-hochberg"] * 3
        assert all(r.p_adjusted >= r.p for r in rows)


def test_every_number_is_relative_to_the_raters():
    """The panel says whose taste it is measured against."""
    note = one(bias(frames()), "preference", level="pooled", term="x0").warnings
    assert any("relative to these raters" in text for text in note)


def test_nobody_rated():
    """Without people there is no liking beyond theirs, and the reason says what would help."""
    data = frames()
    ratings = data.ratings[data.ratings.rater_kind == "judge"]
    only = one(bias(AuditInput(ratings=ratings, features=data.features)), "preference")
    assert only.verdict == "not_identified"
    assert "no person rated" in only.warnings[0]


def test_no_features():
    """Without features the panel says so; the rest of the family is there."""
    found = bias(AuditInput(ratings=frames().ratings))
    assert "no features" in one(found, "preference").warnings[0]
    assert one(found, "leniency").estimate is not None


def test_one_rater_gives_a_curve_and_no_p():
    """With one rater an item there is a sensitivity curve, and nowhere a p-value of a preference."""
    found = bias(frames(Design(dialogues=60, raters=1)))
    assert one(found, "preference", level="pooled").verdict == "not_identified"
    assert len(pick(found, "sensitivity")) >= 5
    assert all(f.p is None for f in found if f.statistic in ("preference", "sensitivity"))


def test_partly_double_ratings_get_the_fieller_set():
    """Where only a part of the items has two raters, the set that stays honest is beside the interval."""
    found = bias(frames(Design(dialogues=100, raters=4, double=0.3)))
    assert one(found, "preference", level="fieller", term="x0").ci_low is not None
    assert any("Fieller" in text for text in one(found, "preference", level="pooled").warnings)


def test_a_rare_mark_is_not_tested():
    """A yes-or-no feature that occurs in three dialogues says nothing, and that is said."""
    data = frames(names=("other",))
    features = data.features.assign(n_bold=(data.features.dialogue_id.isin(["d1", "d2", "d3"])).astype(int))
    only = one(bias(replace(data, features=features)), "preference", term="has_bold")
    assert only.verdict == "not_identified"
    assert "3 dialogues" in only.warnings[0]


def test_features_that_say_the_same_are_flagged():
    """A copy with a little noise inflates the variance of the joint coefficients, which is told."""
    data = frames(names=("x0",))
    noise = 0.05 * np.random.default_rng(0).normal(size=len(data.features))
    features = data.features.assign(copy=data.features.x0 + noise)
    found = pick(bias(replace(data, features=features)), "preference", level="joint")
    assert all(any("variance inflation" in text for text in f.warnings) for f in found)


def test_only_one_likeness_enters_the_joint_model():
    """Several measures of likeness to the reference are tested one by one, not against each other."""
    found = bias(frames(planted=(0.0, 0.0, 0.0), names=("sim_chrf", "sim_rouge", "log_words")))
    assert [f.term for f in pick(found, "preference", level="joint")] == ["sim_chrf", "log_words"]
    assert len(pick(found, "preference", level="pooled")) == 3


def test_the_placebo_separates_this_reference_from_the_style():
    """A liking for the true reference remains when that for another's is taken off."""
    names = ("sim_chrf", "sim_chrf_placebo")
    found = bias(frames(Design(dialogues=300), (0.4, 0.0), names=names))
    assert one(found, "placebo_contrast").verdict == "bias_found"
    assert not pick(found, "preference", term="sim_chrf_placebo")
    without = bias(frames(names=("sim_chrf",)))
    assert "placebo" in one(without, "placebo_contrast").warnings[0]


def test_length_that_bends_is_told():
    """A judge that likes middling length has a bend, and one number for length is called an average."""
    data = frames(Design(dialogues=200), names=("x",))
    words = np.expm1(np.clip(3 + 0.5 * data.features.x, 0.1, None))
    judged = data.ratings.rater_kind == "judge"
    ratings = data.ratings.copy()
    ratings.loc[judged, "score"] = ratings.loc[judged, "score"] - 0.8 * data.features.x.to_numpy() ** 2
    features = data.features[["dialogue_id", "system_id"]].assign(n_words=words)
    bend = one(bias(AuditInput(ratings=ratings, features=features)), "length_curvature")
    assert bend.p < 1e-6
    assert any("bends" in text for text in bend.warnings)


@pytest.mark.parametrize("mode", ["same judge", "same people", "one dialogue", "two dialogues", "nan"])
def test_degenerate_data_end_in_reasons(mode: str):
    """Whatever cannot be told is not_identified with a reason; no warning of numpy's, no silent NaN."""
    data = frames(planted=(0.0, 0.0))
    ratings = data.ratings.copy()
    if mode == "same judge":
        ratings.loc[ratings.rater_kind == "judge", "score"] = 3.0
    elif mode == "same people":
        ratings.loc[ratings.rater_kind == "human", "score"] = 3.0
    elif mode == "nan":
        ratings["score"] = np.nan
    else:
        ratings = ratings[ratings.dialogue_id.isin(["d0"] if mode == "one dialogue" else ["d0", "d1"])]
    for f in bias(AuditInput(ratings=ratings, features=data.features)):
        numbers = (f.estimate, f.std_error, f.ci_low, f.ci_high, f.p)
        assert all(x is None or np.isfinite(x) for x in numbers)
        assert f.estimate is not None or (f.verdict == "not_identified" and f.warnings[0])


def length_duels(rng: np.random.Generator, liking: float, dialogues: int = 150) -> AuditInput:
    """Three systems compared by a judge in both orders and by three people; word counts as the feature."""
    rows, words = [], []
    for d in range(dialogues):
        quality = rng.normal(size=3)
        length = 0.5 * quality + rng.normal(size=3)
        words += [(f"d{d}", f"s{s}", float(np.expm1(3 + 0.3 * length[s]))) for s in range(3)]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            gap = quality[a] - quality[b]
            who = [("openai/gpt-4o", "judge", order, liking) for order in ("AB", "BA")]
            who += [(f"p{k}", "human", "AB", 0.0) for k in range(3)]
            for rater, kind, order, taste in who:
                seen = gap + taste * (length[a] - length[b]) + 0.7 * rng.normal()
                verdict = "tie" if abs(seen) < 0.3 else "A" if seen > 0 else "B"
                rows.append((f"d{d}", f"s{a}", f"s{b}", "empathy", rater, kind, order, verdict))
    names = ["dialogue_id", "system_a", "system_b", "criterion", "rater_id", "rater_kind", "order", "verdict"]
    features = pd.DataFrame(words, columns=["dialogue_id", "system_id", "n_words"])
    return AuditInput(duels=pd.DataFrame(rows, columns=names), features=features)


def test_duels_are_tested_against_peoples_duels():
    """A judge of pairs that likes length is found; a fair one is not; the adjusted win rate is given."""
    biased = bias(length_duels(np.random.default_rng(0), 0.8))
    assert one(biased, "preference", level="pooled", term="log_words").verdict == "bias_found"
    assert not pick(biased, "preference", level="within_dialogue")
    fair = bias(length_duels(np.random.default_rng(1), 0.0))
    assert one(fair, "preference", level="pooled", term="log_words").verdict != "bias_found"
    rates = pick(biased, "length_adjusted_win_rate")
    assert [(f.system, f.system_b) for f in rates] == [("s0", "s1"), ("s0", "s2"), ("s1", "s2")]
    assert all(0 < f.ci_low < f.estimate < f.ci_high < 1 for f in rates)
