"""What the judge favours beyond what people give credit for: a picture and one row for each feature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from judge.reports import gaps, grid, numbers, words
from judge.reports.index import identified
from judge.reports.model import Cell, Column, Curve, Curves, Forest, ForestRow, Panel, Section, Table
from judge.reports.scale import scale_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

_BY_FEATURE = frozenset(
    {"preference", "preference_points", "placebo_contrast", "sensitivity", "tipping_reliability"}
)
_FOLDED = ("length_adjusted_win_rate", "length_curvature", "class_effect", "class_leniency")
_BESIDE = (
    ("preference_points", "pooled", "Points per SD", "preference_points"),
    ("preference", "within_dialogue", "Within a dialogue", "within_dialogue"),
    ("preference", "instrumental", "Instrumental", "instrumental"),
    ("preference", "joint", "All features together", "joint"),
    ("preference", "fieller", "Fieller", "fieller"),
    ("placebo_contrast", "pooled", "Less placebo", "placebo_contrast"),
)
"""Statistic and level of what stands beside the preference, its heading, its entry of the glossary."""
_MOST_CURVES = 9


@dataclass(frozen=True, slots=True)
class View:
    """The findings by feature of one judge on one criterion, from scores or from comparisons."""

    judge: str
    criterion: str
    kind: str = ""
    found: dict[tuple[str, str, str], Finding] = field(default_factory=dict)

    def pooled(self) -> list[Finding]:
        """Return the preferences, the strongest liking first, what is not identified last."""
        tested = [f for (s, level, _), f in self.found.items() if (s, level) == ("preference", "pooled")]
        return sorted(tested, key=lambda f: (f.estimate is None, -(f.estimate or 0.0)))

    def tested(self) -> bool:
        """Say whether there is any number by feature."""
        return any(identified(f) for f in self.found.values())


def preference_views(found: Findings) -> list[View]:
    """Return a view for each judge and criterion; two where it both scored and compared on it.

    The two kinds have the same columns and come one after the other, so that a key that is there already
    begins the second.
    """
    views: dict[tuple[str, str], list[View]] = {}
    for f in found.where("bias"):
        if f.statistic in _BY_FEATURE:
            key = (f.statistic, f.level, f.term)
            mine = views.setdefault((f.judge, f.criterion), [View(f.judge, f.criterion)])
            place = next((v for v in mine if key not in v.found), None)
            if place is None:
                place = View(f.judge, f.criterion)
                mine.append(place)
            place.found[key] = f
    kinds = ("scores", "comparisons")
    return [
        View(v.judge, v.criterion, kind if len(pair) > 1 else "", v.found)
        for pair in views.values()
        for v, kind in zip(pair, kinds, strict=False)
    ]


def bias_section(found: Findings, people: str, margin: float | None) -> Section | None:
    """Return the section on what the judge favours, or None where it was not asked.

    Parameters
    ----------
    found, people
        The findings and how people are called.
    margin
        The margin of equivalence in SD of the judge, or None where the manifest does not say.
    """
    if not found.where("bias"):
        return None
    views = preference_views(found)
    tested = [v for v in views if v.tested()]
    panels = tuple(_panel(found, v, people, margin) for v in tested)
    tables, folds, untested = scale_parts(found, people)
    missing = [f for v in views if not v.tested() for f in v.pooled()]
    notes = gaps.not_tested(missing, _missing_name, gaps.place_of(found, people))
    return Section(
        "bias",
        words.family_name("bias"),
        "Does the judge like or dislike something beyond what these raters give credit for? At equal "
        f"quality as {people} see it, and with the noise of their ratings taken out, a point right of "
        "nought is a liking, left of it a dislike. A taste that judge and raters share does not show.",
        panels,
        (*notes, *untested),
        tables,
        folds,
    )


def _missing_name(f: Finding) -> str:
    return "preferences" if f.term in {"", "all features"} else words.plain(f.term)


def _panel(found: Findings, view: View, people: str, margin: float | None) -> Panel:
    where = {"judge": view.judge, "criterion": view.criterion}
    pooled = view.pooled()
    known = [f for f in pooled if identified(f)]
    shared = grid.shared_warnings(known)
    curves, tipping = _sensitivity(view, people, margin)
    # A feature that has its curve is not missing: the curve says what can be said.
    bare = [f for f in pooled if ("tipping_reliability", "pooled", f.term) not in view.found]
    missing = gaps.not_tested(bare, lambda f: words.plain(f.term))
    more = [t for s in _FOLDED if (t := _folded(found.where("bias", s, **where), s)) is not None]
    label = words.view_label(view.judge, view.criterion, people)
    return Panel(
        f"{label} · {view.kind}" if view.kind else label,
        forest=_forest(known, margin, label),
        tables=(
            *([_table(view, known, shared)] if known else []),
            *([tipping] if tipping else []),
            *more,
        ),
        notes=(*(f"For all rows: {w}." for w in shared if "relative to these raters" not in w), *missing),
        curves=curves,
    )


def _folded(findings: Sequence[Finding], statistic: str) -> Table | None:
    known = [f for f in findings if identified(f)]
    if not known:
        return None
    notes = gaps.not_tested(
        findings, lambda f: " against ".join(filter(None, (f.system, f.system_b))) or "it"
    )
    table = grid.generic_table(known, words.name_of(statistic), folded=True, hide=("judge", "criterion"))
    return Table(table.caption, table.columns, table.rows, (*table.notes, *notes), folded=True)


def _table(view: View, known: Sequence[Finding], shared: Sequence[str]) -> Table:
    notes = grid.Notes(shared)
    beside = [b for b in _BESIDE if any(identified(view.found.get((b[0], b[1], f.term))) for f in known)]

    def row(f: Finding) -> tuple[Cell, ...]:
        others = [view.found.get((statistic, level, f.term)) for statistic, level, _, _ in beside]
        return (
            Cell(words.plain(f.term), tone="name", hint=f.term),
            grid.value_cell(f, notes, alike=known),
            Cell(numbers.p_value(f.p_adjusted if f.p_adjusted is not None else f.p), hint=f.correction),
            grid.verdict_cell(f),
            *(grid.signed_cell(other, notes) for other in others),
            grid.count_cell(f.n_items),
        )

    columns = (
        Column("Feature"),
        Column("Preference, SD per SD", "num", words.GLOSSARY["preference"]),
        Column("p adjusted", "num", "Adjusted for all features (Benjamini–Hochberg)."),
        Column("", "chip"),
        *(Column(label, "num", words.GLOSSARY[entry]) for _, _, label, entry in beside),
        Column("Items", "num"),
    )
    rows = tuple(row(f) for f in known)
    return Table(
        "Each feature, and the same question asked in other ways",
        columns,
        rows,
        notes.texts(),
        style="compact",
    )


def _forest(known: Sequence[Finding], margin: float | None, label: str) -> Forest | None:
    if not known:
        return None
    rows = tuple(
        ForestRow(words.plain(f.term), f.estimate or 0.0, f.ci_low, f.ci_high, verdict=f.verdict)
        for f in known
    )
    text = "; ".join(
        f"{r.label} {numbers.significant(r.estimate)} ({words.VERDICTS.get(r.verdict, ('',))[0]})"
        for r in rows
    )
    title = f"What the judge likes at equal quality ({label})"
    return Forest(title, text, "SD of the judge per SD of the feature", rows, 0.0, band=margin)


def _sensitivity(view: View, people: str, margin: float | None) -> tuple[Curves | None, Table | None]:
    """Return the curves over assumed reliabilities, and where each tips."""
    points: dict[str, list[tuple[float, Finding]]] = {}
    for (statistic, level, term), f in view.found.items():
        if statistic == "sensitivity" and identified(f):
            points.setdefault(term, []).append((float(level.partition("=")[2]), f))
    if not points:
        return None, None
    tips = {t: view.found.get(("tipping_reliability", "pooled", t)) for t in points}
    curves = tuple(_curve(t, sorted(p, key=lambda x: x[0]), tips[t]) for t, p in points.items() if len(p) > 1)
    drawn = Curves(
        f"Preference if the ratings of {people} were as reliable as assumed (one rater an item: no test)",
        "; ".join(f"{c.label}: {numbers.significant(c.y[-1])} at reliability 1" for c in curves),
        "Assumed reliability of the ratings",
        "SD per SD",
        curves[:_MOST_CURVES],
        margin,
    )
    return (drawn if curves else None), _tipping_table(points, tips)


def _curve(term: str, points: Sequence[tuple[float, Finding]], tip: Finding | None) -> Curve:
    found = [f for _, f in points]
    return Curve(
        words.plain(term),
        tuple(x for x, _ in points),
        tuple(f.estimate or 0.0 for f in found),
        tuple((f.ci_low if f.ci_low is not None else f.estimate) or 0.0 for f in found),
        tuple((f.ci_high if f.ci_high is not None else f.estimate) or 0.0 for f in found),
        tip.estimate if tip is not None else None,
    )


def _tipping_table(points: dict[str, list[tuple[float, Finding]]], tips: dict[str, Finding | None]) -> Table:
    """Return the preference at three assumed reliabilities and where its interval begins to cover nought."""
    shown = (0.4, 0.6, 0.8)
    # What the curves assume is said in their title and need not stand at each number.
    quiet = grid.Notes(w for found in points.values() for _, f in found for w in f.warnings)

    def row(term: str) -> tuple[Cell, ...]:
        at = dict(points[term])
        tip = tips[term]
        text = "; ".join(tip.warnings) if tip is not None else ""
        value = Cell(numbers.significant(tip.estimate, 2), hint=text) if tip and tip.estimate else grid.BLANK
        return (
            Cell(words.plain(term), tone="name"),
            *(grid.value_cell(at.get(x), quiet) for x in shown),
            value,
            Cell(text),
        )

    columns = (
        Column("Feature"),
        *(Column(f"if reliability {x:.1f}", "num", words.GLOSSARY["sensitivity"]) for x in shown),
        Column("Tips at", "num", words.GLOSSARY["tipping_reliability"]),
        Column("That is"),
    )
    return Table(
        "What would follow, and where it tips", columns, tuple(row(t) for t in points), style="compact"
    )
