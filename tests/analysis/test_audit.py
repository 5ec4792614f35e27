"""The audit as a whole: what comes out, and what bad input does."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.analysis.audit import AuditInput, AuditOptions, audit
from judge.errors import TableError
from tests.analysis.frames import duels_of, number, one, pick, planted_ratings, ratings_of, wtl
from tests.analysis.test_ranking import random_duels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from judge.types import Finding

FAMILIES = {"outcomes", "ranking", "means", "agreement", "position", "texts"}


def well_formed(findings: Iterable[Finding]) -> None:
    """No silent NaN; without an estimate there is a verdict and a reason."""
    for found in findings:
        for name in ("estimate", "std_error", "ci_low", "ci_high", "p", "p_adjusted"):
            value = getattr(found, name)
            assert value is None or math.isfinite(value), (name, found)
        assert (found.estimate is None) == (found.verdict == "not_identified"), found
        assert found.estimate is not None or found.warnings, found
        assert found.method, found
        if found.ci_low is not None:
            assert found.ci_low <= number(found.ci_high)
            assert found.confidence is not None
        for name in ("family", "statistic", "level", "judge", "criterion", "system", "term"):
            assert isinstance(getattr(found, name), str)


def test_every_finding_is_well_formed():
    """A complete study gives findings of every family, none of them malformed."""
    ratings = planted_ratings(np.random.default_rng(0), judges=2)
    duels = random_duels(np.random.default_rng(0), systems=5)
    features = pd.DataFrame({"dialogue_id": ["d0", "d1"], "system_id": "s0", "n_tokens": [3, 4], "note": "x"})
    findings = audit(AuditInput(ratings=ratings, duels=duels, features=features))
    well_formed(findings)
    assert {f.family for f in findings} >= FAMILIES


def test_means_and_paired_differences():
    """Means are those of the table; differences are paired by dialogue and adjusted by Holm."""
    frame = planted_ratings(np.random.default_rng(1), 30, 3)
    findings = audit(AuditInput(ratings=frame))
    judge = frame[frame.rater_id == "j0"].pivot_table(
        index="dialogue_id", columns="system_id", values="score"
    )
    found = one(findings, family="means", statistic="mean_score", judge="j0", system="s1")
    assert found.estimate == pytest.approx(judge.s1.mean())
    gap = one(findings, family="means", statistic="mean_difference", judge="j0", system="s0", system_b="s2")
    assert gap.std_error == pytest.approx((judge.s0 - judge.s2).sem())
    assert gap.correction == "holm"
    people = frame[frame.rater_kind == "human"]
    found = one(findings, statistic="mean_score", judge="people", system="s1")
    assert found.estimate == pytest.approx(people[people.system_id == "s1"].score.mean())
    assert found.n_raters == 3


def test_ratings_alone_are_ranked_by_means():
    """A judge without duels gets ranks by mean score."""
    findings = audit(AuditInput(ratings=planted_ratings(np.random.default_rng(1))))
    ranks = pick(findings, statistic="rank", judge="j0")
    assert len(ranks) == 5
    assert all("mean scores" in f.method for f in ranks)


def test_failed_ratings_are_counted_and_bounded():
    """A failure is no score: it is counted, left out of the mean, and bounded from both sides."""
    frame = planted_ratings(np.random.default_rng(2), 20, 2)
    frame["outcome"] = "ok"
    hit = frame.index[(frame.rater_id == "j0") & (frame.system_id == "s0")][:5]
    frame.loc[hit, "outcome"] = "refusal"
    frame.loc[hit, "score"] = np.nan
    findings = audit(AuditInput(ratings=frame), AuditOptions(scales={"empathy": (1.0, 5.0)}))
    kept = frame[(frame.rater_id == "j0") & (frame.system_id == "s0") & (frame.outcome == "ok")].score
    columns = {"judge": "j0", "system": "s0"}
    assert one(findings, family="means", statistic="mean_score", **columns).estimate == pytest.approx(
        kept.mean()
    )
    worst = one(findings, statistic="mean_score_worst", **columns).estimate
    assert worst == pytest.approx((kept.sum() + 5) / 20)
    assert one(findings, statistic="mean_score_best", **columns).estimate == pytest.approx(
        (kept.sum() + 25) / 20
    )
    assert one(findings, statistic="count", judge="j0", term="refusal").estimate == 5
    rate = one(findings, statistic="failure_rate", level="judge", judge="j0")
    assert rate.estimate == pytest.approx(5 / 40)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_counted(bad):
    """A row that says ok without a finite score becomes an outcome of its own."""
    frame = planted_ratings(np.random.default_rng(2), 20, 2)
    frame.loc[3, "score"] = bad
    findings = audit(AuditInput(ratings=frame))
    well_formed(findings)
    assert one(findings, statistic="count", term="missing_score").estimate == 1


def test_all_scores_unusable():
    """Only non-finite scores: everything that needs a score is left out or not identified."""
    frame = planted_ratings(np.random.default_rng(2), 5, 2).assign(score=np.nan)
    findings = audit(AuditInput(ratings=frame))
    well_formed(findings)
    assert not pick(findings, statistic="mean_score")


DEGENERATE = {
    "constant": ratings_of(np.full((3, 6, 4), 3.0), {"p": "human", "q": "human", "j": "judge"}),
    "one dialogue": planted_ratings(np.random.default_rng(0), 1),
    "one system": planted_ratings(np.random.default_rng(0), 20, 1),
    "one person": planted_ratings(np.random.default_rng(0), 20, people=1),
    "no people": planted_ratings(np.random.default_rng(0), 20, people=0),
    "no judge": planted_ratings(np.random.default_rng(0), 20, judges=0),
    "one row": planted_ratings(np.random.default_rng(0), 1, 1, 1, 0),
}


@pytest.mark.parametrize("name", sorted(DEGENERATE))
def test_degenerate_ratings(name):
    """Degenerate tables give findings that say why, and no warnings."""
    findings = audit(AuditInput(ratings=DEGENERATE[name]))
    assert findings
    well_formed(findings)


@pytest.mark.parametrize(
    "frame",
    [wtl(0, 9, 0), wtl(9, 0, 0), wtl(1, 0, 0), wtl(0, 1, 0), duels_of(["A"] * 30, orders=("AB", "BA"))],
    ids=["ties", "sweep", "one", "one tie", "both orders"],
)
def test_degenerate_duels(frame):
    """All ties, clean sweeps and single duels give well-formed findings."""
    well_formed(audit(AuditInput(duels=frame)))


def test_nothing_in_common():
    """A judge who rated other items than people agrees with nobody, and is told so."""
    scores = np.full((2, 20, 2), np.nan)
    scores[0, :10], scores[1, 10:] = 2.0, 3.0
    findings = audit(AuditInput(ratings=ratings_of(scores, {"p": "human", "j": "judge"})))
    well_formed(findings)
    found = one(findings, statistic="spearman", level="item", term="people_mean")
    assert "nothing in common" in found.warnings[0]


def test_duplicates_are_refused_with_rows():
    """Two rows of one rater about one item are an error that names both."""
    frame = planted_ratings(np.random.default_rng(0), 3, 2)
    with pytest.raises(TableError, match="rows 1 and 25 have the same key"):
        audit(AuditInput(ratings=pd.concat([frame, frame.head(1)], ignore_index=True)))
    duels = wtl(2, 0, 0)
    with pytest.raises(TableError, match="same key"):
        audit(AuditInput(duels=pd.concat([duels, duels])))


def test_repeats_are_averaged_not_counted():
    """Repeats numbered in the column repeat are one observation."""
    frame = planted_ratings(np.random.default_rng(0), 20, 2)
    twice = pd.concat([frame.assign(repeat=0), frame.assign(repeat=1)])
    one_run, two = audit(AuditInput(ratings=frame)), audit(AuditInput(ratings=twice))
    kinds = [f for f in one_run if f.family in {"means", "agreement"}]
    assert kinds == [f for f in two if f.family in {"means", "agreement"}]


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("verdict", "better", "unknown verdict"),
        ("order", "XY", "unknown order"),
        ("rater_kind", "robot", "rater_kind"),
        ("system_b", "x", "meets itself"),
    ],
)
def test_unknown_words_are_named(column, value, match):
    """A word that is not in the contract is an error with row and column."""
    frame = wtl(3, 0, 0)
    frame.loc[1, column] = value
    with pytest.raises(TableError, match=match) as caught:
        audit(AuditInput(duels=frame))
    assert "row 2" in str(caught.value)


def test_missing_column_and_id():
    """A missing column or id is named."""
    frame = planted_ratings(np.random.default_rng(0), 3, 2)
    with pytest.raises(TableError, match="rater_id"):
        audit(AuditInput(ratings=frame.drop(columns="rater_id")))
    frame.loc[0, "dialogue_id"] = None
    with pytest.raises(TableError, match="an id is missing"):
        audit(AuditInput(ratings=frame))


def test_ids_of_mixed_type_are_texts():
    """Ids may be numbers, texts or both; 1 and "1" are the same."""
    frame = planted_ratings(np.random.default_rng(0), 4, 2)
    mixed = [int(name[1:]) if place % 2 else name[1:] for place, name in enumerate(frame.dialogue_id)]
    findings = audit(AuditInput(ratings=frame.assign(dialogue_id=pd.Series(mixed, dtype=object))))
    assert one(findings, family="means", statistic="mean_score", judge="j0", system="s0").n_dialogues == 4


def test_coarser_clusters():
    """Clusters may come from a column of the table or of the dialogues; both give the same."""
    frame = planted_ratings(np.random.default_rng(0), 40, 3)
    place = frame.dialogue_id.str[1:].astype(int)
    dialogues = pd.DataFrame(
        {"dialogue_id": [f"d{k}" for k in range(40)], "speaker": [k // 2 for k in range(40)]}
    )
    by_row = audit(AuditInput(ratings=frame.assign(speaker=place // 2)), AuditOptions(cluster="speaker"))
    by_dialogue = audit(AuditInput(ratings=frame, dialogues=dialogues), AuditOptions(cluster="speaker"))
    assert by_row == by_dialogue
    assert one(by_row, family="means", statistic="mean_score", judge="j0", system="s0").n_dialogues == 20
    with pytest.raises(TableError, match="cluster column"):
        audit(AuditInput(ratings=frame), AuditOptions(cluster="nobody"))


def test_row_order_does_not_matter():
    """Shuffled rows give the same findings."""
    ratings = planted_ratings(np.random.default_rng(0), 20, 3)
    duels = random_duels(np.random.default_rng(0))
    plain = audit(AuditInput(ratings=ratings, duels=duels))
    mixed = audit(
        AuditInput(ratings=ratings.sample(frac=1, random_state=1), duels=duels.sample(frac=1, random_state=2))
    )
    assert len(plain) == len(mixed)
    for a, b in zip(plain, mixed, strict=True):
        numbers = ("estimate", "std_error", "ci_low", "ci_high", "p", "p_adjusted")
        words = [{k: v for k, v in dataclasses.asdict(f).items() if k not in numbers} for f in (a, b)]
        assert words[0] == words[1]
        for name in numbers:
            assert getattr(a, name) == pytest.approx(getattr(b, name), abs=1e-9)


def test_categorical_columns_are_the_same():
    """Categorical columns, with unused categories, give the same findings as text."""
    frame = random_duels(np.random.default_rng(0))
    coded = frame.astype("category")
    coded["system_a"] = coded["system_a"].cat.add_categories(["never"])
    assert audit(AuditInput(duels=frame)) == audit(AuditInput(duels=coded))


rows = st.tuples(
    st.integers(0, 3),
    st.integers(0, 2),
    st.sampled_from(["human", "judge"]),
    st.integers(0, 1),
    st.one_of(st.integers(1, 3).map(float), st.just(math.nan), st.just(math.inf)),
)


@given(st.lists(rows, min_size=1, max_size=30, unique_by=lambda row: row[:4]))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_ratings(table):
    """Whatever small table of ratings comes, the findings are well formed and nothing warns."""
    frame = pd.DataFrame(table, columns=["dialogue_id", "system_id", "rater_kind", "rater_id", "score"])
    well_formed(audit(AuditInput(ratings=frame.assign(criterion="c"))))


duel_rows = st.tuples(
    st.integers(0, 3),
    st.sampled_from([("x", "y"), ("x", "z"), ("z", "y")]),
    st.sampled_from(["AB", "BA"]),
    st.sampled_from(["human", "judge"]),
    st.integers(0, 1),
    st.sampled_from(["A", "B", "tie", None]),
)


@given(st.lists(duel_rows, min_size=1, max_size=30, unique_by=lambda row: row[:5]))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_duels(table):
    """Whatever small table of duels comes, the findings are well formed and nothing warns."""
    frame = pd.DataFrame(
        [(d, *pair, order, kind, "r", repeat, verdict) for d, pair, order, kind, repeat, verdict in table],
        columns=[
            "dialogue_id", "system_a", "system_b", "order", "rater_kind", "rater_id", "repeat", "verdict",
        ],
    )  # fmt: skip
    well_formed(audit(AuditInput(duels=frame.assign(criterion="c"))))
