"""The ranking of the systems, one panel for each criterion and judge."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from judge.reports import grid, numbers, words
from judge.reports.index import PEOPLE, identified
from judge.reports.model import Cell, Column, Forest, ForestRow, Panel, Section, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

_SHOWN_RANKING = frozenset(
    {
        "win_rate",
        "wins",
        "ties",
        "losses",
        "bt_strength",
        "bt_difference",
        "rank",
        "win_rate_worst",
        "win_rate_best",
    }
)
HIDE = ("judge", "criterion")
_SHOWN_MEANS = frozenset({"mean_score", "mean_difference", "mean_score_worst", "mean_score_best"})


_TURNED = {"wins": "losses", "losses": "wins"}


def mirrored(finding: Finding) -> Finding:
    """Return a pair's finding from the side of the other system.

    >>> from judge.types import Finding
    >>> f = Finding("ranking", "win_rate", system="a", system_b="b", estimate=0.25, ci_low=0.125, ci_high=0.5)
    >>> g = mirrored(f)
    >>> g.system, g.estimate, g.ci_low, g.ci_high
    ('b', 0.75, 0.5, 0.875)
    """
    share = finding.statistic.startswith("win_rate")
    same = finding.statistic in {"wins", "ties", "losses"}

    def turn(x: float | None) -> float | None:
        if x is None or same:
            return x
        return 1 - x if share else -x

    low, high = turn(finding.ci_low), turn(finding.ci_high)
    return replace(
        finding,
        statistic=_TURNED.get(finding.statistic, finding.statistic),
        system=finding.system_b,
        system_b=finding.system,
        estimate=turn(finding.estimate),
        ci_low=low if same else high,
        ci_high=high if same else low,
    )


def pair_of(
    found: Findings, statistic: str, system: str, other: str, *, judge: str, criterion: str, family: str = ""
) -> Finding | None:
    """Return a pair's finding from the side of `system`, whichever way round it was written."""
    family = family or ("means" if statistic == "mean_difference" else "ranking")
    where = {"judge": judge, "criterion": criterion}
    direct = found.one(family, statistic, system=system, system_b=other, **where)
    if direct is not None:
        return direct
    written = _TURNED.get(statistic, statistic)
    turned = found.one(family, written, system=other, system_b=system, **where)
    return None if turned is None else mirrored(turned)


def systems_in_order(found: Findings, judge: str, criterion: str) -> list[str]:
    """Return the systems from the strongest down, by strength, else win rate, else mean score."""
    where = {"judge": judge, "criterion": criterion}
    score: dict[str, tuple[int, float]] = {}
    for weight, (family, statistic) in enumerate(
        (("means", "mean_score"), ("ranking", "win_rate"), ("ranking", "bt_strength"))
    ):
        for f in found.where(family, statistic, **where):
            if f.system and not f.system_b:
                low = score.get(f.system, (-1, 0.0))
                score[f.system] = (weight, f.estimate) if f.estimate is not None else low
    return sorted(score, key=lambda s: (-score[s][0], -score[s][1], s))


def ranking_section(found: Findings, views: Sequence[tuple[str, str]], people: str) -> Section | None:
    """Return the section, or None where there is neither a ranking nor a mean."""
    panels = tuple(
        p for judge, criterion in views if (p := _panel(found, judge, criterion, people)) is not None
    )
    if not panels:
        return None
    return Section(
        "ranking",
        "Ranking",
        "Which system is better, and how sure that is. Intervals treat the dialogue as the unit of "
        "independence; swapped orders and repeats are not counted as new observations.",
        panels,
    )


def _panel(found: Findings, judge: str, criterion: str, people: str) -> Panel | None:
    systems = systems_in_order(found, judge, criterion)
    if not systems:
        return None
    who = people if judge == PEOPLE else judge
    where = {"judge": judge, "criterion": criterion}
    rest = [
        f
        for family, shown in (("ranking", _SHOWN_RANKING), ("means", _SHOWN_MEANS))
        for f in found.where(family, **where)
        if f.statistic not in shown
    ]
    tables = [_rank_table(found, systems, judge, criterion)]
    if found.where("ranking", "win_rate", level="pair", **where):
        tables += [_matrix(found, systems, judge, criterion), _pair_table(found, systems, judge, criterion)]
    both = (pair_of(found, "mean_difference", a, b, **where) for a, b in combinations(systems, 2))
    differences = [f for f in both if f is not None]
    if differences:
        tables.append(grid.generic_table(differences, "Differences of mean scores", folded=True, hide=HIDE))
    if rest:
        tables.append(grid.generic_table(rest, "Further numbers of the ranking", folded=True, hide=HIDE))
    return Panel(
        words.view_label(judge, criterion, people),
        forest=_forest(found, systems, judge, criterion, who),
        tables=tuple(tables),
    )


