"""Write the certificate of `judge selftest --full --json` into docs/selftest.md.

Run it as ``judge selftest --full --json > rows.json; python benchmarks/selftest.py rows.json``. The part of
the page between the two marks is replaced; the rest is prose.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from judge.cli.selftest import KINDS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "selftest.md"
BEGIN, END = "<!-- certificate: begin -->", "<!-- certificate: end -->"
MARKS = {True: "kept", False: "**not kept**", None: ""}


def tables(rows: list[dict[str, Any]]) -> str:
    """Return one table of what is promised and one of the analyses in use, in Markdown."""
    held = [row for row in rows if row["passed"] is not None]
    kept = sum(row["passed"] for row in held)
    seconds = sum({row["scenario"]: row["seconds"] for row in rows}.values())
    parts = [
        f"{kept} of {len(held)} promises kept; seed {rows[0]['seed']}, {seconds / 60:.0f} minutes, one core.",
        "\n## What ships\n",
        _table(held),
        "\n## The analyses in common use, on the same studies\n",
        _table([row for row in rows if row["passed"] is None]),
    ]
    return "\n".join(parts)


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| design | analysis | | share ± error | studies | held to | |", "|---|---|---|---|---|---|---|"]
    for _, group in groupby(rows, key=lambda row: row["scenario"]):
        for place, row in enumerate(group):
            name = f"**{row['scenario']}**: {row['design']}" if place == 0 else ""
            held = "" if row["low"] is None else f"{_short(row['low'])} to {_short(row['high'])}"
            share = f"{_short(row['value'])} ± {_short(row['error'])}"
            cells = (
                name,
                row["diagnostic"],
                KINDS[row["kind"]],
                share,
                row["n_runs"],
                held,
                MARKS[row["passed"]],
            )
            lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1) if value < 1 else f"{value:.2f}"


def main(path: str) -> None:
    """Replace the certificate in the page."""
    rows = json.loads(Path(path).read_text(encoding="utf-8"))["rows"]
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{tables(rows)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
