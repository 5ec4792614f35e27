"""The alternative annotator test in a line: whether the judge could take a person's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import grid, numbers, words
from judge.reports.index import PEOPLE, identified
from judge.reports.model import Cell, Column, Table

if TYPE_CHECKING:
    from judge.reports.index import Findings
    from judge.types import Finding

_PREFIXES = (("", "scores"), ("duel_", "verdicts"))
_PASS = 0.5
CONTROL = "constant_judge"


def alt_lines(found: Findings, criterion: str) -> tuple[str, ...]:
    """Return a sentence for each judge and kind of answer, with what the constant judge does beside it."""
    lines = []
    for prefix, what in _PREFIXES:
        rates = _by_judge(found, f"{prefix}alt_test_winning_rate", criterion)
        for judge, mine in rates.items():
            parts = [_verdict(f) for f in mine if f.term != "epsilon=0" or len(mine) == 1]
            advantage = _one(found, f"{prefix}alt_test_advantage", criterion, judge, "judge")
            if advantage is not None:
                parts.append(f"advantage probability {numbers.estimate(advantage)}")
            control = _control(found, f"{prefix}alt_test_winning_rate", criterion, judge)
            line = f"Alternative annotator test on {what}, {judge}: {'; '.join(parts)}"
            lines.append(f"{line}; {control}." if control else f"{line}.")
    return tuple(lines)


def _verdict(f: Finding) -> str:
    passed = (f.estimate or 0.0) >= _PASS
    share = numbers.with_unit(f.estimate, "share", places=0)
    return f"winning rate {share} at {_epsilon(f)}, {'passes' if passed else 'fails'}"


def _epsilon(f: Finding) -> str:
    return f.term.replace("epsilon=", "ε\u00a0=\u00a0") or "ε"


def _control(found: Findings, statistic: str, criterion: str, judge: str) -> str:
    given = found.where("agreement", statistic, criterion=criterion, level=CONTROL)
    mine = [f for f in given if f.judge in {judge, ""} and identified(f)]
    if not mine:
        return ""
    passed = [_epsilon(f) for f in mine if (f.estimate or 0.0) >= _PASS]
    if passed:
        return (
            f"a judge that always gives the most frequent score passes as well at {', '.join(passed)}, so "
            "that passing there means little"
        )
    return "a judge that always gives the most frequent score fails"


def _by_judge(found: Findings, statistic: str, criterion: str) -> dict[str, list[Finding]]:
    by: dict[str, list[Finding]] = {}
    for f in found.where("agreement", statistic, criterion=criterion):
        if identified(f) and f.level != CONTROL and f.judge not in {"", PEOPLE}:
            by.setdefault(f.judge, []).append(f)
    return by


def _one(found: Findings, statistic: str, criterion: str, judge: str, level: str) -> Finding | None:
    f = found.one("agreement", statistic, criterion=criterion, judge=judge, level=level)
    return f if identified(f) else None


def alt_fold_table(found: Findings, criterion: str) -> Table | None:
    """Return every number of the test, the control's included."""
    notes = grid.Notes()
    rows = [
        _row(f, what, notes)
        for prefix, what in _PREFIXES
        for name in ("winning_rate", "advantage")
        for f in found.where("agreement", f"{prefix}alt_test_{name}", criterion=criterion)
        if identified(f)
    ]
    if not rows:
        return None
    columns = (
        Column("Number"),
        Column("Judge"),
        Column("From"),
        Column("Allowance"),
        Column("Value", "num"),
        Column("Passes"),
        Column("Raters", "num"),
    )
    return Table("Could the judge take a person’s place?", columns, tuple(rows), notes.texts())


def _row(f: Finding, what: str, notes: grid.Notes) -> tuple[Cell, ...]:
    rate = f.statistic.endswith("winning_rate")
    name = "Winning rate" if rate else "Advantage probability"
    passed = "yes" if (f.estimate or 0.0) >= _PASS else "no"
    return (
        Cell(name, tone="name", hint=words.GLOSSARY.get(f.statistic, "")),
        Cell("constant (control)" if f.level == CONTROL else f.judge),
        Cell(what),
        Cell(_epsilon(f) if rate else ""),
        grid.value_cell(f, notes),
        Cell(passed if rate else ""),
        grid.count_cell(f.n_raters),
    )
