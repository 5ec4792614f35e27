"""`judge selftest`: the certificate of the diagnostics, on studies whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.analysis.simulate.certificate import Row, Scenario

KINDS = {
    "fpr": "false positives",
    "power": "power",
    "coverage": "coverage",
    "fdr": "false discoveries",
    "wrong": "wrong verdicts",
    "violation": "assumption broken",
    "naive": "for comparison",
}
LIKE_RUNS = 300


@click.command("selftest")
@click.option(
    "--quick/--full", default=True, help="Few studies in seconds, or all in minutes.  [default: quick]"
)
@click.option("--runs", type=click.IntRange(min=1), help="Studies a scenario, instead of its own number.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same table.")
@click.option("--only", metavar="NAME", help="Only scenarios whose name holds NAME.")
@click.option("--like", type=click.Path(path_type=Path), metavar="RUN",
              help="Studies of the design of this run folder or table of ratings: its power.")  # fmt: skip
@click.option("--list", "as_list", is_flag=True, help="List the scenarios.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON on standard output.")
def command(
    *,
    quick: bool,
    runs: int | None,
    seed: int,
    only: str | None,
    like: Path | None,
    as_list: bool,
    as_json: bool,
) -> int:
    """Put every diagnostic to studies whose truth is known, and compare with what is promised.

    Ends with exit code 1 if a diagnostic does not keep its promise. Limits widen where there are few
    studies; analyses in common use are shown beside ours and are held to nothing.
    """
    from judge.analysis.simulate.certificate import certify
    from judge.cli.say import Voice

    chosen = _chosen(only, like)
    if as_list:
        for scenario in chosen:
            click.echo(f"{scenario.name:40s} {scenario.design}")
        return 0
    rows: list[Row] = []
    last = ""
    # What was asked for by name is run even where the quick table leaves it out.
    count = runs or (60 if quick and only else None)
    for row in certify(chosen, seed=seed, quick=quick and not only, runs=count):
        rows.append(row)
        if not as_json:
            for line in _lines(row, heading=row.scenario != last):
                click.echo(line)
        last = row.scenario
    if as_json:
        Voice().json({"seed": seed, "rows": [as_record(row) for row in rows]})
    else:
        click.echo(_verdict(rows))
    return 1 if any(row.passed is False for row in rows) else 0


def _chosen(only: str | None, like: Path | None) -> list[Scenario]:
    from judge.analysis.simulate.scenarios import scenarios
    from judge.errors import InputError

    every = _like(like) if like else list(scenarios())
    chosen = [scenario for scenario in every if not only or only in scenario.name]
    if not chosen:
        raise InputError(f"no scenario's name holds {only!r}; judge selftest --list names them")
    return chosen


def _like(path: Path) -> list[Scenario]:
    """Read the designs off a run's ratings; judges and criteria of which none can be read are left out."""
    from judge.analysis.bias.columns import feature_columns, no_features
    from judge.analysis.bias.eiv import NotIdentified
    from judge.analysis.bias.material import rating_materials
    from judge.analysis.rating_table import encode_ratings
    from judge.analysis.simulate.like import like_scenarios
    from judge.errors import InputError
    from judge.pipeline.auditing import read_tables

    tables = read_tables([path], None, (), None, None)
    if tables.ratings is None:
        raise InputError(f"{path} holds no ratings: the simulator copies designs of ratings, not of duels")
    table = encode_ratings(tables.ratings, None, "dialogue_id")
    columns = no_features(table.dialogue, table.system)
    if tables.features is not None:
        columns = feature_columns(tables.features, table.dialogue, table.system)
    reason = "no judge scored anything"
    found = []
    for material in rating_materials(table, columns):
        try:
            found += list(like_scenarios([material], LIKE_RUNS))
        except NotIdentified as why:
            reason = str(why)
    if not found:
        raise InputError(f"the design of {path} cannot be copied: {reason}")
    return found


def as_record(row: Row) -> dict[str, Any]:
    """Return a row as JSON takes it: numbers rounded, no not-a-number."""
    return {
        "scenario": row.scenario,
        "design": row.design,
        "diagnostic": row.diagnostic,
        "kind": row.kind,
        "value": _number(row.value),
        "error": _number(row.error),
        "n_runs": row.n_runs,
        "low": _number(row.low),
        "high": _number(row.high),
        "passed": row.passed,
        "seed": row.seed,
        "seconds": round(row.seconds, 2),
    }


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else round(value, 5)  # noqa: PLR0124 - not-a-number


def _lines(row: Row, *, heading: bool) -> Iterator[str]:
    if heading:
        yield ""
        yield f"{row.scenario}: {row.design}"
    mark = {True: "pass", False: "FAIL", None: "    "}[row.passed]
    held = "" if row.low is None or row.high is None else f"  held to {row.low:.3f}-{row.high:.3f}"
    error = f"{row.value:.3f} +-{row.error:.3f}" if row.n_runs else "none      "
    yield f"  {mark}  {error}  {KINDS[row.kind]:17s}  {row.diagnostic} ({row.n_runs} studies){held}"


def _verdict(rows: list[Row]) -> str:
    held = [row for row in rows if row.passed is not None]
    failed = [row for row in held if not row.passed]
    seconds = sum({row.scenario: row.seconds for row in rows}.values())
    text = f"\n{len(held) - len(failed)} of {len(held)} promises kept in {seconds:.0f} s"
    return text + "".join(f"\nnot kept: {row.scenario}: {row.diagnostic}" for row in failed)
