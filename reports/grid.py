"""Building tables of findings: cells with intervals, chips for verdicts, numbered notes for warnings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from judge.reports import numbers, words
from judge.reports.model import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from judge.types import Finding

BLANK = Cell(numbers.MISSING, tone="quiet")


class Notes:
    """Warnings under a table, each written once and referred to by number.

    Those of `without` hold for the whole table and stand elsewhere.
    """

    def __init__(self, without: Iterable[str] = ()) -> None:
        self._numbers: dict[str, int] = {}
        self._without = frozenset(without)

    def of(self, *findings: Finding | None) -> tuple[int, ...]:
        """Return the numbers of the warnings of these findings."""
        texts = dict.fromkeys(
            w for f in findings if f is not None for w in f.warnings if w not in self._without
        )
        return tuple(self._numbers.setdefault(text, len(self._numbers) + 1) for text in texts)

    def texts(self) -> tuple[str, ...]:
        """Return the warnings in the order of their numbers."""
        return tuple(self._numbers)


def shared_warnings(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the warnings that every one of several findings carries.

    >>> from judge.types import Finding
    >>> shared_warnings([Finding("f", "s", warnings=("all", "one")), Finding("f", "s", warnings=("all",))])
    ('all',)
    """
    if len(findings) < 2:
        return ()
    return tuple(w for w in findings[0].warnings if all(w in f.warnings for f in findings))


def value_cell(finding: Finding | None, notes: Notes, *, alike: Sequence[Finding] = ()) -> Cell:
    """Return estimate and interval; says "not identified" with the reason where there is none.

    The findings of `alike` (the column) decide on the places, so that the numbers stand in line.
    """
    if finding is None:
        return BLANK
    marks = notes.of(finding)
    if finding.estimate is None:
        reason = "; ".join(finding.warnings) or finding.method
        return Cell("not identified", tone="unknown", hint=reason, notes=marks)
    value, bounds = numbers.value_and_interval(finding, alike=alike)
    return Cell(value, bounds, hint=finding.method, notes=marks)


def signed_cell(finding: Finding | None, notes: Notes) -> Cell:
    """Return estimate and interval with the sign of the verdict behind them."""
    cell = value_cell(finding, notes)
    known = finding is not None and finding.estimate is not None
    return replace(cell, verdict=finding.verdict) if finding is not None and known else cell


def plain_value(finding: Finding | None) -> Cell:
    """Return the estimate alone."""
    if finding is None or finding.estimate is None:
        return BLANK
    return Cell(numbers.with_unit(finding.estimate, numbers.unit_of(finding)), hint=finding.method)


def verdict_cell(finding: Finding | None) -> Cell:
    """Return the verdict as a chip."""
    if finding is None or not finding.verdict or finding.estimate is None:
        return Cell("")  # the value itself already says "not identified"
    text, tone = words.VERDICTS[finding.verdict]
    return Cell(text, tone=tone, hint="; ".join(finding.warnings))


def count_cell(n: int | None) -> Cell:
    """Return a count."""
    return BLANK if n is None else Cell(numbers.whole(n))


_OPTIONAL: tuple[tuple[str, str], ...] = (
    ("level", "Level"),
    ("judge", "Judge"),
    ("criterion", "Criterion"),
    ("system", "System"),
    ("system_b", "Against"),
    ("term", "Term"),
)
_COUNTS: tuple[tuple[str, str], ...] = (
    ("n_items", "Items"),
    ("n_dialogues", "Dialogues"),
    ("n_raters", "Raters"),
)


def generic_table(
    findings: Sequence[Finding],
    caption: str,
    *,
    folded: bool = False,
    people: str = "people",
    hide: Sequence[str] = (),
) -> Table:
    """Return any findings as one table; columns that say nothing are left out, and those of `hide`."""
    notes = Notes()
    texts = [pair for pair in _OPTIONAL if pair[0] not in hide and _says_something(findings, pair[0])]
    counts = [pair for pair in _COUNTS if any(getattr(f, pair[0]) is not None for f in findings)]
    tested = any(f.p is not None for f in findings)
    adjusted = any(f.p_adjusted is not None for f in findings)
    judged = any(f.verdict for f in findings)
    several = len({f.statistic for f in findings}) > 1
    columns = [
        *([Column("Statistic")] if several else []),
        *(Column(label) for _, label in texts),
        Column("Estimate", "num"),
        *([Column("p", "num")] if tested else []),
        *([Column("p adjusted", "num")] if adjusted else []),
        *(Column(label, "num") for _, label in counts),
        *([Column("Verdict", "chip")] if judged else []),
    ]

    def row(f: Finding) -> tuple[Cell, ...]:
        return (
            *([Cell(words.name_of(f.statistic))] if several else []),
            *(Cell(_text(f, name, people)) for name, _ in texts),
            value_cell(f, notes),
            *([Cell(numbers.p_value(f.p))] if tested else []),
            *([Cell(numbers.p_value(f.p_adjusted), hint=f.correction)] if adjusted else []),
            *(count_cell(getattr(f, name)) for name, _ in counts),
            *([verdict_cell(f)] if judged else []),
        )

    rows = tuple(row(f) for f in findings)
    return Table(caption, tuple(columns), rows, notes.texts(), folded=folded)


