"""How far the judge agrees with people, beside how far people agree among themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from judge.reports import gaps, grid, numbers, words
from judge.reports.against import Measure, measures
from judge.reports.altest import alt_fold_table, alt_lines
from judge.reports.index import PEOPLE, criteria_in_order, identified
from judge.reports.model import Cell, Column, Fold, Forest, ForestRow, Panel, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

_CORRELATIONS = ("spearman", "kendall_tau_b", "pearson")
_LEVELS = ("item", "context", "system")
_ALT = (
    "alt_test_winning_rate",
    "alt_test_advantage",
    "duel_alt_test_winning_rate",
    "duel_alt_test_advantage",
)
_SHOWN = frozenset({*_CORRELATIONS, *_ALT})
_BY_TERM = {
    "krippendorff_alpha": "scale read as",
    "cohen_kappa": "weights",
    "icc": "form",
    "fleiss_kappa": "",
    "gwet_ac1": "",
}
_LEADING = ("duel_agreement", "krippendorff_alpha", "pearson", "disattenuated")
_TIES = ("accuracy_with_ties", "accuracy_always_tie", "tie_threshold")


def agreement_section(found: Findings, people: str) -> Section | None:
    """Return the section with one panel for each criterion, or None where no people were asked."""
    everything = found.where("agreement")
    if not everything:
        return None
    known = {f.criterion for f in everything if identified(f)}
    criteria = criteria_in_order({f.criterion for f in everything})
    # One reason a criterion is enough: the others follow from it.
    missing = {f.criterion: f for f in reversed(everything) if f.criterion not in known}
    return Section(
        "agreement",
        f"Agreement with {people}",
        f"All of this is relative to these raters: {people}. How far they agree among themselves is the "
        "bar; a judge with less noise than a single rater can pass it.",
        tuple(_panel(found, c, people) for c in criteria if c in known),
        gaps.not_tested(reversed(missing.values()), lambda f: words.spaced(f.criterion) or "all"),
    )


def _panel(found: Findings, criterion: str, people: str) -> Panel:
    mine = found.where("agreement", criterion=criterion)
    judges = [j for j in dict.fromkeys(f.judge for f in mine) if j not in {"", PEOPLE}]
    rows = tuple((j, m) for j in judges for m in measures(found, j, criterion))
    correlations = [f for f in mine if f.statistic in _CORRELATIONS and identified(f)]
    tables = (
        *((_versus(found, rows, criterion, people, several=len(judges) > 1),) if rows else ()),
        *((_correlation_table(correlations, people),) if correlations else ()),
    )
    rest = _rest(found, criterion, people)
    if not rows and not correlations and rest:  # people alone: what they say of each other is all there is
        tables, rest = rest[:1], rest[1:]
    fold = Fold("Other measures of agreement", rest, "The same question in the measures that others report.")
    # People among themselves say why they have no number in the fold; here it is about the judges.
    gone = [f for f in mine if not identified(f) and f.judge != PEOPLE]
    return Panel(
        words.spaced(criterion) or "all",
        forest=_forest(rows, people) or _correlation_forest(correlations, people),
        tables=tables,
        notes=(*alt_lines(found, criterion), *gaps.not_tested(gone, lambda f: _name(f, len(judges) > 1))),
        folds=(fold,) if rest else (),
    )


def _name(f: Finding, several: bool) -> str:
    name = words.name_of(f.statistic)
    return f"{name} ({f.judge})" if several and f.judge else name


def _versus(
    found: Findings, rows: Sequence[tuple[str, Measure]], criterion: str, people: str, *, several: bool
) -> Table:
    """Return the judge's numbers beside people's, in large figures."""
    notes = grid.Notes()
    ceilings = {
        j: found.one("agreement", "noise_ceiling", judge=j, criterion=criterion)
        for j, m in rows
        if m.judge.statistic == "pearson"
    }
    ceiling = any(identified(c) for c in ceilings.values())

    def row(judge: str, m: Measure) -> tuple[Cell, ...]:
        mine, theirs = grid.value_cell(m.judge, notes), grid.value_cell(m.people, notes)
        top = ceilings.get(judge) if m.judge.statistic == "pearson" else None
        return (
            *((Cell(judge, tone="name"),) if several else ()),
            Cell(m.name, m.how, tone="name", hint=m.hint),
            Cell(mine.text, mine.sub, m.standing[1], mine.hint, mine.notes),
            theirs,
            _bar_cell(m),
            *((grid.value_cell(top, notes),) if ceiling else ()),
            grid.count_cell(m.judge.n_items),
        )

    who = rows[0][0] if not several else "Judge"
    columns = (
        *((Column("Judge"),) if several else ()),
        Column(""),
        Column(f"{who} with {people}", "num"),
        Column(f"{people[:1].upper()}{people[1:]} among themselves", "num"),
        Column("", "chip"),
        *((Column("Noise ceiling", "num", words.GLOSSARY["noise_ceiling"]),) if ceiling else ()),
        Column("Items", "num"),
    )
    body = tuple(row(j, m) for j, m in rows)
    caption = f"The judge with {people}, and {people} among themselves"
    return Table(caption, columns, body, notes.texts(), style="versus")


def _bar_cell(m: Measure) -> Cell:
    """Say in words what the colour of the judge's number says."""
    text, tone = m.standing
    hint = "Whether the judge’s whole interval lies below what people reach among themselves."
    return Cell(text, tone=tone, hint=hint)


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
        Column("Level", "text", "Single responses; the answers to one dialogue; the means of systems."),
        Column("Compared with"),
        *(Column(words.name_of(s), "num", words.GLOSSARY[s]) for s in _CORRELATIONS),
        Column("Items", "num"),
        Column("Dialogues", "num"),
    )
    caption = f"Correlation with {people} at three levels"
    return Table(caption, columns, tuple(row(*k) for k in ordered), notes.texts())


