"""Duels: position, length in pairs, win rates, early stopping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from judge.analysis.bias.eiv import HumanMoments, NotIdentified, Ratings, human_moments, mom_eiv
from judge.analysis.bias.length import length_adjusted_rate
from judge.analysis.duel_table import Units
from judge.analysis.position import excess_conflict, slot_effect
from judge.analysis.ranking.eprocess import log_betting
from judge.analysis.ranking.win_rate import win_rate
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.naive import ols_p_values
from judge.analysis.simulate.planted import Design, simulate_duels
from judge.analysis.simulate.scenarios.tools import ALPHA, covers, rejects, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def scenarios() -> Iterator[Scenario]:
    """Yield position, then length, then win rates and stopping."""
    yield from _position_scenarios()
    for planted, voters, noise, words, quick in (
        (0.0, 3, 1.0, "no bias; 3 voters", 40),
        (0.0, 2, 1.5, "no bias; 2 noisy voters", 0),
        (0.3, 3, 1.0, "liking of .3 planted; 3 voters", 0),
    ):
        dialogues = 200 if planted else 100
        ours = Measure("ours", "preference pooled (duels)", "power" if planted else "fpr")
        naive = (
            Measure("given", "regression of the verdict given people's votes, by dialogue", "naive"),
            Measure("raw", "regression of the verdict on length alone, by dialogue", "naive"),
        )
        yield Scenario(
            f"pairs-length-{planted}-{voters}",
            f"{dialogues} dialogues x 3 pairs; {words}",
            _Length(dialogues, planted, voters, noise),
            (ours,) if planted else (ours, *naive),
            quick=quick,
        )
    yield Scenario(
        "length-adjusted",
        "150 pairs, wins .62 at equal length, the longer is favoured",
        _length_adjusted,
        (
            Measure("covers", "length_adjusted_win_rate, interval", "coverage"),
            Measure("naive", "plain win rate, interval holds the rate at equal length", "naive"),
        ),
    )
    yield Scenario(
        "win-rate",
        "60 dialogues x 4 duels each that agree within a dialogue, ties, true rate .6",
        _win_rate,
        (
            Measure("covers", "win_rate, interval", "coverage"),
            Measure("naive", "Wilson interval, rows independent", "naive"),
        ),
        quick=60,
    )
    yield Scenario(
        "stopping",
        "no difference; up to 300 dialogues of 3 duels that agree within a dialogue, looked at after each",
        _stopping,
        (
            Measure("ours", "e-process on dialogues, peeking", "fpr", low=0.0, high=0.05),
            Measure("naive", "z test on dialogues, peeking", "naive"),
        ),
        quick=40,
    )


POSITION = {
    "position": ("no bias", {}, Design(), "fpr", "fpr"),
    "position-noisy": ("no bias, a noisy judge", {}, Design(judge_noise=1.5), "fpr", "fpr"),
    "position-20-dialogues": ("no bias, 20 dialogues", {}, Design(dialogues=20), "fpr", "fpr"),
    "position-varying": (
        "an effect whose sign varies between dialogues",
        {"position": 0.8, "sign_varies": True},
        Design(),
        "fpr",
        "power",
    ),
    "position-planted": ("the first slot is worth .25 SD", {"position": 0.25}, Design(), "power", "naive"),
}  # fmt: skip


def _position_scenarios() -> Iterator[Scenario]:
    for name, (words, options, design, slot, excess) in POSITION.items():
        measures = [
            Measure("slot", "first_slot_effect", slot),  # type: ignore[arg-type]  # literals above
            Measure("excess", "excess_conflict", excess),  # type: ignore[arg-type]  # literals above
        ]
        if slot == "fpr":
            measures += [
                Measure("pooled", "binomial test on both orders pooled", "naive"),
                Measure("rule", "rule: more than 5 % conflicts", "naive"),
            ]
        yield Scenario(
            name,
            f"{words}; {design.dialogues} dialogues x 10 pairs, one order repeated",
            _Position(design, options),
            tuple(measures),
            quick=40 if name in ("position", "position-varying") else 0,
        )


class _Position:
    """Both shipped tests and two in use on the same duels."""

    def __init__(self, design: Design, options: Mapping[str, float | bool]) -> None:
        self.design, self.options = design, options

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        first = simulate_duels(self.design, rng=rng, **self.options)  # type: ignore[arg-type]  # known names
        units = _units(first)
        decisive = first[:, :, :2][first[:, :, :2] != 0.5]
        conflict = (first[:, :, 0] != 1 - first[:, :, 1]).mean()
        test = stats.binomtest(int(decisive.sum()), int(decisive.size))
        return {
            "slot": significant(slot_effect(units, 0.95).p),
            "excess": significant(excess_conflict(units, 0.95).p),
            "pooled": bool(test.pvalue < ALPHA),
            "rule": bool(conflict > 0.05),
        }


def _units(first: Floats) -> Units:
    """Turn first-slot scores of AB, BA and AB again into counted verdicts."""
    d, k, _ = first.shape
    counts = np.zeros((d * k, 2, 4))
    rows = np.arange(d * k)
    for look, order in ((0, 0), (1, 1), (2, 0)):
        score = first[:, :, look].ravel()
        of_first = score if order == 0 else 1 - score
        counts[rows, order, np.rint(2 - 2 * of_first).astype(int)] += 1
    dialogue = np.repeat(np.arange(d), k)
    return Units(np.tile(np.arange(k), d), dialogue, dialogue, counts)


@dataclass
class _Length:
    """Three responses a dialogue compared with each other; longer ones are better."""

    dialogues: int
    planted: float
    voters: int
    noise: float

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        d = self.dialogues
        quality = rng.normal(size=(d, 3))
        length = 0.5 * quality + np.sqrt(0.75) * rng.normal(size=(d, 3))
        one, two = np.triu_indices(3, 1)
        gap, longer = ((x[:, one] - x[:, two]).ravel() for x in (quality, length))
        n = gap.size
        felt = gap[:, None] + self.noise * np.sqrt(2) * rng.normal(size=(n, self.voters))
        votes = np.where(np.abs(felt) < 0.4, 0.0, np.sign(felt))
        taste = gap + self.planted * longer + 0.7 * rng.normal(size=n)
        looks = taste[:, None] + 0.7 * rng.normal(size=(n, 2))
        score = np.where(np.abs(looks) < 0.3, 0.5, (looks > 0).astype(float)).mean(axis=1) - 0.5
        cluster = np.repeat(np.arange(d), 3)
        item, voter = np.divmod(np.arange(n * self.voters), self.voters)
        people = human_moments(Ratings(item, voter, votes.ravel(), n), centre=False)
        mean = votes.mean(axis=1)
        return {
            "ours": _ours(score, longer, people, cluster),
            "given": bool(ols_p_values(score, np.column_stack([longer, mean]), cluster)[0] < ALPHA),
            "raw": bool(ols_p_values(score, longer[:, None], cluster)[0] < ALPHA),
        }


def _ours(score: Floats, longer: Floats, people: HumanMoments, cluster: Ints) -> bool:
    """Whether a preference is found; what is not identified is not found."""
    try:
        return rejects(mom_eiv(score, longer, people, cluster))
    except NotIdentified:
        return False


def _length_adjusted(rng: np.random.Generator) -> Mapping[str, float | bool]:
    n, rate = 150, 0.62
    gap = rng.normal(8, 15, size=n)
    logit = np.log(rate / (1 - rate)) + 1.2 * np.tanh(gap / gap.std())
    score = (rng.random(n) < special.expit(logit)).astype(float)
    cluster = np.arange(n)
    return {
        "covers": covers(length_adjusted_rate(score, gap, cluster), rate),
        "naive": covers(win_rate(score, cluster, 0.95), rate),
    }


def _win_rate(rng: np.random.Generator) -> Mapping[str, float | bool]:
    d, k = 60, 4
    latent = np.sqrt(0.5) * rng.normal(size=(d, 1)) + np.sqrt(0.5) * rng.normal(size=(d, k))
    # P(win) = .5, P(tie) = .2: a rate of .6.
    score = np.where(latent > 0, 1.0, np.where(latent > stats.norm.ppf(0.3), 0.5, 0.0)).ravel()
    found = win_rate(score, np.repeat(np.arange(d), k), 0.95)
    n, p = score.size, float(score.mean())
    centre = (p + 1.92 / n) / (1 + 3.84 / n)
    half = 1.96 / (1 + 3.84 / n) * np.sqrt(p * (1 - p) / n + 3.84 / (4 * n * n))
    return {"covers": covers(found, 0.6), "naive": bool(abs(0.6 - centre) <= half)}


def _stopping(rng: np.random.Generator) -> Mapping[str, float | bool]:
    d = 300
    chance = np.clip(0.5 + 0.3 * rng.normal(size=d), 0, 1)
    chance = np.where(rng.random(d) < 0.5, chance, 1 - chance)
    score = (rng.random((d, 3)) < chance[:, None]).mean(axis=1)
    t = np.arange(1, d + 1)
    mean = score.cumsum() / t
    spread = np.sqrt(np.maximum((score**2).cumsum() / t - mean**2, 1e-9) / t)
    z = np.abs(mean - 0.5) / spread
    return {
        "ours": bool((log_betting(score) >= np.log(1 / ALPHA)).any()),
        "naive": bool((z[20:] > 1.96).any()),
    }
