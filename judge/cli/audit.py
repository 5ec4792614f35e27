"""`judge audit`: the analysis alone, on ratings and duels from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from judge.pipeline.auditing import AuditResult


@click.command("audit")
@click.argument("tables", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for findings and report.  [default: judge-audit]"
)
@click.option(
    "--dialogues", type=click.Path(path_type=Path), help="Table of dialogues, for clusters and the report."
)
@click.option(
    "--responses", multiple=True, type=click.Path(path_type=Path), help="Tables of responses; repeatable."
)
@click.option("--features", type=click.Path(path_type=Path), help="Table of features to test judges against.")
@click.option(
    "--similarity",
    default="chrf",
    show_default=True,
    help="Likeness to the reference, comma-separated: chrf, bleu, rouge_l, embedding, bertscore.",
)
@click.option(
    "--cluster", default="dialogue_id", show_default=True, help="Column of the unit of independence."
)
@click.option("--confidence", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True)
@click.option("--margin", type=click.FloatRange(min=0, min_open=True), default=0.1, show_default=True,
              help="Effects inside +-MARGIN (in SD of the judge) do not matter.")  # fmt: skip
@click.option("--scale", nargs=2, type=float, help="Lowest and highest score; others are refused.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of what is drawn at random.")
@click.option("--groups", type=click.Path(path_type=Path),
              help="Table system_id, kind: adds the mixed logistic model of kinds.")  # fmt: skip
@click.option("--threshold", type=float, help="With --groups: a score of at least this counts as 1.")
@click.option("--probe", "probes", multiple=True, metavar="NAME",
              help="TABLES is a study: run this probe on its responses; repeatable, or `all`.")  # fmt: skip
@click.option("--gate", type=click.Path(path_type=Path), help="Thresholds (TOML); a breach ends with 1.")
@click.option("--no-report", is_flag=True, help="Leave the report out.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but the result.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON on standard output.")
def command(tables: tuple[Path, ...], as_json: bool, quiet: bool, no_report: bool, **options: Any) -> int:
    r"""Analyse ratings and duels that any tool or person made.

    TABLES are files of ratings or duels (JSONL, CSV or Parquet; told by their columns), or a run folder.
    The findings and the report are the same as those of `judge compare`.

    \b
    judge audit ratings.csv
    judge audit people.jsonl gpt4.jsonl --dialogues d.jsonl --responses r.jsonl
    judge audit runs/my-study
    judge audit study.toml --probe padding --probe injection
    """
    from judge.cli.say import Voice
    from judge.pipeline.auditing import AuditResult, audit_tables
    from judge.pipeline.gatefile import read_gate

    voice = Voice(quiet=quiet or as_json)
    out = options.pop("out") or Path("judge-probes" if options["probes"] else "judge-audit")
    gate_file = options.pop("gate")
    # A mistake in the thresholds is told before the analysis, not after it.
    rules = read_gate(gate_file) if gate_file else None
    probes = options.pop("probes")
    if probes:
        from judge.cli.probe import run_probes

        result = run_probes(tables, probes, out, voice)
        if result.stopped == "interrupted":
            return 130
        done = AuditResult(result.folder, result.findings, simulated=result.simulated)
    else:
        likeness = tuple(name.strip() for name in options.pop("similarity").split(",") if name.strip())
        done = audit_tables(tables, out, note=voice.note, similarity=likeness, **options)
    if not no_report:
        from judge.reports import render_report

        voice.note("rendering the report")
        render_report(done.folder.root)
    if as_json:
        from dataclasses import asdict

        voice.json([asdict(f) for f in done.findings])
        return _gate(rules, done.findings, err=True)
    for line in _lines(done, probed=bool(probes)):
        click.echo(line)
    if not no_report:
        click.echo(f"report    {done.folder.report}")
    click.echo(f"findings  {done.folder.table('findings')} ({len(done.findings)})")
    return _gate(rules, done.findings)


def _lines(done: AuditResult, *, probed: bool) -> list[str]:
    if probed:
        from judge.cli.probe import probe_lines

        return probe_lines(done.findings)
    from judge.cli.summary import summary_lines

    return summary_lines(done.findings, people="simulated people" if done.simulated else "people")


def _gate(rules: Any, findings: Any, *, err: bool = False) -> int:
    """Hold the findings against thresholds, where there are any, and return the exit code."""
    if rules is None:
        return 0
    from judge.cli.gate import gate_lines
    from judge.pipeline.gate import check_gate

    result = check_gate(rules, findings)
    for line in gate_lines(result):
        click.echo(line, err=err)
    return result.exit_code
