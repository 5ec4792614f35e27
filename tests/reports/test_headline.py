"""The opening sentence says no more than the intervals allow."""

from __future__ import annotations

from typing import Any

from judge.reports.headline import headlines, trust
from judge.reports.index import Findings
from judge.types import Finding

SAME: dict[str, Any] = {
    "judge": "openai/gpt-4o",
    "criterion": "empathy",
    "n_dialogues": 64,
    "confidence": 0.95,
}


def _ranked(first: tuple[int, int], second: tuple[int, int], pair: Finding) -> Findings:
    return Findings(
        [
            Finding("ranking", "bt_strength", level="system", system="warm", estimate=0.4, **SAME),
            Finding("ranking", "bt_strength", level="system", system="curious", estimate=-0.4, **SAME),
            Finding(
                "ranking",
                "rank",
                level="system",
                system="warm",
                estimate=1,
                ci_low=first[0],
                ci_high=first[1],
                **SAME,
            ),
            Finding(
                "ranking",
                "rank",
                level="system",
                system="curious",
                estimate=2,
                ci_low=second[0],
                ci_high=second[1],
                **SAME,
            ),
            pair,
        ]
    )


def _pair(system: str, other: str, estimate: float, low: float, high: float) -> Finding:
    return Finding(
        "ranking",
        "win_rate",
        level="pair",
        system=system,
        system_b=other,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        **SAME,
    )


def _sentence(found: Findings) -> str:
    return headlines(found, found.views("ranking", "means"), "people")[0].sentence.replace("\u00a0", " ")


def test_a_clear_winner_is_named_with_the_interval() -> None:
    """Rank intervals that do not overlap make a winner."""
    found = _ranked((1, 1), (2, 2), _pair("warm", "curious", 0.71, 0.64, 0.77))
    assert _sentence(found) == "warm beats curious in 71 % [64, 77] of comparisons"
    detail = headlines(found, found.views("ranking"), "people")[0].detail.replace("\u00a0", " ")
    assert detail == "empathy, judge openai/gpt-4o, 64 dialogues, 95 % intervals"


def test_a_pair_written_the_other_way_round_is_turned() -> None:
    """The sentence speaks of the winner even if the finding speaks of the loser."""
    found = _ranked((1, 1), (2, 2), _pair("curious", "warm", 0.29, 0.23, 0.36))
    assert _sentence(found) == "warm beats curious in 71 % [64, 77] of comparisons"


def test_overlapping_ranks_are_no_win() -> None:
    """Rank intervals that overlap make no winner, whatever the estimate."""
    found = _ranked((1, 2), (1, 2), _pair("warm", "curious", 0.53, 0.46, 0.6))
    assert _sentence(found).startswith("No clear winner: warm and curious cannot be told apart.")


def test_an_interval_that_nearly_touches_one_half_is_written_finer() -> None:
    """49.6 % is not rounded to 50 %."""
    found = _ranked((1, 2), (1, 2), _pair("warm", "curious", 0.57, 0.496, 0.64))
    assert "[49.6, 64.0]" in _sentence(found)


def test_means_alone_give_the_difference() -> None:
    """Without comparisons the paired difference of the means decides."""
    rows = [Finding("means", "mean_score", system=s, estimate=x, **SAME) for s, x in (("a", 3.1), ("b", 3.4))]
    rows.append(
        Finding(
            "means",
            "mean_difference",
            system="a",
            system_b="b",
            estimate=-0.3,
            ci_low=-0.41,
            ci_high=-0.19,
            **SAME,
        )
    )
    assert _sentence(Findings(rows)) == "b scores 0.300 [0.190, 0.410] points higher than a"
    assert _sentence(Findings(rows[:2])).startswith("b has the highest mean score; there is no test")


def test_trust_compares_the_judge_with_people() -> None:
    """A judge whose interval lies below what people reach is marked; what is unknown is called unknown."""
    found = Findings(
        [
            Finding(
                "agreement",
                "krippendorff_alpha",
                level="people",
                criterion="empathy",
                term="ordinal",
                estimate=0.6,
            ),
            Finding(
                "agreement",
                "krippendorff_alpha",
                level="judge_replaces_one",
                term="ordinal",
                estimate=0.3,
                ci_low=0.2,
                ci_high=0.4,
                **SAME,
            ),
            Finding(
                "position",
                "first_slot_effect",
                estimate=0.01,
                ci_low=-0.02,
                ci_high=0.04,
                verdict="inconclusive",
                **SAME,
            ),
            Finding("outcomes", "count", level="judge", term="refusal", estimate=5, n_items=100, **SAME),
        ]
    )
    people, position, failures = trust(found, "openai/gpt-4o", "empathy", "people")
    assert (people.tone, position.value, failures.value.replace("\u00a0", " ")) == (
        "warn",
        "inconclusive",
        "5.0 %",
    )
    unknown = trust(Findings([]), "openai/gpt-4o", "empathy", "people")
    assert [f.value for f in unknown] == ["not known", "not identified", "not counted"]


def test_people_are_not_audited_as_a_judge() -> None:
    """Where people made the ranking there is no judge to trust or distrust."""
    assert trust(Findings([]), "people", "empathy", "people") == ()


def test_systems_that_never_met_are_not_ranked_against_each_other():
    """Where only chosen pairs were compared, the sentence is about those; the loser comes second."""
    rates = [
        Finding("ranking", "win_rate", level="system", system=s, estimate=e, **SAME)
        for s, e in (("a", 0.6), ("b", 0.8), ("c", 0.4), ("d", 0.2))
    ]
    met = [_pair("a", "c", 0.6, 0.45, 0.75), _pair("d", "b", 0.2, 0.1, 0.3)]
    (line,) = headlines(Findings([*rates, *met]), [("openai/gpt-4o", "empathy")], "people")
    told = line.sentence.replace("\u00a0", " ")
    assert told.startswith("1 of the 2 pairs that were compared has a clear winner")
    assert told.endswith("b wins 80 % [70, 90] against d")


def _stopped(low: float) -> Findings:
    usual = _pair("warm", "curious", 0.6, 0.55, 0.65)
    valid = Finding(
        "stopping", "win_rate", level="pair", system="curious", system_b="warm",
        estimate=0.4, ci_low=0.2, ci_high=1 - low, **SAME,
    )  # fmt: skip
    return Findings([*_ranked((1, 1), (2, 2), usual).all, valid])


def test_a_run_that_stopped_early_is_judged_by_intervals_that_allow_for_it():
    """The interval for a fixed number would call a winner; the one that is valid at any stop does not."""
    (line,) = headlines(_stopped(low=0.48), [("openai/gpt-4o", "empathy")], "people")
    assert not line.clear
    assert "[48, 80]" in line.sentence.replace("\xa0", " ")
    assert "allow for stopping early" in line.detail
    (line,) = headlines(_stopped(low=0.52), [("openai/gpt-4o", "empathy")], "people")
    assert line.clear
    assert line.sentence.replace("\xa0", " ") == "warm beats curious in 60 % [52, 80] of comparisons"
