"""Text metrics against their definitions, other libraries and published outputs."""

from __future__ import annotations

import gzip
import json
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.analysis.text_metrics.distinct import (
    difference,
    distinct,
    distinct_intra,
    expectation_adjusted,
    half_spread,
    hold,
    ngrams,
    random_halves,
    random_orders,
)
from judge.analysis.text_metrics.emotion import macro_f1, mcnemar, recognise
from judge.analysis.text_metrics.findings import TextOptions, text_metric_findings
from judge.analysis.text_metrics.overlap import bleu, bleu_sums, chrf, chrf_sums
from judge.sample import sample_path
from judge.tables import read_dialogues, read_responses
from judge.types import Dialogue, Response, Turn
from tests.shared_data import shared

if TYPE_CHECKING:
    from judge.types import Finding

TEXTS = [
    "I am so sorry to hear that .",
    "what happened ?",
    "oh no ! are you ok ?",
    "that",
    "",
    "I am so glad",
]
REFS = [
    "I am sorry to hear it .",
    "what happened then ?",
    "are you ok now ?",
    "this is it",
    "yes",
    "I am so glad",
]


def test_distinct_is_its_definition():
    """The worked example: D1 = 2/5, D2 = 2/3, within responses (2/3 + 1)/2, EAD with V = 10 is .4884."""
    words = [["a", "b", "a"], ["a", "b"]]
    assert distinct(ngrams(words, 1)) == pytest.approx(0.4)
    assert distinct(ngrams(words, 2)) == pytest.approx(2 / 3)
    assert distinct_intra(ngrams(words, 1)).mean() == pytest.approx((2 / 3 + 1) / 2)
    assert expectation_adjusted(2, 5, vocabulary=10) == pytest.approx(2 / (10 * (1 - 0.9**5)))


