"""The findings that one reads first, as lines of text: the same sentences that open the report."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from judge.cli.say import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from judge.reports.index import Findings
    from judge.types import Finding

WIDTH = 100
PEOPLE = "people"


def summary_lines(findings: Sequence[Finding], *, people: str = PEOPLE) -> list[str]:
    """Return headlines, the ranking where systems were compared, and how far the judge can be trusted.

    Parameters
    ----------
    findings
        All findings of a run or an audit.
    people
        How people are called (they may be simulated).
    """
    from judge.reports.headline import headlines
    from judge.reports.index import Findings

    found = Findings(findings)
    lines: list[str] = []
    for headline in headlines(found, found.views("ranking", "means"), people):
        by = people if headline.judge == PEOPLE else headline.judge
        where = f"{headline.criterion} by {by}: " if headline.judge else ""
        sentence = headline.sentence.rstrip(".")
        lines += textwrap.wrap(f"{where}{sentence}.", WIDTH, subsequent_indent="  ")
        lines += _ranks(found, headline.judge, headline.criterion)
    return [*lines, *_trust(found, people), ""]


def _ranks(found: Findings, judge: str, criterion: str) -> Iterator[str]:
    """Return the ranking by comparisons; rankings by means are in the report."""
    want = {"judge": judge, "criterion": criterion}
    shares = {f.system: f for f in found.where("ranking", "win_rate", level="system", **want)}
    ranks = [
        f for f in found.where("ranking", "rank", **want) if f.estimate is not None and f.system in shares
    ]
    wide = max((len(f.system) for f in ranks), default=0)
    for rank in sorted(ranks, key=lambda f: f.estimate or 0.0):
        low, high = int(rank.ci_low or 0), int(rank.ci_high or 0)
        span = f"{low}" if low == high else f"{low}-{high}"
        yield f"  rank {span:<5} {rank.system:<{wide}}  wins {number(shares[rank.system], percent=True)}"
    if ranks and found.where("stopping", "win_rate", **want):
        yield "  (ranks and their intervals are for a fixed number of dialogues, and this run stopped early)"


def _trust(found: Findings, people: str) -> list[str]:
    """Return what speaks for and against the judges, a line each, in the words of the report."""
    from judge.reports import numbers, words

    lines = []
    for f in found.where("position", "first_slot_effect"):
        verdict = words.VERDICTS.get(f.verdict, (f.verdict, ""))[0]
        worth = numbers.estimate(f) if f.estimate is not None else "not identified"
        told = f" ({verdict})" if verdict and f.estimate is not None else ""
        lines.append(f"  position    {f.judge}, {f.criterion}: being first is worth {worth}{told}")
    for judge, criterion in found.views("agreement"):
        if judge and judge != PEOPLE:
            lines += _agreement(found, judge, criterion, people)
    lines += [
        f"  preference  {f.judge}, {f.criterion}: {words.plain(f.term)}: {numbers.estimate(f)} SD beyond "
        f"what {people} credit"
        for f in found.where("bias", "preference", level="pooled", verdict="bias_found")
    ]
    lines += [
        f"  failures    {f.judge}, {f.criterion}: {number(f, percent=True)} without an answer"
        for f in found.where("outcomes", "failure_rate")
        if f.estimate and not f.system
    ]
    wrapped = (part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent=" " * 14))
    return ["", "How far the judges can be trusted", *wrapped] if lines else []


def _agreement(found: Findings, judge: str, criterion: str, people: str) -> Iterator[str]:
    """Return the measure that the report leads with, and the rank correlation where people scored."""
    from judge.reports import numbers, words
    from judge.reports.against import measures

    where = f"  agreement   {judge}, {criterion}: "
    first = next(iter(measures(found, judge, criterion)), None)
    if first is not None:
        name = first.name[:1].lower() + first.name[1:]
        among = f"; among themselves {numbers.estimate(first.people)}" if first.people else ""
        yield f"{where}{name} {numbers.estimate(first.judge)} with {people}{among}, n = {first.judge.n_items}"
    same = {"level": "item", "judge": judge, "criterion": criterion}
    for f in found.where("agreement", "spearman", **same):
        if f.estimate is not None and f.term != "people_median":
            name = words.name_of(f.statistic)
            yield f"{where}{name} {numbers.estimate(f)} with {people}, n = {f.n_items}"
