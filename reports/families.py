"""Sections for the families beside ranking, agreement, bias and position; new ones get one by themselves."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from judge.reports import gaps, grid, numbers, words
from judge.reports.index import KNOWN_FAMILIES, identified
from judge.reports.model import Cell, Column, Fold, Forest, ForestRow, Panel, Section, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

_ORDER = ("probe", "panels", "stopping", "calibration", "mixed", "texts", "cost", "published")
_MANY = 12


def family_sections(found: Findings, people: str, margin: float | None) -> tuple[Section, ...]:
    """Return one section for each family that has no section of its own."""
    families = [f for f in found.families() if f not in KNOWN_FAMILIES]
    families.sort(key=lambda f: _ORDER.index(f) if f in _ORDER else len(_ORDER))
    sections = []
    for i, family in enumerate(families):
        anchor = family if family in _ORDER else f"family-{i}"
        make = _MAKERS.get(family)
        panels = (
            probe_panels(found, people, margin)
            if family == "probe"
            else (make or _generic)(found.where(family), people)
        )
        sections.append(Section(anchor, words.family_name(family), words.LEADS.get(family, ""), panels))
    return tuple(sections)


def _generic(findings: Sequence[Finding], people: str) -> tuple[Panel, ...]:
    tables = grid.by_statistic(findings, people=people)
    if len(tables) > _MANY:
        tables = (grid.generic_table(findings, "All findings", people=people),)
    return (Panel("all", tables=tables),)


def _known(
    findings: Sequence[Finding], people: str, lead: str = gaps.NOT_TESTED
) -> tuple[list[Finding], tuple[str, ...]]:
    """Return what has a number, and a line for each reason why something has none."""
    known = [f for f in findings if identified(f)]
    return known, gaps.not_tested(
        findings, lambda f: words.name_of(f.statistic), lambda f: _place(f, people), lead=lead
    )


def _place(f: Finding, people: str) -> str:
    where = words.view_label(f.judge, f.criterion, people) if f.judge or f.criterion else ""
    return ", ".join(p for p in (words.plain(f.term), where, f.system, f.system_b) if p)


def probe_panels(found: Findings, people: str, margin: float | None) -> tuple[Panel, ...]:
    """Return a picture and a table of the edits for each judge and criterion."""
    return tuple(
        _probe_panel(found.where("probe", judge=judge, criterion=criterion), judge, criterion, people, margin)
        for judge, criterion in found.views("probe")
    )


def _probe_panel(
    findings: Sequence[Finding], judge: str, criterion: str, people: str, margin: float | None
) -> Panel:
    effects = [f for f in findings if f.statistic == "effect"]
    scores = {f.term: f for f in findings if f.statistic == "score_effect"}
    known = [f for f in effects if identified(f)]
    terms = list(dict.fromkeys(f.term for f in (*effects, *scores.values())))
    by = {f.term: f for f in effects}
    notes = grid.Notes(grid.shared_warnings(known))

    def row(term: str) -> tuple[Cell, ...]:
        f, score = by.get(term), scores.get(term)
        p = None if f is None else f.p_adjusted if f.p_adjusted is not None else f.p
        first = f or score
        return (
            Cell(words.probe(term), tone="name", hint=term),
            *((grid.value_cell(f, notes), Cell(numbers.p_value(p)), grid.verdict_cell(f)) if effects else ()),
            *((grid.value_cell(score, notes), grid.verdict_cell(score)) if scores else ()),
            grid.count_cell(first.n_dialogues if first else None),
        )

    wins = (
        Column("Effect on the win share", "num", words.GLOSSARY["effect"]),
        Column("p adjusted", "num", "Adjusted for all probes (Benjamini–Hochberg)."),
        Column("", "chip"),
    )
    points = (Column("Effect on the score", "num", words.GLOSSARY["score_effect"]), Column("", "chip"))
    columns = (
        Column("The copy has"),
        *(wins if effects else ()),
        *(points if scores else ()),
        Column("Dialogues", "num"),
    )
    label = words.view_label(judge, criterion, people)
    table = Table("Each edit", columns, tuple(row(t) for t in terms), notes.texts())
    rest = [f for f in findings if f.statistic not in {"effect", "score_effect"}]
    return Panel(
        label,
        forest=_probe_forest(known, label, margin),
        tables=(table, *grid.by_statistic(rest, people=people)),
        notes=tuple(f"For all rows: {w}." for w in grid.shared_warnings(known)),
    )


def _probe_forest(known: Sequence[Finding], label: str, margin: float | None) -> Forest | None:
    rows = tuple(
        ForestRow(
            words.probe(f.term),
            100 * (f.estimate or 0.0),
            None if f.ci_low is None else 100 * f.ci_low,
            None if f.ci_high is None else 100 * f.ci_high,
            verdict=f.verdict,
        )
        for f in known
    )
    if not rows:
        return None
    text = "; ".join(f"{r.label} {numbers.significant(r.estimate)} points" for r in rows)
    band = None if margin is None else 100 * margin
    title = f"What the edited copy wins by its edit ({label})"
    return Forest(title, text, "Percentage points of the win share", rows, 0.0, band=band)


def _calibration(findings: Sequence[Finding], people: str) -> tuple[Panel, ...]:
    known, notes = _known(findings, people)
    table = grid.pivot(known, ("judge", "criterion", "term"), "Distance, slope and error", people=people)
    return (Panel("all", tables=(table,) if known else (), notes=notes),)


def _cost(findings: Sequence[Finding], people: str) -> tuple[Panel, ...]:
    known, notes = _known(findings, people, "Not known: ")
    titles = {"judge": "By judge", "generation": "By system that was generated"}
    inner = {"criterion": "By criterion", "system": "By system judged"}
    keys = {"criterion": ("judge", "criterion"), "system": ("judge", "system")}
    by = {level: list(g) for level, g in groupby(sorted(known, key=lambda f: f.level), key=lambda f: f.level)}

    def tables(names: dict[str, str]) -> tuple[Table, ...]:
        return tuple(
            grid.pivot(by[level], keys.get(level, ("judge", "criterion", "system")), title, people=people)
            for level, title in names.items()
            if level in by
        )

    others = {level: words.name_of(level) for level in by if level not in titles and level not in inner}
    more = tables(inner)
    folds = (Fold("By criterion and by system judged", more),) if more else ()
    return (Panel("all", tables=(*tables(titles), *tables(others)), folds=folds, notes=notes),)


def _mixed(findings: Sequence[Finding], people: str) -> tuple[Panel, ...]:
    summary = [f for f in findings if f.statistic.startswith("summary")]
    model = [f for f in findings if not f.statistic.startswith("summary")]
    known, notes = _known(summary, people)
    fold = Fold("The mixed logistic model", grid.by_statistic(model, people=people))
    return (
        Panel(
            "all", tables=grid.by_statistic(known, people=people), folds=(fold,) if model else (), notes=notes
        ),
    )


def _texts(findings: Sequence[Finding], people: str) -> tuple[Panel, ...]:
    known, notes = _known(findings, people)
    groups: dict[str, list[Finding]] = {}
    for f in known:
        groups.setdefault(f.statistic, []).append(f)
    measured = [f for group in groups.values() if grid.by_system(group) for f in group]
    # The metrics of a whole corpus are read against each other; the means of features are a matter of form.
    metrics = [f for f in measured if f.statistic != "feature_mean"]
    features = [f for f in measured if f.statistic == "feature_mean"]
    rest = [f for name, group in groups.items() if not grid.by_system(group) for f in group if name]
    systems = list(dict.fromkeys(f.system for f in (*metrics, *features)))
    tables = (
        *((grid.system_table(features, "Means of the features", systems),) if features else ()),
        *((grid.system_table(metrics, "Metrics of all responses of a system", systems),) if metrics else ()),
    )
    fold = Fold("Pairs of systems, and single numbers", grid.by_statistic(rest, people=people))
    return (Panel("all", tables=tables, folds=(fold,) if rest else (), notes=notes),)


def _panels(findings: Sequence[Finding], people: str) -> tuple[Panel, ...]:
    known, notes = _known(findings, people)
    first = [f for f in known if f.level != "pair"]
    pairs = [f for f in known if f.level == "pair"]
    fold = Fold("Pairs of systems", grid.by_statistic(pairs, people=people))
    return (
        Panel(
            "all", tables=grid.by_statistic(first, people=people), folds=(fold,) if pairs else (), notes=notes
        ),
    )


def _published(findings: Sequence[Finding], people: str) -> tuple[Panel, ...]:
    """Return a row for each printed number with what this run found, by each judge, beside it."""
    notes = grid.Notes()
    pairs: list[tuple[Finding, Finding | None]] = []
    printed: Finding | None = None
    for f in findings:  # each printed number is followed by ours
        if f.term == "printed":
            printed = f
            pairs.append((f, None))
        elif printed is not None and pairs[-1][1] is None and pairs[-1][0] is printed:
            pairs[-1] = (printed, f)
        else:
            pairs.append((printed or f, f))

    def row(theirs: Finding, ours: Finding | None) -> tuple[Cell, ...]:
        judge = ours.judge if ours is not None else ""
        return (
            Cell(words.name_of(theirs.statistic), tone="name"),
            Cell(theirs.system),
            Cell(theirs.system_b),
            Cell(words.spaced(theirs.criterion)),
            grid.value_cell(theirs, notes),
            grid.value_cell(ours, notes),
            Cell(people if judge == "people" else judge),
            Cell(theirs.method.removeprefix("as printed in ")),
        )

    names = ("Number", "System", "Against", "Criterion", "Printed", "This run", "Judge", "Printed in")
    columns = tuple(Column(n, "num" if n in {"Printed", "This run"} else "text") for n in names)
    body = tuple(row(*pair) for pair in pairs)
    empty = {
        i
        for i, n in enumerate(names)
        if n not in {"Printed", "This run"} and not any(r[i].text for r in body)
    }
    table = Table(
        "Printed elsewhere, and found here",
        tuple(c for i, c in enumerate(columns) if i not in empty),
        tuple(tuple(c for i, c in enumerate(r) if i not in empty) for r in body),
        notes.texts(),
    )
    return (Panel("all", tables=(table,)),)


_MAKERS: dict[str, Callable[[Sequence[Finding], str], tuple[Panel, ...]]] = {
    "calibration": _calibration,
    "cost": _cost,
    "mixed": _mixed,
    "texts": _texts,
    "panels": _panels,
    "published": _published,
}
