"""`judge report`: render the report of a run again, without any call."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="File to write; by default RUN/report.html.")
@click.option("--title", help="Title of the page; by default the study's name.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(run: Path, out: Path | None, title: str | None, as_json: bool) -> None:
    """Render the report of RUN again.

    RUN is a folder that `judge compare` or `judge audit` wrote. The report is one HTML file that needs no
    network. Nothing is asked and nothing is computed: it shows the findings and the tables of the folder.
    """
    from judge.reports import render_report

    path = render_report(run, out, title=title)
    size = path.stat().st_size
    if as_json:
        click.echo(json.dumps({"report": str(path), "bytes": size}))
    else:
        click.echo(f"{path} ({size / 1e6:.1f} MB)")
