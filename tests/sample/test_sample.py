"""The bundled sample keeps what its documentation promises."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from judge.errors import UnknownNameError
from judge.sample import FILES, sample_path
from judge.sample.simulate import bundled_ratings, normal, read_parameters, simulate
from judge.types import EMOTIONS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "sample.md"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sample_path(name).read_text(encoding="utf-8").splitlines()]


def parameters() -> dict[str, Any]:
    content = json.loads(sample_path("parameters").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_two_dialogues_for_each_emotion() -> None:
    """There are 64 dialogues, two for each of the 32 emotions, with ids of their own."""
    dialogues = rows("dialogues")
    assert Counter(d["emotion"] for d in dialogues) == dict.fromkeys(EMOTIONS, 2)
    assert len({d["dialogue_id"] for d in dialogues}) == len(dialogues) == 64


def test_every_context_alternates_and_ends_with_the_speaker() -> None:
    """A context has 1 to 3 turns, speaker and listener in turn; the speaker begins and ends."""
    for dialogue in rows("dialogues"):
        who = [turn["speaker"] for turn in dialogue["context"]]
        assert who in (["speaker"], ["speaker", "listener", "speaker"]), dialogue["dialogue_id"]


def test_every_dialogue_has_situation_reference_and_text() -> None:
    """No field of a dialogue is empty."""
    for dialogue in rows("dialogues"):
        assert dialogue["situation"]
        assert dialogue["reference"]
        assert dialogue["split"] == "sample"
        assert all(turn["text"] for turn in dialogue["context"])


def test_every_system_answers_every_dialogue_once() -> None:
    """Six systems, one response for each dialogue, none for a dialogue that does not exist."""
    responses = rows("responses")
    ids = {d["dialogue_id"] for d in rows("dialogues")}
    pairs = [(r["dialogue_id"], r["system_id"]) for r in responses]
    systems = {system for _, system in pairs}
    assert len(systems) == 6
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) == {(d, s) for d in ids for s in systems}


def test_only_the_bland_system_repeats_itself() -> None:
    """Responses are distinct texts, save for the stock phrases of `generic`."""
    responses = rows("responses")
    others = [r["text"] for r in responses if r["system_id"] != "generic"]
    bland = [r["text"] for r in responses if r["system_id"] == "generic"]
    assert len(set(others)) == len(others)
    assert len(set(bland)) < 0.75 * len(bland)


def test_systems_differ_as_a_reader_would_say() -> None:
    """Echo is the longest, generic the shortest, and curious asks the most questions."""
    texts: dict[str, list[str]] = {}
    for response in rows("responses"):
        texts.setdefault(response["system_id"], []).append(response["text"])
    words = {system: fmean(len(t.split()) for t in found) for system, found in texts.items()}
    questions = {system: fmean(t.count("?") for t in found) for system, found in texts.items()}
    assert max(words, key=words.__getitem__) == "echo"
    assert min(words, key=words.__getitem__) == "generic"
    assert max(questions, key=questions.__getitem__) == "curious"


def test_files_are_clean_and_small() -> None:
    """The tables are printable ASCII with plain line ends, under half a megabyte together."""
    total = 0
    for file in FILES:
        data = sample_path(file).read_bytes()
        total += len(data)
        assert re.fullmatch(rb"[\n\x20-\x7e]*", data), file
        assert data.endswith(b"\n")
    assert total < 500_000


def test_ratings_come_from_the_parameters_byte_for_byte() -> None:
    """The shipped ratings are what the documented simulation makes of the parameters."""
    assert sample_path("ratings").read_bytes() == bundled_ratings().encode("utf-8")


def test_ratings_are_called_simulated_and_cover_everything() -> None:
    """Every rater is called simulated, and rates each system (the reference too) on each dialogue."""
    ratings = rows("ratings")
    assert all("simulated" in r["rater_id"] and r["rater_kind"] == "human" for r in ratings)
    assert all(r["score"] in range(1, 6) for r in ratings)
    assert len(ratings) == 64 * 7 * 3


def test_rated_systems_are_the_study_s_systems() -> None:
    """The parameters name the systems of the responses and the reference, no other."""
    assert set(parameters()["systems"]) == {r["system_id"] for r in rows("responses")} | {"human"}


def test_simulation_returns_the_planted_truth() -> None:
    """With many dialogues the differences of means are the planted ones, inside the scale's ends."""
    content = parameters() | {"systems": {"a": 3.4, "b": 2.8}}
    ids = [f"d{i}" for i in range(1500)]
    found = list(simulate(read_parameters(content), ids))
    mean = {s: fmean(r.score for r in found if r.system_id == s and r.score is not None) for s in ("a", "b")}
    assert mean["a"] - mean["b"] == pytest.approx(0.6, abs=0.06)


def test_another_system_changes_no_rating() -> None:
    """Each rating has a random stream of its own: adding a system leaves the others as they were."""
    two = parameters() | {"systems": {"a": 3.4, "b": 2.8}}
    one = parameters() | {"systems": {"b": 2.8}}
    kept = [r for r in simulate(read_parameters(two), ["d1", "d2"]) if r.system_id == "b"]
    assert kept == list(simulate(read_parameters(one), ["d1", "d2"]))


def test_streams_are_standard_normal() -> None:
    """The draws have mean 0 and variance 1."""
    draws = [normal(5, str(i)) for i in range(3000)]
    assert fmean(draws) == pytest.approx(0, abs=0.06)
    assert fmean(d * d for d in draws) == pytest.approx(1, abs=0.08)


def test_unknown_part_is_named() -> None:
    """Asking for a part that the sample lacks names the nearest one."""
    with pytest.raises(UnknownNameError, match="responses"):
        sample_path("response")


def test_study_names_files_that_exist() -> None:
    """The study's paths lie beside it."""
    study = tomllib.loads(sample_path("study").read_text(encoding="utf-8"))
    names = [
        study["dialogues"]["path"],
        *study["humans"]["ratings"],
        *(s["responses"] for s in study["systems"] if "responses" in s),
    ]
    assert all((sample_path("study").parent / name).is_file() for name in names)


def test_docs_name_every_system_and_parameter() -> None:
    """The page on the sample has each system, each rater and the licence."""
    text = DOCS.read_text(encoding="utf-8")
    content = parameters()
    for name in [*content["systems"], *(r["rater_id"] for r in content["raters"]), "Apache-2.0"]:
        assert f"`{name}`" in text or name == "Apache-2.0", name
    assert "Apache-2.0" in text
    means = ", ".join(str(value) for value in content["systems"].values())
    assert means in text
