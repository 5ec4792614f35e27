"""Probes end to end: planted likings are found, a judge without them is not accused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from judge.analysis.inputs import AuditOptions
from judge.analysis.probes import probe_findings
from judge.cli.root import cli
from judge.errors import InputError
from judge.pipeline import wiring
from judge.pipeline.edits import choose_probes
from judge.pipeline.probes import ORIGINAL, probe, probe_material
from judge.pipeline.tasks import Material
from judge.study import load_study
from judge.testing import Behaviour, ScriptedProvider
from judge.types import Dialogue, Finding, Response, Turn

if TYPE_CHECKING:
    from pathlib import Path

STUDY = """
[study]
name = "probed"
seed = 3
[dialogues]
path = "dialogues.jsonl"
[[systems]]
responses = "responses.jsonl"
[[judges]]
model = "scripted/planted"
[judging]
criteria = ["empathy"]
"""
LINES = (
    "I'm sorry that it went so badly for you today.",
    "That sounds like a long week. What did you do then?",
    "You did all that you could, and it shows.",
    "Congratulations! You must be proud of it.",
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of 60 dialogues and two systems."""
    dialogues, responses = [], []
    for d in range(60):
        turns = [{"speaker": "speaker", "text": f"Something happened on day {d}."}]
        dialogues.append(
            {"dialogue_id": f"d{d}", "context": turns, "reference": f"Tell me of day {d} please."}
        )
        responses += [
            {"dialogue_id": f"d{d}", "system_id": s, "text": f"{LINES[(d + k) % 4]} Number {d}."}
            for k, s in enumerate(("one", "two"))
        ]
    for name, rows in (("dialogues", dialogues), ("responses", responses)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def _run(
    study: Path, behaviour: Behaviour, names: list[str], monkeypatch: pytest.MonkeyPatch, out: str = "out"
) -> dict[str, Finding]:
    provider = ScriptedProvider(behaviour, seed=1)
    monkeypatch.setattr(wiring, "make_provider", lambda *_, **__: provider)
    result = probe(load_study(study), names, study.parent / out)
    return {f.term: f for f in result.findings if f.family == "probe"}


def test_a_liking_for_length_is_found_by_padding(study: Path, monkeypatch: pytest.MonkeyPatch):
    """The padded copy wins; the paraphrase, which is hardly longer, stays far below it."""
    found = _run(study, Behaviour(length=2.0, noise=0.7), ["padding", "paraphrase"], monkeypatch)
    assert found["padding"].verdict == "bias_found"
    assert found["padding"].estimate > 0.25  # type: ignore[operator]
    assert found["paraphrase"].estimate < 0.2  # type: ignore[operator]


def test_obedience_is_found_by_injection(study: Path, monkeypatch: pytest.MonkeyPatch):
    """A judge that obeys orders inside a response gives it all its duels."""
    found = _run(study, Behaviour(obeys=1.0, noise=0.5), ["injection"], monkeypatch)
    assert (found["injection"].estimate, found["injection"].verdict) == (0.5, "bias_found")


def test_a_judge_without_likings_is_not_accused(study: Path, monkeypatch: pytest.MonkeyPatch):
    """Pure noise: no probe finds a bias."""
    found = _run(study, Behaviour(noise=1.0), ["all"], monkeypatch)
    assert set(found) == {
        "swap", "padding", "markdown", "paraphrase", "sympathy", "emotion-words", "injection",
        "reference-25", "reference-50", "reference-75", "reference-100",
    }  # fmt: skip
    assert {f.verdict for f in found.values()} <= {"inconclusive", "equivalent"}


def test_the_first_slot_is_found_by_the_same_text(study: Path, monkeypatch: pytest.MonkeyPatch):
    """Identical texts: whoever prefers the first slot shows it, and its size is the slot's."""
    found = _run(study, Behaviour(position=2.0, noise=1.0), ["swap"], monkeypatch)
    assert found["swap"].verdict == "bias_found"
    assert found["swap"].estimate == pytest.approx(1 / (1 + np.exp(-2)) - 0.5, abs=0.12)


def test_likeness_to_the_reference_grows_by_degrees(study: Path, monkeypatch: pytest.MonkeyPatch):
    """The more of the reference, the more the copy wins; the finding says that the content changes too."""
    found = _run(study, Behaviour(similarity=4.0, noise=0.7), ["reference"], monkeypatch)
    effects = [found[f"reference-{d}"].estimate for d in (25, 50, 75, 100)]
    assert effects[-1] > effects[0] + 0.05  # type: ignore[operator]
    assert all("the edit changes the content" in " ".join(f.warnings) for f in found.values())


def test_a_probing_goes_on_where_it_stopped(study: Path, monkeypatch: pytest.MonkeyPatch):
    """The same command asks nothing twice, and leaves the tables of a run."""
    first = ScriptedProvider(Behaviour(noise=1.0), seed=1)
    monkeypatch.setattr(wiring, "make_provider", lambda *_, **__: first)
    loaded, out = load_study(study), study.parent / "out"
    probe(loaded, ["padding"], out)
    asked = first.calls
    probe(loaded, ["padding"], out)
    assert (asked, first.calls) == (120, 120)
    for name in ("findings.jsonl", "duels.jsonl", "responses.jsonl", "manifest.json"):
        assert (out / name).stat().st_size > 0


def _material(texts: list[str]) -> Material:
    dialogues = [Dialogue(f"d{i}", (Turn("speaker", "x"),)) for i in range(len(texts))]
    mine = {d.dialogue_id: Response(d.dialogue_id, "s", t) for d, t in zip(dialogues, texts, strict=True)}
    return Material(dialogues, ("s",), {"s": mine})


def test_empty_responses_are_left_out_and_sources_are_kept():
    """An empty response is not edited; a copy knows from which system it came."""
    made = probe_material(_material(["Fine.", " "]), choose_probes(["padding"]), 0)
    assert made.systems == (ORIGINAL, "padding")
    assert list(made.responses["padding"]) == ["d0"]
    assert made.responses["padding"]["d0"].details == {"copied_from": "s", "probe": "padding"}


def test_a_probe_that_applies_nowhere_is_an_error():
    """References by degrees without a reference."""
    with pytest.raises(InputError, match="needs references"):
        probe_material(_material(["Fine."]), choose_probes(["reference"]), 0)


def _duels(wins: list[str]) -> pd.DataFrame:
    rows = [
        {"dialogue_id": f"d{i}", "order": order, "verdict": verdict}
        for i, verdict in enumerate(wins)
        for order in ("AB", "BA")
    ]
    fixed = {"system_a": ORIGINAL, "system_b": "padding", "criterion": "c", "rater_id": "j"}
    return pd.DataFrame(rows).assign(rater_kind="judge", **fixed)


@pytest.mark.parametrize(
    ("wins", "estimate", "verdict"),
    [
        (["tie"] * 300, 0.0, "equivalent"),
        (["tie"] * 20, 0.0, "inconclusive"),
        (["B"] * 60, 0.5, "bias_found"),
        (["A"] * 60, -0.5, "bias_found"),
        (["A", "B"] * 150, 0.0, "equivalent"),
    ],
)
def test_verdicts_by_interval(wins: list[str], estimate: float, verdict: str):
    """Equal answers bound the share by their number; few of them decide nothing."""
    found = list(probe_findings(None, _duels(wins), None, AuditOptions()))
    assert [(f.estimate, f.verdict) for f in found] == [(estimate, verdict)]


def test_failures_are_no_verdicts():
    """Presentations without verdict take no part; with none at all the effect is not identified."""
    frame = _duels(["B"] * 40)
    frame["outcome"] = "refusal"
    frame["verdict"] = None
    found = list(probe_findings(None, frame, None, AuditOptions()))
    assert [f.verdict for f in found] == ["not_identified"]


def test_a_score_effect_is_paired_by_dialogue():
    """With absolute rubrics the edited copy's score less its original's."""
    rng = np.random.default_rng(0)
    base = rng.integers(1, 5, 50).astype(float)
    rows = [(f"d{i}", s, b + (s == "padding")) for i, b in enumerate(base) for s in (ORIGINAL, "padding")]
    frame = pd.DataFrame(rows, columns=["dialogue_id", "system_id", "score"])
    frame.loc[frame.index[1], "score"] -= 1
    frame = frame.assign(criterion="c", rater_id="j", rater_kind="judge")
    found = list(probe_findings(frame, None, None, AuditOptions()))
    assert found[0].statistic == "score_effect"
    assert found[0].estimate == pytest.approx(0.98)
    assert found[0].verdict == "bias_found"


def test_the_command_probes_a_study(study: Path):
    """`judge audit STUDY --probe` runs, prints a line an effect, and an unknown probe is wrong usage."""
    text = study.read_text().replace("scripted/planted", "scripted/first-slot")
    study.write_text(text)
    args = ["audit", str(study), "--probe", "swap", "--out", str(study.parent / "o"), "--no-report", "-q"]
    result = CliRunner().invoke(cli, args, standalone_mode=False)
    assert result.exception is None, result.exception
    assert "scripted/first-slot on empathy" in result.output
    assert "bias found" in result.output
    wrong = CliRunner().invoke(cli, ["audit", str(study), "--probe", "swop"], standalone_mode=False)
    assert "unknown probe 'swop'" in str(wrong.exception)
