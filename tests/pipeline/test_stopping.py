"""Comparisons that stop when they are decided: what is asked, what is said, what a second start does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from judge.errors import InputError
from judge.pipeline.compare import RunResult, compare
from judge.study import study_from_flags
from judge.tables import read_duels
from tests.pipeline.material import served, write_study

if TYPE_CHECKING:
    from pathlib import Path

DIALOGUES = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study"), dialogues=DIALOGUES)


def go(folder: Path, out: Path, *systems: str, judge: str = "scripted/long", **more: Any) -> RunResult:
    study = study_from_flags(
        dialogues=folder / "dialogues.jsonl",
        responses=tuple(str(folder / f"{name}.jsonl") for name in systems or ("warm", "dull")),
        judges=(judge,),
        **({"stop_when_decided": True, "seed": 7} | more),
    )
    return compare(study, out)


def of(result: RunResult, statistic: str) -> list[Any]:
    return [f for f in result.findings if (f.family, f.statistic) == ("stopping", statistic)]


def test_a_clear_pair_is_asked_no_further(folder: Path, tmp_path: Path):
    """A judge that always prefers the long response: decided at the first look, the rest is not asked."""
    result = go(folder, tmp_path / "run")
    assert (result.asked, result.saved, result.open_questions) == (40, 2 * DIALOGUES - 40, 0)
    (stop,) = of(result, "stopped_after")
    assert (stop.term, stop.estimate, stop.n_dialogues) == ("different", 20.0, DIALOGUES)
    assert any("80 of 120 questions were not needed" in note for note in result.notes)


def test_what_was_not_asked_is_no_failure(folder: Path, tmp_path: Path):
    """Questions that were not needed have no row: no failure, no tie, no denominator."""
    result = go(folder, tmp_path / "run")
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    assert (len(duels), set(duels["outcome"])) == (40, {"ok"})
    rate = next(f for f in result.findings if f.statistic == "failure_rate")
    assert (rate.estimate, rate.n_items) == (0.0, 40)


def test_intervals_say_that_the_run_stopped(folder: Path, tmp_path: Path):
    """The win rate comes with an interval that allows for stopping; the usual one carries a warning."""
    result = go(folder, tmp_path / "run")
    (rate,) = of(result, "win_rate")
    usual = next(
        f for f in result.findings if (f.family, f.statistic, f.level) == ("ranking", "win_rate", "pair")
    )
    assert rate.estimate == usual.estimate
    assert None not in (rate.ci_low, rate.ci_high)
    assert rate.p <= 0.05
    assert any("stopped when it was decided" in warning for warning in usual.warnings)


def test_a_second_start_decides_alike(folder: Path, tmp_path: Path):
    """The same command again asks nothing and gives the same findings."""
    first = go(folder, tmp_path / "run", "warm", "dull", "advice")
    again = go(folder, tmp_path / "run", "warm", "dull", "advice")
    assert (again.asked, again.saved, again.open_questions) == (0, first.saved, 0)
    assert of(again, "stopped_after") == of(first, "stopped_after")


def test_the_dialogues_come_in_an_order_of_the_seed(folder: Path, tmp_path: Path):
    """Which dialogues are asked first depends on the seed, not on the file."""
    asked = []
    for seed in (7, 8):
        go(folder, tmp_path / f"run{seed}", seed=seed)
        asked.append(set(read_duels(tmp_path / f"run{seed}" / "duels.jsonl")["dialogue_id"]))
    assert len(asked[0]) == len(asked[1]) == 20
    assert asked[0] != asked[1] != {f"d{i}" for i in range(20)}


def test_equal_systems_are_asked_to_the_end_or_found_equivalent(folder: Path, tmp_path: Path):
    """A judge that throws a coin decides nothing early here: every question is asked."""
    result = go(folder, tmp_path / "run", judge="scripted/coin")
    (stop,) = of(result, "stopped_after")
    assert (stop.term, result.saved, result.asked) == ("open", 0, 2 * DIALOGUES)


def test_ties_only_is_equivalence(folder: Path, tmp_path: Path):
    """A judge that sees no difference anywhere is done when the interval lies inside the margin."""
    result = go(folder, tmp_path / "run", judge="scripted/ties", margin=0.4)
    (stop,) = of(result, "stopped_after")
    assert stop.term == "equivalent"
    assert result.saved > 0


def test_each_pair_stops_by_itself(folder: Path, tmp_path: Path):
    """A pair that is open goes on where others are decided."""
    (folder / "echo.jsonl").write_text((folder / "warm.jsonl").read_text(encoding="utf-8"), encoding="utf-8")
    result = go(folder, tmp_path / "run", "warm", "dull", "echo")
    stops = {(f.system, f.system_b): (f.term, f.estimate) for f in of(result, "stopped_after")}
    assert stops["warm", "dull"] == ("different", 20.0)
    assert stops["warm", "echo"] == ("open", float(DIALOGUES))


def test_a_judge_of_slots_decides_nothing(folder: Path, tmp_path: Path):
    """A judge that always says first gives each pair one half in every dialogue: no bet wins."""
    with served() as server:
        result = go(folder, tmp_path / "run", judge="openai/m", base_url=server.openai_url)
    (stop,) = of(result, "stopped_after")
    assert stop.term != "different"


def test_the_budget_still_rules(folder: Path, tmp_path: Path):
    """Where the budget ends first, what was not asked is open, and the run can be taken up again."""
    result = go(folder, tmp_path / "run", judge="scripted/coin", max_calls=50)
    assert (result.stopped, result.asked, result.open_questions) == ("budget", 50, 2 * DIALOGUES - 50)
    duels = read_duels(tmp_path / "run" / "duels.jsonl")
    assert (duels["outcome"] == "skipped_budget").sum() == 2 * DIALOGUES - 50


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"orders": "AB"}, "one order does not give"),
        ({"mode": "absolute"}, "mode is absolute"),
        ({"cluster": "person"}, "the cluster is 'person'"),
    ],
)
def test_designs_that_would_make_it_unsound_are_refused(
    folder: Path, tmp_path: Path, flags: dict[str, Any], words: str
):
    """One order only, scores, coarser clusters: refused before anything is asked."""
    with pytest.raises(InputError, match=words):
        go(folder, tmp_path / "run", **flags)
