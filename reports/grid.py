"""Building tables of findings: cells with intervals, chips for verdicts, numbered notes for warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import numbers, words
from judge.reports.model import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from judge.types import Finding

BLANK = Cell(numbers.MISSING, tone="quiet")


class Notes:
    """Warnings under a table, each written once and referred to by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, *findings: Finding | None) -> tuple[int, ...]:
        """Return the numbers of the warnings of these findings."""
        texts = dict.fromkeys(w for f in findings if f is not None for w in f.warnings)
        return tuple(self._numbers.setdefault(text, len(self._numbers) + 1) for text in texts)

    def texts(self) -> tuple[str, ...]:
        """Return the warnings in the order of their numbers."""
        return tuple(self._numbers)


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


def system_table(findings: Sequence[Finding], caption: str) -> Table:
    """Return findings by term and system as a table of terms by systems.

    Terms that are zero for every system are named in a note and have no row.
    """
    notes = Notes()
    systems = list(dict.fromkeys(f.system for f in findings))
    by: dict[str, dict[str, Finding]] = {}
    for f in findings:
        by.setdefault(f.term, {})[f.system] = f
    empty = [t for t, row in by.items() if all(f.estimate == 0 for f in row.values())]
    rows = tuple(
        (
            Cell(words.plain(term), tone="name"),
            *(value_cell(row.get(s), notes, alike=tuple(row.values())) for s in systems),
        )
        for term, row in by.items()
        if term not in empty
    )
    columns = (Column("Measure"), *(Column(s, "num") for s in systems))
    zero = (f"Zero for every system: {', '.join(words.plain(t) for t in empty)}.",) if empty else ()
    return Table(caption, columns, rows, (*notes.texts(), *zero))


def _text(finding: Finding, column: str, people: str) -> str:
    value: str = getattr(finding, column)
    if column == "judge" and value == "people":
        return people
    if column == "level" and finding.family != "agreement":
        return value.replace("_", " ")
    if column == "criterion":
        return words.spaced(value)
    return words.plain(value) if column in {"level", "term"} else value


def _by_system(findings: Sequence[Finding]) -> bool:
    """Say whether these are measures of systems: one number for each term and system, no judge, no test."""
    keys = {(f.term, f.system) for f in findings}
    plain = all(f.system and not (f.judge or f.system_b or f.verdict == "bias_found") for f in findings)
    return plain and len(keys) == len(findings) > 1


def by_statistic(
    findings: Iterable[Finding], *, folded: bool = False, people: str = "people"
) -> tuple[Table, ...]:
    """Return one generic table for each statistic."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.statistic, []).append(finding)
    if all(_by_system(group) for group in groups.values()):
        return tuple(system_table(group, words.name_of(name)) for name, group in groups.items())
    return tuple(
        generic_table(group, words.name_of(name), folded=folded, people=people)
        for name, group in groups.items()
    )
