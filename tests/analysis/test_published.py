"""Statistics of published data sets, recomputed through the audit (skipped where the data are absent)."""

from __future__ import annotations

import gzip
import json

import pandas as pd
import pytest

from judge.analysis.audit import AuditInput, audit
from tests.analysis.frames import one
from tests.shared_data import shared


def lines(path: str) -> list[dict]:
    """Read a gzipped JSONL file of the research data."""
    with gzip.open(shared(f"data/{path}"), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


KUMAR = [
    ("gpt", "empathy", 0.534, 0.495),
    ("claude", "empathy", 0.606, 0.543),
    ("gemini", "empathy", 0.639, 0.565),
    ("crowd", "empathy", 0.288, 0.244),
    ("gpt", "relevance", 0.285, 0.267),
    ("claude", "relevance", 0.376, 0.350),
    ("gemini", "relevance", 0.133, 0.122),
    ("crowd", "relevance", 0.367, 0.349),
    ("gpt", "fluency", 0.100, 0.097),
    ("claude", "fluency", 0.155, 0.147),
    ("gemini", "fluency", 0.410, 0.396),
    ("crowd", "fluency", 0.227, 0.218),
]


def test_kumar_judges_with_experts():
    """Spearman and tau-b of three judges and a crowd with the median of three experts, to three digits."""
    rows = [
        (item["id"], "response", criterion, rater, "human" if rater.startswith("expert") else "judge", score)
        for item in lines("human_ratings_kumar2025/empatheticdialogues.jsonl.gz")
        for rater, scores in item["ratings"].items()
        for criterion, score in scores.items()
    ]
    names = ["dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score"]
    findings = audit(AuditInput(ratings=pd.DataFrame(rows, columns=names)))
    for judge, criterion, rho, tau in KUMAR:
        where = {"level": "item", "term": "people_median", "judge": judge, "criterion": criterion}
        spearman, kendall = (one(findings, statistic=s, **where) for s in ("spearman", "kendall_tau_b"))
        assert spearman.estimate == pytest.approx(rho, abs=5.1e-4), (judge, criterion)
        assert kendall.estimate == pytest.approx(tau, abs=5.1e-4), (judge, criterion)
        assert (spearman.n_items, spearman.n_dialogues, spearman.n_raters) == (50, 50, 3)


def test_welivita_mean_ratings():
    """Mean ratings of people: human 2.322, ChatGPT 2.556, ChatGPT with a definition of empathy 2.577."""
    rows = [
        (f"{number}", system, "empathy", response["rater"], "human", response["rating"], number)
        for number, item in enumerate(lines("human_ratings_welivita_pu/ratings.jsonl.gz"))
        for system, response in item["responses"].items()
    ]
    names = ["dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "score", "row"]
    findings = audit(AuditInput(ratings=pd.DataFrame(rows, columns=names)))
    for system, mean in [("human", 2.322), ("chatgpt", 2.556), ("chatgpt_empathy", 2.5765)]:
        found = one(findings, statistic="mean_score", judge="people", system=system)
        assert found.estimate == pytest.approx(mean, abs=5.1e-4)
        assert found.n_items == 2000
    gap = one(findings, statistic="mean_difference", system="chatgpt", system_b="human")
    assert gap.p_adjusted is not None
    assert gap.p_adjusted < 1e-6
