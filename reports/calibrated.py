"""What people would have said of everything that was judged, beside what the judge said by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import gaps, grid, numbers, words
from judge.reports.index import identified
from judge.reports.model import Cell, Column, Forest, ForestRow, Panel, Section, Table
from judge.reports.ranking import pair_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

_TITLES = {
    "mean_score": "Mean score of each system",
    "mean_difference": "Differences of mean scores",
    "win_rate": "How often the first system wins",
}
_HELP = ("label_worth", "judge_weight")
_MOST = 15


def calibrated_section(found: Findings, people: str) -> Section | None:
    """Return the section, or None where nobody labelled what a judge judged."""
    views = found.views("calibrated")
    if not views:
        return None
    panels: list[Panel] = []
    missing: list[Finding] = []
    for judge, criterion in views:
        mine = found.where("calibrated", judge=judge, criterion=criterion)
        label = words.view_label(judge, criterion, people)
        known = any(identified(f) for f in mine)
        if known:
            panels.append(_panel(found, mine, label, people))
        missing += [f for f in mine if not known]
    notes = gaps.not_tested(missing, lambda f: words.view_label(f.judge, f.criterion, people))
    title = words.family_name("calibrated").replace("people", people)
    return Section("calibrated", title, words.LEADS["calibrated"], tuple(panels), notes)


def _panel(found: Findings, mine: Sequence[Finding], label: str, people: str) -> Panel:
    tables = tuple(
        _table(found, mine, statistic, people, folded=statistic == "mean_difference")
        for statistic in _TITLES
        if any(f.statistic == statistic and identified(f) for f in mine)
    )
    main = [f for f in mine if f.statistic in _TITLES]
    shared = grid.shared_warnings([f for f in main if identified(f)])
    return Panel(
        label,
        forest=_forest(found, mine, label, people),
        tables=tables,
        notes=(
            *(f"For all rows: {w}." for w in shared),
            *gaps.not_tested(main, lambda f: words.name_of(f.statistic).lower(), _who),
        ),
    )


def _who(f: Finding) -> str:
    return f"{f.system} against {f.system_b}" if f.system_b else f.system


def _alone(found: Findings, f: Finding) -> Finding | None:
    """Return what the judge says by itself of the same systems."""
    where = {"judge": f.judge, "criterion": f.criterion}
    if f.system_b:
        return pair_of(found, f.statistic, f.system, f.system_b, **where)
    return found.one("means", f.statistic, system=f.system, **where)


def _ordered(mine: Sequence[Finding], statistic: str) -> list[Finding]:
    """Return the numbers of a statistic, the highest first; pairs as they come."""
    known = [f for f in mine if f.statistic == statistic and identified(f)]
    return sorted(known, key=lambda f: 0.0 if f.system_b else -(f.estimate or 0.0))


def _table(found: Findings, mine: Sequence[Finding], statistic: str, people: str, *, folded: bool) -> Table:
    known = _ordered(mine, statistic)
    notes = grid.Notes(grid.shared_warnings([f for f in mine if f.statistic in _TITLES and identified(f)]))
    help_ = {
        (f.statistic, f.system, f.system_b): f for f in mine if f.statistic in _HELP and f.term == statistic
    }
    shown = [h for h in _HELP if any(key[0] == h for key in help_)]
    pair = any(f.system_b for f in known)

    def row(f: Finding) -> tuple[Cell, ...]:
        return (
            Cell(f.system, tone="name"),
            *((Cell(f.system_b, tone="name"),) if pair else ()),
            grid.value_cell(f, notes, alike=known),
            grid.value_cell(_alone(found, f), notes, alike=known),
            *(grid.value_cell(help_.get((h, f.system, f.system_b)), notes) for h in shown),
            grid.count_cell(f.n_items),
        )

    columns = (
        Column("System"),
        *((Column("Against"),) if pair else ()),
        Column(f"{people[:1].upper()}{people[1:]} would say", "num", words.LEADS["calibrated"]),
        Column("The judge alone", "num", words.GLOSSARY.get(statistic, "")),
        *(Column(words.name_of(h), "num", words.GLOSSARY[h]) for h in shown),
        Column("Items", "num"),
    )
    return Table(_TITLES[statistic], columns, tuple(row(f) for f in known), notes.texts(), folded=folded)


def _forest(found: Findings, mine: Sequence[Finding], label: str, people: str) -> Forest | None:
    """Draw each number of people above the judge's own."""
    for statistic, axis, scale, reference in (
        ("mean_score", "Mean score", 1.0, None),
        ("win_rate", "Win rate of the first system, percent", 100.0, 50.0),
    ):
        known = _ordered(mine, statistic)[:_MOST]
        if known:
            rows = tuple(r for f in known for r in _rows(found, f, scale))
            text = "; ".join(f"{r.label} {numbers.significant(r.estimate)}" for r in rows)
            title = f"What {people} would say, and what the judge says by itself ({label})"
            return Forest(title, text, axis, rows, reference)
    return None


def _rows(found: Findings, f: Finding, scale: float) -> list[ForestRow]:
    name = f"{f.system} – {f.system_b}" if f.system_b else f.system
    pairs = ((name, f, True), ("the judge alone", _alone(found, f), False))
    return [
        ForestRow(
            label,
            (x.estimate or 0.0) * scale,
            None if x.ci_low is None else x.ci_low * scale,
            None if x.ci_high is None else x.ci_high * scale,
            strong,
        )
        for label, x, strong in pairs
        if x is not None and identified(x)
    ]
