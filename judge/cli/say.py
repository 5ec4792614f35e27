"""What the commands say to people: notes and progress on standard error, the result on standard output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from judge.pipeline.compare import Events, RunResult
    from judge.runner.jobs import Observer
    from judge.types import Finding


class Voice:
    """How one command speaks; `quiet` leaves out everything but the result and errors."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    def note(self, text: str) -> None:
        """Say what happens now."""
        if not self.quiet:
            click.echo(f"judge: {text}", err=True)

    def events(self) -> Events:
        """Return what the pipeline calls while it works."""
        from judge.pipeline.compare import Events

        return Events(note=self.note, observer=self._observer)

    def _observer(self, label: str, total: int) -> AbstractContextManager[Observer]:
        from judge.runner.progress import Progress

        return Progress(total, label=label, silent=self.quiet)

    def json(self, value: Any) -> None:
        """Print a value as JSON."""
        click.echo(json.dumps(value, ensure_ascii=False, indent=1))

    def interrupted(self, result: RunResult) -> None:
        """Say that the run was stopped, what is kept and how to go on."""
        click.echo(
            f"judge: interrupted; {result.asked + result.kept:,} answers are kept in {result.folder.root}."
            " The same command goes on where it stopped.",
            err=True,
        )

    def people(self, result: RunResult) -> str:
        """Return how the run's human raters are called: simulated ones are never called people."""
        return "simulated people" if result.simulated else "people"

    def result(self, result: RunResult, *, rendered: bool) -> None:
        """Print what came of a run: the headline, what is missing, where to look."""
        from judge.cli.summary import summary_lines

        for line in summary_lines(result.findings, people=self.people(result)):
            click.echo(line)
        for line in trouble_lines(result):
            click.echo(line)
        click.echo("")
        if rendered:
            click.echo(f"report    {result.folder.report}")
        click.echo(f"findings  {result.folder.table('findings')} ({len(result.findings)})")
        spent = f", {result.cost:.4f} dollars" if result.cost else ""
        click.echo(
            f"          {result.asked:,} questions asked, {result.kept:,} known already,"
            f" {result.seconds:.1f} s{spent}"
        )


def trouble_lines(result: RunResult) -> list[str]:
    """Return what a reader must know before the numbers are believed."""
    lines = [f"note: {note}" for note in result.notes]
    for system, count in result.missing.items():
        ids = result.missing_ids.get(system, [])
        which = f" ({', '.join(ids)}{', ...' if count > len(ids) else ''})" if ids else ""
        lines.append(
            f"note: {system} has no response to {count} of the dialogues{which}; its pairs there are left out"
        )
    if result.gaps:
        kinds: dict[str, int] = {}
        for gap in result.gaps:
            kinds[gap.kind] = kinds.get(gap.kind, 0) + 1
        listing = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        lines.append(f"note: {len(result.gaps)} responses could not be generated ({listing})")
    for kind, (count, reason) in result.failures.items():
        said = f", the first: {reason[:160]}" if reason else ""
        lines.append(f"note: {count:,} judgments ended as {kind}{said}")
    if result.stopped == "budget":
        lines.append(
            f"stopped: the budget was reached with {result.open_questions:,} questions open; raise --max-cost"
            " and run the same command to go on"
        )
    elif result.open_questions:
        lines.append(
            f"unfinished: {result.open_questions:,} questions got no answer; the same command asks only"
            " those again"
        )
    return lines


def number(finding: Finding, *, percent: bool = False) -> str:
    """Write an estimate with its interval.

    Examples
    --------
    >>> from judge.types import Finding
    >>> number(Finding("f", "s", estimate=.712, ci_low=.64, ci_high=.77), percent=True)
    '71.2 % [64.0, 77.0]'
    """
    if finding.estimate is None:
        return "not identified"
    scale, digits = (100.0, 1) if percent else (1.0, 3)
    text = f"{finding.estimate * scale:.{digits}f}{' %' if percent else ''}"
    if finding.ci_low is None or finding.ci_high is None:
        return text
    return f"{text} [{finding.ci_low * scale:.{digits}f}, {finding.ci_high * scale:.{digits}f}]"
