"""Evidence at any look, and rings of systems."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

from judge.analysis.audit import AuditInput, audit
from judge.analysis.ranking import eprocess
from tests.analysis.frames import duels_of, one, wtl
from tests.analysis.test_ranking import random_duels


def test_beta_mixture_is_the_integral():
    """The e-value is the mean likelihood ratio under the beta prior."""

    def density(p: float) -> float:
        return p**9 * (1 - p) ** 9

    top, _ = integrate.quad(lambda p: density(p) * p**12 * (1 - p) ** 5 * 2**17, 0, 1)
    bottom, _ = integrate.quad(density, 0, 1)
    assert eprocess.beta_mixture(12, 5) == pytest.approx(top / bottom)


def test_looking_after_every_comparison_keeps_the_level():
    """Equal systems, a look after each of 500 comparisons: false alarms in at most 5 % of 1,000 runs."""
    rng = np.random.default_rng(0)
    wins = (rng.random((1000, 500)) < 0.5).cumsum(axis=1)
    seen = np.arange(1, 501)
    alarms = sum(
        any(
            eprocess.beta_mixture(int(w), int(n - w)) >= 20
            for w, n in zip(row[9::10], seen[9::10], strict=True)
        )
        for row in wins[:200]
    )
    assert alarms / 200 <= 0.06
    scores = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], size=(400, 500))
    bets = sum(float(eprocess.log_betting(row).max()) >= np.log(20) for row in scores)
    assert bets / 400 <= 0.05


def test_the_last_look_is_that_of_the_path():
    """The evidence at the end is to the last bit that of the whole path, over block borders too."""
    rng = np.random.default_rng(2)
    for n in (*range(1, 40), 26_214, 26_215, 26_216, 60_000):
        scores = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0, 1 / 3], size=n)
        assert eprocess.log_betting_at_end(scores) == eprocess.log_betting(scores)[-1]
        assert eprocess.log_betting_at_end(scores, 0.3) == eprocess.log_betting(scores, 0.3)[-1]


def test_confidence_sequence_covers_at_all_times():
    """The sequence over 300 scores misses the mean in at most 5 % of 60 runs, at any time."""
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(60):
        scores = (rng.random(300) < 0.6).astype(float)
        missed += float(eprocess.log_betting(scores, 0.6).max()) >= np.log(20)
    assert missed / 60 <= 0.05
    low, high = eprocess.confidence_sequence((rng.random(400) < 0.6).astype(float))
    assert low < 0.6 < high
    assert eprocess.confidence_sequence([]) == (0.0, 1.0)


def test_decisions():
    """Clear winners stop the run, steady ties end in equivalence, little data goes on."""
    assert eprocess.decide([1.0] * 40).state == "different"
    assert eprocess.decide([0.5] * 300, margin=0.05).state == "equivalent"
    assert eprocess.decide([1.0, 0.0]).state == "continue"
    assert eprocess.decide([]).p == 1.0


@pytest.mark.parametrize(("scores", "mean"), [([1.5], 0.5), ([0.5], 1.0)])
def test_scores_out_of_range_are_refused(scores, mean):
    """Bets need scores in [0, 1] and a mean inside."""
    with pytest.raises(ValueError, match="must lie"):
        eprocess.log_betting(scores, mean)


def test_e_values_of_pairs():
    """A clear pair counts, an even one stays open; p is valid at any look."""
    clear = one(audit(AuditInput(duels=wtl(70, 20, 10))), statistic="log10_e_value")
    assert clear.term == "differ"
    assert clear.p is not None
    assert clear.p < 1e-4
    even = one(audit(AuditInput(duels=wtl(40, 20, 40))), statistic="log10_e_value")
    assert even.term == "open"
    assert eprocess.e_bh([]) == ()


def test_a_planted_ring_is_found():
    """Rock beats scissors beats paper beats rock: no strengths explain that."""
    ring = [("rock", "scissors"), ("paper", "rock"), ("scissors", "paper")]
    parts = [duels_of(["A"] * 40 + ["B"] * 20, system_a=a, system_b=b) for a, b in ring]
    # Dialogues of their own: in shared ones the three verdicts would not be independent, and p larger.
    frame = pd.concat([part.assign(dialogue_id=part.dialogue_id + part.system_a) for part in parts])
    found = one(audit(AuditInput(duels=frame)), statistic="three_cycle")
    assert found.estimate == pytest.approx(3 * np.log(40.25 / 20.25), rel=1e-6)
    assert found.p_adjusted is not None
    assert found.p_adjusted < 1e-4
    assert found.term in {"paper > rock > scissors > paper", "rock > scissors > paper > rock"}


def test_transitive_systems_show_no_ring():
    """Where strengths explain the duels the adjusted p of the largest ring is not small."""
    found = one(audit(AuditInput(duels=random_duels(np.random.default_rng(0)))), statistic="three_cycle")
    assert found.p_adjusted is not None
    assert found.p_adjusted > 0.05
