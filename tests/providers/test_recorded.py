from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from judge.errors import InputError, ProviderFailure, RateLimited, TableError
from judge.providers.recorded import RecordedProvider
from judge.types import Prompt, Sampling
from tests.providers.asking import answer_of, judge_prompt, task

if TYPE_CHECKING:
    from pathlib import Path

    from judge.types import Answer, JudgeTask

DUEL: dict[str, Any] = {
    "dialogue_id": "d1",
    "system_a": "warm",
    "system_b": "cold",
    "criterion": "empathy",
    "rater_id": "m",
    "order": "AB",
    "verdict": "A",
    "reason": "It listens.",
}
RATING = {"dialogue_id": "d1", "system_id": "warm", "criterion": "empathy", "rater_id": "m", "score": 4}


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def look_up(file: str, question: JudgeTask, repeat: int = 0) -> Answer:
    provider = RecordedProvider()
    return answer_of(provider, provider.request(file, judge_prompt(question), Sampling(), repeat))


def test_a_duel_is_found_in_the_order_shown(tmp_path: Path) -> None:
    """The verdict is turned into one about the slots; the other order is a question of its own."""
    file = write(tmp_path / "d.jsonl", DUEL, DUEL | {"order": "BA", "verdict": "tie"})
    first = json.loads(look_up(file, task()).text)
    assert first == {"reason": "It listens.", "verdict": "A"}
    assert json.loads(look_up(file, task(systems=("cold", "warm"))).text)["verdict"] == "tie"


def test_a_duel_in_the_swapped_order_speaks_of_slots(tmp_path: Path) -> None:
    """`A` in the table is system_a, which was shown second in the order BA."""
    file = write(tmp_path / "d.jsonl", DUEL | {"order": "BA"})
    assert json.loads(look_up(file, task(systems=("cold", "warm"))).text)["verdict"] == "B"


def test_a_duel_without_order_answers_both(tmp_path: Path) -> None:
    """A tool that does not record the order is taken to have none."""
    file = write(tmp_path / "d.jsonl", {key: value for key, value in DUEL.items() if key != "order"})
    assert json.loads(look_up(file, task()).text)["verdict"] == "A"
    assert json.loads(look_up(file, task(systems=("cold", "warm"))).text)["verdict"] == "B"


def test_ratings_are_found(tmp_path: Path) -> None:
    """One criterion gives a score, several give scores; CSV and gzip are read as well."""
    more = RATING | {"criterion": "fluency", "score": 3.5}
    file = write(tmp_path / "r.jsonl", RATING, more)
    one = task("absolute", ("warm",))
    assert json.loads(look_up(file, one).text)["score"] == 4
    two = task("absolute", ("warm",), ("empathy", "fluency"))
    assert json.loads(look_up(file, two).text)["scores"] == {"empathy": 4, "fluency": 3.5}
    csv = tmp_path / "r.csv.gz"
    csv.write_bytes(gzip.compress(b"dialogue_id,system_id,criterion,score,outcome\r\nd1,warm,empathy,2,\r\n"))
    assert json.loads(look_up(str(csv), one).text)["score"] == 2


def test_what_is_not_there_is_a_failure(tmp_path: Path) -> None:
    """A missing judgment is a provider_error that says what is missing, and is not retried."""
    file = write(tmp_path / "d.jsonl", DUEL)
    with pytest.raises(ProviderFailure, match=r"no verdict of empathy for dialogue 'd2'") as told:
        look_up(file, task(dialogue="d2"))
    assert (told.value.kind, told.value.retryable) == ("provider_error", False)
    with pytest.raises(ProviderFailure, match="repeat 1"):
        look_up(file, task(), repeat=1)


def test_recorded_failures_stay_failures(tmp_path: Path) -> None:
    """A failure in the recording is the same kind again, and never a verdict."""
    question = task()
    for kind, finish in (
        ("refusal", "refusal"),
        ("truncated", "length"),
        ("content_filter", "content_filter"),
    ):
        row = DUEL | {"verdict": None, "outcome": kind}
        assert look_up(write(tmp_path / f"{kind}.jsonl", row), question).finish == finish
    row = DUEL | {"verdict": None, "outcome": "rate_limited"}
    with pytest.raises(RateLimited) as told:
        look_up(write(tmp_path / "x.jsonl", row), question)
    assert told.value.retryable is False
    row = DUEL | {"verdict": None, "outcome": "parse_failure"}
    assert "{" not in look_up(write(tmp_path / "p.jsonl", row), question).text


def test_one_of_several_raters_is_named(tmp_path: Path) -> None:
    """With several raters in a file, one must be chosen with #."""
    file = write(tmp_path / "d.jsonl", DUEL, DUEL | {"rater_id": "n", "verdict": "B"})
    with pytest.raises(InputError, match="#RATER"):
        look_up(file, task())
    assert json.loads(look_up(f"{file}#n", task()).text)["verdict"] == "B"
    with pytest.raises(InputError, match="no rater 'o'"):
        look_up(f"{file}#o", task())


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (DUEL | {"verdict": "gagné"}, "verdict"),
        (DUEL | {"order": "XY"}, "order"),
        (DUEL | {"dialogue_id": None}, "dialogue_id"),
        (DUEL | {"outcome": "lost"}, "outcome"),
        (DUEL | {"repeat": "x"}, "repeat"),
        (RATING | {"score": "good"}, "score"),
        (RATING | {"score": None}, "score"),
        ({"dialogue_id": "d1"}, None),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, row: dict[str, Any], column: str | None) -> None:
    """An error names file, row and column."""
    with pytest.raises(TableError) as told:
        look_up(write(tmp_path / "d.jsonl", DUEL, row), task())
    assert (told.value.row, told.value.column) == (2, column)


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"{", b"[1]\n"])
def test_bad_files_are_named(tmp_path: Path, content: bytes) -> None:
    """Other bytes, broken JSON and rows that are no objects are errors."""
    file = tmp_path / "d.jsonl"
    file.write_bytes(content)
    with pytest.raises(TableError, match=r"d\.jsonl"):
        look_up(str(file), task())


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A missing file, or one of another kind, is an error before anything is judged."""
    with pytest.raises(InputError, match=r"nowhere\.jsonl"):
        look_up(str(tmp_path / "nowhere.jsonl"), task())
    file = tmp_path / "d.xlsx"
    file.write_bytes(b"x")
    with pytest.raises(TableError, match="ends in"):
        look_up(str(file), task())


def test_two_answers_to_one_question_are_an_error(tmp_path: Path) -> None:
    """Contradicting rows need a repeat number; the same answer twice is harmless."""
    with pytest.raises(TableError, match="repeat"):
        look_up(write(tmp_path / "d.jsonl", DUEL, DUEL | {"verdict": "B"}), task())
    assert look_up(write(tmp_path / "e.jsonl", DUEL, DUEL), task()).text


def test_a_changed_file_is_another_request(tmp_path: Path) -> None:
    """The digest of the file is part of the key."""
    file = write(tmp_path / "d.jsonl", DUEL)
    first = RecordedProvider().request(file, judge_prompt(task()), Sampling())
    write(tmp_path / "d.jsonl", DUEL | {"verdict": "B"})
    assert RecordedProvider().request(file, judge_prompt(task()), Sampling()) != first


def test_a_recording_cannot_generate(tmp_path: Path) -> None:
    """A free prompt is a failure that says so."""
    provider = RecordedProvider()
    request = provider.request(write(tmp_path / "d.jsonl", DUEL), Prompt(()), Sampling())
    with pytest.raises(ProviderFailure, match="free prompt"):
        answer_of(provider, request)
