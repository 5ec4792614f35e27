"""Agreement on equal terms, what people would have said, and the sections of the other families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judge.cli.summary import summary_lines
from judge.reports.against import measures
from judge.reports.agreement import agreement_section
from judge.reports.calibrated import calibrated_section
from judge.reports.families import family_sections
from judge.reports.headline import trust
from tests.reports import families
from tests.reports.families import found

if TYPE_CHECKING:
    from judge.reports.model import Panel, Table

JUDGE, CRITERION = "openai/gpt-4o", "empathy"


def _panel(family: str, rows: list[dict[str, Any]]) -> Panel:
    sections = family_sections(found(rows), "people", 0.1)
    return next(s for s in sections if s.anchor == family).panels[0]


def _texts(table: Table) -> list[list[str]]:
    return [[c.text.replace("\u00a0", " ") for c in row] for row in table.rows]


def _agreement() -> Panel:
    section = agreement_section(found(families.agreement(JUDGE, CRITERION)), "people")
    assert section is not None
    return section.panels[0]


def test_the_judge_stands_beside_people_on_equal_terms() -> None:
    """Each measure has the judge's number and that of people among themselves in one row."""
    table = _agreement().tables[0]
    assert table.style == "versus"
    assert [c.label for c in table.columns] == [
        "", "openai/gpt-4o with people", "People among themselves", "", "Items",
    ]  # fmt: skip
    rows = _texts(table)
    assert rows[0][:3] == ["Same verdict, ties included", "60.0 %", "70.0 %"]
    assert rows[1][:3] == ["Same verdict, where both decide", "80.0 %", "82.0 %"]
    assert [(row[1].tone, row[3].text) for row in table.rows[:2]] == [
        ("warn", "below"),
        ("", "not clearly below"),
    ]


def test_a_wide_interval_is_no_praise() -> None:
    """Green is kept for a judge at least as good as people; a doubtful one is neither praised nor blamed."""
    people = families.row("agreement", "duel_agreement", 0.7, level="people", judge="people", term="S1")
    for estimate, standing in ((0.4, "below"), (0.68, "not clearly below"), (0.71, "not below")):
        mine = families.row("agreement", "duel_agreement", estimate, level="judge", judge=JUDGE, term="S1")
        (measure,) = measures(found([mine, people]), JUDGE, "")
        assert measure.standing[0] == standing


def test_a_correlation_stands_beside_its_ceiling() -> None:
    """Pearson's r has a single rater and the noise ceiling beside it; then comes what noise hides."""
    r = families.row("agreement", "pearson", 0.6, level="item", judge=JUDGE, criterion=CRITERION)
    section = agreement_section(found([*families.agreement(JUDGE, CRITERION), r]), "people")
    assert section is not None
    rows = _texts(section.panels[0].tables[0])
    assert rows[2] == ["Correlation on single responses", "0.600", "0.700", "below", "0.900", "48"]
    assert rows[3][:3] == ["The same without the raters’ noise", "0.690", "–"]


def test_other_measures_have_their_proper_names_and_open_on_demand() -> None:
    """Coefficients that others report are in one fold, people's beside the judge's."""
    (fold,) = _agreement().folds
    chance = _texts(fold.tables[0])
    assert [row[0] for row in chance] == [
        "Cohen’s κ, quadratic", "ICC(1)", "ICC(A,k)", "Fleiss’ κ", "Gwet’s AC1",
    ]  # fmt: skip
    assert chance[0][1:3] == ["0.400", "0.300"]


def test_the_alternative_annotator_test_is_one_line() -> None:
    """Winning rate, pass or fail, advantage and the constant judge are said in a sentence."""
    (line,) = [n.replace("\u00a0", " ") for n in _agreement().notes]
    assert line == (
        "Alternative annotator test on scores, openai/gpt-4o: winning rate 67 % at ε = 0.2, passes; winning "
        "rate 33 % at ε = 0.1, fails; advantage probability 61.0 % [56.0, 66.0]; a judge that always gives "
        "the most frequent score fails."
    )


def test_a_constant_judge_that_passes_spoils_the_test() -> None:
    """Where the control passes as well, the line says that passing means little."""
    rows = families.agreement(JUDGE, CRITERION)
    for r in rows:
        if r["level"] == "constant_judge":
            r["estimate"] = 0.67
    section = agreement_section(found(rows), "people")
    assert section is not None
    said = section.panels[0].notes[0].replace("\u00a0", " ")
    assert "passes as well at ε = 0.2, ε = 0.1, so that passing there means little" in said


