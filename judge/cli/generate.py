"""`judge generate`: the responses of a study, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command("generate")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/NAME]")
@click.option("--strategy-model", metavar="PROVIDER/MODEL", help="What all strategies ask instead.")
@click.option("--strategy-url", metavar="URL", help="Server that all strategies ask instead.")
@click.option("--sample", type=click.IntRange(min=1), help="Answer a random sample of so many dialogues.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but the result.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
def command(study: Path, out: Path | None, quiet: bool, as_json: bool, **flags: Any) -> int:
    """Generate the responses of every strategy in STUDY.

    `judge compare` on the same study and folder goes on from here and asks nothing twice.
    """
    from judge.cli.say import Voice, trouble_lines
    from judge.pipeline.compare import generate
    from judge.study import load_study, override

    given = {name: value for name, value in flags.items() if value is not None}
    wanted = override(load_study(study), **given) if given else load_study(study)
    folder = out or Path("runs") / wanted.name
    voice = Voice(quiet=quiet or as_json)
    result = generate(wanted, folder, events=voice.events())
    if result.stopped == "interrupted":
        voice.interrupted(result)
        return 130
    if as_json:
        voice.json(
            {
                "responses": str(result.folder.table("responses")),
                "asked": result.asked,
                "kept": result.kept,
                "failures": [[g.system_id, g.dialogue_id, g.kind, g.message] for g in result.gaps],
                "stopped": result.stopped,
                "cost_usd": result.cost,
            }
        )
    else:
        for line in trouble_lines(result):
            click.echo(line)
        click.echo(f"responses  {result.folder.table('responses')}")
        click.echo(f"           {result.asked:,} questions asked, {result.seconds:.1f} s")
    # What a dialogue lacks is not mended by asking again.
    open_gaps = [gap for gap in result.gaps if gap.kind != "unusable_input"]
    return 3 if result.stopped or open_gaps else 0
