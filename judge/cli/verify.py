"""`judge verify`: check a run's store, hashes, plan and tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.say import Voice

if TYPE_CHECKING:
    from collections.abc import Callable

    from judge.store import SqliteStore


@click.command("verify")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(run: Path, as_json: bool) -> int:
    """Check RUN, the folder of a run.

    Every key of the store is derived again from the request that is kept beside it, every answer is read,
    the plan is counted, and the tables are compared with the hashes of the manifest. Exit code 1 where
    something is wrong.
    """
    voice = Voice(quiet=as_json)
    result = check(run, voice.note)
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        for line in _lines(result):
            click.echo(line)
    return 1 if result["problems"] else 0


def check(run: Path, note: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Check a run folder; `note` hears how far a long check is.

    Returns
    -------
    dict
        `problems` (one line each), and what was looked at: `answers`, `dollars`, `plan` (a list of stages
        with their counts), `tables` (number checked, None where there is no manifest yet).

    Raises
    ------
    InputError
        There is no run in this folder.
    """
    from judge.errors import StoreError
    from judge.store import SqliteStore, verify

    result: dict[str, Any] = {"run": str(run), "problems": [], "answers": 0, "plan": []}
    try:
        with SqliteStore(run / "run.sqlite", must_exist=True) as store:
            result["problems"] += verify(store, note)
            if not result["problems"]:
                result["answers"], result["dollars"] = store.spent()
                result["plan"] = [_stage(store, *stage) for stage in store.stages()]
    except StoreError as exc:
        result["problems"].append(str(exc))
    result["tables"] = _check_tables(run, result["problems"])
    return result


def _stage(store: SqliteStore, stage: str, whole: bool) -> dict[str, Any]:
    state = store.plan_state(stage)
    counts = {"planned": state.total, "answered": state.answered, "failed": state.failed}
    return {"stage": stage, "whole": whole, **counts}


def _check_tables(run: Path, problems: list[str]) -> int | None:
    from judge.pipeline.manifest import check_tables
    from judge.pipeline.runfolder import RunFolder

    folder = RunFolder(run)
    if not folder.manifest.exists():
        return None
    problems += check_tables(folder)
    return len(folder.read_manifest().get("tables", {}))


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [f"problem: {problem}" for problem in result["problems"]]
    if result["answers"]:
        lines.append(f"{result['answers']:,} answers, every key derived again")
    for stage in result["plan"]:
        note = "" if stage["whole"] else " (the plan was not finished)"
        failed = f", {stage['failed']:,} failed" if stage["failed"] else ""
        counts = f"{stage['answered']:,} of {stage['planned']:,} answered{failed}"
        lines.append(f"{stage['stage']}: {counts}{note}")
    if result["tables"] is None:
        lines.append("no manifest yet: the run did not come to its end")
    else:
        lines.append(f"{result['tables']} tables compared with the manifest")
    verdict = "nothing is wrong" if not result["problems"] else f"{len(result['problems'])} problems"
    return [*lines, verdict]
