"""``judge rubrics``: list, show, render and check rubrics."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from judge.rubrics import Problem, RubricLibrary
    from judge.types import Dialogue, JudgeTask, Mode, Prompt, Rubric

_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
_MODE = click.option("--mode", type=click.Choice(["pairwise", "absolute"]), help="Where an id has both.")
_FOLDERS = click.option(
    "--rubrics",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A folder or file with rubrics of your own; can be given several times.",
)


@click.group()
def rubrics() -> None:
    """List, show, render and check rubrics: what a judge is asked, and in which words."""


@rubrics.command("list")
@_FOLDERS
@_MODE
@_JSON
def list_command(folders: tuple[Path, ...], mode: Mode | None, as_json: bool) -> None:
    """List the rubrics at hand."""
    rows = [_row(rubric) for rubric in _library(folders).list(mode)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    _print_table(rows)


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None)
    for name in ("id", "version", "mode", "answer"):
        table.add_column(name, no_wrap=True)
    table.add_column("criteria")
    table.add_column("source", overflow="fold")
    for row in rows:
        answer = "A, B, tie" if row["mode"] == "pairwise" else "{low:g}-{high:g}".format(**row["criteria"][0])
        names = ", ".join(criterion["name"] for criterion in row["criteria"])
        cells = (row["id"], row["version"], row["mode"], answer, names, row["source"])
        table.add_row(*map(Text, cells))
    # A pipe has no width: give it room, so that nothing is folded in files.
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 160).print(table)


@rubrics.command("show")
@click.argument("rubric_id", metavar="ID")
@_FOLDERS
@_MODE
@_JSON
def show_command(rubric_id: str, folders: tuple[Path, ...], mode: Mode | None, as_json: bool) -> None:
    """Show one rubric: its criteria, its scale, its template and the answer it asks for."""
    found = _asked(_library(folders), rubric_id, mode)
    if as_json:
        rows = [{**_row(r), "template": r.template.strip("\n"), "schema": dict(r.schema)} for r in found]
        click.echo(json.dumps(rows, indent=2))
        return
    for rubric in found:
        click.echo(_description(rubric))


@rubrics.command("render")
@click.argument("rubric_id", metavar="ID")
@click.option("--dialogue", "dialogues", type=click.Path(path_type=Path), help="A file of dialogues.")
@click.option(
    "--responses",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of responses; give it twice, or one with several systems, for a pairwise rubric.",
)
@click.option("--dialogue-id", help="Which dialogue; the first one that has responses without it.")
@_FOLDERS
@_MODE
@_JSON
def render_command(
    *,
    rubric_id: str,
    dialogues: Path | None,
    responses: tuple[Path, ...],
    dialogue_id: str | None,
    folders: tuple[Path, ...],
    mode: Mode | None,
    as_json: bool,
) -> None:
    """Render a prompt exactly as it would be sent; without files, for a made-up example."""
    from judge.rubrics import render

    if (dialogues is None) != (not responses):
        raise click.UsageError("--dialogue and --responses belong together")
    prompts = [
        render(rubric, _task(rubric, dialogues, responses, dialogue_id))
        for rubric in _asked(_library(folders), rubric_id, mode)
    ]
    if as_json:
        click.echo(json.dumps([_prompt_row(prompt) for prompt in prompts], indent=2))
        return
    for prompt in prompts:
        click.echo(_prompt_text(prompt))


@rubrics.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@_JSON
def check_command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check rubric files or folders: header, template, schema, and a trial render.

    Every problem is reported with its line and the mend. Exit code 1 when there is one.
    """
    from judge.rubrics.library import user_sources
    from judge.rubrics.loading import check_source

    missing = [path for path in paths if not path.exists()]
    if missing:
        raise click.UsageError(f"no such file or folder: {', '.join(map(str, missing))}")
    results = [(source.name, *check_source(source)) for source in user_sources(paths)]
    problems = [problem for _, _, found in results for problem in found]
    if not problems:
        problems = list(_conflicts(paths))
    if as_json:
        files = [{"path": name, "ref": rubric.ref if rubric else None} for name, rubric, _ in results]
        click.echo(json.dumps({"files": files, "problems": [_problem_row(p) for p in problems]}, indent=2))
    else:
        for name, rubric, _ in results:
            if rubric is not None:
                click.echo(f"ok  {name}  {rubric.ref} ({rubric.mode})")
        for problem in problems:
            click.echo(str(problem))
    if problems:
        raise click.exceptions.Exit(1)


