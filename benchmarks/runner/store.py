"""Fill a store with a plan and its answers; print what that costs, and what it costs to find nothing left."""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

from judge.store import PlanRow, SqliteStore
from judge.store.keys import canonical, key_of
from judge.types import Answer, Request, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator


def requests(count: int, seed: int) -> Iterator[Request]:
    """Yield requests of a usual shape: a rubric that all share, and some 800 characters of their own."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(3000)]
    rubric = " ".join(rng.choices(words, k=250))
    for number in range(count):
        text = f"{rubric} [item {number}] {' '.join(rng.choices(words, k=110))}"
        body = {"messages": [{"role": "user", "content": text}], "temperature": 0.0, "max_tokens": 512}
        yield Request("openai", "gpt", body)


def fill(store: SqliteStore, count: int, batch: int) -> None:
    store.begin_plan("judge", "benchmark")
    for number, request in enumerate(requests(count, seed=1)):
        text = canonical(request)
        key = key_of(text)
        answer = Answer(
            json.dumps({"reason": f"it is kinder and to the point {number}", "verdict": "A"}),
            usage=Usage(500, 20),
            served_model="gpt-1",
            response_id=f"chatcmpl-{number}",
            latency_s=0.05,
        )
        store.add_plan("judge", [PlanRow(number, key, [number, [0, 1], "AB", 0])])
        store.put(key, request, answer, text=text)
        if number % batch == batch - 1:
            store.flush()
    store.finish_plan("judge")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=3, help="answers that arrive in one turn of the loop")
    parser.add_argument("--out", type=Path, required=True, help="folder; filled unless it is filled already")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    result: dict[str, object] = {"n": options.n}
    path = options.out / "run.sqlite"
    if not path.exists():
        began = time.process_time()
        with SqliteStore(path) as store:
            fill(store, options.n, options.batch)
        result["fill_cpu_us_each"] = round((time.process_time() - began) / options.n * 1e6, 1)
    result["bytes_each"] = round(path.stat().st_size / options.n)
    began, wall = time.process_time(), time.perf_counter()
    with SqliteStore(path) as store:
        assert store.plan_matches("judge", "benchmark")
        result["left"] = store.plan_state("judge").pending
    result["resume_s"] = round(time.perf_counter() - wall, 2)
    result["resume_cpu_s"] = round(time.process_time() - began, 2)
    result["rss_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
