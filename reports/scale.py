"""How the judge uses its scale, and what else the bias family asks of a judge as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import gaps, grid, words
from judge.reports.index import PEOPLE, identified
from judge.reports.model import Cell, Column, Fold, Table

if TYPE_CHECKING:
    from judge.reports.index import Findings
    from judge.types import Finding

_SCALE = ("quality_slope", "leniency", "range_use", "modal_share")
_ALONE = ("self_preference", "halo", "drift")
_ELSEWHERE = frozenset(
    {
        *_SCALE, *_ALONE, "preference", "preference_points", "placebo_contrast", "sensitivity",
        "tipping_reliability", "length_adjusted_win_rate", "length_curvature", "class_effect",
        "class_leniency",
    }
)  # fmt: skip


def scale_parts(found: Findings, people: str) -> tuple[tuple[Table, ...], tuple[Fold, ...], tuple[str, ...]]:
    """Return tables of the scale and of whole judges, folded ones of the rest, and what was not tested."""
    tables = [t for t in (_scale_table(found, people),) if t is not None]
    missing: list[Finding] = []
    for statistic in _ALONE:
        given = found.where("bias", statistic)
        known = [f for f in given if identified(f)]
        missing += [f for f in given if not identified(f)]
        if known:
            tables.append(grid.generic_table(known, words.name_of(statistic), people=people))
    missing += [f for s in _SCALE for f in found.where("bias", s) if not identified(f)]
    rest = [f for f in found.where("bias") if f.statistic not in _ELSEWHERE]
    folds = (Fold("Further findings about bias", grid.by_statistic(rest, people=people)),) if rest else ()
    return tuple(tables), folds, gaps.not_tested(missing, _name, gaps.place_of(found, people))


def _name(f: Finding) -> str:
    return words.name_of(f.statistic).lower()


def _scale_table(found: Findings, people: str) -> Table | None:
    """Return a row for each voice and criterion; those without any number are left to the notes."""
    rows: dict[tuple[str, str, str], dict[str, Finding]] = {}
    for statistic in _SCALE:
        for f in found.where("bias", statistic):
            if identified(f):
                kind = "comparisons" if f.term == "duels" else "scores"
                rows.setdefault((f.judge, f.criterion, kind), {})[statistic] = f
    if not rows:
        return None
    order = {view: i for i, view in enumerate(found.views("bias"))}
    rows = dict(sorted(rows.items(), key=lambda kv: order[kv[0][:2]]))
    notes = grid.Notes()
    present = [s for s in _SCALE if any(s in row for row in rows.values())]

    def cells(statistic: str, f: Finding | None) -> tuple[Cell, ...]:
        cell = grid.value_cell(f, notes)
        return (cell, grid.verdict_cell(f)) if statistic == "leniency" else (cell,)

    columns: list[Column] = [Column("Judge"), Column("Criterion"), Column("From")]
    for s in present:
        columns.append(Column(words.name_of(s), "num", words.GLOSSARY[s]))
        if s == "leniency":
            columns.append(Column("", "chip"))
    body = tuple(
        (
            Cell(people if judge == PEOPLE else judge, tone="name"),
            Cell(words.spaced(criterion)),
            Cell(kind),
            *(c for s in present for c in cells(s, row.get(s))),
        )
        for (judge, criterion, kind), row in rows.items()
    )
    return Table("How the scale is used", tuple(columns), body, notes.texts(), style="grid")