def _conflicts(paths: Sequence[Path]) -> Sequence[Problem]:
    """Say where the files would collide with each other or with ours."""
    from judge.rubrics import ProblemsError, load_rubrics

    try:
        load_rubrics(paths, plugins=False)
    except ProblemsError as error:
        return error.problems
    return ()


def _library(folders: Sequence[Path]) -> RubricLibrary:
    from judge.rubrics import load_rubrics

    return load_rubrics(folders)


def _asked(library: RubricLibrary, rubric_id: str, mode: Mode | None) -> Sequence[Rubric]:
    """Return the rubrics of that id: both modes where none is given."""
    modes = [mode] if mode else sorted({r.mode for r in library.list()})
    found = [library.get(rubric_id, m) for m in modes if mode or _has(library, rubric_id, m)]
    return found or [library.get(rubric_id)]


def _has(library: RubricLibrary, rubric_id: str, mode: Mode) -> bool:
    try:
        library.get(rubric_id, mode)
    except UnknownNameError:
        return False
    return True


def _task(
    rubric: Rubric, dialogues: Path | None, responses: Sequence[Path], dialogue_id: str | None
) -> JudgeTask:
    from judge.rubrics import example_task

    if dialogues is None:
        return example_task(rubric)
    from judge.tables import read_dialogues, read_responses
    from judge.types import JudgeTask

    wanted = 2 if rubric.mode == "pairwise" else 1
    answers = [r for path in responses for r in read_responses(path, default_system=path.stem)]
    for dialogue in _picked(read_dialogues(dialogues), dialogue_id, dialogues):
        matching = [r for r in answers if r.dialogue_id == dialogue.dialogue_id]
        if len(matching) >= wanted:
            return JudgeTask(rubric, dialogue, tuple(matching[:wanted]))
    raise InputError(
        f"no dialogue of {dialogues} has {wanted} response(s) in {', '.join(map(str, responses))}"
    )


def _picked(dialogues: Sequence[Dialogue], dialogue_id: str | None, path: Path) -> Sequence[Dialogue]:
    if dialogue_id is None:
        return dialogues
    picked = [d for d in dialogues if d.dialogue_id == dialogue_id]
    if not picked:
        raise UnknownNameError(f"dialogue in {path}", dialogue_id, [d.dialogue_id for d in dialogues][:1000])
    return picked


def _row(rubric: Rubric) -> dict[str, Any]:
    return {
        "id": rubric.rubric_id,
        "version": rubric.version,
        "mode": rubric.mode,
        "criteria": [
            {
                "name": criterion.name,
                "definition": criterion.definition,
                "levels": {f"{score:g}": meaning for score, meaning in criterion.levels},
                **({"low": criterion.low, "high": criterion.high} if criterion.levels else {}),
            }
            for criterion in rubric.criteria
        ],
        "ref": rubric.ref,
        "sha256": rubric.sha256,
        "source": rubric.source,
        "pattern": rubric.pattern,
    }


def _description(rubric: Rubric) -> str:
    from judge.rubrics import answer_format

    parts = [f"{rubric.ref} ({rubric.mode}), from {rubric.source}"]
    for criterion in rubric.criteria:
        levels = "".join(f"\n  {score:g} = {meaning}" for score, meaning in criterion.levels if meaning)
        parts.append(f"criterion {criterion.name}\n{criterion.definition}{levels}")
    parts.append("template\n" + rubric.template.strip("\n"))
    parts.append(f"pattern {rubric.pattern}" if rubric.pattern else answer_format(rubric))
    return "\n\n".join(parts) + "\n"


def _prompt_row(prompt: Prompt) -> dict[str, Any]:
    return {
        "messages": [{"role": m.role, "content": m.content} for m in prompt.messages],
        "schema": None if prompt.schema is None else dict(prompt.schema),
        "schema_name": prompt.schema_name,
    }


def _prompt_text(prompt: Prompt) -> str:
    return "\n\n".join(f"--- {m.role} ---\n{m.content}" for m in prompt.messages) + "\n"


def _problem_row(problem: Problem) -> dict[str, Any]:
    return {"path": problem.path, "line": problem.line, "message": problem.message, "mend": problem.mend}


command = rubrics
