"""Simulated studies as the frames that an audit takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from judge.analysis.bias.findings import bias_findings
from judge.analysis.duel_table import encode_duels
from judge.analysis.inputs import AuditInput, AuditOptions
from judge.analysis.rating_table import encode_ratings
from judge.analysis.simulate.planted import Design, simulate

if TYPE_CHECKING:
    from judge.types import Finding

SMALL = Design(dialogues=60, systems=4)


def frames(
    design: Design = SMALL, planted: tuple[float, ...] = (0.0,), *, seed: int = 0, names: tuple[str, ...] = ()
) -> AuditInput:
    """Ratings of one judge (openai/gpt-4o) and people p0, p1, ..., and the features."""
    study = simulate(design, planted, rng=np.random.default_rng(seed))
    base = pd.DataFrame(
        {
            "dialogue_id": [f"d{d}" for d in study.dialogue],
            "system_id": [f"s{s}" for s in study.system],
            "criterion": "empathy",
        }
    )
    parts = [base.assign(rater_id="openai/gpt-4o", rater_kind="judge", score=study.judge)]
    for r, scores in enumerate(study.human.T):
        seen = np.isfinite(scores)
        parts.append(base[seen].assign(rater_id=f"p{r}", rater_kind="human", score=scores[seen]))
    columns = names or tuple(f"x{k}" for k in range(len(planted)))
    features = base[["dialogue_id", "system_id"]].assign(**dict(zip(columns, study.features.T, strict=True)))
    return AuditInput(ratings=pd.concat(parts, ignore_index=True), features=features)


def bias(data: AuditInput, **options: object) -> list[Finding]:
    """The bias family alone, from the frames on."""
    chosen = AuditOptions(**options)  # type: ignore[arg-type]  # the test's business
    ratings = duels = None
    if data.ratings is not None:
        ratings = encode_ratings(data.ratings, data.dialogues, chosen.cluster)
    if data.duels is not None:
        duels = encode_duels(data.duels, data.dialogues, chosen.cluster)
    return list(bias_findings(ratings, duels, data, chosen))


def pick(found: list[Finding], statistic: str, **columns: object) -> list[Finding]:
    """Findings of a statistic with these columns."""
    return [
        f
        for f in found
        if f.statistic == statistic and all(getattr(f, name) == value for name, value in columns.items())
    ]


def one(found: list[Finding], statistic: str, **columns: object) -> Finding:
    """The only finding of a statistic with these columns."""
    (only,) = pick(found, statistic, **columns)
    return only
