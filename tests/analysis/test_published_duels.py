"""Statistics of published verdicts, recomputed through the audit (skipped where the data are absent)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from judge.analysis.agreement.majority import majority_findings
from judge.analysis.agreement.verdicts import verdict_findings
from judge.analysis.audit import AuditOptions
from judge.analysis.duel_table import DuelTable, encode_duels
from judge.analysis.position import position_findings
from judge.analysis.ranking.win_rate import win_rate_findings
from tests.analysis.frames import one, pick
from tests.analysis.published import goldens, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

OPTIONS = AuditOptions()
COLUMNS = [
    "dialogue_id", "criterion", "rater_id", "rater_kind", "order", "verdict", "system_a", "system_b",
]  # fmt: skip
HALF = ("a", "b")


def table_of(rows: Sequence[tuple[object, ...]]) -> DuelTable:
    """Code a table of duels."""
    return encode_duels(pd.DataFrame(rows, columns=COLUMNS), None, "dialogue_id")


def test_llmbar_accuracy_and_positional_agreement():
    """LLMBar: accuracy over both orders, agreement under swap, and first-slot picks, of each prompt."""
    want = goldens("llmbar")
    needed = {statistic.rsplit(" accuracy", 1)[0] for statistic in want if " accuracy" in statistic}
    rows = []
    gold = set()
    for item in lines("llmbar/verdicts.jsonl.gz"):
        subset = item["item_id"].split("#")[0]
        name = f"{subset} {item['judge']} {item['prompt']}"
        if name not in needed:
            continue
        # The source counts an unreadable verdict as wrong and as a verdict of its own kind: as a tie here
        # it would be half right. Only sets whose verdicts can all be read are compared.
        rows.append((item["item_id"], subset, name, "judge", item["order"].upper(), item["verdict"], *HALF))
        if (item["item_id"], subset) not in gold:
            gold.add((item["item_id"], subset))
            rows.append((item["item_id"], subset, "gold", "human", "AB", item["human"], *HALF))
    table = table_of(rows)
    accuracy = {f.judge: f for f in majority_findings(table, OPTIONS) if f.statistic == "duel_accuracy"}
    position = list(position_findings(table, OPTIONS))
    unreadable = {row[2] for row in rows if row[5] is None}
    checked = 0
    for statistic, value in want.items():
        name = statistic.rsplit(" accuracy", 1)[0].rsplit(" positional", 1)[0].rsplit(" first-position", 1)[0]
        if name in unreadable:
            continue
        checked += 1
        slot = one(position, statistic="first_slot_effect", judge=name).estimate
        conflict = one(position, statistic="conflict_rate", judge=name).estimate
        assert slot is not None
        assert conflict is not None
        if " accuracy" in statistic:
            assert accuracy[name].estimate == pytest.approx(value / 100, abs=1e-7), statistic
        elif " positional" in statistic:
            assert 1 - conflict == pytest.approx(value / 100, abs=1e-7), statistic
        else:
            assert slot + 0.5 == pytest.approx(value[0], abs=1e-6), statistic
            assert conflict == pytest.approx(value[1] + value[2], abs=2e-6), statistic
    assert checked >= 60


def test_pandalm_majority():
    """PandaLM: accuracy and macro scores against the majority of three people, garbage read as a tie."""
    rows = []
    for item in lines("pandalm/testset.jsonl.gz"):
        common = (item["item_id"], "overall")
        judges = ("verdict_gpt35", "verdict_pandalm")
        rows += [(*common, judge, "judge", "AB", item[judge] or "tie", *HALF) for judge in judges]
        rows += [(*common, f"p{k}", "human", "AB", verdict, *HALF) for k, verdict in enumerate(item["human"])]
    found = list(majority_findings(table_of(rows), OPTIONS))
    want = goldens("pandalm")
    names = ("duel_accuracy", "duel_macro_precision", "duel_macro_recall", "duel_macro_f1")
    for judge, label in (("verdict_gpt35", "GPT-3.5"), ("verdict_pandalm", "PandaLM-7B")):
        value = want[f"{label} accuracy, macro P, R, F1 vs 3-annotator majority (garbage -> wrong/tie)"]
        got = [one(found, statistic=name, judge=judge).estimate for name in names]
        assert got == pytest.approx(value[:4], abs=5.1e-5)
        assert one(found, statistic="duel_accuracy", judge=judge).n_items == value[4]


def test_judgebench_accuracy():
    """JudgeBench: an item is right when the decisions of both orders lean to the better response."""
    want = goldens("judgebench")
    turn = {"A>B": "A", "B>A": "B", "A=B": "tie"}
    flip = {"A": "B", "B": "A", "tie": "tie"}
    checked = 0
    rows = lines("judgebench/verdicts.jsonl.gz")
    for statistic, value in want.items():
        name, judge, _, model = statistic.split(":")[0].split(" ")[:4]
        mine = [r for r in rows if (r["judge_name"], r["judge"], r["response_model"]) == (name, judge, model)]
        duels = []
        for row in mine:
            shown = turn.get(row["decision"])
            if row["order"] == "ba" and shown and name == "arena_hard":
                shown = flip[shown]
            better = turn[row["gold"]]
            systems = ("right", "wrong") if better == "A" else ("wrong", "right")
            duels.append((row["pair_id"], "c", judge, "judge", row["order"].upper(), shown, *systems))
        frame = pd.DataFrame(duels, columns=COLUMNS)
        frame.loc[frame.verdict.isna(), "outcome"] = "parse_failure"
        if name == "reward_model":
            frame = frame[frame["order"] == "AB"]
        table = encode_duels(frame, None, "dialogue_id")
        found = one(pick(win_rate_findings(table, OPTIONS), statistic="wins"), system="right")
        assert found.estimate is not None
        items = frame.dialogue_id.nunique()
        assert 100 * found.estimate * (found.n_items or 0) / items == pytest.approx(value[-1], abs=0.0051)
        checked += 1
    assert checked == 7


def test_head_to_head_conflicts():
    """SummEval head to head: conflict rate under swap, and first-slot picks among decisive verdicts."""
    rows = [
        (
            item["doc_id"], item["criterion"], "chatgpt", "judge", item["order"].upper(), item["verdict"],
            item["system_a"], item["system_b"],
        )
        for item in lines("summeval_shen/h2h.jsonl.gz")
    ]  # fmt: skip
    found = list(position_findings(table_of(rows), OPTIONS))
    want = goldens("summeval_shen")
    for criterion in ("coherence", "consistency", "fluency", "relevance"):
        conflict, _, items = want[
            f"H2H ChatGPT {criterion}: conflict rate under swap, first-position rate (non-tie)"
        ]
        got = one(found, statistic="conflict_rate", criterion=criterion)
        assert got.estimate == pytest.approx(conflict, abs=2e-6)
        assert got.n_items == items


@pytest.mark.parametrize("model", ["gpt-4o", "llama-31"])
def test_mtbench_votes(model):
    """MT-bench: share and kappa of every (person, judge) pair of votes."""
    rows = []
    words = {"model_a": "A", "model_b": "B"}
    for item in lines("alttest/mtbench.jsonl.gz"):
        question, a, b, turn = item["item_id"].split("__")
        votes = [(rater, "human", vote) for rater, vote in item["human"].items()]
        votes.append((model, "judge", item["llm"][model]))
        rows += [
            (f"{question}-{turn}", "c", rater, kind, "AB", words.get(vote, "tie"), a, b)
            for rater, kind, vote in votes
            if vote is not None
        ]
    table = table_of(rows)
    agree, kappa, n = goldens("alttest")[
        f"mtbench {model} agreement with individual human votes (ties kept) [agree, kappa, n]"
    ]
    found = [f for f in verdict_findings(table, OPTIONS) if f.judge == model]
    got = one(found, statistic="duel_kappa")
    assert got.n_items == n
    assert got.estimate == pytest.approx(kappa, abs=2e-6)
    by_vote = one(found, statistic="duel_agreement", term="S1")
    assert by_vote.estimate is not None
    assert abs(by_vote.estimate - agree) < 0.05  # questions weigh alike here, votes there
