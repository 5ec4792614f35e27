"""The whole of `judge compare` as one command of a load test: tables in, findings out.

Environment: BASE_URL (ends in /v1), ITEMS (JSONL of id, context, a, b), CONC (calls in flight), OUT (folder).
Start-up, tables, store and findings are all inside. The last line on standard output is
``{"verdicts": n}``. Started again with the same OUT it goes on where it was.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def write_tables(items: Path, folder: Path) -> None:
    """Turn the items into one table of dialogues and one of responses a system."""
    if (folder / "ready").exists():
        return
    with (
        items.open(encoding="utf-8") as lines,
        (folder / "dialogues.jsonl").open("w") as dialogues,
        (folder / "a.jsonl").open("w") as first,
        (folder / "b.jsonl").open("w") as second,
    ):
        for line in lines:
            item = json.loads(line)
            key = str(item["id"])
            dialogues.write(json.dumps({"dialogue_id": key, "context": [item["context"]]}) + "\n")
            first.write(json.dumps({"dialogue_id": key, "text": item["a"]}) + "\n")
            second.write(json.dumps({"dialogue_id": key, "text": item["b"]}) + "\n")
    (folder / "ready").touch()


def main() -> None:
    out = Path(os.environ["OUT"])
    os.environ.setdefault("OPENAI_API_KEY", "x")
    write_tables(Path(os.environ["ITEMS"]), out)
    sys.argv = [
        "judge", "compare", "--quiet", "--no-report", "--out", str(out / "run"),
        "--dialogues", str(out / "dialogues.jsonl"),
        "--responses", str(out / "a.jsonl"), "--responses", str(out / "b.jsonl"),
        "--judge", "openai/gpt-4o-mini", "--base-url", os.environ["BASE_URL"],
        "--criteria", "overall", "--orders", "AB", "--concurrency", os.environ["CONC"],
    ]  # fmt: skip
    from judge.cli.root import main as judge

    try:
        judge()
    except SystemExit:
        with (out / "run" / "duels.jsonl").open(encoding="utf-8") as rows:
            verdicts = sum('"outcome":"ok"' in row for row in rows)
        print(json.dumps({"verdicts": verdicts}), flush=True)
        raise


if __name__ == "__main__":
    main()
