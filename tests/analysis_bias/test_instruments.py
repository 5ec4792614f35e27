"""Leniency, range, halo, classes, self-preference, drift: from tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from judge.analysis.bias.classes import class_effects
from judge.analysis.bias.eiv import NotIdentified, Ratings, human_moments
from judge.analysis.bias.families import family_of
from judge.analysis.bias.halo import Sightings, halo
from judge.analysis.bias.length import length_adjusted_rate, spline_column
from judge.analysis.bias.leniency import range_use
from judge.analysis.bias.placebo import placebo_references
from judge.analysis.simulate.planted import Design
from judge.types import Dialogue
from tests.analysis_bias.studies import bias, frames, one, pick


def test_leniency_is_the_mean_difference():
    """A judge that adds a point below the top is milder by what it added on average."""
    data = frames(Design(dialogues=200, severity=0.0))
    judged = data.ratings.rater_kind == "judge"
    ratings = data.ratings.assign(score=np.minimum(data.ratings.score + judged, 5.0))
    wide = ratings.pivot_table(index=["dialogue_id", "system_id"], columns="rater_id", values="score")
    expected = (wide["openai/gpt-4o"] - wide[["p0", "p1", "p2"]].mean(axis=1)).mean()
    found = one(bias(replace(data, ratings=ratings)), "leniency")
    assert found.estimate == pytest.approx(expected)
    assert found.verdict == "bias_found"


def test_leniency_needs_one_scale():
    """Scores of 10 to 100 are not milder than those of 1 to 5."""
    data = frames()
    judged = data.ratings.rater_kind == "judge"
    ratings = data.ratings.assign(score=np.where(judged, 20 * data.ratings.score, data.ratings.score))
    only = one(bias(replace(data, ratings=ratings)), "leniency")
    assert only.verdict == "not_identified"
    assert "one scale" in only.warnings[0]


def test_range_use_of_one_level_is_one_level():
    """A judge that always says 4 uses a fifth of a scale of five levels."""
    found = range_use(np.full(40, 4.0), np.arange(40) // 2, 5, 0.95)
    assert found["range_use"].value == pytest.approx(0.2)
    assert found["modal_share"].value == 1


def test_range_use_is_exp_entropy():
    """The number is exp of scipy's entropy over the levels."""
    score = np.random.default_rng(0).integers(1, 4, size=90).astype(float)
    shares = np.bincount(score.astype(int))[1:] / 90
    found = range_use(score, np.arange(90) // 3, 5, 0.95)
    assert found["range_use"].value == pytest.approx(np.exp(stats.entropy(shares)) / 5)


def _halo_by_loops(seen: Sightings) -> float:
    """The disattenuated correlation from its definition."""
    rows = []
    for item in np.unique(seen.item):
        a, b = seen.first[seen.item == item], seen.second[seen.item == item]
        pairs = [(i, j) for i in range(a.size) for j in range(a.size) if i != j]
        rows.append((
            a.mean(), b.mean(),
            np.mean([a[i] * a[j] for i, j in pairs]),
            np.mean([b[i] * b[j] for i, j in pairs]),
            np.mean([a[i] * b[j] for i, j in pairs]),
        ))  # fmt: skip
    a, b, aa, bb, ab = np.mean(rows, axis=0)
    return (ab - a * b) / np.sqrt((aa - a * a) * (bb - b * b))


def test_halo_equals_its_definition():
    """The vectorised moments are those of a loop over pairs of looks."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(40, 2)) @ np.array([[1, 0.6], [0, 0.8]])
    looks = []
    for count in (2, 3):
        item = np.repeat(np.arange(40), count)
        looks.append(Sightings(item, *(truth[item] + 0.3 * rng.normal(size=(item.size, 2))).T))
    found = halo(looks[0], looks[1], np.arange(40) // 2)
    assert found.value == pytest.approx(_halo_by_loops(looks[0]) - _halo_by_loops(looks[1]))


def test_halo_needs_repeats():
    """A judge asked once has unknown noise: not identified, and the reason asks for repeats."""
    data = frames()
    ratings = pd.concat([data.ratings, data.ratings.assign(criterion="fluency")])
    only = one(bias(replace(data, ratings=ratings)), "halo")
    assert only.verdict == "not_identified"
    assert "repeats" in only.warnings[0]


def test_halo_of_a_judge_with_repeats():
    """With two repeats and several people the number is there."""
    data = frames()
    judged = data.ratings[data.ratings.rater_kind == "judge"]
    rng = np.random.default_rng(0)
    again = judged.assign(repeat=1, score=judged.score + rng.choice([0, 0, 1], size=len(judged)))
    ratings = pd.concat([data.ratings.assign(repeat=0), again])
    other = ratings.assign(
        criterion="fluency", score=ratings.score + rng.choice([-1, 0, 1], size=len(ratings))
    )
    found = one(bias(replace(data, ratings=pd.concat([ratings, other]))), "halo")
    assert (found.criterion, found.term) == ("empathy", "fluency")
    assert -2 <= found.ci_low < found.estimate < found.ci_high <= 2


def _classes(rng, lift: float):
    d, s, k = 240, 2, 4
    cluster = np.repeat(np.arange(d), s)
    klass = cluster % k
    q = 0.5 * rng.normal(size=k)[klass] + rng.normal(size=d * s)
    human = q[:, None] + rng.normal(size=(d * s, 3))
    item, rater = np.divmod(np.arange(d * s * 3), 3)
    people = human_moments(Ratings(item, rater, human.ravel(), d * s))
    return q + lift * (klass == 2) + 0.5 * rng.normal(size=d * s), klass, people, cluster


def test_class_effects_find_the_favoured_class():
    """The planted class stands out, the effects weigh to nought, and shrinking draws them in."""
    judge, klass, people, cluster = _classes(np.random.default_rng(0), 0.8)
    found = class_effects(judge, klass, people, cluster)
    assert found.p < 1e-4
    assert int(np.argmax(found.value)) == 2
    assert abs((found.value * np.bincount(klass)).sum()) < 1e-8
    assert np.ptp(found.shrunk) <= np.ptp(found.value)


def test_class_effects_refuse_a_class_a_dialogue():
    """As many classes as dialogues leave nothing to tell them by."""
    judge, _, people, cluster = _classes(np.random.default_rng(0), 0.0)
    with pytest.raises(NotIdentified):
        class_effects(judge, cluster, people, cluster)


def test_emotions_come_from_the_dialogues():
    """A column emotion gives an omnibus test and one row a class; small classes go together."""
    data = frames(Design(dialogues=60))
    emotions = ["sad"] * 25 + ["proud"] * 25 + ["angry"] * 6 + ["lonely"] * 4
    dialogues = pd.DataFrame({"dialogue_id": [f"d{d}" for d in range(60)], "emotion": emotions})
    found = bias(replace(data, dialogues=dialogues))
    assert one(found, "class_effect").term == "emotion"
    rows = pick(found, "class_leniency")
    assert [f.term for f in rows] == ["emotion=proud", "emotion=sad", "emotion=(rare)"]
    assert all("drawn towards nought" in f.warnings[-1] for f in rows)


def _two_judges(lift: float) -> object:
    """Judges of two families on systems of both; each lifts its own by so much."""
    data = frames(Design(dialogues=150, scale="continuous"), seed=4)
    features = data.features.assign(
        generator_family=data.features.system_id.map({"s0": "openai", "s1": "openai", "s2": "anthropic",
                                                      "s3": "anthropic"})
    )  # fmt: skip
    judged = data.ratings[data.ratings.rater_kind == "judge"]
    rng = np.random.default_rng(0)
    own = judged.system_id.isin(["s0", "s1"])
    theirs = judged.system_id.isin(["s2", "s3"])
    second = judged.assign(
        rater_id="anthropic/claude-sonnet",
        score=0.6 * judged.score + 0.3 * rng.normal(size=len(judged)) + 0.6 * lift * theirs,
    )
    first = judged.assign(score=judged.score + lift * own)
    people = data.ratings[data.ratings.rater_kind == "human"]
    return replace(data, ratings=pd.concat([first, second, people]), features=features)


def test_self_preference_is_found_by_two_judges():
    """Both lift their own family: found with both; with neither it is not."""
    assert one(bias(_two_judges(0.5)), "self_preference").verdict == "bias_found"
    fair = one(bias(_two_judges(0.0)), "self_preference")
    assert fair.verdict != "bias_found"
    assert any("style" in text for text in fair.warnings)


def test_self_preference_with_one_judge_is_not_identified():
    """One judge cannot tell its liking from people's dislike, and the reason says what would help."""
    only = one(bias(frames()), "self_preference")
    assert only.verdict == "not_identified"
    assert "two judges of different families" in only.warnings[0]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("openai/gpt-4o-mini", "openai"),
        ("anthropic/claude-3-5-sonnet", "anthropic"),
        ("vllm/Meta-Llama-3.1-8B", "meta"),
        ("openai/mixtral-8x7b", "mistral"),
        ("chatglm3-6b", "zhipu"),
        ("kemp", ""),
        ("human", ""),
        ("embedded/epitome", ""),
    ],
)
def test_families_are_read_off_names(name: str, family: str):
    """The model's own name counts first, then its provider's; what is unknown stays unknown."""
    assert family_of(name) == family