def _rest(found: Findings, criterion: str, people: str) -> tuple[Table, ...]:
    """Return everything else under its proper name."""
    mine = [f for f in found.where("agreement", criterion=criterion) if f.statistic not in _SHOWN]
    known = [f for f in mine if identified(f)]
    chance = [f for f in known if f.statistic in _BY_TERM]
    ties = [f for f in known if f.statistic in _TIES]
    shown = {"duel_agreement", *_BY_TERM, *_TIES}
    others: dict[str, list[Finding]] = {}
    for f in known:
        if f.statistic not in shown:
            others.setdefault(f.statistic, []).append(f)
    duels = [f for f in known if f.statistic == "duel_agreement"]
    alt = alt_fold_table(found, criterion)
    tied = grid.pivot(ties, ("judge",), "Ties calibrated", people=people) if ties else None
    return (
        *((_chance_table(chance, people),) if chance else ()),
        *((_flat(duels, people),) if duels else ()),
        *((tied,) if tied else ()),
        *((alt,) if alt else ()),
        *((_single_table(others, people),) if others else ()),
    )


def _flat(findings: Sequence[Finding], people: str) -> Table:
    name = words.name_of(findings[0].statistic)
    return grid.generic_table(findings, name, people=people, hide=("criterion",))


def _chance_table(findings: Sequence[Finding], people: str) -> Table:
    """Return the coefficients of agreement beyond chance, a row each, people's beside the judges'."""
    notes = grid.Notes()
    voices = list(dict.fromkeys(_voice(f, people) for f in findings))
    judged = {f.judge for f in findings if f.level != PEOPLE}
    rows: dict[tuple[str, str], dict[str, Finding]] = {}
    for f in findings:
        rows.setdefault((f.statistic, f.term), {})[_voice(f, people)] = f
    columns = (
        Column("Measure"),
        *(Column(v, "num") for v in voices),
        Column("Items", "num"),
        Column("Raters", "num"),
    )
    order = list(_BY_TERM)
    body = tuple(
        (
            Cell(_measure(*key), tone="name", hint=words.GLOSSARY.get(key[0], "")),
            *(grid.value_cell(row.get(v), notes) for v in voices),
            grid.count_cell(next(iter(row.values())).n_items),
            grid.count_cell(next(iter(row.values())).n_raters),
        )
        for key, row in sorted(rows.items(), key=lambda kv: order.index(kv[0][0]))
    )
    hint = "The judge in one rater’s place (α), or with single raters (κ, AC1)."
    columns = tuple(replace(c, hint=hint) if c.label in judged else c for c in columns)
    return Table("Agreement beyond chance, and reliability", columns, body, notes.texts(), style="compact")


