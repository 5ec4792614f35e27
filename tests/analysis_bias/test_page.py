"""docs/findings-bias.md has an entry for every number of the bias family."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from judge.analysis.simulate.planted import Design
from tests.analysis_bias.studies import bias, frames
from tests.analysis_bias.test_panel import length_duels

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings-bias.md"


def _emitted() -> set[tuple[str, str]]:
    """Statistics and levels of studies in which everything has something to say."""
    data = frames(planted=(0.0, 0.0), names=("sim_chrf", "length"))
    features = data.features.assign(n_words=np.expm1(3 + 0.3 * data.features.length))
    dialogues = pd.DataFrame({"dialogue_id": [f"d{d}" for d in range(60)], "emotion": ["sad", "proud"] * 30})
    ratings = pd.concat([data.ratings, data.ratings.assign(criterion="fluency")])
    studies = (
        replace(data, ratings=ratings, features=features, dialogues=dialogues),
        frames(Design(dialogues=60, raters=1)),
        frames(Design(dialogues=100, raters=4, double=0.3)),
        length_duels(np.random.default_rng(0), 0.0, 40),
    )
    return {(f.statistic, f.level) for study in studies for f in bias(study)}


def test_every_statistic_has_an_entry_and_every_entry_a_statistic():
    """What comes out is on the page, and nothing on the page is about nothing; levels are named."""
    text = PAGE.read_text(encoding="utf-8")
    parts = re.split(r"^### bias/(\w+)$", text, flags=re.MULTILINE)
    entries = dict(zip(parts[1::2], parts[2::2], strict=True))
    emitted = _emitted()
    assert {statistic for statistic, _ in emitted} == set(entries)
    for statistic, level in emitted:
        assert level.split("=")[0] in entries[statistic].replace("\n  ", " "), (statistic, level)
