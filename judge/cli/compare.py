"""`judge compare`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from judge.pipeline.compare import RunResult
    from judge.study import Study

DEFAULT_OUT = Path("judge-run")


@click.command("compare")
@click.argument("study", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Run folder.  [default: judge-run, or runs/NAME]"
)
@click.option("--dialogues", type=click.Path(path_type=Path), help="Table of dialogues, in place of a study.")
@click.option("--responses", multiple=True, metavar="[NAME=]FILE", help="Responses of a system; repeatable.")
@click.option(
    "--strategy", multiple=True, metavar="NAME@MODEL", help="A system made by a strategy; repeatable."
)
@click.option("--strategy-model", metavar="PROVIDER/MODEL", help="What all strategies ask instead.")
@click.option("--strategy-url", metavar="URL", help="Server that all strategies ask instead.")
@click.option("--reference", is_flag=True, help="Let the reference take part as the system `human`.")
@click.option("--judge", "judges", multiple=True, metavar="PROVIDER/MODEL", help="A judge; repeatable.")
@click.option("--base-url", help="Server of the judges, where it is not the provider's own.")
@click.option("--criteria", help="Comma-separated, for example empathy,relevance,fluency.")
@click.option("--mode", type=click.Choice(["pairwise", "absolute", "both"]), help="Compare, score, or both.")
@click.option("--rubrics", multiple=True, type=click.Path(path_type=Path), help="Folder of your own rubrics.")
@click.option("--orders", type=click.Choice(["both", "random", "AB"]), help="In which order pairs are shown.")
@click.option("--repeats", type=click.IntRange(min=1), help="How often each question is asked.")
@click.option("--samples", type=click.IntRange(min=1), help="Samples of each answer, a judge.")
@click.option("--temperature", type=click.FloatRange(0, 2), help="Of the judges.")
@click.option("--stop-when-decided", is_flag=True, help="Ask about a pair no further once it is decided.")
@click.option("--batch", is_flag=True, help="Ask by the provider's batch API: half the price, up to a day.")
@click.option("--baseline", help="Compare every system with this one only.")
@click.option("--sample", type=click.IntRange(min=1), help="Judge a random sample of so many dialogues.")
@click.option("--seed", type=int, help="Seed of all that is drawn at random.")
@click.option("--human-ratings", multiple=True, type=click.Path(path_type=Path), help="People's ratings.")
@click.option("--human-duels", multiple=True, type=click.Path(path_type=Path), help="People's comparisons.")
@click.option("--human-scale", nargs=2, type=float, help="Lowest and highest score that people could give.")
@click.option(
    "--similarity",
    metavar="NAMES",
    help="Likeness to the reference: some of chrf, bleu, rouge_l, embedding, bertscore.  [default: chrf]",
)
@click.option(
    "--max-cost", type=click.FloatRange(min=0), help="Stop before more dollars than this are spent."
)
@click.option("--concurrency", type=click.IntRange(min=1), help="Most calls in flight, a judge.")
@click.option("--no-report", is_flag=True, help="Leave the report out; `judge report` makes it later.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but the result.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
def command(
    study: Path | None, out: Path | None, as_json: bool, quiet: bool, no_report: bool, **flags: Any
) -> int:
    r"""Generate, judge, analyse and report.

    STUDY is a study file (TOML). Without one, flags describe the study; without either, the bundled sample
    is judged by the embedded judge, offline and without a key. Run again, the command goes on where it
    stopped and asks nothing twice.

    \b
    judge compare
    judge compare study.toml
    judge compare --dialogues d.jsonl --responses a.jsonl --responses b.jsonl \
                  --judge openai/gpt-4o --criteria empathy,relevance
    """
    from judge.cli.say import Voice
    from judge.pipeline.compare import compare

    given = {
        name: value
        for name, value in flags.items()
        if value is not None and value is not False and value != ()
    }
    wanted = _study(study, given)
    folder = out or (DEFAULT_OUT if study is None else Path("runs") / wanted.name)
    voice = Voice(quiet=quiet or as_json)
    result = compare(wanted, folder, events=voice.events())
    if result.stopped == "interrupted":
        voice.interrupted(result)
        return 130
    if not no_report:
        from judge.reports import render_report

        voice.note("rendering the report")
        render_report(folder)
    if as_json:
        voice.json(_summary(result))
    else:
        voice.result(result, rendered=not no_report)
    return 3 if result.open_questions or result.stopped else 0


def _study(path: Path | None, flags: dict[str, Any]) -> Study:
    from judge.study import load_study, study_from_flags

    if path is None and not ({"dialogues", "responses", "strategy"} & flags.keys()):
        from judge.sample import sample_path

        return _override(load_study(sample_path("study")), flags)
    if path is None:
        return study_from_flags(**flags)
    return _override(load_study(path), flags)


def _override(study: Study, flags: dict[str, Any]) -> Study:
    """Let flags change a study file: what is said on the command line wins."""
    if not flags:
        return study
    from judge.study import override

    return override(study, **flags)


def _summary(result: RunResult) -> dict[str, Any]:
    return {
        "run": str(result.folder.root),
        "report": str(result.folder.report),
        "findings": len(result.findings),
        "asked": result.asked,
        "kept": result.kept,
        "open_questions": result.open_questions,
        "not_needed": result.saved,
        "stopped": result.stopped,
        "cost_usd": result.cost,
        "missing_responses": result.missing,
        "generation_failures": len(result.gaps),
        "notes": result.notes,
        "seconds": round(result.seconds, 3),
    }