@pytest.fixture(scope="module")
def published() -> tuple[dict[str, dict[str, float]], dict[str, list[str]]]:
    """Published outputs of baselines on the ED test set, and their recorded numbers."""
    stats = json.loads(shared("data/ed_system_outputs/stats.json").read_text())
    texts: dict[str, list[str]] = {}
    with gzip.open(shared("data/ed_system_outputs/test_outputs.jsonl.gz"), "rt", encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            texts.setdefault("reference", []).append(row["reference"])
            for system, text in row["outputs"].items():
                texts.setdefault(system, []).append(text)
    return stats, texts


def test_distinct_of_published_outputs(published: tuple[dict[str, dict[str, float]], dict[str, list[str]]]):
    """Distinct-1/2 of every recorded system to two digits: KEMP .60/2.64, MoEL .62/2.89, ..."""
    stats, texts = published
    found = {
        s: tuple(round(100 * distinct(ngrams([t.split() for t in texts[s]], n)), 2) for n in (1, 2))
        for s in texts
    }
    assert {s: found[s] for s in stats if s in found} == {
        s: (row["dist1"], row["dist2"]) for s, row in stats.items() if s in found
    }
    assert found["kemp"] == (0.60, 2.64)
    assert found["moelrepo_moel"] == (0.62, 2.89)
    assert found["mime_greedy"] == (0.32, 1.24)
    assert found["reference"] == (5.96, 36.82)


def test_treebank_words_of_tokenised_text_change_little(
    published: tuple[dict[str, dict[str, float]], dict[str, list[str]]],
):
    """On text that is tokenised already both tokenisers give nearly the same Distinct."""
    from judge.analysis.text_metrics.tokens import tokenise

    texts = published[1]["kemp"]
    assert 100 * distinct(ngrams([tokenise(t) for t in texts], 1)) == pytest.approx(0.60, abs=0.03)


def _zipf(rng: np.random.Generator, responses: int) -> list[list[str]]:
    sizes = rng.integers(5, 20, responses)
    return [[str(w) for w in np.minimum(rng.zipf(1.5, size), 5000)] for size in sizes]


def test_the_interval_of_distinct_covers():
    """Intervals from halves cover the expected Distinct of this size in 90 to 99 % of 150 draws."""
    rng = np.random.default_rng(0)
    grams = [ngrams(_zipf(rng, 150), 1) for _ in range(150)]
    truth = np.mean([distinct(g) for g in grams])
    hits = 0
    for g in grams:
        error = half_spread(hold(g, np.arange(150)), partial(random_halves, rng=rng, draws=60))
        hits += int(abs(distinct(g) - truth) < 1.976 * error)
    assert 0.90 <= hits / 150 <= 0.99


def test_a_longer_system_is_compared_at_an_equal_budget():
    """Texts of one source, one twice as long: Distinct differs, not so at equal budgets."""
    rng = np.random.default_rng(3)
    at = np.arange(300)
    hits = 0
    for _ in range(40):
        short, long = (
            ngrams(_zipf(rng, 300), 1),
            ngrams([a + b for a, b in zip(_zipf(rng, 300), _zipf(rng, 300), strict=True)], 1),
        )
        assert distinct(short) > distinct(long) + 0.005
        gap = difference(hold(short, at), hold(long, at), partial(random_orders, rng=rng, draws=60))
        assert (gap.budget, gap.shared) == (short.code.size, 300)
        hits += abs(gap.value) < 2 * gap.std_error
    assert hits >= 35


def test_bleu_and_chrf_are_sacrebleu_s():
    """The scores from added sums equal corpus_bleu and corpus_chrf, also of short and empty responses."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    for keep in (slice(None), slice(0, 1), slice(1, 4), slice(3, 5)):
        texts, refs = TEXTS[keep], REFS[keep]
        mine = bleu(bleu_sums(texts, refs).sums.sum(axis=0))
        assert float(mine) == pytest.approx(BLEU().corpus_score(texts, [refs]).score, abs=1e-9)
        other = CHRF().corpus_score(texts, [refs]).score
        assert float(chrf(chrf_sums(texts, refs).sums.sum(axis=0))) == pytest.approx(other, abs=1e-9)


def test_sums_are_those_of_each_sentence():
    """What one response adds to corpus BLEU is what sacrebleu counts in it alone."""
    from sacrebleu.metrics.bleu import BLEU

    ones = [BLEU().corpus_score([text], [[ref]]) for text, ref in zip(TEXTS, REFS, strict=True)]
    want = [[*one.counts, *one.totals, one.sys_len, one.ref_len] for one in ones]
    assert bleu_sums(TEXTS, REFS).sums.tolist() == want
    assert bleu_sums([], []).sums.shape == (0, 10)


def test_signatures_name_the_version():
    """The method says which BLEU and which chrF it was."""
    assert "|tok:13a|smooth:exp|version:" in bleu_sums(TEXTS, REFS).signature
    assert "nc:6|nw:0" in chrf_sums(TEXTS, REFS).signature


def test_recognition_agrees_with_scikit_learn():
    """Accuracy and macro-F1 over the labels that occur."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    labels = ["sad", "angry", "joyful", "proud"]
    gold = [labels[i] for i in rng.integers(0, 4, 200)]
    found = [labels[i] for i in rng.integers(0, 4, 200)]
    expected = metrics.f1_score(gold, found, average="macro")
    assert macro_f1(gold, found) == pytest.approx(expected)
    assert recognise(gold, [[f] for f in found]).accuracy == pytest.approx(
        metrics.accuracy_score(gold, found)
    )


def test_a_name_outside_the_labels_is_told_apart():
    """It is a miss and counted as outside; the declared map makes it a label; nothing named is outside."""
    gold, named = ["sad", "sad", "proud"], [["grief-stricken"], ["Sad!"], []]
    plain = recognise(gold, named)
    assert (plain.outside, plain.right) == ((True, False, True), (False, True, False))
    mapped = recognise(gold, named, meanings={"grief-stricken": "sad"})
    assert mapped.right == (True, True, False)


def test_mcnemar_is_exact():
    """Ties between the systems do not count; 8 to 2 has p = .109."""
    one, two = [True] * 8 + [False] * 2 + [True] * 50, [False] * 8 + [True] * 2 + [True] * 50
    assert mcnemar(one, two) == pytest.approx(0.109375)


def _found(options: TextOptions | None = None) -> list[Finding]:
    responses = read_responses(sample_path("responses"))
    return list(text_metric_findings(responses, read_dialogues(sample_path("dialogues")), options))


def test_the_sample_s_findings():
    """Every system has its metrics with intervals, pairs have differences, sizes are warned of."""
    found = _found()
    systems = {f.system for f in found if f.level == "system"}
    for statistic in ("distinct_1", "distinct_2", "distinct_1_intra", "ead_2", "bleu_4", "chrf_corpus"):
        rows = [f for f in found if f.statistic == statistic]
        assert {f.system for f in rows} == systems
        assert all(f.ci_low <= f.estimate <= f.ci_high for f in rows if f.ci_low is not None)
    pairs = len(systems) * (len(systems) - 1) // 2
    assert sum(f.statistic == "distinct_2_difference" for f in found) == pairs
    assert any("equal budget" in w for f in found if f.statistic == "distinct_1" for w in f.warnings)
    assert not [f for f in found if f.statistic.startswith("emotion")]


def test_findings_are_the_same_with_the_same_seed():
    """What is drawn is drawn by the seed."""
    assert _found(TextOptions(bleu=False, chrf=False)) == _found(TextOptions(bleu=False, chrf=False))


def _study(predicted: dict[str, list[str | None]]) -> tuple[list[Response], list[Dialogue]]:
    gold = ["sad", "proud"] * 15
    dialogues = [Dialogue(f"d{i}", (Turn("speaker", "x"),), emotion=g) for i, g in enumerate(gold)]
    responses = [
        Response(f"d{i}", system, "ok then", details={"predicted_emotion": name})
        for system, names in predicted.items()
        for i, name in enumerate(names)
    ]
    return responses, dialogues


def test_emotions_are_findings_where_systems_predict_them():
    """Accuracy, top-k, outside, macro-F1 of each system, and McNemar between them."""
    responses, dialogues = _study({"a": ["sad", "proud"] * 15, "b": ["sad", "grumpy"] * 15})
    found = {(f.statistic, f.system): f for f in text_metric_findings(responses, dialogues)}
    assert found["emotion_accuracy", "a"].estimate == 1.0
    assert found["emotion_accuracy", "b"].estimate == 0.5
    assert found["emotion_out_of_label", "b"].estimate == 0.5
    assert found["emotion_macro_f1", "b"].estimate == pytest.approx(0.5)
    assert found["emotion_difference", "a"].p == pytest.approx(2 * 0.5**15)


def test_empty_and_constant_responses_are_no_trouble():
    """A system that says nothing has no Distinct, one dialogue no interval; nothing warns."""
    dialogues = [Dialogue(f"d{i}", (Turn("speaker", "x"),), reference="a b") for i in range(5)]
    empty = [Response(f"d{i}", "mute", "") for i in range(5)]
    one = [Response("d0", "short", "yes")]
    found = list(text_metric_findings([*empty, *one], dialogues))
    mute = [f for f in found if f.system == "mute" and f.statistic == "distinct_1"]
    assert mute[0].verdict == "not_identified"
    assert all(f.estimate is None or np.isfinite(f.estimate) for f in found)
    assert list(text_metric_findings([], dialogues)) == []


def test_the_reference_is_not_compared_with_itself():
    """A system that is the reference gets no BLEU of 100."""
    dialogues = [Dialogue(f"d{i}", (Turn("speaker", "x"),), reference=f"so it is {i}") for i in range(5)]
    responses = [Response(d.dialogue_id, "human", str(d.reference)) for d in dialogues]
    assert not [f for f in text_metric_findings(responses, dialogues) if f.statistic == "bleu_4"]


@given(st.integers(0, 2**32 - 1), st.integers(4, 12), st.sampled_from([1, 2]))
@settings(deadline=None, max_examples=40)
def test_kinds_of_all_draws_at_once_are_those_of_each_draw(seed: int, size: int, n: int):
    """More draws than one pass holds, counted at once, are what sets of n-grams say draw by draw."""
    rng = np.random.default_rng(seed)
    texts = [[list("abcdef")[k] for k in rng.integers(0, 6, rng.integers(0, 7))] for _ in range(2 * size)]
    sides = [texts[:size], texts[size:]]
    at = [rng.permutation(size), np.arange(size)]
    halves = random_halves(size, rng=np.random.default_rng(seed), draws=70)
    orders = random_orders(size, rng=np.random.default_rng(seed), draws=70)
    held = [hold(ngrams(side, n), place) for side, place in zip(sides, at, strict=True)]

    def grams(side: int, order: np.ndarray) -> list[tuple[str, ...]]:
        mine = [sides[side][int(np.flatnonzero(at[side] == k)[0])] for k in order]
        return [tuple(words[k : k + n]) for words in mine for k in range(len(words) - n + 1)]

    shares = [len(set(g)) / len(g) if (g := grams(0, half)) else 0.0 for half in halves]
    whole = grams(0, at[1])
    if whole and np.mean(shares) > 0:
        expected = np.std(shares, ddof=1) / np.mean(shares) * (len(set(whole)) / len(whole))
        assert half_spread(held[0], lambda _: halves) == pytest.approx(expected, abs=1e-15)
    pairs = [(grams(0, order), grams(1, order)) for order in orders]
    budgets = [min(map(len, pair)) for pair in pairs]
    gaps = [
        (len(set(a[:k])) - len(set(b[:k]))) / k if k else np.nan
        for (a, b), k in zip(pairs, budgets, strict=True)
    ]
    found = difference(held[0], held[1], lambda _: orders)
    assert (found.budget, found.shared) == (budgets[0], size)
    assert found.value == pytest.approx(gaps[0], abs=1e-12, nan_ok=True)
    assert found.std_error == pytest.approx(np.std(gaps[1:], ddof=1), abs=1e-12, nan_ok=True)
