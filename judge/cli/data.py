"""`judge data`: fetch data sets, and turn data sets and published outputs into our tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from judge.pipeline.converting import Converted

SENTIMENTS = click.option(
    "--sentiments",
    type=click.Path(path_type=Path),
    help="Your own table of emotions in groups (JSON or CSV).  [default: ours]",
)


@click.group("data")
def command() -> None:
    """Fetch data sets with checksums; convert data sets and published outputs to tables."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def listing(as_json: bool) -> None:
    """List what can be fetched and which formats can be converted."""
    from judge.pipeline.converting import format_names
    from judge.pipeline.fetching import DATA_SETS

    if as_json:
        import json

        sets = {name: {"url": s.url, "sha256": s.sha256, "about": s.about} for name, s in DATA_SETS.items()}
        click.echo(json.dumps({"sets": sets, "formats": format_names()}, indent=1))
        return
    for name, source in DATA_SETS.items():
        click.echo(f"{name}\n  {source.about}\n  {source.url}\n  sha256 {source.sha256}")
    click.echo(f"formats for judge data convert: {', '.join(format_names())}")


@command.command("fetch")
@click.argument("name", metavar="NAME")
@click.option("--out", type=click.Path(path_type=Path), help="Folder.  [default: data/NAME]")
@click.option("--url", help="Another address of the same file (a mirror).")
@click.option("--sha256", help="The checksum of the file, if it is not the one that we know.")
@SENTIMENTS
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but the result.")
def fetch_command(
    *, name: str, out: Path | None, url: str | None, sha256: str | None, sentiments: Path | None, quiet: bool
) -> None:
    """Fetch the data set NAME and write it as tables.

    A transfer that broke off goes on where it was; a file with another checksum is not taken. The tables
    have one row for each turn of the listener (train.jsonl, valid.jsonl, test.jsonl), or for the first
    prompts of the test part alone (test-first.jsonl).
    """
    from dataclasses import replace

    from judge.errors import UnknownNameError
    from judge.generators.sentiment import load_groups
    from judge.pipeline.converting import convert_dialogues
    from judge.pipeline.fetching import DATA_SETS, fetch

    if name not in DATA_SETS:
        raise UnknownNameError("data set", name, tuple(DATA_SETS))
    known = DATA_SETS[name]
    source = replace(known, url=url or known.url, sha256=(sha256 or known.sha256).lower())
    groups = load_groups(sentiments)
    folder = out or Path("data") / name
    bar = _Bar(silent=quiet)
    path = fetch(source, folder, progress=bar.show)
    bar.close()
    _say(convert_dialogues(path, folder, groups))


@command.command("convert")
@click.argument("fmt", metavar="FORMAT")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dialogues", type=click.Path(path_type=Path), help="Table of the turns that were answered.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Table (or folder) to write.")
@click.option("--system", "systems", multiple=True, metavar="FIELD=NAME", help="Name a system; repeatable.")
@click.option("--raw", is_flag=True, help="Leave tokens and small letters as they are.")
@SENTIMENTS
def convert_command(
    *,
    fmt: str,
    file: Path,
    dialogues: Path | None,
    out: Path,
    systems: tuple[str, ...],
    raw: bool,
    sentiments: Path | None,
) -> None:
    r"""Turn FILE in a published FORMAT into a table.

    \b
    judge data convert empathetic-dialogues empatheticdialogues.tar.gz --out data
    judge data convert kemp KEMP.txt --dialogues data/test.jsonl --out kemp.jsonl
    judge data convert mime output.txt --dialogues data/test.jsonl --system beam=mime --out mime.jsonl
    """
    from judge.generators.sentiment import load_groups
    from judge.pipeline.converting import ED, convert_dialogues, convert_outputs

    if fmt == ED:
        _say(convert_dialogues(file, out, load_groups(sentiments)))
        return
    if dialogues is None:
        raise click.UsageError("outputs belong to dialogues: name their table with --dialogues")
    named = dict(_pair(item) for item in systems)
    _say(convert_outputs(fmt, file, dialogues, out, systems=named, clean=not raw))


def _pair(item: str) -> tuple[str, str]:
    field, equals, name = item.partition("=")
    if not equals or not field or not name:
        raise click.UsageError(f"--system needs FIELD=NAME, not {item!r}")
    return field, name


def _say(made: Converted) -> None:
    for name, count in made.counts.items():
        click.echo(f"{count:>7,}  {name}")
    for note in made.notes:
        click.echo(f"note: {note}")
    click.echo(f"written to {made.paths[0] if len(made.paths) == 1 else made.paths[0].parent}")


class _Bar:
    """A line on standard error that says how much has come: every megabyte on a terminal, else every ten."""

    def __init__(self, *, silent: bool) -> None:
        import sys

        self._silent, self._live, self._said = silent, sys.stderr.isatty(), -1

    def show(self, done: int, total: int | None) -> None:
        step = done // (1 << 20 if self._live else 10 << 20)
        if self._silent or (step == self._said and done != total):
            return
        self._said = step
        of = f" of {total / 1e6:,.1f}" if total else ""
        start = "\r" if self._live else ""
        click.echo(f"{start}fetching: {done / 1e6:,.1f}{of} MB", err=True, nl=not self._live)

    def close(self) -> None:
        if self._live and not self._silent and self._said >= 0:
            click.echo("", err=True)
