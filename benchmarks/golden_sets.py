"""The lines of each research set, recomputed from its tables by our own functions (see `goldens.py`)."""

from __future__ import annotations

import csv
import math
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

import real_data

from judge.analysis.agreement.alt_test import alt_test
from judge.analysis.agreement.correlation import correlate, plain
from judge.analysis.agreement.levels import correlation_findings
from judge.analysis.agreement.majority import majority_findings
from judge.analysis.agreement.matched import Matched, people_of, with_judge
from judge.analysis.agreement.people import alpha_findings
from judge.analysis.agreement.systems import ordered_pairs
from judge.analysis.agreement.verdicts import verdict_findings
from judge.analysis.duel_table import encode_duels
from judge.analysis.inputs import AuditOptions
from judge.analysis.means import mean_findings
from judge.analysis.outcomes import outcome_findings
from judge.analysis.position import position_findings
from judge.analysis.ranking.win_rate import win_rate_findings
from judge.analysis.rating_table import encode_ratings, people_scores
from judge.analysis.simulate.naive import partial_spearman

OPTIONS = AuditOptions()
CRITERIA = ("coherence", "consistency", "fluency", "relevance")
CORRELATIONS = ("spearman", "kendall_tau_b", "pearson")


@dataclass(frozen=True)
class Answer:
    """Our value of one line, by the source's treatment of the data; and what the audit says otherwise."""

    value: object
    through: str
    treatment: str = "as it is"
    honest: str = ""


def frame(rows):
    """Make a table of a converter's rows."""
    return pd.DataFrame(list(rows))


def index(findings, *columns):
    """File findings by some of their columns."""
    return {tuple(getattr(f, name) for name in columns): f for f in findings}


def tied(duels):
    """Read unreadable verdicts as ties, as several sources do."""
    bad = duels["verdict"].isna()
    return duels.assign(verdict=duels["verdict"].where(~bad, "tie"), outcome="ok"), int(bad.sum())


def duel_table(duels):
    """Code duels."""
    return encode_duels(duels, None, "dialogue_id")


def rating_table(ratings):
    """Code ratings."""
    return encode_ratings(ratings, None, "dialogue_id")


def llmbar(data, wanted):
    """Accuracy, agreement under swap and first-slot picks of each judge and prompt on each part."""
    duels = frame(real_data.llmbar(data)["duels"])
    duels["criterion"] = duels["dialogue_id"].str.split("#").str[0]
    raters = {s.split(" ")[1] + "/" + s.split(" ")[2] for s in wanted} | {"gold"}
    parts = {s.split(" ")[0] for s in wanted}
    duels = duels[duels["rater_id"].isin(raters) & duels["criterion"].isin(parts)].reset_index(drop=True)
    as_tie, _ = tied(duels)
    failed = duels[duels["outcome"] != "ok"].groupby(["criterion", "rater_id"]).size().to_dict()
    read, plain = duel_table(as_tie), duel_table(duels)
    keys = ("statistic", "criterion", "judge")
    loose = index([*majority_findings(read, OPTIONS), *position_findings(read, OPTIONS)], *keys)
    strict = index([*majority_findings(plain, OPTIONS), *position_findings(plain, OPTIONS)], *keys)
    out = {}
    for statistic in wanted:
        part, judge, prompt, what = statistic.split(" ", 3)
        where = (part, f"{judge}/{prompt}")
        bad = failed.get(where, 0)
        how = f"{bad} unreadable verdicts read as ties" if bad else "as it is"
        if what.startswith("first-position"):
            slot = 0.5 + strict["first_slot_effect", *where].estimate
            conflict = strict["conflict_rate", *where].estimate
            # Of verdicts A and B alone: conflicts are first-first or second-second, and the slot's mean
            # exceeds one half by half of what the former exceed the latter.
            value = [slot, conflict / 2 + slot - 0.5, conflict / 2 - slot + 0.5]
            note = (
                "unreadable verdicts are failures: items with a verdict in both orders" if bad else "as it is"
            )
            out[statistic] = Answer(value, "first_slot_effect, conflict_rate", note)
        elif what.startswith("accuracy"):
            honest = f"{100 * strict['duel_accuracy', *where].estimate:.6g} of the readable" if bad else ""
            out[statistic] = Answer(
                100 * loose["duel_accuracy", *where].estimate, "duel_accuracy", how, honest
            )
        else:
            value, real = (100 * (1 - f["conflict_rate", *where].estimate) for f in (loose, strict))
            honest = f"{real:.6g} of the readable" if bad else ""
            out[statistic] = Answer(value, "1 - conflict_rate", how, honest)
    return out


