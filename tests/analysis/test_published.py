"""Statistics of published ratings, recomputed through the audit (skipped where the data are absent)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

from judge.analysis.agreement.alt_test import alt_test
from judge.analysis.agreement.levels import correlation_findings
from judge.analysis.agreement.matched import People
from judge.analysis.agreement.people import alpha_findings
from judge.analysis.audit import AuditInput, AuditOptions, audit
from judge.analysis.means import mean_findings
from judge.analysis.rating_table import encode_ratings
from tests.analysis.frames import one
from tests.analysis.published import goldens, lines, ratings

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def summeval_rows() -> Iterator[tuple[object, ...]]:
    """SummEval ratings of three experts and six judges; the item id names document, system, dimension."""
    for item in lines("alttest/summeval.jsonl.gz"):
        document, system, dimension = item["item_id"].rsplit("__", 2)
        for kind, labels in (("human", item["human"]), ("judge", item["llm"])):
            for rater, score in labels.items():
                if score is not None:
                    yield document, system, dimension, rater, kind, float(score)


def test_summeval_at_three_levels():
    """Spearman, tau-b and Pearson at document, pooled and system level, and the experts' alpha."""
    want = goldens("alttest")
    table = encode_ratings(ratings(list(summeval_rows())), None, "dialogue_id")
    found = {
        (f.statistic, f.level, f.judge, f.criterion): f
        for f in correlation_findings(table, OPTIONS)
        if f.term == "people_mean"
    }
    alphas = {(f.criterion, f.term): f for f in alpha_findings(table, OPTIONS) if f.level == "people"}
    names = ("spearman", "kendall_tau_b", "pearson")
    checked = 0
    for statistic, value in want.items():
        words = statistic.split()
        if "Krippendorff" in statistic:
            got = [alphas[words[1], level].estimate for level in ("ordinal", "interval")]
            assert got == pytest.approx(value, abs=2e-6), statistic
            checked += 1
        elif words[0] == "SummEval":
            checked += 1
            for level, key in (("context", "summary_level"), ("item", "pooled"), ("system", "system")):
                for name, number in zip(names, value[key], strict=False):
                    one_level = found[name, level, words[2], words[1]]
                    assert one_level.estimate == pytest.approx(number, abs=2e-6), (statistic, level, name)
            assert found["spearman", "context", words[2], words[1]].n_items == value["n_docs"]
    assert checked >= 20


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


PROMPTS = {
    "auto-CoT score-only": "geval",
    "score-only": "geval_no_auto_cot",
    "free text": "llm_eval_no_cot",
    "rate-explain": "rate_explain",
    "analyze-rate": "analyze_rate",
}


def test_topical_chat():
    """Pearson and Spearman over all responses, tau-b and Spearman by dialogue, of five ways of asking."""
    want = goldens("topicalchat_gpt35")
    rows = []
    seen = set()
    for item in lines("topicalchat_gpt35/scores.jsonl.gz"):
        key = (f"{item['doc_id']}", item["system"], item["criterion"])
        rows.append((*key, item["prompt"], "judge", float(np.mean(item["scores"]))))
        if key not in seen:
            seen.add(key)
            rows.append((*key, "people", "human", item["human_score"]))
    table = encode_ratings(ratings(rows), None, "dialogue_id")
    found = {
        (f.statistic, f.level, f.judge, f.criterion): f.estimate
        for f in correlation_findings(table, OPTIONS)
        if f.term == "people_mean"
    }
    checked = 0
    for statistic, value in want.items():
        criterion, rest = statistic.split(" ", 1)
        prompt = next(code for name, code in PROMPTS.items() if rest.startswith(name))
        if "Pearson r" in rest:
            got, numbers = [found["pearson", "item", prompt, criterion]], [value]
        elif "Kendall tau-b (mean" in rest:
            got, numbers = [found["kendall_tau_b", "context", prompt, criterion]], [value]
        else:
            got = [
                found["spearman", "item", prompt, criterion],
                found["spearman", "context", prompt, criterion],
                found["kendall_tau_b", "item", prompt, criterion],
            ]
            numbers = value
        assert got == pytest.approx(numbers, abs=2e-6), statistic
        checked += 1
    assert checked >= 38


def test_summeval_second_set_pooled_and_systems():
    """Pooled correlations of eleven judge-prompt pairs, and how many of 66 system pairs they order alike."""
    want = goldens("summeval_shen")
    rows = []
    seen = set()
    for item in lines("summeval_shen/scores.jsonl.gz"):
        key = (item["doc_id"], item["system"], item["criterion"])
        score = -1.0 if item["judge_score"] is None else float(item["judge_score"])
        rows.append((*key, f"{item['judge']} {item['prompt']}", "judge", score))
        if key not in seen:
            seen.add(key)
            rows += [(*key, f"e{k}", "human", float(s)) for k, s in enumerate(item["human_scores"])]
    table = encode_ratings(ratings(rows), None, "dialogue_id")
    found = {
        (f.statistic, f.level, f.judge, f.criterion): f.estimate
        for f in correlation_findings(table, OPTIONS)
        if f.term == "people_mean"
    }
    checked = 0
    for statistic, value in want.items():
        if "pooled over 1200" in statistic:
            criterion, judge = statistic.split(" [")[0].split(" ", 1)
            got = [found[name, "item", judge, criterion] for name in ("spearman", "pearson", "kendall_tau_b")]
            assert got == pytest.approx(value, abs=2e-6), statistic
            checked += 1
        elif "of 66" in statistic:
            judge = statistic.split(" correctly")[0]
            names = ("coherence", "consistency", "fluency", "relevance")
            got = [found["system_pairs_ordered", "system", judge, name] for name in names]
            assert [share * 66 for share in got if share is not None] == pytest.approx(value[1]), statistic
            checked += 1
    assert checked >= 20


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
