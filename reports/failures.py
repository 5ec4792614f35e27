"""What came of the questions: answers that failed are counted and never scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import grid, numbers, words
from judge.reports.index import PEOPLE
from judge.reports.model import Cell, Column, Panel, Section, Table
from judge.types import OK

if TYPE_CHECKING:
    from judge.reports.index import Findings
    from judge.types import Finding

_BOUNDS = ("win_rate_worst", "win_rate_best")
_MEAN_BOUNDS = ("mean_score_worst", "mean_score_best")


def asked_and_failed(found: Findings) -> tuple[int, int]:
    """Return how many judgments were asked for and how many failed, over all judges.

    Counts come by judge and criterion, sometimes by system as well: the rows without a system are the
    whole; where there are none, the rows by system are added up.
    """
    counts = [f for f in found.where("outcomes", "count") if f.judge != PEOPLE]
    whole = [f for f in counts if not f.system] or counts
    asked: dict[tuple[str, str, str], int] = {}
    failed = 0
    for f in whole:
        key = (f.judge, f.criterion, f.system)
        asked[key] = max(asked.get(key, 0), f.n_items or 0)
        failed += int(f.estimate or 0) if f.term != OK else 0
    return sum(asked.values()), failed


def failures_section(found: Findings, people: str) -> Section | None:
    """Return the section, or None where outcomes were not counted."""
    if not found.where("outcomes"):
        return None
    asked, failed = asked_and_failed(found)
    rest = [f for f in found.where("outcomes") if f.statistic not in {"count", "failure_rate"}]
    tables = [t for t in (_counts(found, people), _bounds(found), _mean_bounds(found)) if t is not None]
    share = f" ({numbers.with_unit(failed / asked, 'share')})" if asked else ""
    lead = (
        f"{numbers.whole(failed)} of {numbers.whole(asked)} judgments{share} have no usable answer. "
        "A failure is never a score, a tie or a loss: it is left out of every mean and shown here."
    )
    return Section("failures", "Failures", lead, (Panel("all", tables=(*tables, *grid.by_statistic(rest))),))


def _counts(found: Findings, people: str) -> Table | None:
    counts = found.where("outcomes", "count")
    rates = {(f.judge, f.criterion, f.system): f for f in found.where("outcomes", "failure_rate")}
    by: dict[tuple[str, str, str], dict[str, Finding]] = {}
    for f in counts:
        by.setdefault((f.judge, f.criterion, f.system), {})[f.term] = f
    for key in rates:
        by.setdefault(key, {})
    if not by:
        return None
    kinds = [
        k
        for k in dict.fromkeys(f.term for f in counts)
        if k != OK and any((c.get(k) and c[k].estimate) for c in by.values())
    ]
    notes = grid.Notes()
    with_system = any(key[2] for key in by)

    def row(key: tuple[str, str, str], cells: dict[str, Finding]) -> tuple[Cell, ...]:
        rate = rates.get(key)
        some = rate or next(iter(cells.values()))
        return (
            Cell(people if key[0] == PEOPLE else key[0], tone="name"),
            Cell(words.spaced(key[1])),
            *([Cell(key[2] or "all", tone="name" if key[2] else "")] if with_system else []),
            grid.count_cell(some.n_items),
            *(grid.plain_value(cells.get(k)) for k in kinds),
            grid.value_cell(rate, notes),
        )

    columns = (
        Column("Judge"),
        Column("Criterion"),
        *([Column("System")] if with_system else []),
        Column("Asked", "num"),
        *(Column(words.FAILURES.get(k, words.plain(k)).capitalize(), "num") for k in kinds),
        Column("Failed", "num", words.GLOSSARY["failure_rate"]),
    )
    rows = tuple(row(key, cells) for key, cells in by.items())
    return Table("Outcomes", columns, rows, notes.texts(), folded=len(rows) > 40)


def _bounds(found: Findings) -> Table | None:
    return _bound_table(found, "ranking", "win_rate", _BOUNDS, "Win rates if every failure had gone one way")


def _mean_bounds(found: Findings) -> Table | None:
    return _bound_table(
        found, "means", "mean_score", _MEAN_BOUNDS, "Mean scores if every failure had gone one way"
    )


def _bound_table(
    found: Findings, family: str, point: str, bounds: tuple[str, str], caption: str
) -> Table | None:
    worst = found.where(family, bounds[0])
    if not worst:
        return None
    notes = grid.Notes()
    paired = any(f.system_b for f in worst)

    def row(f: Finding) -> tuple[Cell, ...]:
        same = {k: getattr(f, k) for k in ("level", "judge", "criterion", "system", "system_b")}
        return (
            Cell(f.judge, tone="name"),
            Cell(words.spaced(f.criterion)),
            Cell(f.system, tone="name"),
            *([Cell(f.system_b, tone="name")] if paired else []),
            grid.value_cell(f, notes),
            grid.value_cell(found.one(family, point, **same), notes),
            grid.value_cell(found.one(family, bounds[1], **same), notes),
        )

    columns = (
        Column("Judge"),
        Column("Criterion"),
        Column("System"),
        *([Column("Against")] if paired else []),
        Column("Worst case", "num", words.GLOSSARY[bounds[0]]),
        Column("Without failures", "num"),
        Column("Best case", "num", words.GLOSSARY[bounds[1]]),
    )
    rows = tuple(row(f) for f in worst)
    return Table(caption, columns, rows, notes.texts(), folded=len(rows) > 12)