def _voice(f: Finding, people: str) -> str:
    return f"{people} among themselves" if f.level == PEOPLE or f.judge in {"", PEOPLE} else f.judge


def _measure(statistic: str, term: str) -> str:
    if statistic == "icc" and term:
        return term
    return f"{words.name_of(statistic)}, {words.plain(term)}" if term else words.name_of(statistic)


def _single_table(others: dict[str, list[Finding]], people: str) -> Table:
    """Return what is left, one row for each number."""
    notes = grid.Notes()
    rows = tuple(
        (
            Cell(words.name_of(f.statistic), tone="name", hint=words.GLOSSARY.get(f.statistic, "")),
            Cell(people if f.judge in {"", PEOPLE} else f.judge),
            Cell(", ".join(p for p in (words.plain(f.level), words.plain(f.term)) if p and p != f.judge)),
            grid.value_cell(f, notes),
            grid.count_cell(f.n_items),
        )
        for group in others.values()
        for f in group
    )
    columns = (
        Column("Measure"),
        Column("Of"),
        Column("Level"),
        Column("Value", "num"),
        Column("Items", "num"),
    )
    return Table("Further numbers", columns, rows, notes.texts())


def _forest(rows: Sequence[tuple[str, Measure]], people: str) -> Forest | None:
    """Draw the measures of the leading kind: people's line under each judge's."""
    if not rows:
        return None
    statistic = min((m.judge.statistic for _, m in rows), key=_LEADING.index)
    chosen = [(j, m) for j, m in rows if m.judge.statistic == statistic]
    if not any(m.people for _, m in chosen):
        return None
    lines: list[ForestRow] = []
    kinds = dict.fromkeys(m.short for _, m in chosen)
    for kind in kinds:
        same = [(j, m) for j, m in chosen if m.short == kind]
        tail = f", {kind}" if len(kinds) > 1 and kind else ""
        lines += [_row(m.judge, f"{j}{tail}", strong=True) for j, m in same]
        among = next((m.people for _, m in same if m.people is not None), None)
        lines += [_row(among, f"{people}{tail}")] if among is not None else []
    share = numbers.unit_of(chosen[0][1].judge) == "share"
    axis = "Percent of comparisons" if share else words.name_of(statistic)
    title = f"{words.name_of(statistic)}: the judge with {people}, and {people} among themselves"
    text = "; ".join(f"{r.label} {numbers.significant(r.estimate)}" for r in lines)
    return Forest(title, text, axis, tuple(lines))


def _correlation_forest(correlations: Sequence[Finding], people: str) -> Forest | None:
    chosen = [f for f in correlations if f.statistic == "spearman" and f.term != "people_median"]
    if not chosen:
        return None
    several = len({f.judge for f in chosen}) > 1
    rows = tuple(
        _row(f, f"{f.judge}, {words.plain(f.level)}" if several else words.plain(f.level)) for f in chosen
    )
    text = "; ".join(f"{r.label} {numbers.significant(r.estimate)}" for r in rows)
    title = f"Spearman correlation with {people} at each level"
    return Forest(title, text, "Spearman correlation", rows, 0.0)


def _row(f: Finding, label: str, *, strong: bool = False) -> ForestRow:
    assert f.estimate is not None
    scale = 100.0 if numbers.unit_of(f) == "share" else 1.0
    low, high = (None if x is None else x * scale for x in (f.ci_low, f.ci_high))
    return ForestRow(label, f.estimate * scale, low, high, strong)
