"""What came of asking: counts of verdicts, scores and failures, by judge and criterion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, finding, wilson
from judge.analysis.inputs import PEOPLE
from judge.analysis.jackknife import cluster_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

METHOD_RATE = "share of answers that are no verdict and no score; cluster jackknife, t"


@dataclass(frozen=True)
class Asked:
    """The outcomes of one rater (or of all people) on one criterion; shape (n,) each."""

    outcome: npt.NDArray[np.int64]
    cluster: npt.NDArray[np.int64]
    system: npt.NDArray[np.int64] | None
    names: tuple[str, ...]
    systems: tuple[str, ...]


def outcome_findings(table: RatingTable | DuelTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield counts of each outcome, and the failure rate with its interval."""
    for judge, criterion, asked in _parts(table):
        yield from _counts(asked, judge=judge, criterion=criterion)
        yield _rate(asked, options.confidence, judge=judge, criterion=criterion)
        yield from _by_system(asked, options.confidence, judge=judge, criterion=criterion)


def failure_rate(
    failed: npt.NDArray[np.bool_], clusters: npt.NDArray[np.int64], confidence: float
) -> Estimate:
    """Estimate the share of failures; Wilson's interval where all or none failed.

    >>> failure_rate(np.zeros(20, bool), np.arange(20), 0.95).ci_high < 0.17
    True
    """
    out = cluster_mean(failed.astype(float), clusters, confidence=confidence, method=METHOD_RATE)
    return bounded(out, confidence)


def bounded(estimate: Estimate, confidence: float) -> Estimate:
    """Cut a share's interval to [0, 1]; where nothing varies give Wilson's interval by clusters."""
    if estimate.value is None or estimate.ci_low is not None:
        return estimate.clip(0.0, 1.0)
    low, high = wilson(estimate.value, max(estimate.clusters, 1), confidence)
    kept = tuple(text for text in estimate.warnings if "no interval" not in text)
    method = f"{estimate.method}; no variation, so Wilson's interval with one observation a cluster"
    return replace(estimate, ci_low=low, ci_high=high, confidence=confidence, warnings=kept, method=method)


def _parts(table: RatingTable | DuelTable) -> Iterator[tuple[str, str, Asked]]:
    """Cut the rows by judge (people together) and criterion."""
    from judge.analysis.rating_table import RatingTable

    if isinstance(table, RatingTable):
        criterion, rater, cluster = table.criterion.codes, table.rater.codes, table.cluster
        system: npt.NDArray[np.int64] | None = table.system.codes
    else:
        criterion, rater, cluster, system = table.row_criterion, table.row_rater, table.row_cluster, None
    voice = np.where(table.rater_is_judge, np.arange(len(table.rater)), len(table.rater))[rater]
    names = (*table.rater.names, PEOPLE)
    key = voice * len(table.criterion) + criterion
    order = np.argsort(key, kind="stable")
    present, start = np.unique(key[order], return_index=True)
    for code, rows in zip(present, np.split(order, start[1:]), strict=True):
        who, what = divmod(int(code), len(table.criterion))
        part = Asked(
            table.outcome.codes[rows],
            cluster[rows],
            None if system is None else system[rows],
            table.outcome.names,
            table.system.names,
        )
        yield names[who], table.criterion.names[what], part


def _counts(asked: Asked, **columns: str) -> Iterator[Finding]:
    """Yield how often each outcome came."""
    counts = np.bincount(asked.outcome, minlength=len(asked.names))
    total = int(counts.sum())
    for name, count in zip(asked.names, counts, strict=True):
        if count:
            estimate = Estimate(value=float(count), n=total, method="count")
            yield finding(
                "outcomes", "count", estimate, level="judge", term=name, n_dialogues=None, **columns
            )


def _failed(asked: Asked) -> npt.NDArray[np.bool_]:
    return np.array([name != "ok" for name in asked.names], dtype=bool)[asked.outcome]


def _rate(asked: Asked, confidence: float, **columns: str) -> Finding:
    """Give the failure rate over all systems."""
    estimate = failure_rate(_failed(asked), asked.cluster, confidence)
    return finding("outcomes", "failure_rate", estimate, level="judge", **columns)


def _by_system(asked: Asked, confidence: float, **columns: str) -> Iterator[Finding]:
    """Yield the failure rate of each system, where there are failures at all."""
    failed = _failed(asked)
    if asked.system is None or not failed.any():
        return
    for code in np.unique(asked.system):
        rows = asked.system == code
        estimate = failure_rate(failed[rows], asked.cluster[rows], confidence)
        name = asked.systems[int(code)]
        yield finding("outcomes", "failure_rate", estimate, level="system", system=name, **columns)
