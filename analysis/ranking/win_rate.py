"""Win rates with ties: orders averaged first, clustered by dialogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, finding, unidentified
from judge.analysis.inputs import PEOPLE
from judge.analysis.jackknife import cluster_mean, dense_codes, from_replicates, present_codes, sum_by
from judge.analysis.outcomes import bounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable, Units
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

METHOD = "mean of order-averaged verdicts, ties one half; cluster jackknife, t"
METHOD_SIGN = "p by the exact sign test on order-averaged verdicts"
METHOD_SYSTEM = "mean over opponents of the win rates; cluster jackknife, t"
ONE_ORDER = "some duels were shown in one order only: a position effect is not averaged out"


@dataclass(frozen=True)
class Voice:
    """One judge's (or all people's) duels on one criterion; `score` is that of the pair's first system."""

    judge: str
    criterion: str
    units: Units
    score: Floats
    raters: int


def voices(table: DuelTable) -> Iterator[Voice]:
    """Yield the duels of each judge, and of people together, criterion by criterion."""
    from judge.analysis.duel_table import average_raters

    for number, criterion in enumerate(table.criterion.names):
        for rater in table.judges:
            units = table.of(number, rater)
            if len(units):
                yield Voice(table.rater.names[rater], criterion, units, units.score, 1)
        people = table.pooled(number)
        if people:
            units, score = average_raters(people, table.dialogues)
            yield Voice(PEOPLE, criterion, units, score, len(people))


def sign_test(wins: int, losses: int) -> float:
    """Return the exact two-sided p-value of wins against losses, ties left out (McNemar's exact test).

    Mistral 48:40, the rest ties, is no significant win:

    >>> round(sign_test(48, 40), 2)
    0.46
    """
    from scipy import special

    n = wins + losses
    return min(1.0, 2 * float(special.bdtr(min(wins, losses), n, 0.5))) if n else 1.0


def win_rate(score: Floats, clusters: Ints, confidence: float) -> Estimate:
    """Estimate the win rate from order-averaged scores in [0, 1], ties one half.

    Parameters
    ----------
    score
        1 win, 0 loss, .5 tie or conflict between orders, .25 and .75 a tie in one order; shape (n,).
    clusters
        Code of the dialogue (or coarser unit) of each.

    Returns
    -------
    Estimate
        With the p-value of the sign test on clusters (ties stay in the effect, not in the test). Where
        nothing varies, or there are no ties and one duel a dialogue, the interval is Wilson's.

    Examples
    --------
    86 wins, 1 loss, 13 ties of 100 dialogues (a published A/B table, re-tested):

    >>> y = np.repeat([1.0, 0.0, 0.5], [86, 1, 13])
    >>> e = win_rate(y, np.arange(100), 0.95)
    >>> round(e.value, 3), round(e.ci_low, 3), round(e.ci_high, 3)
    (0.925, 0.887, 0.963)
    """
    known = np.isfinite(score)
    score, clusters = score[known], clusters[known]
    if not score.size:
        return unidentified("no verdict was given", method=METHOD)
    out = cluster_mean(score, clusters, confidence=confidence, method=METHOD)
    code, count = dense_codes(clusters)
    sums = sum_by(code, score - 0.5, count)
    p = sign_test(int((sums > 1e-9).sum()), int((sums < -1e-9).sum()))
    if out.ci_low is not None and count == score.size and np.isin(score, (0.0, 1.0)).all():
        out = replace(out, ci_low=None, ci_high=None)
    out = bounded(out, confidence)
    return replace(out, p=p, method=f"{out.method}; {METHOD_SIGN}")