def test_drift_is_the_paired_difference_of_two_rubrics():
    """The same judge with another rubric on the same items: the difference, paired."""
    data = frames()
    judged = data.ratings.rater_kind == "judge"
    old = data.ratings.assign(rubric="empathy@1", repeat=0)
    new = old[judged].assign(rubric="empathy@2", repeat=1, score=lambda f: f.score + 0.25)
    new.loc[new.dialogue_id.isin(["d1", "d2", "d3"]), "score"] += 0.25
    found = one(bias(replace(data, ratings=pd.concat([old, new]))), "drift")
    assert found.estimate == pytest.approx(0.25 + 0.25 * 3 / 60)
    assert found.term == "empathy@1 -> empathy@2"
    assert "100 items" in one(bias(data), "drift").warnings[0]


def test_length_adjustment_equals_a_logistic_fit():
    """With a weak ridge the rate at equal length is that of statsmodels' logit within a hair."""
    statsmodels = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(0)
    gap = rng.normal(5, 10, size=4000)
    chance = 1 / (1 + np.exp(-(0.4 + np.tanh(gap / gap.std()))))
    wins = (rng.random(4000) < chance).astype(float)
    fit = statsmodels.Logit(wins, np.column_stack([np.ones(4000), np.tanh(gap / gap.std())])).fit(disp=0)
    found = length_adjusted_rate(wins, gap, np.arange(4000))
    assert found.value == pytest.approx(1 / (1 + np.exp(-fit.params[0])), abs=2e-3)
    width = 2 * 1.96 * fit.bse[0] * found.value * (1 - found.value)
    assert found.ci_high - found.ci_low == pytest.approx(width, rel=0.05)


