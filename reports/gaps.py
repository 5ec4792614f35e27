"""What the data cannot answer, folded: all that is missing for the same reason stands in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.reports import words
from judge.reports.index import PEOPLE
from judge.reports.model import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

NOT_TESTED = "Not tested: "
"""How the lines of `not_tested` begin; the page folds them where there are many."""


def why(finding: Finding) -> str:
    """Return why there is no number, without the names that differ between alike reasons.

    >>> from judge.types import Finding
    >>> why(Finding("bias", "preference", term="has_list", warnings=("has_list has the same value",)))
    'has the same value'
    """
    reason = "; ".join(finding.warnings) or finding.method or "no reason given"
    if finding.term:
        reason = reason.removeprefix(f"{finding.term} ")
    if finding.criterion:
        reason = reason.replace(f" on {finding.criterion}", " on this criterion")
    return reason


def not_tested(
    findings: Iterable[Finding],
    name: Callable[[Finding], str],
    where: Callable[[Finding], str] | None = None,
    *,
    lead: str = NOT_TESTED,
) -> tuple[str, ...]:
    """Return one line for each reason, with the names of all that it holds for.

    `where` is put in brackets behind the name, all places of a name together; `lead` opens each line.

    >>> from judge.types import Finding
    >>> gone = [Finding("b", "p", term=t, warnings=("it never varies",)) for t in ("has_list", "has_bold")]
    >>> not_tested(gone, lambda f: words.plain(f.term))
    ('Not tested: contains a list, contains bold text: it never varies.',)
    """
    groups: dict[str, dict[str, dict[str, None]]] = {}
    for f in findings:
        if f.estimate is None:
            places = groups.setdefault(why(f), {}).setdefault(name(f), {})
            if where is not None and where(f):
                places[where(f)] = None
    return tuple(
        f"{lead}{', '.join(_placed(n, list(p)) for n, p in names.items())}: {reason}."
        for reason, names in groups.items()
    )


def _placed(name: str, places: Sequence[str]) -> str:
    return f"{name} ({some(places)})" if places else name


def place_of(found: Findings, people: str) -> Callable[[Finding], str]:
    """Return how the place of a finding is called: by its criterion alone where there is one judge only."""
    judges = {f.judge for f in found.all if f.judge and f.judge != PEOPLE}

    def place(f: Finding) -> str:
        if len(judges) <= 1 and f.judge != PEOPLE:
            return words.spaced(f.criterion)
        label = words.view_label(f.judge, f.criterion, people)
        return "" if label == "all" else label

    return place


def gaps_of(findings: Sequence[Finding], people: str) -> tuple[Gap, ...]:
    """Return what is not identified, with the reason, alike ones together."""
    groups: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for f in findings:
        if f.verdict == "not_identified":
            names, where = groups.setdefault(why(f), ({}, {}))
            names[_name(f)] = None
            where[words.view_label(f.judge, f.criterion, people)] = None
    return tuple(Gap(some(list(names)), some(list(where)), r) for r, (names, where) in groups.items())


def _name(f: Finding) -> str:
    name = words.name_of(f.statistic)
    return f"{name} for “{words.plain(f.term)}”" if f.statistic == "preference" and f.term else name


def some(names: Sequence[str]) -> str:
    """Return names in a row, the first seven where there are many."""
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:7])} and {len(names) - 7} more"
