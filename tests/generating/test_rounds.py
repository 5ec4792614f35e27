"""Chains are asked round by round, resume where they were, and end honestly when nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from judge.errors import InputError, Unfinished
from judge.pipeline.compare import generate
from judge.pipeline.generating import Generation
from judge.pipeline.rounds import Rounds
from judge.store import SqliteStore
from judge.study import load_study
from judge.tables import read_dialogues, read_responses
from tests.generating.made import write_study

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHAINS = """
[[systems]]
id = "{strategy}"
strategy = "zero-shot"
model = "scripted/fair"
sweep = { strategy = ["zero-shot", "two-stage", "self-refine"] }
"""


def test_a_budget_stops_a_chain_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """Every start asks at most what it may, nothing twice, and the end is that of a run without limit."""
    path = write_study(tmp_path, CHAINS, "[budget]\nmax_calls = 20\n")
    first = generate(load_study(path), tmp_path / "run")
    assert first.stopped == "budget"
    assert first.asked == 20
    assert {gap.kind for gap in first.gaps} == {"skipped_budget"}
    rows = path.read_text().replace("max_calls = 20", "max_calls = 1000")
    path.write_text(rows)
    second = generate(load_study(path), tmp_path / "run")
    assert second.stopped == ""
    assert not second.gaps
    assert first.asked + second.asked == 8 * (1 + 2 + 3) - 8, "the draft is the question of zero-shot"
    path.write_text(rows.replace("max_calls", "max_cost"))
    whole = generate(load_study(path), tmp_path / "other")
    assert not whole.gaps
    assert (tmp_path / "run" / "responses.jsonl").read_bytes() == (
        tmp_path / "other" / "responses.jsonl"
    ).read_bytes()
    assert len(read_responses(tmp_path / "run" / "responses.jsonl")) == 24


def made(folder: Path, store: SqliteStore, kind: str) -> Rounds:
    from judge.generators import get_strategy
    from judge.pipeline.generating import Gap
    from judge.pipeline.wiring import wire
    from judge.study import SystemSpec

    write_study(folder, CHAINS)
    strategy = get_strategy("loh")
    spec = SystemSpec(id="a", strategy="loh", model="scripted/fair")
    generation = Generation("a", strategy.ref, strategy.start, wire(spec, "a"), "scripted/fair")
    rounds = Rounds([generation], read_dialogues(folder / "d.jsonl"), store)
    rounds.gaps.append(Gap("test-0", "a", kind, "because"))  # type: ignore[arg-type]
    return rounds


@pytest.mark.parametrize(
    ("kind", "error"),
    [("provider_error", Unfinished), ("parse_failure", InputError), ("refusal", InputError)],
)
def test_a_system_without_any_response_is_named(tmp_path: Path, kind: str, error: type[Exception]) -> None:
    """Whether asking again could mend it decides how the run ends."""
    with (
        SqliteStore(tmp_path / "s.sqlite") as store,
        pytest.raises(error, match=f"'a' has no response.*{kind}"),
    ):
        made(tmp_path, store, kind).check()


def test_a_question_without_an_answer_is_asked_once_a_start(tmp_path: Path) -> None:
    """A second round does not repeat what the first asked in vain, and the end counts it as a gap."""
    with SqliteStore(tmp_path / "s.sqlite") as store:
        rounds = made(tmp_path, store, "refusal")
        rounds.gaps.clear()
        streams, most = rounds.next_round()
        assert most == 8
        assert sum(len(list(stream)) for stream in streams) == 8
        again: list[Iterator[object]] = list(rounds.next_round()[0])
        assert not again
        rounds.finish()
        assert {gap.kind for gap in rounds.gaps} == {"skipped_budget"}
        assert len(rounds.gaps) == 8
