"""Time the statistics of the audit on synthetic data of the sizes at which other libraries were timed.

Run: ``python benchmarks/audit_speed.py [--rows 1000000]``. One line a task: best wall time of the repeats,
CPU time, and a value that shows what was computed. The last task is a whole audit with its peak memory.
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from judge.analysis.agreement.alpha import Labels, alpha
from judge.analysis.agreement.correlation import correlate
from judge.analysis.audit import AuditInput, audit
from judge.analysis.ranking import bradley_terry

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(task: str, work: Callable[[], object], repeats: int = 5) -> None:
    """Print the best of some runs."""
    walls, cpus, value = [], [], None
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        value = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    print(f"{task:58s} {min(walls):8.4f} s  cpu {min(cpus):8.4f} s  {value}", flush=True)


def correlations() -> None:
    """Spearman and Kendall of 10,000 pairs with exact delete-one intervals."""
    rng = np.random.default_rng(7)
    n = 10_000
    z = rng.normal(size=n)
    x, y = z + rng.normal(size=n), z + rng.normal(size=n)
    rows, fives = np.arange(n), np.arange(n) // 5

    def interval(name: str, a: np.ndarray, b: np.ndarray, clusters: np.ndarray) -> list[float]:
        found = correlate(a, b, clusters, statistics=(name,))[name]
        return [round(float(end or 0), 4) for end in (found.ci_low, found.ci_high)]

    timed("spearman, 10,000 rows, 10,000 replicates", lambda: interval("spearman", x, y, rows))
    timed("kendall tau-b, 10,000 rows, 10,000 replicates", lambda: interval("kendall_tau_b", x, y, rows))
    timed("spearman, 2,000 clusters of 5", lambda: interval("spearman", x, y, fives))
    timed("kendall tau-b, 2,000 clusters of 5", lambda: interval("kendall_tau_b", x, y, fives))
    ten, five = np.clip(np.round(5.5 + 2 * x), 1, 10), np.clip(np.round(3 + y), 1, 5)
    timed(
        "kendall tau-b, scores 1-10 by 1-5, 10,000 replicates",
        lambda: interval("kendall_tau_b", ten, five, rows),
    )


def strengths() -> None:
    """Bradley-Terry of 1,000,000 outcomes of 20 systems: counting, fit, and clustered covariance."""
    rng = np.random.default_rng(7)
    n, k = 1_000_000, 20
    s = rng.normal(0, 0.7, k)
    i = rng.integers(0, k, n)
    j = (i + rng.integers(1, k, n)) % k
    won = rng.random(n) < 1 / (1 + np.exp(s[j] - s[i]))
    pairs = np.array(np.triu_indices(k, 1)).T
    place = np.zeros((k, k), dtype=np.int64)
    place[pairs[:, 0], pairs[:, 1]] = place[pairs[:, 1], pairs[:, 0]] = np.arange(len(pairs))
    flipped = pairs[:, ::-1]

    def alone() -> list[float]:
        """Rows independent: count (first, second, won), and the counts are all that is needed."""
        seen = np.bincount((i * k + j) * 2 + won, minlength=2 * k * k).reshape(k, k, 2).astype(float)
        counts = np.zeros((len(pairs), 2, 3))
        for order, (first, second) in enumerate((pairs.T, flipped.T)):
            counts[:, order, 0], counts[:, order, 2] = (
                seen[first, second, 1 - order],
                seen[first, second, order],
            )
        found = bradley_terry.fit(pairs, k, counts)
        return [round(float(v), 3) for v in found.strengths[:3]]

    def fit(clusters: np.ndarray) -> list[float]:
        order = (i > j).astype(np.int64)
        cell = (place[i, j] * 2 + order) * 3 + np.where(won != (order == 1), 0, 2)
        counts = np.bincount(cell, minlength=len(pairs) * 6).reshape(-1, 2, 3).astype(float)
        found = bradley_terry.fit(pairs, k, counts, bradley_terry.Cells(clusters, cell, np.ones(n)))
        return [round(float(v), 3) for v in found.strengths[:3]]

    timed("bradley-terry, 1,000,000 x 20, robust SE, rows independent", alone)
    timed("bradley-terry, 1,000,000 x 20, robust SE, 50,000 clusters", lambda: fit(np.arange(n) // 20), 3)


def agreement() -> None:
    """Krippendorff's ordinal alpha of 100,000 units by 5 raters, a tenth missing, 100,000 replicates."""
    rng = np.random.default_rng(7)
    n = 100_000
    scores = np.clip(np.round(3 + rng.normal(size=(n, 1)) + 0.7 * rng.normal(size=(n, 5))), 1, 5)
    unit, rater = np.nonzero(rng.random(scores.shape) >= 0.1)
    labels = Labels(unit, scores[unit, rater], np.arange(n))
    one = Labels(unit, scores[unit, rater], np.arange(n) % 2)
    timed("krippendorff ordinal, 100,000 x 5, value only", lambda: round(alpha(one, "ordinal").value or 0, 6))
    timed("krippendorff ordinal, 100,000 x 5, 100,000 replicates", lambda: alpha(labels, "ordinal").std_error)


def coded(codes: np.ndarray, prefix: str) -> pd.Categorical:
    """Make a categorical of names."""
    return pd.Categorical.from_codes(codes, [f"{prefix}{k}" for k in range(int(codes.max()) + 1)])


def big_tables(rows: int) -> AuditInput:
    """Ratings of 5 people and 5 judges, and duels of 2 judges, 5 systems, 4 criteria; `rows` of each."""
    rng = np.random.default_rng(0)
    i = np.arange(rows)
    rater, system, criterion, dialogue = i % 10, i // 10 % 5, i // 50 % 4, i // 200
    quality = rng.normal(size=rows // 10 + 1)[i // 10]
    ratings = pd.DataFrame(
        {
            "dialogue_id": coded(dialogue, "d"),
            "system_id": coded(system, "s"),
            "criterion": coded(criterion, "c"),
            "rater_id": coded(rater, "r"),
            "rater_kind": pd.Categorical.from_codes((rater < 5).astype(int), ["human", "judge"]),
            "score": np.clip(np.round(3 + quality + 0.7 * rng.normal(size=rows)), 1, 5),
        }
    )
    first, second = (side[i // 2 % 10] for side in np.triu_indices(5, 1))
    gap = 0.2 * (second - first) + rng.normal(size=rows) + 0.1 * (1 - 2 * (i % 2))
    duels = pd.DataFrame(
        {
            "dialogue_id": coded(i // 160, "d"),
            "system_a": pd.Categorical.from_codes(first, [f"s{k}" for k in range(5)]),
            "system_b": pd.Categorical.from_codes(second, [f"s{k}" for k in range(5)]),
            "criterion": coded(i // 20 % 4, "c"),
            "rater_id": coded(i // 80 % 2, "j"),
            "rater_kind": pd.Categorical(["judge"] * rows),
            "order": pd.Categorical.from_codes(i % 2, ["AB", "BA"]),
            "verdict": pd.Categorical.from_codes(
                np.where(gap > 0.3, 0, np.where(gap < -0.3, 1, 2)), ["A", "B", "tie"]
            ),
        }
    )
    return AuditInput(ratings=ratings, duels=duels)


def main() -> None:
    """Run all tasks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="ratings, and as many duels, of the audit"
    )
    rows = parser.parse_args().rows
    correlations()
    strengths()
    agreement()
    data = big_tables(rows)
    timed(f"audit of {rows:,} ratings and {rows:,} duels (findings)", lambda: len(audit(data)), 1)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
