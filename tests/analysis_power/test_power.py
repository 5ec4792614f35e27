"""Power: the published table, other libraries, and simulation."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from judge.analysis.power.agreement import items_for_correlation, labels_for_width
from judge.analysis.power.bias import dialogues_for_bias, power_for_bias
from judge.analysis.power.duels import decisive_duels, plan_win_rate, sign_test_power
from judge.analysis.simulate.planted import Design
from judge.cli.root import cli


@pytest.mark.parametrize(
    ("rate", "eighty", "ninety"),
    [(0.55, 820, 1080), (0.58, 325, 426), (0.60, 210, 274), (0.65, 97, 121), (0.70, 54, 70), (0.75, 35, 42)],
)
def test_decisive_duels_are_the_exact_table(rate: float, eighty: int, ninety: int):
    """Exact two-sided sign test at .05, steady over the next 20 duels."""
    assert (decisive_duels(rate), decisive_duels(rate, power=0.9)) == (eighty, ninety)
    assert decisive_duels(1 - rate) == eighty


def test_power_of_the_sign_test_by_brute_force():
    """The power is the chance of a significant exact test, summed over all counts."""
    from scipy import stats

    n, p = 37, 0.68
    counts = np.arange(n + 1)
    significant = np.array([stats.binomtest(int(k), n).pvalue <= 0.05 for k in counts])
    assert sign_test_power(p, n) == pytest.approx(float(stats.binom.pmf(counts, n, p)[significant].sum()))
    assert sign_test_power(0.9, 3) == 0.0


def test_a_hundred_dialogues_with_ties():
    """88 decisive duels: .80 at .65, .92 at .68, .60 at .62."""
    found = [round(sign_test_power(p, 88), 2) for p in (0.65, 0.68, 0.62)]
    assert found == pytest.approx([0.80, 0.92, 0.60], abs=0.015)


def test_ties_and_clusters_cost_dialogues():
    """n / (1 - ties) x (1 + (m - 1) icc) / m."""
    assert plan_win_rate(0.65, ties=0.0).dialogues == 97
    assert plan_win_rate(0.65, ties=0.5).dialogues == 194
    assert plan_win_rate(0.65, ties=0.0, per_dialogue=3, icc=0.5).dialogues == int(np.ceil(97 * 2 / 3))


@pytest.mark.parametrize("rate", [0.5, 0.0, 1.0, 0.5001])
def test_what_cannot_be_planned_is_refused(rate: float):
    """No difference, certainty, or a difference too small for any study."""
    with pytest.raises(ValueError, match=r"planned for|are needed"):
        decisive_duels(rate)


def test_items_for_a_correlation_have_the_power():
    """Simulated Spearman tests at the planned n reject about as often as planned."""
    from scipy import stats

    n = items_for_correlation(0.4)
    rng = np.random.default_rng(0)
    r = 2 * np.sin(np.pi / 6 * 0.4)  # Pearson's of a normal pair with this Spearman's
    hits = 0
    for _ in range(300):
        x = rng.normal(size=n)
        y = r * x + np.sqrt(1 - r * r) * rng.normal(size=n)
        hits += stats.spearmanr(x, y).pvalue < 0.05
    assert 0.72 <= hits / 300 <= 0.88
    with pytest.raises(ValueError, match="not 0"):
        items_for_correlation(0.0)


def test_labels_for_a_width_follow_the_gain():
    """The judge saves labels, never below 50; impossible widths take all items."""
    assert labels_for_width(0.1, 1.0, 0.0, 5000) == pytest.approx(385, abs=1)
    assert labels_for_width(0.1, 1.0, 0.7, 10**5) == pytest.approx(385 * 0.51, rel=0.02)
    assert labels_for_width(5.0, 1.0, 0.9, 1000) == 50
    assert labels_for_width(0.001, 1.0, 0.9, 1000) == 1000


def test_bias_power_at_the_stated_design():
    """.2 points per SD with 100 x 5 x 3 has power near .91; none planted is found at about .05."""
    design = Design(slope=0.8)
    found = power_for_bias(0.2, design=design, runs=150, rng=np.random.default_rng(1))
    assert 0.84 <= found.power <= 0.98
    none = power_for_bias(0.0, design=design, runs=200, rng=np.random.default_rng(2))
    assert none.power <= 0.11
    assert none.low < 0.05 < none.high


def test_one_rater_identifies_no_bias():
    """Without a second rater nothing is found, and the plan says so."""
    found = power_for_bias(0.5, design=Design(raters=1), runs=5, rng=np.random.default_rng(0))
    assert (found.power, found.undecided) == (0.0, 1.0)


def test_dialogues_for_a_bias_reach_the_power():
    """What is planned for .8 has about .8 in new studies."""
    number, tried = dialogues_for_bias(0.25, runs=120, rng=np.random.default_rng(3))
    assert number is not None
    assert len(tried) <= 6
    again = power_for_bias(
        0.25, design=Design(slope=0.8, dialogues=number), runs=150, rng=np.random.default_rng(4)
    )
    assert 0.68 <= again.power <= 0.93


def test_the_plan_prints_its_power():
    """`judge plan --detect-...` adds a section, and the JSON the numbers; nonsense is wrong usage."""
    args = ["plan", "--detect-win-rate", ".6", "--detect-correlation", ".3", "--ties", "0"]
    text = CliRunner().invoke(cli, args, standalone_mode=False)
    assert "win rate 0.6: 210 dialogues (210 decisive duels; exact sign test)" in text.output
    found = CliRunner().invoke(cli, [*args, "--json"], standalone_mode=False)
    assert json.loads(found.output)["power"]["correlation"]["items"] == items_for_correlation(0.3)
    bad = CliRunner().invoke(cli, ["plan", "--detect-win-rate", ".5"], standalone_mode=False)
    assert "cannot be planned for" in str(bad.exception)
