"""Statistics of published ratings, recomputed through the audit (skipped where the data are absent)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from judge.analysis.agreement.alt_test import alt_test
from judge.analysis.agreement.matched import People
from judge.analysis.audit import AuditInput, AuditOptions, audit
from judge.analysis.means import mean_findings
from judge.analysis.rating_table import encode_ratings
from tests.analysis.frames import one
from tests.analysis.published import goldens, lines, ratings

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
OPTIONS = AuditOptions()


def test_kumar_judges_with_experts():
    """Spearman and tau-b of three judges and a crowd with the median of three experts, to three digits."""
    rows = [
        (item["id"], "response", criterion, rater, "human" if rater.startswith("expert") else "judge", score)
        for item in lines("human_ratings_kumar2025/empatheticdialogues.jsonl.gz")
        for rater, scores in item["ratings"].items()
        for criterion, score in scores.items()
    ]
    findings = audit(AuditInput(ratings=ratings(rows)))
    for judge, criterion, rho, tau in KUMAR:
        where = {"level": "item", "term": "people_median", "judge": judge, "criterion": criterion}
        spearman, kendall = (one(findings, statistic=s, **where) for s in ("spearman", "kendall_tau_b"))
        assert spearman.estimate == pytest.approx(rho, abs=5.1e-4), (judge, criterion)
        assert kendall.estimate == pytest.approx(tau, abs=5.1e-4), (judge, criterion)
        assert (spearman.n_items, spearman.n_dialogues, spearman.n_raters) == (50, 50, 3)


def test_welivita_mean_ratings():
    """Mean ratings of people: human 2.322, ChatGPT 2.556, ChatGPT with a definition of empathy 2.577."""
    rows = [
        (number, system, "empathy", response["rater"], "human", response["rating"])
        for number, item in enumerate(lines("human_ratings_welivita_pu/ratings.jsonl.gz"))
        for system, response in item["responses"].items()
    ]
    findings = audit(AuditInput(ratings=ratings(rows)))
    for system, mean in [("human", 2.322), ("chatgpt", 2.556), ("chatgpt_empathy", 2.5765)]:
        found = one(findings, statistic="mean_score", judge="people", system=system)
        assert found.estimate == pytest.approx(mean, abs=5.1e-4)
        assert found.n_items == 2000
    gap = one(findings, statistic="mean_difference", system="chatgpt", system_b="human")
    assert gap.p_adjusted is not None
    assert gap.p_adjusted < 1e-6


EPSILON = {
    "cebab_aspects": 0.1,
    "cebab_stars": 0.1,
    "framing": 0.15,
    "lesion": 0.15,
    "mtbench": 0.2,
    "summeval": 0.2,
}
CATEGORIES = {"cebab_aspects", "framing", "mtbench"}


@pytest.mark.parametrize("name", sorted(EPSILON))
def test_alternative_annotator_test(name):
    """Winning rates and advantage probabilities of the authors' notebook, for each model."""
    items = lines(f"alttest/{name}.jsonl.gz")
    published = {
        row["llm"]: row
        for row in lines("alttest/published_notebook_output.jsonl.gz")
        if row["dataset"] == name
    }
    code: dict[object, float] = {}

    def label(value: object) -> float:
        return float(value) if isinstance(value, (int, float)) else code.setdefault(value, float(len(code)))

    checked = 0
    for model, want in published.items():
        rows = [item for item in items if item["llm"].get(model) is not None]
        if not rows:
            continue
        votes = [
            (k, rater, label(v))
            for k, row in enumerate(rows)
            for rater, v in row["human"].items()
            if v is not None
        ]
        unit, rater, score = (np.array(column) for column in zip(*votes, strict=True))
        number = np.arange(len(rows))
        people = People(number, unit, np.unique(rater, return_inverse=True)[1], score, number, number)
        judge = np.array([label(row["llm"][model]) for row in rows])
        scoring: Literal["accuracy", "rmse"] = "accuracy" if name in CATEGORIES else "rmse"
        got = alt_test(people, judge, scoring=scoring, epsilons=(EPSILON[name],))
        assert got.winning_rates[EPSILON[name]].value == pytest.approx(want["winning_rate"], abs=0.0051)
        assert got.advantage.value == pytest.approx(want["advantage_prob"], abs=0.0051)
        checked += 1
    assert checked >= 4


def test_alpaca_win_rates():
    """AlpacaEval 2 win rates and their standard errors: the mean preference for the system, in percent."""
    rows = [
        (item["item_id"], item["system_b"], "overall", "gpt-4-turbo", "judge", item["preference"] - 1)
        for item in lines("alpaca_eval2/preferences.jsonl.gz")
        if item["preference"] is not None
    ]
    table = encode_ratings(ratings(rows), None, "dialogue_id")
    found = {f.system: f for f in mean_findings(table, OPTIONS) if f.statistic == "mean_score"}
    checked = 0
    for statistic, value in goldens("alpaca_eval2").items():
        system, kind = statistic.rsplit(" ", 1)
        if kind == "win_rate":
            assert found[system].estimate == pytest.approx(value / 100, abs=6e-7), statistic
            checked += 1
    assert checked >= 15
    for row in lines("alpaca_eval2/published_leaderboard.jsonl.gz"):
        if row["system"] in found:
            error = found[row["system"]].std_error or 0.0  # none where nothing varies: the baseline itself
            assert error == pytest.approx(row["standard_error"] / 100, rel=2e-3)
