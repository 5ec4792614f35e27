"""Recompute published statistics of the shared research sets through our own functions.

    python benchmarks/goldens.py [--shared FOLDER] [--write docs/goldens.md]

Every line of ``goldens/published_statistics.jsonl`` is recomputed from the set's tables (made by
`real_data.py`) with the functions behind `judge audit`; nothing is computed here but the form of the tables.
Where the source treats the data otherwise than our audit does (an unreadable verdict read as a tie, an
unreadable score as -1), the table is changed so before it goes in, and the line says so; beside it stands
what the audit says of the table as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import real_data
from golden_sets import SETS, show

UNREACHABLE: dict[str, str] = {}
"""Lines that the data cannot give in principle, with the reason; there are none."""


def golden_lines(shared):
    """Read the published statistics."""
    with (shared / "goldens" / "published_statistics.jsonl").open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def recompute(shared, dataset):
    """Recompute all lines of a data set; an Answer by statistic."""
    wanted = [row["statistic"] for row in golden_lines(shared) if row["dataset"] == dataset]
    return SETS[dataset](shared / "data", [s for s in wanted if s not in UNREACHABLE])


def numbers_of(value):
    """Yield the numbers of a nested value in order of its keys."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from numbers_of(value[key])
    elif isinstance(value, list | tuple):
        for part in value:
            yield from numbers_of(part)
    elif value is not None:
        yield float(value)


def digits(rows):
    """Return the decimals to which the lines of one method in one set are printed."""
    texts = [format(v, ".10g") for row in rows for v in numbers_of(row["recomputed"])]
    return max(len(text.partition(".")[2]) for text in texts)


def matches(row, answer, decimals):
    """Say whether our value is the line's to the printed precision."""
    ours, theirs = list(numbers_of(answer.value)), list(numbers_of(row["recomputed"]))
    limit = 0.5 * 10.0**-decimals * 1.02 + 1e-9
    return len(ours) == len(theirs) and all(abs(a - b) <= limit for a, b in zip(ours, theirs, strict=True))


def checked(shared):
    """Yield (line, answer, whether it is the same) for all lines; answer None where it is unreachable."""
    rows = golden_lines(shared)
    for dataset in dict.fromkeys(row["dataset"] for row in rows):
        mine = [row for row in rows if row["dataset"] == dataset]
        answers = recompute(shared, dataset)
        for row in mine:
            alike = digits([r for r in mine if r["method"] == row["method"]])
            answer = answers.get(row["statistic"])
            yield row, answer, answer is not None and matches(row, answer, alike)


def rounded(value, decimals):
    """Round a nested value."""
    if isinstance(value, dict):
        return {key: rounded(part, decimals) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part, decimals) for part in value]
    return value if isinstance(value, int) else round(float(value), decimals)


TITLES = {
    "llmbar": "LLMBar",
    "alttest": "Alternative annotator test, SummEval with GPT-4o and others, MT-bench",
    "topicalchat_gpt35": "Topical-Chat",
    "summeval_shen": "SummEval with GPT-3.5, GPT-4, Llama 2",
    "pandalm": "PandaLM",
    "empathy_chatgpt_vs_human": "ChatGPT and people on EmpatheticDialogues",
    "epitome": "EPITOME",
    "judgebench": "JudgeBench",
    "alpaca_eval2": "AlpacaEval 2",
}
HEAD = """# Published statistics, recomputed

Made by `python benchmarks/goldens.py --write docs/goldens.md`; `tests/analysis/test_goldens.py` holds every
line to it where the research data are present. The data themselves are not in the project: most of the sets
may not be passed on.

A line is *exact* where its authors printed the number, *derived* where it was computed from their data by a
second program that is not ours (`reference`). Ours is `recomputed`, by the function named in the last column,
and agrees with the reference to its last printed digit. Where the source reads the data otherwise than the
audit does, the table was changed so before it went in (`treatment`), and the audit's own number of the
unchanged table follows after a dash.
"""


def page(results):
    """Write the table of all lines."""
    done = Counter("reproduced" if same else "not reproduced" for _, _, same in results)
    counts = Counter((row["status"], same) for row, _, same in results)
    parts = [HEAD, f"{done['reproduced']} of {len(results)} lines are reproduced"]
    parts[-1] += f" ({counts['exact', True]} exact, {counts['derived', True]} derived)"
    parts[-1] += f"; {done['not reproduced']} are not; {len(UNREACHABLE)} cannot be, for want of data.\n"
    for name, reason in UNREACHABLE.items():
        parts.append(f"* {name}: {reason}")
    for dataset in dict.fromkeys(row["dataset"] for row, _, _ in results):
        mine = [result for result in results if result[0]["dataset"] == dataset]
        parts.append(f"## {TITLES[dataset]}\n")
        parts.append("| line | published | reference | recomputed | status | treatment | through |")
        parts.append("|---|---|---|---|---|---|---|")
        parts += [table_row(*result, [r for r, _, _ in mine]) for result in mine]
        parts.append("")
    return "\n".join(parts)


def table_row(row, answer, same, alike):
    """Write one line of the table."""
    decimals = digits([r for r in alike if r["method"] == row["method"]])
    ours = show(rounded(answer.value, decimals)) if answer else ""
    treatment = "" if not answer else answer.treatment + (f" - {answer.honest}" if answer.honest else "")
    status = row["status"] if same else "not reproduced"
    name = row["statistic"].replace("|", "\\|").replace("\n", " ").replace("\\n", " ")
    cells = (name, show(row["published"]), show(row["recomputed"]), ours, status, treatment)
    return "| " + " | ".join((*cells, answer.through if answer else "")) + " |"


def main():
    """Print the table, or write it; end with 1 where a line is not reproduced."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=real_data.default_data().parent)
    parser.add_argument("--write", type=Path, default=None)
    args = parser.parse_args()
    results = list(checked(args.shared))
    text = page(results)
    if args.write is None:
        print(text)
    else:
        args.write.write_text(text, encoding="utf-8")
    missed = [
        row["statistic"] for row, _, same in results if not same and row["statistic"] not in UNREACHABLE
    ]
    print(
        f"{len(results) - len(missed)} of {len(results)} lines reproduced",
        *missed,
        sep="\n  ",
        file=sys.stderr,
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