@pytest.mark.parametrize("score", [np.ones(50), np.zeros(50)])
def test_length_adjustment_refuses_a_walkover(score):
    """Where one system wins everything there is no rate at equal length."""
    gap = np.linspace(-1, 1, 50)
    assert not length_adjusted_rate(score, gap, np.arange(50)).identified


def test_the_spline_is_straight_outside_its_knots():
    """Second differences vanish below the first and above the last knot."""
    x = np.linspace(0, 1, 101)
    bend = np.diff(spline_column(x), 2)
    assert np.abs(bend[:8]).max() < 1e-12
    assert np.abs(bend[-8:]).max() < 1e-12
    assert np.abs(bend[40:60]).min() > 0


def test_placebo_references_go_round():
    """Each reference is lent once, within its emotion, never to its own dialogue."""
    dialogues = [
        Dialogue(f"d{n}", (), emotion=("sad", "proud")[n % 2], reference=f"text {n}") for n in range(20)
    ]
    lent = placebo_references(dialogues, seed=3)
    by_id = {d.dialogue_id: d for d in dialogues}
    assert sorted(lent.values()) == sorted(d.reference for d in dialogues)
    for name, text in lent.items():
        assert text != by_id[name].reference
        assert by_id[name].emotion == by_id[f"d{text.split()[1]}"].emotion
    assert placebo_references(reversed(dialogues), seed=3) == lent
    assert placebo_references(dialogues[:1]) == {}
