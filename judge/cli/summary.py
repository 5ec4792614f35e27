"""The findings that one reads first, as lines of text: the same sentences that open the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.cli.say import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from judge.types import Finding

WIDTH = 100


def summary_lines(findings: Sequence[Finding], *, people: str = "people") -> list[str]:
    """Return headline and detail for each judge and criterion, then the ranking where there is one.

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
    views = found.views("ranking", "means")
    lines: list[str] = []
    for headline in headlines(found, views, people):
        where = f"{headline.criterion} by {headline.judge}: " if headline.judge else ""
        lines += [*_wrapped(f"{where}{headline.sentence}.".replace("..", ".")), ""]
        lines += [*_table(found.where("ranking"), headline.judge, headline.criterion)]
    return lines


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, WIDTH)


def _table(ranking: Sequence[Finding], judge: str, criterion: str) -> Iterator[str]:
    mine = [f for f in ranking if f.judge == judge and f.criterion == criterion]
    ranks = sorted(
        (f for f in mine if f.statistic == "rank" and f.estimate is not None), key=lambda f: f.estimate or 0.0
    )
    if not ranks:
        return
    shares = {f.system: f for f in mine if f.statistic == "win_rate" and f.level == "system"}
    wide = max(len(f.system) for f in ranks)
    for rank in ranks:
        low, high = int(rank.ci_low or 0), int(rank.ci_high or 0)
        span = f"{low}" if low == high else f"{low}-{high}"
        share = shares.get(rank.system)
        won = f"  wins {number(share, percent=True)}" if share is not None else ""
        yield f"  rank {span:<5} {rank.system:<{wide}}{won}"
    yield ""
