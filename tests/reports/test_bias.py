"""What the judge favours: the picture, one row for each feature, and what was not tested."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from judge.reports.bias import bias_section, preference_views
from judge.reports.headline import trust
from judge.reports.index import Findings
from tests.reports import families
from tests.reports.families import found

if TYPE_CHECKING:
    from judge.reports.model import Panel, Section

JUDGE, CRITERION = "openai/gpt-4o", "empathy"


def _section(findings: Findings) -> Section:
    section = bias_section(findings, "people", 0.1)
    assert section is not None
    return section


def _only(findings: Findings) -> Panel:
    (panel,) = _section(findings).panels
    return panel


def test_the_picture_has_the_margin_and_a_verdict_for_each_feature() -> None:
    """The strongest liking comes first, the band is the margin, and lines carry their verdict."""
    forest = _only(found(families.bias(JUDGE, CRITERION))).forest
    assert forest is not None
    assert (forest.band, forest.reference) == (0.1, 0.0)
    assert [(r.label, r.verdict) for r in forest.rows] == [
        ("contains a question", "bias_found"),
        ("my feature", "inconclusive"),
        ("likeness to the reference (chrF)", "equivalent"),
        ("length (log words)", "bias_found"),
    ]


def test_a_feature_has_one_row_with_every_way_of_asking() -> None:
    """Points and the other estimators stand beside the pooled preference, with their verdicts' signs."""
    table = _only(found(families.bias(JUDGE, CRITERION))).tables[0]
    assert [c.label for c in table.columns] == [
        "Feature", "Preference, SD per SD", "p adjusted", "", "Points per SD", "Within a dialogue",
        "Instrumental", "All features together", "Fieller", "Less placebo", "Items",
    ]  # fmt: skip
    assert len(table.rows) == len(families.FEATURES)
    likeness = table.rows[2]
    assert [c.text for c in likeness[:5]] == [
        "likeness to the reference (chrF)", "0.020", "0.004", "no bias", "0.007",
    ]  # fmt: skip
    assert (likeness[9].text, likeness[9].verdict) == ("0.010", "equivalent")
    assert table.rows[0][9].text == "–"
    assert table.notes == ()  # what holds for all rows is said once, above


def test_columns_without_a_number_are_left_out() -> None:
    """An estimator that was not used has no empty column."""
    given = found(families.bias(JUDGE, CRITERION))
    pooled = Findings(f for f in given.all if f.level == "pooled" and f.statistic == "preference")
    labels = [c.label for c in _only(pooled).tables[0].columns]
    assert labels == ["Feature", "Preference, SD per SD", "p adjusted", "", "Items"]


def test_what_is_missing_for_the_same_reason_is_one_line() -> None:
    """Features that never vary are folded into one line with their plain names."""
    panel = _only(found(families.bias(JUDGE, CRITERION)))
    assert panel.notes == ("Not tested: contains a list, contains a heading: has the same value everywhere.",)


def test_criteria_that_nobody_rated_have_no_tab() -> None:
    """A view without any number is a line under the section, with the criterion's name."""
    nobody = [
        families.row("bias", "preference", level="pooled", term="all features", judge=JUDGE, criterion=c,
                     warnings=[f"no person rated these ratings on {c}"])
        for c in ("fluency", "relevance")
    ]  # fmt: skip
    section = _section(found(families.bias(JUDGE, CRITERION), nobody))
    assert len(section.panels) == 1
    line = "Not tested: preferences (fluency, relevance): no person rated these ratings on this criterion."
    assert line in section.notes


def test_scores_and_comparisons_of_one_judge_are_told_apart() -> None:
    """A judge that scored and compared has two views; no number of either is lost."""
    given = found(families.bias(JUDGE, CRITERION), families.bias(JUDGE, CRITERION, shift=0.02))
    scores, comparisons = preference_views(given)
    assert (scores.kind, comparisons.kind) == ("scores", "comparisons")
    key = ("preference", "pooled", "log_words")
    assert (scores.found[key].estimate, comparisons.found[key].estimate) == pytest.approx((-0.2, -0.18))


def test_one_rater_for_each_item_gives_curves_with_their_tipping_point() -> None:
    """Without a second rater there is no test: curves over the assumed reliability, and no forest."""
    panel = _only(found(families.sensitivity(JUDGE, CRITERION)))
    assert panel.forest is None
    assert panel.curves is not None
    assert [(c.label, len(c.x), c.mark) for c in panel.curves.curves] == [
        ("length (log words)", 9, 0.7),
        ("contains a question", 9, None),
    ]
    assert [c.text for c in panel.tables[0].rows[1]][-2:] == ["–", "no assumed reliability makes it cover 0"]


def test_the_head_of_the_page_says_what_the_section_says() -> None:
    """Likings on the card are those of the table; what was not tested is called so, with the reason."""
    fact = trust(found(families.bias(JUDGE, CRITERION)), JUDGE, CRITERION, "people")[1]
    assert (fact.label, fact.value) == ("Likes beyond people", "+ contains a question, − length (log words)")
    single = trust(found(families.sensitivity(JUDGE, CRITERION)), JUDGE, CRITERION, "people")[1]
    assert (single.value, single.detail) == ("not tested", families.ONE_RATER)
    clean = Findings(
        replace(f, verdict="equivalent" if f.estimate is not None else "not_identified")
        for f in found(families.bias(JUDGE, CRITERION)).all
    )
    assert trust(clean, JUDGE, CRITERION, "people")[1].detail == "all 4 tested features lie within the margin"


def test_the_scale_has_one_row_for_each_voice() -> None:
    """Slope, leniency, range and most frequent score stand in one table, people's own included."""
    section = _section(found(families.bias(JUDGE, CRITERION), families.whole_judge(JUDGE, CRITERION)))
    (table,) = section.tables
    assert [c.label for c in table.columns][3:] == [
        "Slope on quality", "Leniency", "", "Range used", "Most frequent score",
    ]  # fmt: skip
    assert [row[0].text for row in table.rows] == [JUDGE, "people"]
    assert any("self-preference" in n and "no two judges" in n for n in section.notes)
