"""Small tables for tests of the analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from judge.types import Finding


def duels_of(verdicts: Sequence[str], *, orders: Sequence[str] = ("AB",), **columns: object) -> pd.DataFrame:
    """One pair of systems, one dialogue a verdict, the same verdict in each order."""
    rows = [
        {"dialogue_id": f"d{number}", "order": order, "verdict": verdict}
        for number, verdict in enumerate(verdicts)
        for order in orders
    ]
    fixed = {
        "system_a": "x",
        "system_b": "y",
        "criterion": "empathy",
        "rater_id": "j",
        "rater_kind": "judge",
    }
    return pd.DataFrame(rows).assign(**(fixed | columns))  # type: ignore[arg-type]


def wtl(wins: int, ties: int, losses: int) -> pd.DataFrame:
    """Duels with so many wins, ties and losses."""
    return duels_of(["A"] * wins + ["tie"] * ties + ["B"] * losses)


def ratings_of(scores: np.ndarray, raters: dict[str, str], criterion: str = "empathy") -> pd.DataFrame:
    """Ratings from an array of shape (raters, dialogues, systems); NaN is not rated."""
    rows = [
        (f"d{d}", f"s{s}", criterion, name, kind, float(scores[r, d, s]))
        for r, (name, kind) in enumerate(raters.items())
        for d in range(scores.shape[1])
        for s in range(scores.shape[2])
        if not np.isnan(scores[r, d, s])
    ]
    names = ["dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score"]
    return pd.DataFrame(rows, columns=names)


def planted_ratings(
    rng: np.random.Generator, dialogues: int = 40, systems: int = 5, people: int = 3, judges: int = 1
) -> pd.DataFrame:
    """Ratings 1-5 of items with a latent quality that has a dialogue part."""
    quality = rng.normal(size=(dialogues, systems)) + 0.7 * rng.normal(size=(dialogues, 1))
    noise = rng.normal(size=(people + judges, dialogues, systems))
    scores = np.clip(np.round(3 + quality + 0.7 * noise), 1, 5)
    raters = {f"p{k}": "human" for k in range(people)} | {f"j{k}": "judge" for k in range(judges)}
    return ratings_of(scores, raters)


def number(value: float | None) -> float:
    """A number that is there."""
    assert value is not None
    return value


def pick(findings: Iterable[Finding], **columns: object) -> list[Finding]:
    """Find findings by their columns."""
    return [f for f in findings if all(getattr(f, name) == value for name, value in columns.items())]


def one(findings: Iterable[Finding], **columns: object) -> Finding:
    """Find the only finding with these columns."""
    found = pick(findings, **columns)
    assert len(found) == 1, (columns, len(found))
    return found[0]