def alttest(data, wanted):
    """The alternative annotator test, SummEval at three levels, and votes on MT-bench."""
    ratings = frame(real_data.alttest(data)["ratings"])
    out = {}
    for statistic in wanted:
        words = statistic.split()
        if words[1] == "gpt-4o" and ("winning" in statistic or "advantage" in statistic):
            out[statistic] = substitution(ratings, data, words[0], statistic)
    out |= summeval_levels(ratings[ratings["criterion"] == "summeval"], wanted)
    votes = frame(real_data.alttest(data)["duels"])
    for model in ("gpt-4o", "llama-31"):
        keep = votes["rater_id"].eq(model) | votes["rater_kind"].eq("human")
        statistic = f"mtbench {model} agreement with individual human votes (ties kept) [agree, kappa, n]"
        out[statistic] = every_vote(votes[keep], model)
    return out


def substitution(ratings, data, name, statistic):
    """The alternative annotator test of one set, by accuracy for categories and RMSE for numbers."""
    if name == "mtbench":
        ratings = frame(mtbench_labels(data))
    part = ratings[ratings["criterion"] == name]
    table = rating_table(part[part["rater_kind"].eq("human") | part["rater_id"].eq("gpt-4o")])
    people, judge = with_judge(people_of(table, 0), *table.cells.of(0, table.judges[0]))
    categories = name in {"cebab_aspects", "framing", "mtbench"}
    found = alt_test(people, judge, scoring="accuracy" if categories else "rmse")
    if "advantage" in statistic:
        return Answer(found.advantage.value, "alt_test_advantage")
    epsilon = float(re.search(r"eps=([\d.]+)", statistic)[1])
    return Answer(found.winning_rates[epsilon].value, "alt_test_winning_rate")


def mtbench_labels(data):
    """MT-bench's three verdicts as labels."""
    words = {"model_a": 0.0, "model_b": 1.0, "tie": 2.0}
    for r in real_data.rows(data / "alttest" / "mtbench.jsonl.gz"):
        for kind, given in (("human", r["human"]), ("judge", r["llm"])):
            for rater, label in given.items():
                score = None if label is None else words[label]
                yield real_data.rating(r["item_id"], "item", "mtbench", rater, kind, score)


def summeval_levels(ratings, wanted):
    """Correlations with the mean of three experts at document, pooled and system level; their alpha."""
    names = ratings["dialogue_id"].str.rsplit("__", n=2, expand=True)
    split = ratings.assign(dialogue_id=names[0], system_id=names[1], criterion=names[2])
    table = rating_table(split)
    found = index(correlation_findings(table, OPTIONS), "term", "statistic", "level", "judge", "criterion")
    alphas = index(alpha_findings(table, OPTIONS), "level", "criterion", "term")
    out = {}
    for statistic in wanted:
        words = statistic.split()
        if words[0] != "SummEval":
            continue
        if "Krippendorff" in statistic:
            value = [alphas["people", words[1], level].estimate for level in ("ordinal", "interval")]
            out[statistic] = Answer(value, "krippendorff_alpha")
            continue

        def at(level, names=CORRELATIONS, where=(words[2], words[1])):
            return [found["people_mean", name, level, *where].estimate for name in names]

        n_docs = found["people_mean", "spearman", "context", words[2], words[1]].n_items
        value = {"summary_level": at("context"), "n_docs": n_docs, "pooled": at("item")}
        value["system"] = at("system", CORRELATIONS[:2])
        out[statistic] = Answer(value, "spearman, kendall_tau_b, pearson")
    return out


