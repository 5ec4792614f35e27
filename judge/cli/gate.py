"""`judge gate`: hold the findings of a run against thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from judge.pipeline.gate import GateResult


@click.command("gate")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
def command(run: Path, file: Path, as_json: bool) -> int:
    r"""Hold the findings of RUN (a run folder, or a table of findings) against the thresholds of FILE.

    One line for each breach. Ends with 0 where all rules hold, 1 where one is broken, 3 where one could not
    be decided (no such finding, not identified, inconclusive), 2 for mistakes in FILE.

    \b
    judge gate runs/my-study gate.toml
    """
    from judge.pipeline.gate import check_gate
    from judge.pipeline.gatefile import read_gate
    from judge.pipeline.runfolder import RunFolder
    from judge.tables import read_findings

    rules = read_gate(file)
    table = RunFolder(run).table("findings") if run.is_dir() else run
    result = check_gate(rules, read_findings(table))
    if as_json:
        from judge.cli.say import Voice

        Voice().json(gate_value(result))
        return result.exit_code
    for line in gate_lines(result):
        click.echo(line)
    return result.exit_code


def gate_lines(result: GateResult) -> list[str]:
    """Return the result as text: breaches first, then what is undecided, then the count."""
    listed = [*result.breaches, *result.undecided]
    broken = len({(x.rule, x.line) for x in result.breaches})
    unsure = len({(x.rule, x.line) for x in result.undecided} - {(x.rule, x.line) for x in result.breaches})
    held = result.rules - broken - unsure
    total = f"{result.rules} rule{'' if result.rules == 1 else 's'} on {result.checked} findings"
    return [
        *(f"{x.state}: {x.rule}{f' (line {x.line})' if x.line else ''}: {x.reason}" for x in listed),
        f"gate      {total}: {held} kept, {broken} broken, {unsure} undecided",
    ]


def gate_value(result: GateResult) -> dict[str, object]:
    """Return the result as plain JSON values."""
    from dataclasses import asdict

    return {
        "exit_code": result.exit_code,
        "rules": result.rules,
        "findings_checked": result.checked,
        "lines": [asdict(line) for line in result.lines],
    }
