"""How far the judge agrees with people, beside how far people agree among themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from judge.reports import grid, numbers, words
from judge.reports.index import PEOPLE, criteria_in_order, identified
from judge.reports.model import Cell, Column, Forest, ForestRow, Panel, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

_CORRELATIONS = ("spearman", "kendall_tau_b", "pearson")
_SHOWN = frozenset({*_CORRELATIONS, "krippendorff_alpha"})
_LEVELS = ("item", "context", "system")


def agreement_section(found: Findings, people: str) -> Section | None:
    """Return the section with one panel for each criterion, or None where no people were asked."""
    everything = found.where("agreement")
    if not everything:
        return None
    known = {f.criterion for f in everything if identified(f)}
    criteria = criteria_in_order({f.criterion for f in everything})
    panels = tuple(_panel(found, c, people) for c in sorted(criteria, key=lambda c: c not in known))
    return Section(
        "agreement",
        f"Agreement with {people}",
        f"All of this is relative to these raters: {people}. Three levels answer three questions: single "
        "responses (does it score each response as people do), within a dialogue (does it order the answers "
        "to one dialogue as people do), system means (does it order the systems as people do; few systems "
        "make this interval wide).",
        panels,
    )


def _panel(found: Findings, criterion: str, people: str) -> Panel:
    tables: list[Table] = []
    alphas = found.where("agreement", "krippendorff_alpha", criterion=criterion)
    correlations = [f for s in _CORRELATIONS for f in found.where("agreement", s, criterion=criterion)]
    if alphas:
        tables.append(_alpha_table(alphas, people))
    if correlations:
        tables.append(_correlation_table(correlations, people))
    rest = [f for f in found.where("agreement", criterion=criterion) if f.statistic not in _SHOWN]
    tables.extend(grid.by_statistic(rest, people=people))
    forest = _alpha_forest(alphas, people) or _correlation_forest(correlations, people)
    everything = [*alphas, *correlations, *rest]
    lead = ""
    if not any(identified(f) for f in everything):
        reasons = dict.fromkeys(w for f in everything for w in f.warnings)
        lead = f"Nothing is identified on this criterion: {'; '.join(reasons)}."
        tables = [replace(t, folded=True) for t in tables]
    return Panel(words.spaced(criterion) or "all", lead, forest, tuple(tables))


def _alpha_table(alphas: Sequence[Finding], people: str) -> Table:
    """Return the judges' α beside people's, or people's alone where no judge can take a place."""
    notes = grid.Notes()
    among = {f.term: f for f in alphas if f.level == PEOPLE}
    judged = [f for f in alphas if f.level != PEOPLE]

    def row(f: Finding) -> tuple[Cell, ...]:
        judge = (Cell(f.judge, tone="name"), grid.value_cell(f, notes)) if judged else ()
        return (
            *judge[:1],
            Cell(words.plain(f.term)),
            *judge[1:],
            grid.value_cell(among.get(f.term), notes),
            grid.count_cell(f.n_items),
            grid.count_cell(f.n_raters),
        )

    meaning = words.GLOSSARY["krippendorff_alpha"]
    columns = (
        *([Column("Judge")] if judged else []),
        Column("Scale read as"),
        *([Column("Judge in one rater’s place", "num", meaning)] if judged else []),
        Column(f"{people[:1].upper()}{people[1:]} among themselves", "num", meaning),
        Column("Items", "num"),
        Column("Raters", "num"),
    )
    caption = (
        "the judge as one of the raters, and the raters without it"
        if judged
        else f"{people} among themselves"
    )
    rows = tuple(row(f) for f in (judged or alphas))
    return Table(f"Krippendorff’s α: {caption}", columns, rows, notes.texts())


def _correlation_table(correlations: Sequence[Finding], people: str) -> Table:
    notes = grid.Notes()
    keys = dict.fromkeys((f.judge, f.level, f.term) for f in correlations)
    order = {level: i for i, level in enumerate(_LEVELS)}
    by = {(f.judge, f.level, f.term, f.statistic): f for f in correlations}

    def row(judge: str, level: str, term: str) -> tuple[Cell, ...]:
        three = [by.get((judge, level, term, s)) for s in _CORRELATIONS]
        first = next((f for f in three if f is not None), None)
        return (
            Cell(judge, tone="name"),
            Cell(words.plain(level)),
            Cell(words.plain(term)),
            *(grid.value_cell(f, notes) for f in three),
            grid.count_cell(first.n_items if first else None),
            grid.count_cell(first.n_dialogues if first else None),
        )

    judges = list(dict.fromkeys(k[0] for k in keys))
    ordered = sorted(keys, key=lambda k: (judges.index(k[0]), k[2], order.get(k[1], 9)))
    columns = (
        Column("Judge"),
        Column("Level"),
        Column("Compared with"),
        *(Column(words.name_of(s), "num", words.GLOSSARY[s]) for s in _CORRELATIONS),
        Column("Items", "num"),
        Column("Dialogues", "num"),
    )
    return Table(f"Correlation with {people}", columns, tuple(row(*k) for k in ordered), notes.texts())


def _alpha_forest(alphas: Sequence[Finding], people: str) -> Forest | None:
    """Draw one reading of the scale, the ordinal if it is there; the table has the others."""
    terms = {f.term for f in alphas if identified(f)}
    term = "ordinal" if "ordinal" in terms else next(iter(sorted(terms)), "")
    chosen = [f for f in alphas if identified(f) and f.term == term]
    if not any(f.level == PEOPLE for f in chosen) or len(chosen) < 2:
        return None
    rows = tuple(_row(f, people if f.level == PEOPLE else f.judge, strong=f.level == PEOPLE) for f in chosen)
    title = f"Krippendorff’s α of {people}, and of the judge in one rater’s place"
    return _forest(rows, title, f"Krippendorff’s α ({words.plain(term)})")


def _correlation_forest(correlations: Sequence[Finding], people: str) -> Forest | None:
    chosen = [f for f in correlations if f.statistic == "spearman" and identified(f)]
    if not chosen:
        return None
    several = len({f.judge for f in chosen}) > 1
    rows = tuple(
        _row(f, f"{f.judge}, {words.plain(f.level)}" if several else words.plain(f.level)) for f in chosen
    )
    return _forest(rows, f"Spearman correlation with {people} at each level", "Spearman correlation")


def _row(f: Finding, label: str, *, strong: bool = False) -> ForestRow:
    assert f.estimate is not None
    return ForestRow(label, f.estimate, f.ci_low, f.ci_high, strong)


def _forest(rows: tuple[ForestRow, ...], title: str, axis: str) -> Forest:
    text = "; ".join(f"{r.label} {numbers.significant(r.estimate)}" for r in rows)
    return Forest(title, text, axis, rows, 0.0)