def every_vote(votes, model):
    """Share and kappa of every (person, judge) pair of votes; the audit averages over questions first."""
    keys = ("statistic", "judge", "term")
    plain = index(verdict_findings(duel_table(votes), OPTIONS), *keys)
    mine = votes[votes["rater_id"] == model]
    people = votes[votes["rater_kind"] == "human"].reset_index(drop=True)
    people["question"] = people["dialogue_id"] + "#" + people["system_a"] + "#" + people["system_b"]
    own = people["question"] + "#" + people["rater_id"]
    mine = mine.assign(question=mine["dialogue_id"] + "#" + mine["system_a"] + "#" + mine["system_b"])
    copies = (
        people[["question"]].assign(dialogue_id=own).merge(mine.drop(columns="dialogue_id"), on="question")
    )
    alone = pd.concat([people.assign(dialogue_id=own), copies], ignore_index=True)
    each = index(verdict_findings(duel_table(alone), OPTIONS), *keys)
    share, kappa = each["duel_agreement", model, "S1"], plain["duel_kappa", model, ""]
    return Answer(
        [share.estimate, kappa.estimate, kappa.n_items],
        "duel_agreement, duel_kappa",
        "each vote a question of its own",
        f"questions weighing alike: {plain['duel_agreement', model, 'S1'].estimate:.6f}",
    )


PROMPTS = {
    "auto-CoT score-only": "geval",
    "score-only": "geval_no_auto_cot",
    "free text": "llm_eval_no_cot",
    "rate-explain": "rate_explain",
    "analyze-rate": "analyze_rate",
}


def topicalchat(data, wanted):
    """Correlations over responses and inside dialogues of five ways of asking, 20 samples averaged."""
    ratings = frame(real_data.topicalchat(data)["ratings"])
    ratings["rater_id"] = ratings["rater_id"].str.split("/").str[-1]
    keys = ("term", "judge", "criterion", "statistic", "level")
    found = index(correlation_findings(rating_table(ratings), OPTIONS), *keys)
    derived = [("spearman", "item"), ("spearman", "context"), ("kendall_tau_b", "item")]
    out = {}
    for statistic in wanted:
        criterion, rest = statistic.split(" ", 1)
        where = (
            "people_mean",
            next(code for name, code in PROMPTS.items() if rest.startswith(name)),
            criterion,
        )
        if "Spearman" in rest:
            value = [found[*where, *key].estimate for key in derived]
            out[statistic] = Answer(value, "spearman, kendall_tau_b")
        elif "Pearson" in rest:
            out[statistic] = Answer(found[*where, "pearson", "item"].estimate, "pearson (item)")
        else:
            out[statistic] = Answer(
                found[*where, "kendall_tau_b", "context"].estimate, "kendall_tau_b (context)"
            )
    return out


def summeval(data, wanted):
    """SummEval judged by other models: pooled, ordered systems, similarity, head to head."""
    ratings = frame(real_data.summeval(data)["ratings"])
    ratings["rater_id"] = ratings["rater_id"].str.replace("/", " ")
    bad = ratings["score"].isna()
    filled = ratings.assign(score=ratings["score"].where(~bad, -1.0), outcome="ok")
    table, plain = rating_table(filled), rating_table(ratings)
    keys = ("term", "statistic", "level", "judge", "criterion")
    found, strict = (index(correlation_findings(t, OPTIONS), *keys) for t in (table, plain))
    failed = ratings[bad].groupby(["rater_id", "criterion"]).size().to_dict()
    out = head_to_head(frame(real_data.summeval(data)["duels"]), h2h_people(data))
    texts = likeness(data)
    for statistic in wanted:
        if "pooled over 1200" in statistic:
            criterion, judge = statistic.split(" [")[0].split(" ", 1)
            names = ("spearman", "pearson", "kendall_tau_b")
            value, real = (
                [f["people_mean", name, "item", judge, criterion].estimate for name in names]
                for f in (found, strict)
            )
            count = failed.get((judge, criterion), 0)
            out[statistic] = Answer(
                value,
                "spearman, pearson, kendall_tau_b",
                f"{count} unreadable scores read as -1" if count else "as it is",
                "readable only: " + show(np.round(real, 6).tolist()) if count else "",
            )
        elif "of 66" in statistic:
            judge = statistic.split(" correctly")[0]
            shares = [
                found["people_mean", "system_pairs_ordered", "system", judge, c].estimate for c in CRITERIA
            ]
            pairs = [66 * share for share in shares]
            out[statistic] = Answer([float(np.mean(pairs)), pairs], "system_pairs_ordered")
        elif "adjacent" in statistic:
            out[statistic] = hard_pairs(table, statistic.split(" correct")[0], adjacent(data))
        elif "partial(judge" in statistic:
            out[statistic] = similarity(table, texts, *statistic.split(":")[0].split(" ", 1))
    return out


