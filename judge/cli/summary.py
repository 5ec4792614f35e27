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


def _trust(found: Findings, people: str) -> list[str]:
    """Return what speaks for and against the judges, a line each."""
    lines = []
    for f in found.where("position", "first_slot_effect"):
        verdict = {"bias_found": "bias found", "equivalent": "no bias"}.get(f.verdict, f.verdict or "")
        lines.append(f"  position    {f.judge}, {f.criterion}: being first is worth {number(f)} ({verdict})")
    for f in found.where("agreement"):
        if f.judge != PEOPLE and (f.statistic, f.level) in (
            ("spearman", "item"),
            ("duel_agreement", "judge"),
        ):
            if f.estimate is None or f.term == "people_median":
                continue
            name = f.statistic.replace("_", " ")
            lines.append(
                f"  agreement   {f.judge}, {f.criterion}: {name} with {people} {number(f)}, n = {f.n_items}"
            )
    lines += [
        f"  preference  {f.judge}, {f.criterion}: {f.term} {number(f)} SD beyond what {people} credit"
        for f in found.where("bias", "preference", level="pooled", verdict="bias_found")
    ]
    lines += [
        f"  failures    {f.judge}, {f.criterion}: {number(f, percent=True)} without an answer"
        for f in found.where("outcomes", "failure_rate")
        if f.estimate and not f.system
    ]
    return ["", "How far the judges can be trusted", *lines] if lines else []
