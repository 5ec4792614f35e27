"""Findings of the ranking: strengths, differences, ranks, tie parameter, order effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, finding, holm, t_estimate, unidentified
from judge.analysis.jackknife import dense_codes
from judge.analysis.ranking import bradley_terry
from judge.analysis.ranking.ranks import METHOD as METHOD_RANK
from judge.analysis.ranking.ranks import rank_intervals
from judge.analysis.ranking.win_rate import voices

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.inputs import AuditOptions
    from judge.analysis.means import Scores
    from judge.analysis.ranking.bradley_terry import Fit
    from judge.analysis.ranking.win_rate import Voice
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]

METHOD = "Bradley-Terry-Davidson-Beaver, maximum likelihood; sandwich clustered, t"
SEPARATED = "separated: a side never loses, so half a pseudo-duel was added to each pair; read only the order"


def strength_findings(table: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield the model's findings for each judge and criterion."""
    for voice in voices(table):
        columns = {"judge": voice.judge, "criterion": voice.criterion, "n_raters": voice.raters}
        present = np.unique(table.pairs[np.unique(voice.units.pair)])
        names = [table.system.names[int(code)] for code in present]
        try:
            fit = fit_voice(voice, table)
        except ValueError as error:
            reason = unidentified(str(error), n=int(voice.units.answered.sum()), method=METHOD)
            for name in names:
                yield finding("ranking", "bt_strength", reason, level="system", system=name, **columns)
            continue
        yield from _findings(fit, names, options.confidence, columns)


def fit_voice(voice: Voice, table: DuelTable) -> Fit:
    """Fit one judge's duels on one criterion.

    Raises
    ------
    ValueError
        The data cannot tell strengths.
    """
    units = voice.units
    present_pairs, pair = np.unique(units.pair, return_inverse=True)
    systems, ends = np.unique(table.pairs[present_pairs], return_inverse=True)
    verdicts = units.counts[:, :, :3]
    counts = np.zeros((present_pairs.size, 2, 3))
    np.add.at(counts, pair, verdicts)
    row, order, kind = np.nonzero(verdicts)
    if not row.size:
        raise ValueError("no verdict was given")
    cluster, _ = dense_codes(units.cluster[row])
    cells = (pair[row] * 2 + order) * 3 + kind
    by_cluster = bradley_terry.Cells(cluster, cells, verdicts[row, order, kind])
    return bradley_terry.fit(ends.reshape(-1, 2), systems.size, counts, by_cluster)


def _findings(fit: Fit, names: list[str], confidence: float, columns: dict[str, object]) -> Iterator[Finding]:
    count = fit.systems
    for code, name in enumerate(names):
        weights = np.zeros(fit.theta.size)
        weights[code] = 1.0
        estimate = _combination(fit, weights, confidence)
        yield finding("ranking", "bt_strength", estimate, level="system", system=name, **columns)
    one, two = np.triu_indices(count, 1)
    gaps = [_gap(fit, int(i), int(j), confidence) for i, j in zip(one, two, strict=True)]
    known = [gap.p for gap in gaps if gap.p is not None]
    steps = iter(holm(known))
    adjusted = [None if gap.p is None else next(steps) for gap in gaps]
    for i, j, gap, p in zip(one, two, gaps, adjusted, strict=True):
        yield finding(
            "ranking", "bt_difference", gap, level="pair", system=names[i], system_b=names[j],
            p_adjusted=p, correction="holm" if p is not None else "", **columns,
        )  # fmt: skip
    better = np.zeros((count, count), dtype=bool)
    for i, j, gap, p in zip(one, two, gaps, adjusted, strict=True):
        if p is not None and p < 1 - confidence and gap.value is not None:
            better[(i, j) if gap.value > 0 else (j, i)] = True
    base = Estimate(n=fit.presentations, clusters=fit.clusters, confidence=confidence)
    base = replace(base, method=f"{METHOD_RANK}; by strengths")
    yield from rank_findings(better, fit.strengths, names, base, columns)
    yield from _other_parameters(fit, confidence, columns)