def matched(table, criterion, judge):
    """Return a judge's scores beside people's mean on one criterion."""
    number = table.criterion.names.index(criterion)
    people = people_scores(table, number)
    rater = next(code for code in table.judges if table.rater.names[code] == judge)
    item, score = table.cells.of(number, rater)
    _, mine, theirs = np.intersect1d(item, people.item, return_indices=True)
    dialogue, system = np.divmod(item[mine], len(table.system))
    return Matched(score[mine], people.mean[theirs], dialogue, system, table.cluster_of_dialogue[dialogue])


def adjacent(data):
    """The eleven pairs of systems that were compared head to head."""
    rows = real_data.rows(data / "summeval_shen" / "h2h.jsonl.gz")
    return sorted({tuple(sorted((r["system_a"], r["system_b"]))) for r in rows})


def hard_pairs(table, judge, pairs):
    """How many of the adjacent pairs of systems the judge's means order as the experts' do."""
    count = {}
    for criterion in CRITERIA:
        both = matched(table, criterion, judge)
        count[criterion] = 0
        for pair in pairs:
            codes = [table.system.names.index(name) for name in pair]
            keep = np.isin(both.system, codes)
            part = Matched(*(getattr(both, name)[keep] for name in both.__dataclass_fields__))
            count[criterion] += int(ordered_pairs(part, 0, 0.95, rounds=20).value)
    return Answer(
        [count, 100 * sum(count.values()) / (len(pairs) * len(CRITERIA))],
        "system_pairs_ordered (two systems)",
    )


def likeness(data):
    """Unigram F1 with the reference and number of words of each summary."""
    out = {}
    for r in real_data.rows(data / "summeval_shen" / "items.jsonl.gz"):
        mine, theirs = (Counter(re.findall(r"\w+", r[key].lower())) for key in ("summary", "reference"))
        shared = (mine & theirs).total()
        f1 = 2 * shared / (mine.total() + theirs.total()) if shared else 0.0
        out[r["doc_id"], r["system"]] = (f1, float(len(r["summary"].split())))
    return out


def similarity(table, texts, criterion, judge):
    """Spearman of judge and people with a feature, and the judge's given people: the usual analysis."""
    both = matched(table, criterion, judge)
    names = [
        (table.dialogue.names[d], table.system.names[s])
        for d, s in zip(both.dialogue, both.system, strict=True)
    ]
    value = []
    for k in (0, 1):
        feature = np.array([texts[name][k] for name in names])
        value += [plain("spearman", side, feature) for side in (both.judge, both.people)]
        value.append(partial_spearman(both.judge, feature, both.people))
    return Answer(
        value,
        "spearman, partial_spearman",
        "the partial correlation is no diagnostic of ours: an unbiased judge has one too (see selftest)",
    )


def h2h_people(data):
    """Each document's verdict by the experts' means."""
    for r in real_data.rows(data / "summeval_shen" / "h2h.jsonl.gz"):
        if r["order"] == "ab":
            gap = np.sign(r["human_1"] - r["human_2"])
            pair, verdict = (r["system_a"], r["system_b"]), {1: "A", 0: "tie", -1: "B"}[int(gap)]
            yield real_data.duel(r["doc_id"], pair, "experts", "human", verdict, criterion=r["criterion"])


def head_to_head(duels, people):
    """Conflicts, first-slot picks among decisive verdicts, and pairs of systems that fall as people say."""
    together = duels.assign(dialogue_id=duels["criterion"] + "#" + duels["dialogue_id"], criterion="ALL")
    both = pd.concat([duels, together], ignore_index=True)
    position = index(position_findings(duel_table(both), OPTIONS), "statistic", "criterion")
    slots = index(win_rate_findings(duel_table(as_slots(both)), OPTIONS), "statistic", "level", "criterion")
    out = {}
    for criterion in (*CRITERIA, "ALL"):
        conflict = position["conflict_rate", criterion]
        effect = position["first_slot_effect", criterion].estimate
        out[f"H2H ChatGPT {criterion}: conflict rate under swap, first-position rate (non-tie)"] = Answer(
            [conflict.estimate, slots["win_rate", "pair", criterion].estimate, conflict.n_items],
            "conflict_rate; win_rate of the slots",
            "the first slot as a system against the second, ties left out",
            f"all pairs, ties one half: first slot {0.5 + effect:.6f}",
        )
    rates = [
        {(f.criterion, f.system, f.system_b): f.estimate for f in win_rate_findings(duel_table(d), OPTIONS)
         if (f.statistic, f.level) == ("win_rate", "pair")}
        for d in (duels, frame(people))
    ]  # fmt: skip
    right = dict.fromkeys(CRITERIA, 0)
    for key, rate in rates[0].items():
        right[key[0]] += int(np.sign(rate - 0.5) == np.sign(rates[1][key] - 0.5))
    value = [right, 100 * sum(right.values()) / len(rates[0])]
    out["H2H ChatGPT correct pairs of 11 (per dim; mean %)"] = Answer(
        value, "sign of win_rate - 1/2, judge and people"
    )
    return out


