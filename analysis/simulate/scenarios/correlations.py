"""Agreement: intervals of correlations, and two judges compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from judge.analysis.agreement.alpha import Labels, alpha
from judge.analysis.agreement.compare import correlation_difference, williams
from judge.analysis.agreement.correlation import correlate
from judge.analysis.agreement.ordering import Pairs, agreement_at, best_threshold, pairs_of, tie_calibrated
from judge.analysis.simulate.certificate import Measure, Scenario
from judge.analysis.simulate.naive import fisher_interval
from judge.analysis.simulate.scenarios.tools import ALPHA, covers, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SYSTEMS = 5


def scenarios() -> Iterator[Scenario]:
    """Yield the coverage of Spearman's intervals, then the comparison of two judges."""
    for name, dialogues, noise, quick in (
        ("spearman", 100, 0.8, 30),
        ("spearman-30-dialogues", 30, 0.8, 0),
        ("spearman-high", 100, 0.4, 0),
    ):
        yield Scenario(
            name,
            f"{dialogues} dialogues x 5 systems, half of the variance between dialogues, noise SD {noise:g}",
            _Spearman(dialogues, noise),
            (
                Measure("ours", "spearman, interval", "coverage", high=0.98),
                Measure("naive", "Fisher interval, rows independent", "naive"),
            ),
            runs=600,
            quick=quick,
        )
    for name, dialogues, slope, quick in (
        ("two-judges", 100, 0.8, 30),
        ("two-judges-30-dialogues", 30, 0.8, 0),
        ("two-judges-planted", 100, 0.4, 0),
    ):
        equal = slope == 0.8
        yield Scenario(
            name,
            f"{dialogues} dialogues x 5 systems; judges of slope .8 and {slope:g}",
            _TwoJudges(dialogues, slope),
            (
                Measure("ours", "difference of two judges' correlations", "fpr" if equal else "power"),
                Measure("naive", "Williams' test, rows independent", "naive"),
            ),
            runs=600,
            quick=quick,
        )
    yield Scenario(
        "alpha",
        "100 dialogues x 5 systems x 3 raters, half of the variance between dialogues, alpha .61",
        _alpha,
        (Measure("ours", "krippendorff_alpha (interval), interval", "coverage"),),
        quick=30,
    )
    yield Scenario(
        "ties-calibrated",
        "40 dialogues x 4 systems, people tie .3 of the pairs, a judge of continuous scores",
        _ties,
        (
            Measure("ours", "accuracy with calibrated ties, cross-fitted, interval", "coverage", high=0.985),
            Measure(
                "naive",
                "too high on the data that chose the threshold (.5 is fair)",
                "naive",
            ),
        ),
        runs=600,
    )


def _correlated(dialogues: int, count: int, rng: np.random.Generator) -> Floats:
    """Columns of unit variance, half of it between dialogues."""
    between = rng.normal(size=(dialogues, 1, count)).repeat(SYSTEMS, axis=1)
    within = rng.normal(size=(dialogues, SYSTEMS, count))
    return np.asarray(np.sqrt(0.5) * (between + within)).reshape(-1, count)


class _Spearman:
    """Bivariate normal items: rho = 6 / pi asin(r / 2)."""

    def __init__(self, dialogues: int, noise: float) -> None:
        self.dialogues, self.noise = dialogues, noise
        r = 1 / (1 + noise**2)
        self.truth = 6 / np.pi * np.arcsin(r / 2)

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        columns = _correlated(self.dialogues, 3, rng)
        x, y = (columns[:, 0] + self.noise * columns[:, k] for k in (1, 2))
        cluster = np.repeat(np.arange(self.dialogues), SYSTEMS)
        found = correlate(x, y, cluster, statistics=("spearman",))["spearman"]
        low, high = fisher_interval(float(found.value or 0.0), x.size)
        return {"ours": covers(found, self.truth), "naive": bool(low <= self.truth <= high)}


class _TwoJudges:
    """Two judges of the same items that err alike in dialogues."""

    def __init__(self, dialogues: int, slope: float) -> None:
        self.dialogues, self.slope = dialogues, slope

    def __call__(self, rng: np.random.Generator) -> Mapping[str, float | bool]:
        columns = _correlated(self.dialogues, 4, rng)
        people = columns[:, 0] + 0.6 * columns[:, 3]
        judges = [s * columns[:, 0] + 0.6 * columns[:, k] for s, k in ((0.8, 1), (self.slope, 2))]
        cluster = np.repeat(np.arange(self.dialogues), SYSTEMS)
        found = correlation_difference(judges[0], judges[1], people, cluster)
        r = np.corrcoef([stats.rankdata(v) for v in (people, *judges)])
        _, p = williams(r[0, 1], r[0, 2], r[1, 2], people.size)
        return {"ours": significant(found.p), "naive": bool(p < ALPHA)}


def _alpha(rng: np.random.Generator) -> Mapping[str, float | bool]:
    """With equal raters and continuous scores alpha is the share of the variance that is not noise."""
    columns = _correlated(100, 1, rng)[:, 0]
    n = columns.size
    value = (columns[:, None] + 0.8 * rng.normal(size=(n, 3))).ravel()
    labels = Labels(np.repeat(np.arange(n), 3), value, np.repeat(np.arange(100), SYSTEMS))
    return {"ours": covers(alpha(labels, "interval"), 1 / 1.64)}


def _ties(rng: np.random.Generator) -> Mapping[str, float | bool]:
    """Take as the truth the accuracy of the chosen threshold in a thousand other dialogues."""
    pairs, others = _tied_pairs(40, rng), _tied_pairs(1000, rng)
    found, threshold, _ = tie_calibrated(pairs, seed=int(rng.integers(1 << 30)))
    own = best_threshold(pairs)
    truth = float(agreement_at(others, threshold.value or 0.0).mean())
    optimism = float(agreement_at(pairs, own).mean()) > float(agreement_at(others, own).mean())
    return {"ours": covers(found, truth), "naive": optimism}


def _tied_pairs(dialogues: int, rng: np.random.Generator) -> Pairs:
    """Four responses a dialogue: people tie .3 of the pairs, a judge follows them with noise."""
    dialogue = np.repeat(np.arange(dialogues), 4)
    people = np.tile([0.0, 0.0, 1.0, 2.0], dialogues)
    people[np.repeat(rng.random(dialogues) < 0.8, 4) & (people == 2.0)] = 1.0
    return pairs_of(people + 0.7 * rng.normal(size=people.size), people, dialogue, dialogue)
