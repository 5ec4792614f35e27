"""Thresholds on findings: what is kept, broken and undecided, and how mistakes in the file are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from judge.cli.root import cli
from judge.errors import StudyError
from judge.pipeline.gate import Bound, Rule, check_gate
from judge.pipeline.gatefile import read_gate
from judge.tables import write_findings
from judge.types import Finding

if TYPE_CHECKING:
    from pathlib import Path

SLOT = Finding(
    "position", "first_slot_effect", judge="openai/a", criterion="empathy", estimate=0.12, ci_low=0.05,
    ci_high=0.19, p=0.001, verdict="bias_found", n_items=300,
)  # fmt: skip
CALM = Finding(
    "position", "first_slot_effect", judge="openai/b", criterion="empathy", estimate=0.01, ci_low=-0.02,
    ci_high=0.04, p=0.5, verdict="equivalent", n_items=300,
)  # fmt: skip
SMALL = Finding(
    "position", "first_slot_effect", judge="other/c", estimate=0.03, ci_low=-0.2, ci_high=0.26, p=0.8,
    verdict="inconclusive", n_items=20,
)  # fmt: skip
BLIND = Finding(
    "bias", "length_eiv", judge="openai/a", verdict="not_identified", warnings=("one rater an item",)
)
FINDINGS = [SLOT, CALM, SMALL, BLIND]


def _rule(**parts: object) -> Rule:
    return Rule(**({"select": {"statistic": ("first_slot_effect",)}} | parts))  # type: ignore[arg-type]


def test_a_breach_is_one_line_that_names_finding_number_and_limit():
    """Only the finding above the limit is told, with its columns, its value and the limit."""
    result = check_gate([_rule(bounds={"abs_estimate": Bound(high=0.05)}, name="slot")], FINDINGS)
    assert [x.reason for x in result.breaches] == [
        "position first_slot_effect judge=openai/a criterion=empathy: abs_estimate 0.12 is above 0.05"
    ]
    assert (result.exit_code, result.checked, result.undecided) == (1, 3, ())


def test_inconclusive_is_undecided_where_equivalence_is_demanded():
    """A demanded verdict: equivalent keeps it, bias_found breaks it, inconclusive decides nothing."""
    states = {
        f.judge: check_gate([_rule(verdicts=("equivalent",))], [f]).exit_code for f in (SLOT, CALM, SMALL)
    }
    assert states == {"openai/a": 1, "openai/b": 0, "other/c": 3}


def test_inconclusive_passes_where_it_is_allowed():
    """Who writes inconclusive among the verdicts gets it."""
    assert check_gate([_rule(verdicts=("equivalent", "inconclusive"))], [SMALL]).exit_code == 0


def test_what_is_not_identified_is_undecided_with_its_reason():
    """A missing number neither keeps nor breaks a limit, and the finding's own reason is told."""
    rule = Rule({"statistic": ("length_eiv",)}, {"estimate": Bound(high=0.1)})
    result = check_gate([rule], FINDINGS)
    assert result.exit_code == 3
    assert "not identified (one rater an item)" in result.undecided[0].reason


def test_a_rule_without_findings_is_undecided_and_names_the_likely_typo():
    """Nothing selected: undecided, with the nearest name that occurs."""
    result = check_gate([Rule({"statistic": ("first_slot_efect",)}, {"p": Bound(low=0.05)})], FINDINGS)
    assert result.exit_code == 3
    assert "did you mean 'first_slot_effect'?" in result.undecided[0].reason
    allowed = Rule({"statistic": ("none",)}, {"p": Bound(low=0.05)}, missing="passed")
    assert check_gate([allowed], FINDINGS).exit_code == 0


def test_one_of_several_is_enough_where_every_is_false():
    """With every = false one finding that keeps the rule is enough; without any, all breaches are told."""
    one = _rule(verdicts=("equivalent",), every=False)
    assert check_gate([one], FINDINGS).exit_code == 0
    assert check_gate([one], [SLOT]).exit_code == 1
    assert check_gate([one], [SLOT, SMALL]).exit_code == 3


def test_a_breach_counts_before_what_is_undecided():
    """Exit code 1 wins over 3."""
    rules = [_rule(verdicts=("equivalent",)), _rule(bounds={"n_items": Bound(low=50)})]
    result = check_gate(rules, FINDINGS)
    assert result.exit_code == 1
    assert result.undecided