def as_slots(duels):
    """Turn each decisive presentation into a duel of the first slot with the second."""
    use = duels[duels["verdict"].isin(["A", "B"])].reset_index(drop=True)
    first = np.where(use["order"] == "AB", "A", "B") == use["verdict"]
    return use.assign(
        dialogue_id=use.index.astype(str),
        system_a="1st slot",
        system_b="2nd slot",
        order="AB",
        verdict=np.where(first, "A", "B"),
    )


def pandalm(data, wanted):
    """Accuracy and macro scores against the majority of three people."""
    duels = frame(real_data.pandalm(data)["duels"])
    as_tie, _ = tied(duels)
    names = ("duel_accuracy", "duel_macro_precision", "duel_macro_recall", "duel_macro_f1")
    loose, strict = (
        index(majority_findings(duel_table(d), OPTIONS), "judge", "statistic") for d in (as_tie, duels)
    )
    out = {}
    for statistic in wanted:
        judge = "openai/gpt-3.5-turbo" if statistic.startswith("GPT-3.5") else "pandalm-7b"
        bad = int((duels["rater_id"].eq(judge) & duels["verdict"].isna()).sum())
        found = strict if "dropped" in statistic else loose
        value = [found[judge, name].estimate for name in names] + [found[judge, names[0]].n_items]
        real = show([round(strict[judge, name].estimate, 4) for name in names])
        honest = f"readable only: {real}" if bad and found is loose else ""
        how = f"{bad} unreadable verdicts read as ties" if bad and found is loose else "as it is"
        out[statistic] = Answer(value, ", ".join(names), how, honest)
    return out


def welivita(data, wanted):
    """Mean ratings of three systems by the dialogues' sentiment."""
    tables = real_data.welivita(data)
    feeling = {r["dialogue_id"]: r["sentiment"] for r in tables["dialogues"]}
    ratings = frame(tables["ratings"])
    split = ratings.assign(criterion=ratings["dialogue_id"].map(feeling))
    both = rating_table(pd.concat([split, ratings.assign(criterion="overall")], ignore_index=True))
    found = index(mean_findings(both, OPTIONS), "statistic", "criterion", "system")
    means = {
        part: {s: found["mean_score", part, s].estimate for s in ("chatgpt", "chatgpt_empathy", "human")}
        for part in ("negative", "positive", "overall")
    }
    value = {"table": {k: means[k] for k in ("negative", "positive")}, "overall": means["overall"]}
    return dict.fromkeys(wanted, Answer(value, "mean_score", "sentiment as criterion"))


def epitome(data, wanted):
    """Counts of the three levels, and their rank correlation with the response's words."""
    rows = list(real_data.rows(data / "epitome_reddit" / "epitome_reddit.jsonl.gz"))
    words = np.array([float(len(r["response_post"].split())) for r in rows])
    counts, rank = {}, {}
    for part in ("ER", "IP", "EX"):
        level = np.array([float(r["levels"][part]) for r in rows])
        # A level is an outcome of its own kind here: what is counted are rows.
        ratings = frame(
            real_data.rating(k, "peer", part, "annotator", "human", value, outcome=str(int(value)))
            for k, value in enumerate(level)
        )
        found = index(outcome_findings(rating_table(ratings), OPTIONS), "statistic", "term")
        counts[part] = {name: int(found["count", name].estimate) for name in "012"}
        posts = np.unique([r["sp_id"] for r in rows], return_inverse=True)[1]
        rank[part] = correlate(level, words, posts, statistics=("spearman",))["spearman"].value
    by_counts = Answer(counts, "outcomes/count", "level as outcome")
    return {s: by_counts if s.startswith("label counts") else Answer(rank, "spearman") for s in wanted}