def _says_something(findings: Sequence[Finding], column: str) -> bool:
    values = {getattr(f, column) for f in findings}
    if column == "level":
        return len(values) > 1 or findings[0].family == "agreement"
    return bool(values - {""})


def system_table(findings: Sequence[Finding], caption: str, order: Sequence[str] = ()) -> Table:
    """Return findings by measure and system as a table of measures by systems.

    Measures that are zero for every system are named in a note and have no row. The systems stand in
    `order`, as far as it names them.
    """
    notes = Notes()
    present = dict.fromkeys(f.system for f in findings)
    systems = [*(s for s in order if s in present), *(s for s in present if s not in order)]
    by: dict[tuple[str, str], dict[str, Finding]] = {}
    for f in findings:
        by.setdefault((f.statistic, f.term), {})[f.system] = f
    empty = [m for m, row in by.items() if all(f.estimate == 0 for f in row.values())]
    rows = tuple(
        (
            Cell(_measure(*measure), tone="name", hint=words.GLOSSARY.get(measure[0], "")),
            *(value_cell(row.get(s), notes, alike=tuple(row.values())) for s in systems),
        )
        for measure, row in by.items()
        if measure not in empty
    )
    columns = (Column("Measure"), *(Column(s, "num") for s in systems))
    zero = (f"Zero for every system: {', '.join(_measure(*m) for m in empty)}.",) if empty else ()
    style: Literal["grid", "compact"] = "compact" if len(systems) > 4 else "grid"
    return Table(caption, columns, rows, (*notes.texts(), *zero), style=style)


def _measure(statistic: str, term: str) -> str:
    """Name a measure of systems: a feature by itself, a metric with its term.

    >>> _measure("feature_mean", "n_words"), _measure("distinct_1", "treebank"), _measure("bleu_4", "")
    ('words', 'Distinct-1 (treebank)', 'BLEU-4')
    """
    if statistic == "feature_mean":
        return words.plain(term)
    return f"{words.name_of(statistic)} ({words.plain(term)})" if term else words.name_of(statistic)


def _text(finding: Finding, column: str, people: str) -> str:
    value: str = getattr(finding, column)
    if column == "judge" and value == "people":
        return people
    if column == "level" and finding.family != "agreement":
        return value.replace("_", " ")
    if column == "criterion":
        return words.spaced(value)
    return words.plain(value) if column in {"level", "term"} else value


def by_system(findings: Sequence[Finding]) -> bool:
    """Say whether these are measures of systems: one number for each of them and each system, no test."""
    keys = {(f.statistic, f.term, f.system) for f in findings}
    plain = all(f.system and not (f.judge or f.system_b or f.verdict == "bias_found") for f in findings)
    return plain and len(keys) == len(findings) > 1


def by_statistic(
    findings: Iterable[Finding], *, folded: bool = False, people: str = "people"
) -> tuple[Table, ...]:
    """Return one generic table for each statistic."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.statistic, []).append(finding)
    if all(by_system(group) for group in groups.values()):
        return tuple(system_table(group, words.name_of(name)) for name, group in groups.items())
    return tuple(
        generic_table(group, words.name_of(name), folded=folded, people=people)
        for name, group in groups.items()
    )


def pivot(
    findings: Sequence[Finding],
    keys: Sequence[str],
    caption: str,
    *,
    people: str = "people",
    folded: bool = False,
) -> Table:
    """Return a row for each value of `keys` (columns of the finding) and a column for each statistic."""
    notes = Notes()
    rows: dict[tuple[str, ...], dict[str, Finding]] = {}
    for f in findings:
        rows.setdefault(tuple(_text(f, k, people) for k in keys), {}).setdefault(f.statistic, f)
    statistics = list(dict.fromkeys(f.statistic for f in findings))
    shown = [i for i, _ in enumerate(keys) if any(key[i] for key in rows)]
    labels = dict(_OPTIONAL)
    columns = (
        *(Column(labels[keys[i]]) for i in shown),
        *(Column(words.name_of(s), "num", words.GLOSSARY.get(s, "")) for s in statistics),
        Column("Items", "num"),
    )
    body = tuple(
        (
            *(Cell(key[i], tone="name" if i == shown[0] else "") for i in shown),
            *(value_cell(row.get(s), notes) for s in statistics),
            count_cell(max((f.n_items for f in row.values() if f.n_items is not None), default=None)),
        )
        for key, row in rows.items()
    )
    return Table(caption, columns, body, notes.texts(), folded=folded)
