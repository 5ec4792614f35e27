"""Classes of dialogues, halo and self-preference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from judge.analysis.bias.classes import class_effects
from judge.analysis.bias.eiv import Ratings, human_moments, mom_eiv
from judge.analysis.bias.halo import Sightings, halo
from judge.analysis.bias.self_preference import Rows, self_preference
from judge.analysis.estimate import benjamini
from judge.analysis.simulate.certificate import FULL_RUNS, Measure, Scenario
from judge.analysis.simulate.scenarios.tools import ALPHA, covers, rejects, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from judge.analysis.bias.eiv import HumanMoments

    Floats = NDArray[np.float64]


def scenarios() -> Iterator[Scenario]:
    """Yield nulls and planted effects of each."""
    for name, count, dialogues, quick in (("classes-8", 8, 160, 30), ("classes-32", 32, 480, 0)):
        yield Scenario(
            name,
            f"no bias; {count} emotions of different quality, {dialogues} dialogues x 3 systems x 3 raters",
            _Classes(count, dialogues, 0.0),
            (
                Measure("omnibus", "class_effect, Wald F", "fpr"),
                Measure("fdr", "class_leniency, false discovery rate", "fdr"),
                Measure("naive", "one-way analysis of variance of judge - people, rows independent", "naive"),
            ),
            runs=FULL_RUNS if count < 32 else 400,
            quick=quick,
        )
    yield Scenario(
        "classes-planted",
        "one of 8 emotions judged .4 points too mildly; 400 dialogues x 3 systems x 3 raters",
        _Classes(8, 400, 0.4),
        (
            Measure("omnibus", "class_effect, Wald F", "power"),
            Measure("found", "class_leniency of that class, p adjusted", "power"),
        ),
        runs=600,
    )
    yield Scenario(
        "halo",
        "no halo beyond people's; 2 repeats of one answer, 3 raters, 150 dialogues x 3 systems",
        _Halo(0.0),
        (
            Measure("halo", "halo", "fpr"),
            Measure("covers", "halo, interval", "coverage"),
            Measure("naive", "difference of the raw correlations, Fisher z, rows independent", "naive"),
        ),
        quick=40,
    )
    yield Scenario(
        "halo-planted",
        "criteria correlate .5 for people and .76 for the judge; same design",
        _Halo(1.0),
        (Measure("halo", "halo", "power"),),
        runs=300,
    )
    yield Scenario(
        "self",
        "no self-preference; slopes 1 and .6, one family better, one system underrated by people",
        _Own(0.0),
        (
            Measure("did", "self_preference", "fpr"),
            Measure("single", "one judge's own-family dummy given people (corrected for noise)", "naive"),
        ),
        quick=40,
    )
    yield Scenario(
        "self-planted",
        "each judge lifts its family by .25 points (.5 together)",
        _Own(0.25),
        (
            Measure("did", "self_preference", "power"),
            Measure("covers", "self_preference, interval", "coverage"),
        ),
    )


def _people(quality: Floats, rng: np.random.Generator, raters: int = 3) -> tuple[HumanMoments, Floats]:
    """Ratings 1-5 by raters of different severity, as moments and as a matrix."""
    n = quality.size
    felt = quality[:, None] + 0.3 * rng.normal(size=raters) + rng.normal(size=(n, raters))
    human = np.clip(np.round(3 + felt), 1, 5)
    item, rater = np.divmod(np.arange(n * raters), raters)
    return human_moments(Ratings(item, rater, human.ravel(), n)), human


class _Classes:
    """Emotions of different quality, in which the judge is fair or not."""

    def __init__(self, count: int, dialogues: int, planted: float) -> None:
        self.count, self.dialogues, self.planted = count, dialogues, planted

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        d, s = self.dialogues, 3
        of_dialogue = np.arange(d) % self.count
        cluster = np.repeat(np.arange(d), s)
        klass = of_dialogue[cluster]
        level = 0.4 * rng.normal(size=self.count)[klass]
        quality = level + 0.5 * rng.normal(size=d)[cluster] + 0.7 * rng.normal(size=d * s)
        lift = self.planted * (klass == 0)
        noise = 0.3 * rng.normal(size=d)[cluster] + 0.6 * rng.normal(size=d * s)
        judge = np.clip(np.round(3 + 0.8 * quality + lift + noise), 1, 5)
        people, human = _people(quality, rng)
        found = class_effects(judge, klass, people, cluster)
        p = 2 * special.stdtr(found.class_df, -np.abs(found.value / found.std_error))
        hits = np.array(benjamini(list(p))) < ALPHA
        return {
            "omnibus": found.p < ALPHA,
            "fdr": bool(hits.any()),
            "found": bool(hits[0]),
            "naive": _anova(judge - human.mean(axis=1), klass) < ALPHA,
        }


def _anova(y: Floats, klass: NDArray[np.int64]) -> float:
    size = np.bincount(klass)
    means = np.bincount(klass, weights=y) / size
    between = float((size * (means - y.mean()) ** 2).sum()) / (size.size - 1)
    within = float(((y - means[klass]) ** 2).sum()) / (y.size - size.size)
    return float(special.fdtrc(size.size - 1, y.size - size.size, between / within))


class _Halo:
    """Two criteria that correlate .5 in truth; `extra` is a taste of the judge common to both."""

    def __init__(self, extra: float) -> None:
        self.extra = extra

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        d, s = 150, 3
        cluster = np.repeat(np.arange(d), s)
        n = cluster.size
        quality = np.sqrt(0.3) * _pair(d, rng)[cluster] + np.sqrt(0.7) * _pair(n, rng)
        taste = 0.5 * _pair(n, rng) + self.extra * rng.normal(size=(n, 1))
        judge = _looks(quality + taste, 2, 0.4, 0.9, rng)
        people = _looks(quality, 3, 1.0, 0.2, rng)
        found = halo(judge, people, np.asarray(cluster))
        raw = [_raw(judge, n), _raw(people, n)]
        z = (np.arctanh(raw[0]) - np.arctanh(raw[1])) / np.sqrt(2 / (n - 3))
        return {
            "halo": significant(found.p),
            "covers": covers(found, 0.0),
            "naive": bool(abs(z) > 1.96),
        }


def _pair(n: int, rng: np.random.Generator, r: float = 0.5) -> Floats:
    """Two columns that correlate."""
    a, b = rng.normal(size=(2, n))
    return np.column_stack([a, r * a + np.sqrt(1 - r**2) * b])


def _looks(truth: Floats, looks: int, noise: float, mood: float, rng: np.random.Generator) -> Sightings:
    """Look at each item so often; the errors of one look on the two criteria correlate by `mood`."""
    n = truth.shape[0]
    item = np.repeat(np.arange(n), looks)
    seen = truth[item] + noise * _pair(n * looks, rng, mood)
    return Sightings(item, seen[:, 0], seen[:, 1])


def _raw(seen: Sightings, n: int) -> float:
    """Correlation of the mean scores as they are."""
    first, second = (x.reshape(n, -1).mean(axis=1) for x in (seen.first, seen.second))
    return float(np.corrcoef(first, second)[0, 1])


class _Own:
    """Two judges, two systems of each family and one of neither."""

    def __init__(self, planted: float) -> None:
        self.planted = planted

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        d, s = 100, 5
        cluster, system = np.repeat(np.arange(d), s), np.tile(np.arange(s), d)
        own, other = (system < 2).astype(float), ((system >= 2) & (system < 4)).astype(float)
        quality = 0.5 * rng.normal(size=d)[cluster] + 0.87 * rng.normal(size=d * s) + 0.5 * own
        people, _ = _people(quality - 0.4 * (system == 0), rng)
        judges = []
        for slope, mine in ((1.0, own), (0.6, other)):
            noise = 0.3 * rng.normal(size=d)[cluster] + 0.6 * rng.normal(size=d * s)
            judges.append(slope * (quality + self.planted * mine) + noise + 0.5 * slope)
        found = self_preference(Rows(judges[0], judges[1], own, other, people, cluster))
        single = mom_eiv(judges[0], own, people, cluster)
        spread = float(np.sqrt(people.mean.var() - _noise(people)))
        return {
            "did": significant(found.p),
            "covers": covers(found, 2 * self.planted * _scale_of_people() / spread),
            "single": rejects(single),
        }


def _noise(people: HumanMoments) -> float:
    return float(people.squares.sum() / people.dof.sum() * people.noise.mean())


def _scale_of_people() -> float:
    """Points of the 1-5 scale that people give for one of quality (its ends take a part)."""
    from scipy import stats

    # Variance of what a rater feels: quality 1.0 + family .06 + severity .09 + noise 1.
    return float(stats.norm.pdf([-1.5, -0.5, 0.5, 1.5], scale=np.sqrt(2.15)).sum())
