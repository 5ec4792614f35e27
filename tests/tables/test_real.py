"""The research sets go through the converter and our readers, and give their published numbers."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import TYPE_CHECKING

import pytest
from scipy.stats import kendalltau, spearmanr

from judge.tables import check_links, read_dialogues, read_duels, read_ratings, read_responses
from tests.shared_data import ROOT, shared

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@cache
def _converter() -> ModuleType:
    spec = importlib.util.spec_from_file_location("real_data", ROOT / "benchmarks" / "real_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _convert(name: str, out: Path) -> dict[str, Path]:
    found: dict[str, Path] = _converter().convert(name, out, shared("data"))
    return found


def test_welivita_gives_the_published_means(tmp_path):
    """2,000 dialogues, three systems, mean ratings 2.322 / 2.556 / 2.577."""
    tables = _convert("welivita", tmp_path)
    dialogues, responses = read_dialogues(tables["dialogues"]), read_responses(tables["responses"])
    assert (len(dialogues), check_links(dialogues, responses).n_missing) == (2000, 0)
    ratings = read_ratings(tables["ratings"], scale=(1, 3))
    means = ratings.groupby("system_id", observed=True)["score"].mean().round(4).to_dict()
    published = {"human": 2.322, "chatgpt": 2.556, "chatgpt_empathy": 2.577}
    assert {name: pytest.approx(mean, abs=5.1e-4) for name, mean in means.items()} == published


def test_kumar_gives_the_published_agreement(tmp_path):
    """GPT-4o, Claude and Gemini with the experts' median on empathy, to three digits."""
    frame = read_ratings(_convert("kumar-ed", tmp_path)["ratings"], scale=(1, 5))
    empathy = frame[frame["criterion"] == "empathy"]
    wide = empathy.pivot_table("score", "dialogue_id", "rater_id", observed=True)
    experts = wide[["expert1", "expert2", "expert3"]].median(axis=1)
    expected = {
        "gpt": (0.534, 0.495),
        "claude": (0.606, 0.543),
        "gemini": (0.639, 0.565),
        "crowd": (0.288, 0.244),
    }
    for rater, (rho, tau) in expected.items():
        assert spearmanr(wide[rater], experts).statistic == pytest.approx(rho, abs=5.1e-4)
        assert kendalltau(wide[rater], experts).statistic == pytest.approx(tau, abs=5.1e-4)


def test_both_orders_of_the_judgebench_are_turned_to_the_systems(tmp_path):
    """A verdict speaks of the systems whatever the order: gold agrees in both orders above chance."""
    duels = read_duels(_convert("judgebench", tmp_path)["duels"])
    gold = duels[duels["rater_id"] == "gold"].set_index("dialogue_id")["verdict"].astype(str)
    judge = duels[duels["rater_id"] == "o1-mini-2024-09-12"].dropna(subset="verdict")
    for order in ("AB", "BA"):
        part = judge[judge["order"] == order]
        right = part["verdict"].astype(str).to_numpy() == part["dialogue_id"].astype(str).map(gold).to_numpy()
        assert right.mean() > 0.6


def test_research_data_stays_out_of_the_checkout():
    """The converter refuses to write beside our own files."""
    with pytest.raises(SystemExit, match="outside the checkout"):
        _converter().convert("welivita", ROOT / "build" / "welivita")
