"""The certificate: each diagnostic put to studies whose truth is known, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Kind = Literal["fpr", "power", "coverage", "fdr", "wrong", "violation", "naive"]

FULL_RUNS = 1000
"""Studies from which on the limits are those of the acceptance, not widened."""
LIMITS: dict[str, tuple[float, float]] = {
    "fpr": (0.02, 0.07),
    "power": (0.9, 1.0),
    "coverage": (0.93, 0.97),
    "fdr": (0.0, 0.065),
    "wrong": (0.0, 0.05),
}
"""What is accepted: rejection of a true null at .05 (aimed at .02-.065, failed above .07), power at the
stated size, coverage of 95 % intervals, false discoveries, wrong verdicts of equivalence."""
_TYPICAL = {"fpr": 0.05, "power": 0.9, "coverage": 0.95, "fdr": 0.05, "wrong": 0.05}
WIDEN = 3.0
"""Binomial standard errors by which limits widen where there are fewer runs than `FULL_RUNS`."""


@dataclass(frozen=True)
class Measure:
    """What is counted over the studies of a scenario.

    Parameters
    ----------
    key
        Name under which a trial gives it: a boolean, a share, or NaN where it does not apply.
    diagnostic
        The estimator or rule, in the words of the findings.
    kind
        ``fpr``, ``power``, ``coverage``, ``fdr``, ``wrong`` (equivalence said wrongly): of diagnostics that
        ship, held against `LIMITS`. ``violation``: documented failure when an assumption is broken, held
        against `low` and `high`. ``naive``: an analysis in common use, shown for comparison.
    low, high
        Other limits than the kind's.
    """

    key: str
    diagnostic: str
    kind: Kind
    low: float | None = None
    high: float | None = None

    def limits(self, runs: int) -> tuple[float, float] | None:
        """Return the accepted range after so many runs; None where nothing is held.

        Examples
        --------
        >>> Measure("x", "x", "fpr").limits(1000)
        (0.02, 0.07)
        """
        low, high = LIMITS.get(self.kind, (0.0, 1.0))
        if self.low is None and self.high is None and self.kind in ("naive", "violation"):
            return None
        low, high = (low if self.low is None else self.low), (high if self.high is None else self.high)
        p = _TYPICAL.get(self.kind, 0.5)
        slack = WIDEN * (p * (1 - p)) ** 0.5 * max(0.0, runs**-0.5 - FULL_RUNS**-0.5)
        return max(0.0, low - slack), min(1.0, high + slack)


@dataclass(frozen=True)
class Scenario:
    """Studies of one design, and what is counted on them.

    `trial` draws a study and returns what happened, by key of a measure. `runs` and `quick` are how many
    studies the full and the quick certificate draw; 0 leaves the scenario out.
    """

    name: str
    design: str
    trial: Callable[[np.random.Generator], Mapping[str, float | bool]]
    measures: tuple[Measure, ...]
    runs: int = FULL_RUNS
    quick: int = 0


@dataclass(frozen=True)
class Row:
    """One line of the certificate.

    `value` is a share of `n_runs` studies, `error` its Monte Carlo standard error; `low` and `high` the
    accepted range (None: shown, not held), `passed` None likewise.
    """

    scenario: str
    design: str
    diagnostic: str
    kind: Kind
    value: float
    error: float
    n_runs: int
    low: float | None
    high: float | None
    seed: int
    seconds: float = field(compare=False)

    @property
    def passed(self) -> bool | None:
        """Whether the value lies in the accepted range."""
        if self.low is None or self.high is None:
            return None
        return bool(self.low - 1e-12 <= self.value <= self.high + 1e-12)


def certify(
    scenarios: Iterable[Scenario], *, seed: int = 0, quick: bool = False, runs: int | None = None
) -> Iterator[Row]:
    """Draw the studies of each scenario and yield its rows as they are done.

    Parameters
    ----------
    scenarios
        From `judge.analysis.simulate.scenarios.scenarios`.
    seed
        Each scenario has a generator of its own, made of this and its name: rows depend neither on the
        order nor on what else is run.
    quick
        Take the quick number of studies, and only the scenarios that have one.
    runs
        Take this many studies of every scenario instead.
    """
    for scenario in scenarios:
        count = runs or (scenario.quick if quick else scenario.runs)
        if count and (scenario.quick or not quick):
            yield from run_scenario(scenario, count, seed)


def run_scenario(scenario: Scenario, runs: int, seed: int) -> Iterator[Row]:
    """Draw so many studies of one scenario and yield a row for each measure."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, crc32(scenario.name.encode())]))
    start = time.perf_counter()
    seen: dict[str, list[float]] = {measure.key: [] for measure in scenario.measures}
    for _ in range(runs):
        happened = scenario.trial(rng)
        for key, values in seen.items():
            values.append(float(happened[key]))
    seconds = time.perf_counter() - start
    for measure in scenario.measures:
        found = np.array(seen[measure.key])
        found = found[np.isfinite(found)]
        count = int(found.size)
        share = float(found.mean()) if count else float("nan")
        error = float(found.std() / np.sqrt(count)) if count else float("nan")
        limits = measure.limits(count) if count else None
        low, high = limits or (None, None)
        yield Row(
            scenario.name, scenario.design, measure.diagnostic, measure.kind, share, error, count,
            low, high, seed, seconds,
        )  # fmt: skip
