"""Position effects: found, excluded, or left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from judge.analysis.audit import AuditInput, audit
from judge.analysis.duel_table import Units
from judge.analysis.position import excess_conflict, slot_effect
from tests.analysis.frames import duels_of, number, one
from tests.analysis.test_ranking import random_duels

if TYPE_CHECKING:
    from judge.types import Finding


def position(frame: pd.DataFrame, statistic: str) -> Finding:
    """The position finding of the only judge."""
    return one(audit(AuditInput(duels=frame)), family="position", statistic=statistic)


def test_first_slot_effect_by_hand():
    """A first-slot win in both orders is +.5, a consistent verdict 0, a last-slot win -.5; mean of these."""
    first = pd.concat([duels_of(["A"] * 6), duels_of(["B"] * 6, orders=("BA",))])
    steady = duels_of(["A"] * 14, orders=("AB", "BA"))
    steady["dialogue_id"] = [f"e{k // 2}" for k in range(28)]
    found = position(pd.concat([first, steady]), "first_slot_effect")
    assert found.estimate == pytest.approx(6 * 0.5 / 20)
    assert found.n_items == 20
    conflict = position(pd.concat([first, steady]), "conflict_rate")
    assert conflict.estimate == pytest.approx(6 / 20)


def test_planted_preference_is_found():
    """A judge that favours the first slot by ten points is found out."""
    found = position(random_duels(np.random.default_rng(1), dialogues=80, slot=0.6), "first_slot_effect")
    assert found.verdict == "bias_found"
    assert number(found.estimate) > 0.05


def test_steady_judge_is_equivalent():
    """A judge who never moves is certified once there are enough dialogues, and not with few."""
    assert position(duels_of(["A"] * 100, orders=("AB", "BA")), "first_slot_effect").verdict == "equivalent"
    assert position(duels_of(["A"] * 10, orders=("AB", "BA")), "first_slot_effect").verdict == "inconclusive"


def test_one_order_is_not_identified():
    """Without both orders there is no slot effect to see."""
    found = position(duels_of(["A", "B"] * 10), "first_slot_effect")
    assert (found.verdict, found.estimate) == ("not_identified", None)


def test_excess_conflict_needs_repeats():
    """Without same-order repeats the excess is not identified, and the mend is named."""
    found = position(random_duels(np.random.default_rng(1)), "excess_conflict")
    assert found.verdict == "not_identified"
    assert "20-30 %" in found.warnings[0]


def test_excess_conflict_sees_effects_of_varying_sign():
    """A preference whose sign changes by dialogue has no mean effect but an excess of conflicts."""
    rng = np.random.default_rng(3)
    parts = []
    for sign in (2.0, -2.0):
        for repeat in (0, 1):
            part = random_duels(rng, dialogues=40, systems=2, slot=sign)
            parts.append(part.assign(repeat=repeat, dialogue_id=part.dialogue_id + str(sign)))
    frame = pd.concat(parts)
    assert position(frame, "first_slot_effect").verdict != "bias_found"
    found = position(frame, "excess_conflict")
    assert found.verdict == "bias_found"
    assert number(found.ci_low) > 0


def simulated(rng: np.random.Generator, dialogues: int = 60, pairs: int = 3) -> Units:
    """Units of an unbiased noisy judge, both orders shown twice."""
    gap = rng.normal(size=(dialogues, 1)) + 0.5 * rng.normal(size=(dialogues, pairs))
    noisy = gap[:, :, None, None] + rng.logistic(size=(dialogues, pairs, 2, 2))
    kind = np.where(noisy > 0.4, 0, np.where(noisy < -0.4, 2, 1)).reshape(-1, 2, 2)
    counts = np.zeros((len(kind), 2, 4))
    for repeat in (0, 1):
        np.add.at(counts, (np.arange(len(kind))[:, None], np.array([[0, 1]]), kind[:, :, repeat]), 1.0)
    dialogue = np.repeat(np.arange(dialogues), pairs)
    return Units(np.tile(np.arange(pairs), dialogues), dialogue, dialogue, counts)


def test_error_rates():
    """A noisy judge without bias is accused in 2-8 % of runs by either test; few runs, wide bounds."""
    runs = 400
    found = [simulated(np.random.default_rng(run)) for run in range(runs)]
    slot = sum((slot_effect(units, 0.95).p or 1.0) < 0.05 for units in found)
    excess = sum((excess_conflict(units, 0.95).p or 1.0) < 0.05 for units in found)
    assert 0.02 <= slot / runs <= 0.08
    assert 0.02 <= excess / runs <= 0.08