def _rank_table(found: Findings, systems: Sequence[str], judge: str, criterion: str) -> Table:
    where = {"judge": judge, "criterion": criterion}
    notes = grid.Notes()
    wanted = (
        ("rank", "ranking", "Rank"),
        ("win_rate", "ranking", "Win rate"),
        ("bt_strength", "ranking", "Strength"),
        ("mean_score", "means", "Mean score"),
    )
    present = [(s, fam, label) for s, fam, label in wanted if found.where(fam, s, **where)]

    every = {s: [f for f in found.where(fam, s, **where) if not f.system_b] for s, fam, _ in present}
    counts = next((c for s, c in every.items() if s != "rank"), [])
    items = {f.system: f.n_items for f in counts}

    def cells(system: str) -> tuple[Cell, ...]:
        row: list[Cell] = []
        for statistic, given in every.items():
            f = next((f for f in given if f.system == system), None)
            show = _rank_cell(f, notes) if statistic == "rank" else grid.value_cell(f, notes, alike=given)
            row.append(show)
        at = 1 if "rank" in every else 0
        return (*row[:at], Cell(system, tone="name"), *row[at:], grid.count_cell(items.get(system)))

    rows = tuple(cells(s) for s in systems)
    columns = [Column(label, "num", words.GLOSSARY.get(s, "")) for s, _, label in present]
    columns.insert(1 if "rank" in every else 0, Column("System"))
    columns.append(
        Column("Items", "num", "How many pairs or dialogues the first number of the row rests on.")
    )
    return Table("Systems, the strongest first", tuple(columns), rows, notes.texts())


def _rank_cell(finding: Finding | None, notes: grid.Notes) -> Cell:
    if not identified(finding):
        return grid.value_cell(finding, notes)
    assert finding is not None
    return Cell(numbers.rank_interval(finding), hint=finding.method, notes=notes.of(finding))


def _matrix(found: Findings, systems: Sequence[str], judge: str, criterion: str) -> Table:
    def cell(row: str, column: str) -> Cell:
        if row == column:
            return Cell("", tone="self")
        pair = pair_of(found, "win_rate", row, column, judge=judge, criterion=criterion)
        if pair is None or pair.estimate is None:
            return Cell(numbers.MISSING, tone="quiet")
        return Cell(
            numbers.number(pair.estimate, "share", places=0),
            numbers.interval(pair.ci_low, pair.ci_high, "share", places=0),
            tone=f"heat-{min(9, max(0, int(pair.estimate * 10)))}",
            hint=f"{row} wins {numbers.with_unit(pair.estimate, 'share')} against {column}",
        )

    rows = tuple((Cell(s, tone="name"), *(cell(s, o) for o in systems)) for s in systems)
    columns = (Column(""), *(Column(s, "num") for s in systems))
    return Table(
        "How often the row’s system wins against the column’s, in percent", columns, rows, style="matrix"
    )


def _pair_table(found: Findings, systems: Sequence[str], judge: str, criterion: str) -> Table:
    where = {"judge": judge, "criterion": criterion}
    notes = grid.Notes()

    def row(a: str, b: str, rate: Finding) -> tuple[Cell, ...]:
        shares, difference = (
            [pair_of(found, s, a, b, **where) for s in ("wins", "ties", "losses")],
            pair_of(found, "bt_difference", a, b, **where),
        )
        return (
            Cell(a, tone="name"),
            Cell(b, tone="name"),
            grid.value_cell(rate, notes),
            *(grid.plain_value(s) for s in shares),
            Cell(numbers.p_value(rate.p)),
            grid.value_cell(difference, notes),
            Cell(numbers.p_value(difference.p_adjusted if difference else None)),
            grid.count_cell(rate.n_items),
        )

    rates = ((a, b, pair_of(found, "win_rate", a, b, **where)) for a, b in combinations(systems, 2))
    rows = tuple(row(a, b, rate) for a, b, rate in rates if rate is not None)
    columns = (
        Column("System"),
        Column("Against"),
        Column("Win rate", "num", words.GLOSSARY["win_rate"]),
        Column("Wins", "num"),
        Column("Ties", "num"),
        Column("Losses", "num"),
        Column("p (sign test)", "num", "Exact test on the pairs that are not level."),
        Column("Difference in strength", "num", words.GLOSSARY["bt_difference"]),
        Column("p adjusted", "num", "Adjusted for all pairs."),
        Column("Items", "num"),
    )
    return Table("Every pair of systems", columns, rows, notes.texts(), folded=True)


_PICTURES = (
    ("ranking", "win_rate", "Win rate against the other systems, percent", 100.0, 50.0),
    ("ranking", "bt_strength", "Strength (logarithmic, sum zero)", 1.0, 0.0),
    ("means", "mean_score", "Mean score", 1.0, None),
)


def _forest(found: Findings, systems: Sequence[str], judge: str, criterion: str, who: str) -> Forest | None:
    where = {"judge": judge, "criterion": criterion}
    for family, statistic, axis, scale, reference in _PICTURES:
        given = {
            f.system: f for f in found.where(family, statistic, **where) if not f.system_b and identified(f)
        }
        if len(given) < 2 or all(f.ci_low is None for f in given.values()):
            continue
        rows = tuple(
            _forest_row(given[s], s, scale, strong=i == 0) for i, s in enumerate(systems) if s in given
        )
        where_from = f"{words.spaced(criterion) or 'all'}, {who}"
        title = f"{words.name_of(statistic)} of each system with its interval ({where_from})"
        text = "; ".join(f"{r.label} {numbers.significant(r.estimate)}" for r in rows)
        return Forest(title, text, axis, rows, reference)
    return None


def _forest_row(f: Finding, label: str, scale: float, *, strong: bool) -> ForestRow:
    low = None if f.ci_low is None else f.ci_low * scale
    high = None if f.ci_high is None else f.ci_high * scale
    assert f.estimate is not None
    return ForestRow(label, f.estimate * scale, low, high, strong)
