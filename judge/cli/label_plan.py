"""`judge label-plan`: which items people should label next."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("label-plan")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--n", "count", type=click.IntRange(min=1), default=100, show_default=True, help="How many.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write (.jsonl or .csv).")
@click.option("--kind", type=click.Choice(["ratings", "duels"]), help="What is labelled.  [default: ratings]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draw.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON on standard output.")
def command(run: Path, count: int, out: Path, *, kind: str | None, seed: int, as_json: bool) -> int:
    r"""Draw the items of RUN that people should label next.

    Items on which the judges disagree (with themselves, in the other order, or with each other) have a higher
    chance, and every item has some. Keep the column `inclusion` with the labels: the audit weights by it.

    \b
    judge label-plan runs/my-study --n 200 --out to-label.csv
    """
    from judge.pipeline.labels import plan_labels, write_plan
    from judge.pipeline.runfolder import RunFolder

    folder = RunFolder(run)
    folder.read_manifest()
    plan = plan_labels(folder, count, kind=kind, seed=seed)
    write_plan(plan, out)
    chances = [row["inclusion"] for row in plan.rows]
    if as_json:
        from judge.cli.say import Voice

        Voice().json(
            {
                "out": str(out),
                "drawn": len(plan.rows),
                "items": plan.items,
                "labelled_already": plan.labelled,
                "informed": plan.informed,
                "lowest_chance": min(chances),
                "highest_chance": max(chances),
            }
        )
        return 0
    click.echo(
        f"items     {len(plan.rows):,} drawn of {plan.items:,} ({plan.labelled:,} have labels already)"
    )
    click.echo(f"chances   {min(chances):.3g} to {max(chances):.3g}")
    if not plan.informed:
        click.echo("note: the judges never disagree (with themselves or each other): the draw is even")
    click.echo(f"written   {out}; keep the column inclusion with the labels")
    return 0
