"""Reading the research data for tests: lines of a data set, and published or recomputed statistics."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pandas as pd

from tests.shared_data import shared

RATING_COLUMNS = ["dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score"]


def lines(path: str) -> list[dict[str, Any]]:
    """Read a gzipped JSONL file of the research data, or skip."""
    with gzip.open(shared(f"data/{path}"), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def goldens(dataset: str) -> dict[str, Any]:
    """Return the recomputed value of each statistic of a data set, or skip."""
    with shared("goldens/published_statistics.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return {row["statistic"]: row["recomputed"] for row in rows if row["dataset"] == dataset}


def ratings(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Make a table of ratings from rows in the order of the contract."""
    return pd.DataFrame(rows, columns=RATING_COLUMNS)
