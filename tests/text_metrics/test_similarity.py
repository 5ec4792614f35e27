"""Likeness of a response to its reference: against the libraries, and with models stood in for."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.analysis.features import chrf_scorer
from judge.analysis.similarity import (
    SIMILARITIES,
    bertscore_similarity,
    bleu_similarity,
    chrf_similarity,
    embedding_similarity,
    rouge_l_similarity,
)
from judge.analysis.text_metrics.findings import TextOptions, text_metric_findings
from judge.errors import InputError, StudyError
from judge.pipeline.auditing import audit_tables
from judge.pipeline.compare import compare
from judge.pipeline.features import feature_rows, similarities
from judge.reports.words import FEATURES
from judge.study import load_study, study_from_flags
from judge.types import Dialogue, Response
from tests.pipeline.material import flags, write_study

TEXTS = ["I am so sorry to hear that .", "oh no", "What happened to the dogs?", ""]
REFS = ["I am sorry to hear it .", "oh no !", "What happens to a dog?", "Hello there."]


class FakeScorer:
    """Word overlap in the shape of a BERTScorer; counts what it was asked."""

    hash = "fake-large_L17_no-idf_version=0-rescaled"

    def __init__(self, **settings: object):
        self.settings = settings
        self.asked: list[str] = []

    def score(self, cands: list[str], refs: list[str]) -> tuple[None, None, list[float]]:
        self.asked += cands
        return None, None, [_overlap(a, b) for a, b in zip(cands, refs, strict=True)]


def _overlap(a: str, b: str) -> float:
    one, two = set(a.split()), set(b.split())
    return len(one & two) / len(one | two)


def _letters(texts: list[str]) -> np.ndarray:
    """Stand in for an encoder: counts of four letters."""
    return np.array([[t.count(c) for c in "aeio"] for t in texts], dtype=np.float32)


def _study() -> tuple[list[Response], dict[str, Dialogue]]:
    dialogues = [Dialogue(f"d{k}", (), emotion="sad", reference=text) for k, text in enumerate(REFS)]
    responses = [Response(f"d{k}", "one", text) for k, text in enumerate(TEXTS)]
    return [*responses, Response("d0", "same", REFS[0])], {d.dialogue_id: d for d in dialogues}


def test_bleu_is_sacrebleus():
    """Sentence BLEU is that of the library's function, smoothed and with effective order."""
    from sacrebleu import sentence_bleu

    measure = bleu_similarity()
    want = [
        sentence_bleu(a, [b], smooth_method="exp", use_effective_order=True).score
        for a, b in zip(TEXTS, REFS, strict=True)
    ]
    assert measure.score(TEXTS, REFS) == pytest.approx(want)
    assert "eff:yes" in measure.signature
    assert "smooth:exp" in measure.signature


def test_chrf_is_what_it_was():
    """The batch gives what the function of one text gives."""
    one = chrf_scorer()
    want = [one(a, b) for a, b in zip(TEXTS, REFS, strict=True)]
    assert chrf_similarity().score(TEXTS, REFS) == want


LETTERS = st.text(st.sampled_from("aab c\u00e9\u65e5\U0001f600\ud800\u00a0\n."), max_size=12)


@given(st.lists(st.tuples(LETTERS, LETTERS), max_size=6))
@settings(deadline=None, max_examples=60)
def test_chrf_is_sacrebleus_to_the_last_bit(pairs: list[tuple[str, str]]):
    """Ours is faster and nothing else: any letters, any emptiness, the same signature."""
    one = chrf_scorer()
    texts, references = [a for a, _ in pairs], [b for _, b in pairs]
    assert chrf_similarity().score(texts, references) == [one(a, b) for a, b in pairs]


def test_the_signature_of_chrf_is_sacrebleus():
    """Numbers that were measured before can be compared with those measured now."""
    from sacrebleu.metrics.chrf import CHRF

    metric = CHRF()
    metric.sentence_score("a", ["a"])
    assert chrf_similarity().signature == str(metric.get_signature())


def test_many_kinds_of_letters_are_no_trouble():
    """So many that six of them together have no number of 64 bits; and more pairs than are sorted at once."""
    letters = "".join(chr(k) for k in range(0x4E00, 0x4E00 + 4000))
    texts = [letters, letters[::-1], *[f"text {k}" for k in range(300)]]
    references = [letters[7:], letters, *[f"text {k + k % 2}" for k in range(300)]]
    one = chrf_scorer()
    want = [one(a, b) for a, b in zip(texts, references, strict=True)]
    assert chrf_similarity().score(texts, references) == want


def test_rouge_l_is_the_librarys():
    """ROUGE-L is the F of rouge-score with stemming, times 100: dogs and dog are one word."""
    rouge = pytest.importorskip("rouge_score.rouge_scorer", reason="needs the extra metrics")
    measure = rouge_l_similarity()
    scorer = rouge.RougeScorer(["rougeL"], use_stemmer=True)
    want = [100 * scorer.score(b, a)["rougeL"].fmeasure for a, b in zip(TEXTS, REFS, strict=True)]
    assert measure.score(TEXTS, REFS) == pytest.approx(want)
    assert measure.score(["dogs"], ["dog"]) == [100.0]
    assert "stemmed; rouge-score " in measure.signature


