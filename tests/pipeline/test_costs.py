"""What a run did cost, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from judge.pipeline.compare import RunResult, compare
from judge.store import SqliteStore, verify
from tests.pipeline.material import served, without_analysis, write_study
from tests.pipeline.test_asking import prose_first, study_of

if TYPE_CHECKING:
    from pathlib import Path

    from judge.types import Finding
    from tests.providers.loopback import Loopback

PRICE = {"input": 10.0, "output": 100.0, "cached": 1.0}
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 20,
    "prompt_tokens_details": {"cached_tokens": 600},
    "completion_tokens_details": {"reasoning_tokens": 8},
}
DOLLARS = (400 * 10 + 600 * 1 + 20 * 100) / 1e6


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    without_analysis(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study", dialogues=4)


def go(folder: Path, server: Loopback, **more: Any) -> RunResult:
    judge = {"price": PRICE} | more.pop("judge", {})
    return compare(study_of(folder, server, judge=judge, **more), folder / "run")


def of(result: RunResult, **want: str) -> dict[tuple[str, ...], Finding]:
    return {
        (f.statistic, f.criterion, f.system): f
        for f in result.findings
        if f.family == "cost" and all(getattr(f, name) == value for name, value in want.items())
    }


def test_dollars_and_tokens_of_a_judge_add_up(folder: Path):
    """24 duels of 1,000 tokens in (600 of them cached) and 20 out: each counted once, priced by its kind."""
    with served(usage=USAGE) as server:
        result = go(folder, server)
    found = {name: f.estimate for (name, _, _), f in of(result, level="judge").items()}
    assert found == {
        "dollars": pytest.approx(24 * DOLLARS),
        "tokens_in": 24_000,
        "tokens_out": 480,
        "tokens_cached": 24 * 600,
        "tokens_reasoning": 24 * 8,
        "cached_share": pytest.approx(0.6),
    }
    assert result.cost == pytest.approx(24 * DOLLARS)


def test_systems_and_criteria_share_what_was_paid(folder: Path):
    """Each duel counts half for either system; the shares of systems and of criteria sum to the whole."""
    with served(usage=USAGE) as server:
        result = go(folder, server, criteria="empathy,fluency")
    whole = of(result, level="judge")["dollars", "", ""].estimate
    for level, parts in (("system", 3), ("criterion", 2)):
        found = [f.estimate for (name, _, _), f in of(result, level=level).items() if name == "dollars"]
        assert found == [pytest.approx(whole / parts)] * parts


def test_unreadable_answers_and_repairs_are_paid_and_counted(folder: Path):
    """A question, its unreadable answer and the repair: both paid, both counted."""
    with served(usage=USAGE, answer=prose_first) as server:
        result = go(folder, server)
        assert of(result, level="judge")["dollars", "", ""].estimate == pytest.approx(48 * DOLLARS)
        assert of(result, level="judge")["tokens_in", "", ""].estimate == 48_000
        assert len(server.calls) == 48


def test_answers_nobody_could_read_are_paid_as_well(folder: Path):
    """Without repair every try is paid: three answers a question."""
    with served(usage=USAGE, answer=lambda _: "Both are fine.") as server:
        result = go(folder, server, judge={"repair": False})
    assert of(result, level="judge")["dollars", "", ""].estimate == pytest.approx(72 * DOLLARS)
    assert of(result, level="judge")["dollars", "", ""].n_items == 72


def test_a_repair_that_did_not_help_is_paid_by_its_judge(folder: Path):
    """Three tries and one repair a question: the judge's row holds what the whole run did cost."""
    with served(usage=USAGE, answer=lambda _: "Both are fine.") as server:
        result = go(folder, server)
        assert len(server.calls) == 96
    assert of(result, level="judge")["dollars", "", ""].estimate == pytest.approx(96 * DOLLARS)
    assert result.cost == pytest.approx(96 * DOLLARS)
    with SqliteStore(result.folder.store) as store:
        assert verify(store) == []


def test_an_unknown_price_stays_unknown(folder: Path):
    """Where no price is known dollars are not identified and say why; tokens are counted all the same."""
    with served(usage=USAGE) as server:
        result = go(folder, server, judge={"price": None})
    dollars = of(result, level="judge")["dollars", "", ""]
    assert (dollars.estimate, dollars.verdict) == (None, "not_identified")
    assert "no price is known for 24 of 24 answers (openai/m)" in dollars.warnings[0]
    assert of(result, level="judge")["tokens_in", "", ""].estimate == 24_000


def test_a_price_stated_later_prices_what_is_stored(folder: Path):
    """The price is added to the study and the command run again: dollars are known, nothing is asked."""
    with served(usage=USAGE) as server:
        go(folder, server, judge={"price": None})
        again = go(folder, server)
        assert len(server.calls) == 24
    assert of(again, level="judge")["dollars", "", ""].estimate == pytest.approx(24 * DOLLARS)


def test_tokens_that_a_server_does_not_count_are_not_nought(folder: Path):
    """A server without usage leaves tokens and dollars unidentified."""
    with served(usage={"note": 1}) as server:
        result = go(folder, server)
    assert of(result, level="judge")["tokens_in", "", ""].estimate is None
    assert "without token counts" in of(result, level="judge")["tokens_in", "", ""].warnings[0]


def test_a_judge_that_runs_here_has_no_cost(folder: Path):
    """The embedded judge neither costs nor counts tokens: no rows of noughts."""
    with served() as server:
        result = go(folder, server, judges=("embedded/epitome",), base_url=None, judge={"price": None})
    assert of(result) == {}