def win_rate_findings(table: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield win rates, wins, ties and losses of each pair, bounds for failures, and system win rates."""
    for voice in voices(table):
        systems = _system_rates(voice, table, options.confidence)
        for code, estimate in systems:
            yield _finding("win_rate", estimate, voice, level="system", system=table.system.names[code])
        for pair in np.unique(voice.units.pair):
            one, two = (table.system.names[int(code)] for code in table.pairs[pair])
            yield from _pair_findings(voice, voice.units.pair == pair, (one, two), options.confidence)


def _finding(statistic: str, estimate: Estimate, voice: Voice, **columns: object) -> Finding:
    return finding(
        "ranking", statistic, estimate, judge=voice.judge, criterion=voice.criterion,
        n_raters=voice.raters, **columns,
    )  # fmt: skip


def _pair_findings(
    voice: Voice, rows: npt.NDArray[np.bool_], names: tuple[str, str], confidence: float
) -> Iterator[Finding]:
    units, score = voice.units.take(rows), voice.score[rows]
    columns = {"level": "pair", "system": names[0], "system_b": names[1]}
    known = np.isfinite(score)
    estimate = win_rate(score, units.cluster, confidence)
    note = () if units.both_orders[known].all() else (ONE_ORDER,)
    yield _finding("win_rate", estimate, voice, **columns, warnings=note)
    for statistic, hit in _shares(score[known]):
        share = cluster_mean(hit, units.cluster[known], confidence=confidence, method=f"share; {METHOD}")
        yield _finding(statistic, bounded(share, confidence), voice, **columns)
    if units.counts[:, :, 3].any():
        for statistic, points in (("win_rate_worst", 0.0), ("win_rate_best", 1.0)):
            bound = win_rate(units.bound(points), units.cluster, confidence)
            bound = replace(bound, p=None, method="every failed presentation counted as 0 or 1; " + METHOD)
            yield _finding(statistic, bound, voice, **columns)


def _shares(score: Floats) -> tuple[tuple[str, Floats], ...]:
    """Split order-averaged scores into wins, ties and losses."""
    return (
        ("wins", (score > 0.5 + 1e-9).astype(float)),
        ("ties", (abs(score - 0.5) <= 1e-9).astype(float)),
        ("losses", (score < 0.5 - 1e-9).astype(float)),
    )


def _system_rates(voice: Voice, table: DuelTable, confidence: float) -> list[tuple[int, Estimate]]:
    """Estimate each system's mean win rate over its opponents."""
    known = np.isfinite(voice.score)
    units, score = voice.units.take(known), voice.score[known]
    if not score.size:
        codes = np.unique(table.pairs[np.unique(voice.units.pair)])
        return [(int(c), unidentified("no verdict was given", method=METHOD_SYSTEM)) for c in codes]
    cluster, clusters = dense_codes(units.cluster)
    present, pair = present_codes(units.pair)
    rate, cell_pair, cell_cluster, change = pair_changes(score, pair, cluster, present.size, clusters)
    sides = table.pairs[present]
    out = []
    for code in np.unique(sides):
        signs = (sides[:, 0] == code).astype(float) - (sides[:, 1] == code)
        rivals = int((signs != 0).sum())
        value = float(np.where(signs > 0, rate, 1 - rate)[signs != 0].mean())
        moves = sum_by(cell_cluster, change * signs[cell_pair] / rivals, clusters)
        mine = sum_by(cell_cluster, signs[cell_pair] != 0, clusters) > 0
        estimate = from_replicates(
            value, value + moves[mine], n=int((signs[pair] != 0).sum()), confidence=confidence,
            method=METHOD_SYSTEM,
        )  # fmt: skip
        out.append((int(code), bounded(estimate, confidence)))
    return out


def pair_changes(
    score: Floats, pair: Ints, cluster: Ints, pairs: int, clusters: int
) -> tuple[Floats, Ints, Ints, Floats]:
    """Compute every pair's mean, and how it changes without each cluster that has units in it.

    Returns
    -------
    tuple
        Means by pair (P,); then pair, cluster and change of each cell that occurs (C,): sparse, so that
        memory grows with the data and not with pairs times clusters.
    """
    cells, where = present_codes(pair * clusters + cluster)
    top, bottom = np.bincount(where, score), np.bincount(where).astype(float)
    cell_pair, cell_cluster = np.divmod(cells, clusters)
    sums = sum_by(cell_pair, top, pairs)
    counts = sum_by(cell_pair, bottom, pairs)
    rate = sums / counts
    kept = counts[cell_pair] - bottom
    without = np.divide(sums[cell_pair] - top, kept, out=np.full(top.size, np.nan), where=kept > 0)
    return rate, cell_pair, cell_cluster, without - rate[cell_pair]