def test_the_cosine_is_that_of_the_vectors():
    """Vectors of any length; each text is encoded once; an empty text has no cosine."""
    seen: list[str] = []

    def encode(texts):
        seen.extend(texts)
        return _letters(texts)

    measure = embedding_similarity(encode, "letters-v1")
    found = measure.score([*TEXTS, "oh no"], [*REFS, "hi"])
    a, b = _letters(TEXTS).astype(float), _letters(REFS).astype(float)
    want = (a[:3] * b[:3]).sum(1) / np.linalg.norm(a[:3], axis=1) / np.linalg.norm(b[:3], axis=1)
    assert found[:3] == pytest.approx(want.tolist())
    assert found[3] is None
    assert found[4] == pytest.approx(0.0)
    assert len(seen) == len(set(seen))
    assert "letters-v1" in measure.signature


def test_bertscore_asks_for_each_pair_once():
    """F1 of the scorer, its hash as the signature, nothing asked twice, empty texts not at all."""
    scorer = FakeScorer()
    measure = bertscore_similarity(scorer)
    first, second = measure.score(TEXTS, REFS), measure.score(TEXTS, REFS)
    assert first == second == [*[_overlap(a, b) for a, b in zip(TEXTS[:3], REFS[:3], strict=True)], None]
    assert scorer.asked == TEXTS[:3]
    assert measure.signature == FakeScorer.hash


def test_bertscore_is_rescaled_and_pinned(monkeypatch):
    """The package is asked for one model and layer, rescaled."""
    made: list[FakeScorer] = []

    def make(**settings: object) -> FakeScorer:
        made.append(FakeScorer(**settings))
        return made[0]

    monkeypatch.setitem(sys.modules, "bert_score", _package(make))
    bertscore_similarity()
    want = {"model_type": "roberta-large", "num_layers": 17, "lang": "en", "rescale_with_baseline": True}
    assert made[0].settings == want


def _package(scorer: object) -> ModuleType:
    package = ModuleType("bert_score")
    package.BERTScorer = scorer  # type: ignore[attr-defined]
    return package


def test_a_model_that_cannot_be_loaded_is_told(monkeypatch):
    """What the package raises becomes an error of the input."""

    def broken(**_: object) -> None:
        raise OSError("no network")

    monkeypatch.setitem(sys.modules, "bert_score", _package(broken))
    with pytest.raises(InputError, match="cannot be loaded: no network"):
        bertscore_similarity()


def test_chrf_alone_gives_the_columns_of_always():
    """Without a wish the features are those that they were, in their order."""
    responses, dialogues = _study()
    rows = list(feature_rows(responses, dialogues))
    assert list(rows[0])[-3:] == ["sim_chrf", "sim_chrf_placebo", "is_reference"]
    assert rows[0]["sim_chrf"] == chrf_scorer()(TEXTS[0], REFS[0])
    assert (rows[4]["sim_chrf"], rows[4]["sim_chrf_placebo"], rows[4]["is_reference"]) == (None, None, True)


def test_each_measure_gives_two_columns(monkeypatch):
    """Own reference and another's, in the order asked for, over more responses than one batch holds."""
    monkeypatch.setattr("judge.pipeline.features.AT_ONCE", 2)
    responses, dialogues = _study()
    measures = (
        embedding_similarity(_letters, "letters"),
        chrf_similarity(),
        bertscore_similarity(FakeScorer()),
    )
    rows = list(feature_rows(responses, dialogues, measures))
    names = [name for name in rows[0] if name.startswith("sim_")]
    assert names == [f"sim_{m}{end}" for m in ("embedding", "chrf", "bertscore") for end in ("", "_placebo")]
    assert [row["sim_bertscore"] for row in rows[:3]] == [
        _overlap(a, b) for a, b in zip(TEXTS[:3], REFS[:3], strict=True)
    ]
    lent = {_overlap(TEXTS[0], other) for other in REFS[1:]}
    assert rows[0]["sim_bertscore_placebo"] in lent
    assert rows[3]["sim_embedding"] is None
    assert rows[3]["sim_chrf"] == 0.0


def test_every_measure_has_a_name_in_the_report():
    """No column is spelled out by machine."""
    assert all({f"sim_{name}", f"sim_{name}_placebo"} <= FEATURES.keys() for name in SIMILARITIES)


