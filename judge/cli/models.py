"""`judge models`: which judges are known, what they cost and can do, and whether there is a key for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from judge.providers.presets import Preset

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


@click.command("models")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one list of objects.")
def command(name: str | None, as_json: bool) -> None:
    """List judges with prices, abilities and whether a key is there (never the key).

    NAME is a model (openai/gpt-4o) or a provider (openai); without it, all are listed. A model that is not
    in the list works as well; its price is then unknown.
    """
    from datetime import UTC, datetime

    from judge.providers.presets import find, presets

    today = datetime.now(UTC).date()
    table = presets()
    if name is None:
        rows = list(table.values())
    elif "/" in name:
        row = find(name)
        rows = [row if row is not None else _unknown(name)]
    else:
        rows = _of_provider(name, table)
    described = [describe(row, os.environ, today) for row in rows]
    if as_json:
        import json

        click.echo(json.dumps(described, indent=2, ensure_ascii=False))
    elif name is not None and "/" in name:
        _print_one(described[0])
    else:
        _print_table(described)


def describe(row: Preset, env: Mapping[str, str], today: date) -> dict[str, Any]:
    """Return what is shown of one model: plain data, without any key."""
    from dataclasses import asdict

    from judge.providers.credentials import has_key

    provider = row.name.partition("/")[0]
    variable = KEYS.get(provider)
    return {
        "name": row.name,
        "retired": row.is_retired(today),
        "retires_on": row.retired,
        "replaced_by": row.replaced_by,
        "context": row.context,
        "price": asdict(row.price),
        "abilities": asdict(row.abilities),
        "key_variable": variable,
        "key_present": None if variable is None else has_key(env, variable),
        "runs_on": row.runs_on,
        "chat_template": row.chat_template,
        "note": row.note,
    }


def _unknown(name: str) -> Preset:
    """Return a row for a model that is not in the table; the provider at least must exist."""
    from judge.providers.presets import Preset, abilities
    from judge.providers.registry import parse_model

    provider, model = parse_model(name)
    return Preset(name, abilities=abilities(provider, model), note="Not in the table: price unknown.")


def _of_provider(provider: str, table: Mapping[str, Preset]) -> list[Preset]:
    from judge.errors import UnknownNameError

    rows = [row for name, row in table.items() if name.startswith(f"{provider}/")]
    if not rows:
        raise UnknownNameError(
            "provider or model", provider, sorted({n.partition("/")[0] for n in table} | set(table))
        )
    return rows


def _print_table(rows: list[dict[str, Any]]) -> None:
    cells = [("model", "in $/M", "out $/M", "structured", "logprobs", "key", "until")]
    cells += [
        (
            row["name"],
            _money(row["price"]["input"]),
            _money(row["price"]["output"]),
            row["abilities"]["structured"],
            "yes" if row["abilities"]["logprobs"] else "no",
            _key(row),
            f"retired {row['retires_on']}" if row["retired"] else row["retires_on"] or "",
        )
        for row in rows
    ]
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    for line in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    click.echo(
        "\nPrices are dollars per million tokens; '?' is unknown, not free. `judge models NAME` says\n"
        "where they come from and of which day they are.\n"
        "Any other model works as well: PROVIDER/MODEL, with base_url for a server of your own."
    )


def _print_one(row: dict[str, Any]) -> None:
    price, able = row["price"], row["abilities"]
    lines = {
        "model": row["name"],
        "status": f"retired on {row['retires_on']}" if row["retired"]
        else f"until {row['retires_on']}" if row["retires_on"] else "no shutdown known",
        "instead": row["replaced_by"],
        "runs on": row["runs_on"],
        "context": None if row["context"] is None else f"{row['context']:,} tokens",
        "price": f"{_money(price['input'])} in, {_money(price['cached'])} cached in, "
        f"{_money(price['output'])} out (dollars per million tokens)",
        "as of": f"{price['as_of']} ({price['known']}), {price['source']}" if price["as_of"] else None,
        "structured": able["structured"],
        "logprobs": "yes" if able["logprobs"] else "no",
        "temperature": "yes" if able["temperature"] else "no",
        "reasoning": "yes" if able["reasoning"] else "no",
        "key": None if row["key_variable"] is None else f"{row['key_variable']}: {_key(row)}",
        "template": row["chat_template"],
        "note": row["note"],
    }  # fmt: skip
    for label, text in lines.items():
        if text:
            click.echo(f"{label:<12}{text}")


def _money(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _key(row: Mapping[str, Any]) -> str:
    return {True: "set", False: "missing", None: "-"}[row["key_present"]]