def test_wildcards_and_lists_select():
    """``*`` stands for anything, a list for any of its patterns, and every named column must match."""
    rule = Rule({"judge": ("openai/*", "none"), "family": ("pos*",)}, {"n_items": Bound(low=1)})
    assert check_gate([rule], FINDINGS).checked == 2


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_both_ends_of_a_limit_are_allowed(value: float, limit: float):
    """A value is in breach exactly where it is beyond the limit; the limit itself is kept."""
    found = [Finding("f", "s", estimate=value)]
    high = check_gate([Rule({"family": ("f",)}, {"estimate": Bound(high=limit)})], found).exit_code
    low = check_gate([Rule({"family": ("f",)}, {"estimate": Bound(low=limit)})], found).exit_code
    assert (high, low) == (int(value > limit), int(value < limit))


GOOD = """
[[require]]
name = "no position bias"
family = "position"
statistic = "first_slot_effect"
judge = ["openai/*"]
verdict = "equivalent"

[[require]]
statistic = "failure_rate"
ci_high = { max = 0.02 }
n_items = { min = 100 }
missing = "pass"
"""


def test_a_gate_file_becomes_rules(tmp_path: Path):
    """Selectors, limits, verdicts and lines are read."""
    path = tmp_path / "gate.toml"
    path.write_text(GOOD)
    first, second = read_gate(path)
    assert first.select["judge"] == ("openai/*",)
    assert (first.verdicts, first.line) == (("equivalent",), 2)
    assert second.bounds == {"ci_high": Bound(high=0.02), "n_items": Bound(low=100)}
    assert second.missing == "passed"


def test_all_mistakes_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path):
    """An unknown key, a bare number, a wrong verdict, a rule without demand and an unknown table."""
    path = tmp_path / "gate.toml"
    path.write_text(
        '[[require]]\nstatistc = "x"\nestimate = 0.05\n\n[[require]]\nfamily = "f"\nverdict = "equal"\n'
        '\n[[require]]\nfamily = "f"\n\n[[require]]\nfamily = "f"\np = { min = 2, max = 1 }\n[gates]\n'
    )
    with pytest.raises(StudyError) as caught:
        read_gate(path)
    text = str(caught.value)
    for part in (
        "did you mean 'statistic'?", "line 3", "must say which end", "line 7", "must be one of",
        "line 9", "demands nothing", "min 2 above max 1", "unknown table",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("content", ["", "[[require]", "require = 3"])
def test_an_empty_or_broken_file_is_refused(tmp_path: Path, content: str):
    """A gate without rules would let everything pass."""
    path = tmp_path / "gate.toml"
    path.write_text(content)
    with pytest.raises(StudyError):
        read_gate(path)


def test_the_command_ends_with_the_gate_s_code(tmp_path: Path):
    """`judge gate` prints a line for each breach and returns 1; 3 where nothing could be decided."""
    table, gate = tmp_path / "findings.jsonl", tmp_path / "gate.toml"
    write_findings([SLOT], table)
    gate.write_text(GOOD)
    result = CliRunner().invoke(cli, ["gate", str(table), str(gate)], standalone_mode=False)
    assert result.return_value == 1
    assert result.output.startswith("breached: no position bias (line 2): position first_slot_effect")
    write_findings([SMALL], table)
    again = CliRunner().invoke(cli, ["gate", str(table), str(gate)], standalone_mode=False)
    assert again.return_value == 3


def test_audit_holds_its_findings_against_the_gate(tmp_path: Path):
    """`judge audit --gate` analyses and then decides."""
    table, gate = tmp_path / "ratings.jsonl", tmp_path / "gate.toml"
    table.write_text(
        "".join(
            f'{{"dialogue_id": "d{d}", "system_id": "s", "criterion": "empathy", "rater_id": "p",'
            f' "rater_kind": "human", "score": {1 + d % 3}}}\n'
            for d in range(20)
        )
    )
    gate.write_text('[[require]]\nstatistic = "mean_score"\nestimate = { min = 4 }\n')
    out = tmp_path / "out"
    args = ["audit", str(table), "--out", str(out), "--gate", str(gate), "--no-report", "-q"]
    result = CliRunner().invoke(cli, args, standalone_mode=False)
    assert result.return_value == 1
    assert "is below 4" in result.output