def test_the_card_shows_the_measure_that_the_section_leads_with() -> None:
    """Card and section cannot disagree: both take the first measure."""
    given = found(families.agreement(JUDGE, CRITERION))
    first = measures(given, JUDGE, CRITERION)[0]
    fact = trust(given, JUDGE, CRITERION, "people")[0]
    assert fact.value.replace("\u00a0", " ") == "60.0 % [55.0, 65.0]"
    assert (fact.tone, first.below) == ("warn", True)
    assert "70.0" in fact.detail


def test_the_terminal_speaks_as_the_report() -> None:
    """Points for position, the leading measure once with people's beside it, plain names of features."""
    rows = [*families.agreement(JUDGE, CRITERION), *families.bias(JUDGE, CRITERION)]
    slot = {"judge": JUDGE, "criterion": CRITERION, "verdict": "equivalent"}
    rows.append(families.row("position", "first_slot_effect", 0.004, **slot))
    text = " ".join(" ".join(summary_lines(found(rows).all)).replace("\u00a0", " ").split())
    assert "being first is worth +0.4 points [−4.6, +5.4] (no bias)" in text
    assert "same verdict, ties included 60.0 % [55.0, 65.0] with people; among themselves 70.0 %" in text
    assert text.count("agreement") == 1
    assert "length (log words): −0.200 [−0.250, −0.150] SD beyond what people credit" in text


def test_what_people_would_have_said_stands_beside_the_judge() -> None:
    """Calibrated means have the judge's own beside them; pairs with too few labels are a line."""
    own = families.row("means", "mean_score", 4.2, judge=JUDGE, criterion=CRITERION, system="warm")
    section = calibrated_section(found([*families.calibrated(JUDGE, CRITERION), own]), "people")
    assert section is not None
    assert section.title == "What would people have said?"
    (panel,) = section.panels
    assert _texts(panel.tables[0])[0] == ["warm", "3.90", "4.20", "1.60", "48"]
    assert panel.forest is not None
    assert [r.label for r in panel.forest.rows] == ["warm", "the judge alone", "curious"]
    assert panel.notes == (
        "Not tested: win rate (warm against advising): 12 labelled items: at least 50 are needed.",
    )


def test_probes_have_a_picture_with_the_margin() -> None:
    """Edits are named in words, effects are percentage points, the band is the margin in win share."""
    panel = _panel("probe", families.probe(JUDGE, CRITERION))
    assert panel.forest is not None
    assert panel.forest.band == 10
    assert panel.forest.verdicts == ("bias_found", "equivalent", "inconclusive")
    rows = _texts(panel.tables[0])
    assert rows[0][:2] == ["a sentence without content", "+20.0 points"]
    assert rows[2][0] == "25 % of the reference"


def test_calibration_is_a_row_for_each_method() -> None:
    """Distance, slope and error of one kind of scores stand in one row."""
    panel = _panel("calibration", families.calibration(JUDGE, CRITERION))
    assert _texts(panel.tables[0]) == [
        [JUDGE, CRITERION, "raw", "0.900", "0.700", "0.200", "48"],
        [JUDGE, CRITERION, "isotonic", "0.900", "0.700", "0.200", "48"],
    ]
    assert "more than 11 levels" in panel.notes[0]


def test_costs_stand_in_one_row_and_unknown_ones_are_said() -> None:
    """Dollars and tokens of a judge are one row; what has no price is named, not counted as nothing."""
    panel = _panel("cost", families.study(JUDGE, CRITERION))
    assert _texts(panel.tables[0]) == [[JUDGE, "1.25", "120,400", "9,800", "48"]]
    assert [t.caption for t in panel.folds[0].tables] == ["By system judged"]
    assert panel.notes == ("Not known: Dollars (curious): no price is known.",)


def test_published_numbers_stand_beside_ours() -> None:
    """A printed number, ours and the place where it is printed are one row."""
    panel = _panel("published", families.study(JUDGE, CRITERION))
    assert _texts(panel.tables[0]) == [
        ["Wins", "warm", "curious", CRITERION, "62.0 %", "58.0 %", JUDGE, "A paper, table 3"]
    ]


def test_summaries_come_before_the_mixed_model() -> None:
    """The numbers to go by are open; the coefficients with their warnings are folded."""
    panel = _panel("mixed", families.study(JUDGE, CRITERION))
    assert [t.caption for t in panel.tables] == ["Difference of two kinds"]
    assert panel.folds[0].tables[0].notes == ("rejects too often",)


def test_panels_and_texts_fold_their_pairs() -> None:
    """Numbers of pairs of systems open on demand in both families."""
    for family in ("panels", "texts"):
        panel = _panel(family, families.study(JUDGE, CRITERION))
        assert panel.tables
        assert panel.folds