def rank_findings(
    better: npt.NDArray[np.bool_], value: Floats, names: list[str], base: Estimate,
    columns: dict[str, object],
) -> Iterator[Finding]:  # fmt: skip
    """Yield the rank of each system with its simultaneous interval."""
    for name, (rank, low, high) in zip(names, rank_intervals(better, value), strict=True):
        estimate = replace(base, value=rank, ci_low=float(low), ci_high=float(high))
        yield finding("ranking", "rank", estimate, level="system", system=name, **columns)


def mean_rank_findings(
    scores: Scores, differences: list[tuple[int, int, Estimate, float | None]], names: tuple[str, ...],
    confidence: float,
) -> Iterator[Finding]:  # fmt: skip
    """Yield ranks by mean score, for a judge that gave no duels."""
    present = [int(code) for code in np.unique(scores.system)]
    place = {code: number for number, code in enumerate(present)}
    value = np.array([scores.score[scores.system == code].mean() for code in present])
    better = np.zeros((len(present), len(present)), dtype=bool)
    for one, two, gap, p in differences:
        if p is not None and p < 1 - confidence and gap.value is not None:
            better[(place[one], place[two]) if gap.value > 0 else (place[two], place[one])] = True
    clusters = int(np.unique(scores.cluster).size)
    base = Estimate(n=int(scores.score.size), clusters=clusters, confidence=confidence)
    columns: dict[str, object] = {
        "judge": scores.judge, "criterion": scores.criterion, "n_raters": scores.raters,
    }  # fmt: skip
    shown = [names[code] for code in present]
    base = replace(base, method=f"{METHOD_RANK}; by mean scores")
    yield from rank_findings(better, value, shown, base, columns)


def _combination(fit: Fit, weights: Floats, confidence: float, null: float | None = None) -> Estimate:
    """Estimate a linear combination of the parameters."""
    method = f"{METHOD}; {SEPARATED.split(':', maxsplit=1)[0]}" if fit.separated else METHOD
    value = float(weights @ fit.theta)
    bare = Estimate(value=value, n=fit.presentations, clusters=fit.clusters, method=method)
    if fit.clusters < 2:
        return bare.warn("one cluster only: no interval can be given")
    spread = float(np.sqrt(max(float(weights @ fit.covariance @ weights), 0.0)))
    estimate = t_estimate(
        value, spread, fit.clusters - 1, n=fit.presentations, confidence=confidence, method=method, null=null
    )
    return estimate.warn(SEPARATED) if fit.separated else estimate


def _gap(fit: Fit, one: int, two: int, confidence: float) -> Estimate:
    weights = np.zeros(fit.theta.size)
    weights[one], weights[two] = 1.0, -1.0
    return _combination(fit, weights, confidence, null=0.0)


def _other_parameters(fit: Fit, confidence: float, columns: dict[str, object]) -> Iterator[Finding]:
    """Yield the tie parameter nu and the order effect log gamma."""
    if fit.log_nu is None:
        ties = unidentified("no ties", n=fit.presentations, clusters=fit.clusters, method=METHOD)
    else:
        ties = _exponential(_single(fit, fit.log_nu, confidence))
    yield finding("ranking", "tie_parameter", ties, level="judge", **columns)
    if fit.log_gamma is None:
        reason = "no pair was shown in both orders"
        order = unidentified(reason, n=fit.presentations, clusters=fit.clusters, method=METHOD)
    else:
        order = _single(fit, fit.log_gamma, confidence, null=0.0)
    yield finding("ranking", "order_effect", order, level="judge", **columns)


def _single(fit: Fit, place: int, confidence: float, null: float | None = None) -> Estimate:
    weights = np.zeros(fit.theta.size)
    weights[place] = 1.0
    return _combination(fit, weights, confidence, null=null)


def _exponential(estimate: Estimate) -> Estimate:
    """Turn log nu into nu; the SE by the delta method, the interval by its ends."""
    if estimate.value is None:
        return estimate
    value = float(np.exp(estimate.value))
    ends = [None if end is None else float(np.exp(end)) for end in (estimate.ci_low, estimate.ci_high)]
    error = None if estimate.std_error is None else value * estimate.std_error
    return replace(estimate, value=value, std_error=error, ci_low=ends[0], ci_high=ends[1])