GROUPS = {"livebench-reasoning": "Reasoning", "livebench-math": "Math", "livecodebench": "Coding"}


def judgebench(data, wanted):
    """Share of pairs whose decisions over both orders lean to the right response, by kind of question."""
    duels = frame(real_data.judgebench(data)["duels"])
    items = {r["pair_id"]: r for r in real_data.rows(data / "judgebench" / "items.jsonl.gz")}
    named = {"system_a": "right", "system_b": "wrong"}
    turned = duels["dialogue_id"].map({k: r["human_or_gold"] == "B>A" for k, r in items.items()})
    for side, other in (("system_a", "system_b"), ("system_b", "system_a")):
        duels[side] = np.where(turned, named[other], named[side])
    duels["model"] = duels["dialogue_id"].map({k: r["response_model"] for k, r in items.items()})
    duels["criterion"] = duels["dialogue_id"].map(
        {k: GROUPS.get(r["source"], "Knowledge") for k, r in items.items()}
    )
    out = {}
    for statistic in wanted:
        name, judge, _, model = statistic.split(":")[0].split(" ")[:4]
        mine = duels[(duels["rubric"] == name) & (duels["rater_id"] == judge) & (duels["model"] == model)]
        if name == "reward_model":  # one order; the other holds the same scores
            mine = mine[mine["order"] == "AB"]
        both = pd.concat([mine, mine.assign(criterion="Overall")], ignore_index=True)
        as_tie, bad = tied(both)
        loose, strict = (wins(d) for d in (as_tie, both))
        order = ("Knowledge", "Reasoning", "Math", "Coding", "Overall")
        how = f"{bad // 2} unreadable decisions count as none of the two" if bad else "as it is"
        honest = f"pairs with a decision only: {show([round(strict[k], 2) for k in order])}" if bad else ""
        out[statistic] = Answer([loose[k] for k in order], "ranking/wins of the right response", how, honest)
    return out


def wins(duels):
    """Percentage of pairs won by the right response, by criterion."""
    found = win_rate_findings(duel_table(duels), OPTIONS)
    return {f.criterion: 100 * f.estimate for f in found if f.statistic == "wins"}


def alpaca(data, wanted):
    """Win rates, and rank correlations of three versions with the arena."""
    ratings = frame(
        real_data.rating(r["item_id"], r["system_b"], "overall", r["judge"], "judge", r["preference"] - 1)
        for r in real_data.rows(data / "alpaca_eval2" / "preferences.jsonl.gz")
        if r["preference"] is not None
    )
    means = index(mean_findings(rating_table(ratings), OPTIONS), "statistic", "system")
    with (data / "alpaca_eval2" / "benchmarks.csv").open(encoding="utf-8", newline="") as stream:
        leaders = list(csv.DictReader(stream))
    out = {}
    for statistic in wanted:
        if statistic.endswith(" win_rate"):
            value = 100 * means["mean_score", statistic.removesuffix(" win_rate")].estimate
            out[statistic] = Answer(
                value, "mean_score of the preference", "preference 1 to 2 as score 0 to 1"
            )
            continue
        one, two = re.match(r"Spearman\((.*), '(.*)'\)", statistic).groups()
        names = (one, two.replace("\\n", "\n"))
        pairs = [[r[name] for name in names] for r in leaders]
        numbers = np.array([[float(v) for v in pair] for pair in pairs if all(map(is_number, pair))])
        rho = correlate(*numbers.T, np.arange(len(numbers)), statistics=("spearman",))["spearman"]
        out[statistic] = Answer(rho.value, "spearman")
    return out


def is_number(text):
    """Say whether a cell of the leaderboard holds a number."""
    try:
        return math.isfinite(float(text))
    except (TypeError, ValueError):
        return False


def show(value):
    """Write a value for the table."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{key} {show(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(f"({show(part)})" if isinstance(part, list) else show(part) for part in value)
    return format(value, ".8g")


SETS = {
    "llmbar": llmbar,
    "alttest": alttest,
    "topicalchat_gpt35": topicalchat,
    "summeval_shen": summeval,
    "pandalm": pandalm,
    "empathy_chatgpt_vs_human": welivita,
    "epitome": epitome,
    "judgebench": judgebench,
    "alpaca_eval2": alpaca,
}
