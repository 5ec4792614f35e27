"""`judge plan`: what a study will cost, before anything is paid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from judge.pipeline.planning import PanelPlan, StudyPlan


@click.command("plan")
@click.argument("study", required=False, type=click.Path(path_type=Path))
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="An earlier run, for measured times and lengths.  [default: runs/NAME, where it is]",
)
@click.option("--detect-win-rate", type=float, help="Win rate that is to be found: how many dialogues?")
@click.option("--detect-bias", type=float, help="Liking, in points per SD of a feature: how many dialogues?")
@click.option("--detect-correlation", type=float, help="Rank correlation with people: how many items?")
@click.option("--power", type=click.FloatRange(0.5, 0.99), default=0.8, show_default=True)
@click.option("--ties", type=click.FloatRange(0, 0.95), default=0.2, show_default=True, help="Share of ties.")
@click.option(
    "--icc", type=click.FloatRange(0, 1), default=0.3, show_default=True, help="Likeness within a dialogue."
)
@click.option("--raters", type=click.IntRange(2), default=3, show_default=True, help="People an item.")
@click.option("--systems", type=click.IntRange(2), help="Systems a dialogue.  [default: the study's]")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON on standard output.")
def command(study: Path | None, run: Path | None, as_json: bool, **wishes: Any) -> int:
    """Count calls, tokens, dollars and time of STUDY (the bundled sample without one).

    Nothing is asked and no key is needed. Tokens are estimated from characters, on the safe side; a price
    that is not known is said to be unknown, never taken as nought. What is to be detected is planned for by
    exact tests, and by simulated studies where no formula holds.
    """
    from dataclasses import asdict

    from judge.cli.power import power_lines, power_plan
    from judge.cli.say import Voice
    from judge.pipeline.planning import plan
    from judge.sample import sample_path
    from judge.study import load_study

    wanted = load_study(study or sample_path("study"))
    made = plan(wanted, run or Path("runs") / wanted.name)
    power = power_plan(wishes, systems=len(made.systems))
    if as_json:
        Voice().json(asdict(made) | ({"power": power} if power else {}))
        return 0
    for line in [*plan_lines(made), *power_lines(power, wishes["power"], made.dialogues)]:
        click.echo(line)
    return 0


def plan_lines(made: StudyPlan) -> list[str]:
    """Return the plan as lines of text."""
    lines = [f"{made.dialogues:,} dialogues, {len(made.systems)} systems: {', '.join(made.systems)}"]
    if made.generation_calls:
        lines.append(f"generation: at least {made.generation_calls:,} calls (chains ask more than once)")
    for panel in made.panels:
        lines += [
            "",
            f"{panel.judge}, {panel.rubric} ({panel.mode})",
            *(f"  {x}" for x in _panel_lines(panel)),
        ]
    lines += [f"note: {note}" for note in made.notes]
    lines += [f"note: {s} has no response to {n} dialogues" for s, n in made.missing.items()]
    return lines


def _panel_lines(panel: PanelPlan) -> list[str]:
    low, high = panel.dollars_low, panel.dollars_high
    if low is None or high is None:
        money = "price unknown: state it in the study (price = { input = ..., output = ... })"
    else:
        money = f"{low:.2f} to {high:.2f} dollars"
    out = f"{panel.output_tokens_low:,} to {panel.output_tokens_high:,} out"
    low_s, high_s = _clock(panel.seconds_low), _clock(panel.seconds_high)
    hidden = f"         up to {panel.hidden_tokens_high:,} of those out are thought and not shown, paid alike"
    return [
        f"calls    {panel.calls:,}",
        f"tokens   about {panel.input_tokens:,} in, {out} ({panel.tokens_by})",
        *([hidden] if panel.hidden_tokens_high else []),
        f"cost     {money}",
        f"time     {low_s if low_s == high_s else f'{low_s} to {high_s}'} ({panel.time_by})",
    ]


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
