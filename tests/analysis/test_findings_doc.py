"""docs/findings.md has an entry for every number that the audit gives."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from judge.analysis.audit import AuditInput, audit
from tests.analysis.frames import planted_ratings
from tests.analysis.test_audit import FAMILIES
from tests.analysis.test_ranking import random_duels

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings.md"


def rich_study() -> AuditInput:
    """A study in which every statistic of the first families has something to say, failures included."""
    rng = np.random.default_rng(0)
    ratings = planted_ratings(rng, judges=2).assign(outcome="ok")
    ratings.loc[ratings.rater_id.eq("j0") & ratings.dialogue_id.eq("d1"), "outcome"] = "refusal"
    ratings.loc[ratings.outcome != "ok", "score"] = np.nan
    duels = random_duels(rng, systems=5).assign(outcome="ok")
    duels.loc[3, ["outcome", "verdict"]] = ["refusal", None]
    people = [
        random_duels(rng, systems=5).assign(rater_id=name, rater_kind="human", outcome="ok")
        for name in ("p", "q")
    ]
    features = pd.DataFrame({"dialogue_id": ["d0"], "system_id": ["s0"], "n_tokens": [3]})
    return AuditInput(ratings=ratings, duels=pd.concat([duels, *people]), features=features)


def test_every_statistic_has_an_entry():
    """Each (family, statistic) that comes out is a heading of the page, and no heading is about nothing."""
    headings = set(re.findall(r"^### (\w+/\w+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    emitted = {f"{f.family}/{f.statistic}" for f in audit(rich_study()) if f.family in FAMILIES}
    assert emitted - headings == set()
    assert {name for name in headings if name.split("/")[0] in FAMILIES} - emitted == set()
