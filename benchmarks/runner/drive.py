"""Drive keys, runner, store and one hosted provider against a loopback server; print one JSON line.

Not the whole of `judge compare`: no rubric, no tables, no findings. What it shows is what the runner and the
store cost on top of the wire.

    python benchmarks/runner/drive.py --items items.jsonl --base-url http://127.0.0.1:8199/v1 \
        --concurrency 64 --out /tmp/run
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

from judge.providers.registry import make_provider
from judge.runner import Job, Limits, Tally, run
from judge.store import PlanRow, SqliteStore
from judge.types import Message, Prompt, Sampling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.providers.base import Provider
    from judge.types import Answer

QUESTION = "Which response answers better? Reply with [[A]] or [[B]] only."


def jobs(items: Path, provider: Provider, handle: str, store: SqliteStore) -> Iterator[Job]:
    """Plan and yield one job an item."""
    model = handle.partition("/")[2]
    sampling = Sampling(temperature=0.0, max_tokens=None)
    store.begin_plan("judge", str(items))
    with items.open() as lines:
        for seq, line in enumerate(lines):
            item = json.loads(line)
            text = f"{QUESTION}\n\nContext: {item['context']}\n\n[A]\n{item['a']}\n\n[B]\n{item['b']}"
            request = provider.request(model, Prompt((Message("user", text),)), sampling)
            job = Job.of(request, handle)
            store.add_plan("judge", [PlanRow(seq, job.key, item["id"])])
            yield job
    store.finish_plan("judge")


def verdict(answer: Answer) -> str | None:
    return next((letter for letter in "AB" if f"[[{letter}]]" in answer.text), None)


def unreadable(_job: Job, answer: Answer) -> str | None:
    return None if verdict(answer) else "no verdict"


async def drive(options: argparse.Namespace, store: SqliteStore) -> Tally:
    provider = make_provider(
        options.judge, base_url=options.base_url, env={"OPENAI_API_KEY": "x"}, concurrency=options.concurrency
    )
    try:
        return await run(
            [jobs(options.items, provider, options.judge, store)],
            {options.judge: provider},
            store,
            limits=Limits(concurrency=options.concurrency),
            accept=unreadable,
        )
    finally:
        await provider.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=Path, required=True, help="pairs as JSONL: id, context, a, b")
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--judge", default="openai/gpt-4o-mini")
    parser.add_argument("--out", type=Path, required=True, help="run folder; taken up again where it exists")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with SqliteStore(options.out / "run.sqlite") as store:
        tally = asyncio.run(drive(options, store))
        got = sum(r.answer is not None and verdict(r.answer) is not None for r in store.results("judge"))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "verdicts": got,
                "kept": tally.kept,
                "calls": tally.calls,
                "stopped": tally.stopped,
                "seconds": round(time.perf_counter() - began, 3),
                "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
                "rss_mb": round(usage.ru_maxrss / 1024, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
