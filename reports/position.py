"""Position bias: what being shown first is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import grid, numbers, words
from judge.reports.index import PEOPLE, identified
from judge.reports.model import Cell, Column, Forest, ForestRow, Panel, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.reports.index import Findings

_SHOWN = ("first_slot_effect", "conflict_rate", "excess_conflict")


def position_section(found: Findings, people: str, margin: float | None = None) -> Section | None:
    """Return the section on the order of presentation, or None where nothing was compared.

    `margin` is the study's, in standard deviations of a decisive verdict (one half).
    """
    views = found.views("position")
    if not views:
        return None
    rest = [f for f in found.where("position") if f.statistic not in _SHOWN]
    tables = (_table(found, views, people), *grid.by_statistic(rest, people=people))
    return Section(
        "position",
        "Position bias",
        "Does the judge favour what it is shown first? It is asked of the pairs that were shown in both "
        "orders. “No bias” is only said where the interval lies inside the margin of equivalence; otherwise "
        "the answer is “inconclusive”.",
        (Panel("all", forest=_forest(found, views, people, margin), tables=tables),),
    )


def _table(found: Findings, views: Sequence[tuple[str, str]], people: str) -> Table:
    notes = grid.Notes()

    def row(judge: str, criterion: str) -> tuple[Cell, ...]:
        slot, conflict, excess = (found.one("position", s, judge=judge, criterion=criterion) for s in _SHOWN)
        return (
            Cell(people if judge == PEOPLE else judge, tone="name"),
            Cell(words.spaced(criterion)),
            grid.value_cell(slot, notes),
            grid.verdict_cell(slot),
            grid.value_cell(conflict, notes),
            grid.value_cell(excess, notes),
            grid.verdict_cell(excess),
            grid.count_cell(slot.n_items if slot else None),
            grid.count_cell(slot.n_dialogues if slot else None),
        )

    columns = (
        Column("Judge"),
        Column("Criterion"),
        Column("First-slot effect", "num", words.GLOSSARY["first_slot_effect"]),
        Column("", "chip"),
        Column("Conflict rate", "num", words.GLOSSARY["conflict_rate"]),
        Column("Excess conflict", "num", words.GLOSSARY["excess_conflict"]),
        Column("", "chip"),
        Column("Pairs", "num"),
        Column("Dialogues", "num"),
    )
    rows = tuple(row(judge, criterion) for judge, criterion in views)
    return Table("Effect of being shown first, in percentage points", columns, rows, notes.texts())


def _forest(
    found: Findings, views: Sequence[tuple[str, str]], people: str, margin: float | None
) -> Forest | None:
    rows = []
    for judge, criterion in views:
        f = found.one("position", "first_slot_effect", judge=judge, criterion=criterion)
        if f is not None and identified(f):
            low, high = (None if x is None else 100 * x for x in (f.ci_low, f.ci_high))
            label = words.view_label(judge, criterion, people)
            assert f.estimate is not None
            rows.append(ForestRow(label, 100 * f.estimate, low, high, verdict=f.verdict))
    if not rows:
        return None
    text = "; ".join(f"{r.label} {numbers.significant(r.estimate)} points" for r in rows)
    return Forest(
        "First-slot effect with its interval",
        text,
        "Percentage points gained in the first place",
        tuple(rows),
        0.0,
        band=None if margin is None else 50 * margin,
    )
