"""Agreement: intervals of correlations, and two judges compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from judge.analysis.agreement.compare import correlation_difference, williams
from judge.analysis.agreement.correlation import correlate
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