def test_bertscore_is_a_metric_of_systems_where_asked_for():
    """Mean F1 a system with the hash; empty responses are left out and told; nothing without the wish."""
    responses, dialogues = _study()
    asked = TextOptions(bertscore=bertscore_similarity(FakeScorer()))
    found = [
        f
        for f in text_metric_findings(responses, list(dialogues.values()), asked)
        if f.statistic == "bertscore_f1"
    ]
    assert [f.system for f in found] == ["one"]
    want = np.mean([_overlap(a, b) for a, b in zip(TEXTS[:3], REFS[:3], strict=True)])
    assert found[0].estimate == pytest.approx(want)
    assert FakeScorer.hash in found[0].method
    assert any("1 responses are empty" in text for text in found[0].warnings)
    plain = text_metric_findings(responses, list(dialogues.values()))
    assert "bertscore_f1" not in {f.statistic for f in plain}


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("rouge_l", "rouge_score.rouge_scorer", r"judge\[metrics\]"),
        ("bertscore", "bert_score", r"judge\[bertscore\]"),
        ("embedding", "sentence_transformers", r"judge\[embeddings\]"),
    ],
)
def test_a_missing_extra_ends_the_run_before_it_asks(name, module, extra, monkeypatch, tmp_path):
    """The error says what to install, and nothing was asked."""
    monkeypatch.setitem(sys.modules, module, None)
    folder = write_study(tmp_path / "study")
    with pytest.raises(InputError, match=extra):
        compare(study_from_flags(**flags(folder, similarity=name)), tmp_path / "run")
    assert not (tmp_path / "run" / "duels.jsonl").exists()


def test_the_run_keeps_columns_and_signatures(monkeypatch, tmp_path):
    """`--similarity` reaches the features, the manifest and the metrics of the systems."""
    pytest.importorskip("rouge_score", reason="needs the extra metrics")
    monkeypatch.setitem(sys.modules, "bert_score", _package(FakeScorer))
    monkeypatch.setattr("judge.generators.embeddings.sentence_encoder", lambda _model: _letters)
    folder, out = write_study(tmp_path / "study"), tmp_path / "run"
    asked = "rouge_l,chrf,embedding,bertscore"
    result = compare(study_from_flags(**flags(folder, similarity=asked)), out)
    row = json.loads((out / "features.jsonl").read_text().splitlines()[0])
    assert [n for n in row if n.startswith("sim_") and not n.endswith("_placebo")] == [
        f"sim_{name}" for name in asked.split(",")
    ]
    kept = json.loads((out / "manifest.json").read_text())["similarity"]
    assert list(kept) == asked.split(",")
    assert kept["bertscore"] == FakeScorer.hash
    assert "all-mpnet-base-v2" in kept["embedding"]
    assert {"rouge_l", "bertscore_f1"} <= {f.statistic for f in result.findings}


def test_an_audit_measures_what_it_is_asked_for(tmp_path):
    """Tables from anywhere: the measures are chosen there too, and their signatures kept."""
    folder, run, out = write_study(tmp_path / "study"), tmp_path / "run", tmp_path / "audit"
    compare(study_from_flags(**flags(folder)), run)
    texts = {"dialogues": run / "dialogues.jsonl", "responses": [run / "responses.jsonl"]}
    audit_tables([run / "duels.jsonl"], out, **texts, similarity=("bleu",))
    row = json.loads((out / "features.jsonl").read_text().splitlines()[0])
    assert "sim_bleu" in row
    assert "sim_chrf" not in row
    assert list(json.loads((out / "manifest.json").read_text())["similarity"]) == ["bleu"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('["chfr"]', "did you mean 'chrf'"),
        ('["chrf", "chrf"]', "names 'chrf' twice"),
        ('"chrf"', "must be a list"),
    ],
)
def test_a_name_that_is_not_known_is_told_with_its_line(value, words, tmp_path):
    """The study file says which line, what is allowed and what was probably meant."""
    folder = write_study(tmp_path / "study")
    path = folder / "study.toml"
    path.write_text(
        '[dialogues]\npath = "dialogues.jsonl"\n[[systems]]\nid = "warm"\nresponses = "warm.jsonl"\n'
        '[[judges]]\nmodel = "embedded/epitome"\n[judging]\ncriteria = ["empathy"]\n'
        f"[analysis]\nsimilarity = {value}\n"
    )
    with pytest.raises(StudyError, match=words) as caught:
        load_study(path)
    assert "line 11" in str(caught.value)


def test_the_real_bertscore():
    """Equal texts score 1 with the package and its model, where both are there."""
    pytest.importorskip("bert_score", reason="needs the extra bertscore")
    try:
        measure = bertscore_similarity()
    except InputError as error:
        pytest.skip(f"the model is not there: {error}")
    equal, other = measure.score(
        ["I am so sorry.", "I am so sorry."], ["I am so sorry.", "Two pounds of flour."]
    )
    assert equal == pytest.approx(1.0, abs=1e-3)
    assert other < 0.5
    assert "roberta-large_L17" in measure.signature


def test_the_real_embedding():
    """Nearer in meaning is nearer in cosine with the package's model, where both are there."""
    pytest.importorskip("sentence_transformers", reason="needs the extra embeddings")
    try:
        (measure,) = similarities(("embedding",))
    except InputError as error:
        pytest.skip(f"the model is not there: {error}")
    near, far = measure.score(["I am so sorry."] * 2, ["My condolences to you.", "Two pounds of flour."])
    assert near > far
