"""Systems that beat each other in a ring: a check of the assumption of one strength a system."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import Estimate, finding, t_estimate, unidentified
from judge.analysis.jackknife import dense_codes, sum_by
from judge.analysis.ranking.win_rate import voices

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.inputs import AuditOptions
    from judge.analysis.ranking.win_rate import Voice
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

METHOD = (
    "largest sum of log-odds round three systems (half a duel added); cluster-robust t, "
    "p adjusted for all triples (Bonferroni)"
)


def cycle_findings(table: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield the largest three-cycle of each judge and criterion with at least three systems."""
    for voice in voices(table):
        columns = {"judge": voice.judge, "criterion": voice.criterion, "n_raters": voice.raters}
        pairs = table.pairs[np.unique(voice.units.pair)]
        if np.unique(pairs).size < 3:
            continue
        estimate, names, adjusted = largest_cycle(voice, table, options.confidence)
        yield finding(
            "ranking", "three_cycle", estimate, level="judge", term=" > ".join(names), p_adjusted=adjusted,
            correction="bonferroni" if adjusted is not None else "", **columns,
        )  # fmt: skip


def largest_cycle(
    voice: Voice, table: DuelTable, confidence: float
) -> tuple[Estimate, tuple[str, ...], float | None]:
    """Find the triple whose log-odds add up to most round the ring.

    With one strength a system the log-odds of i over j, j over k and k over i add up to nought.

    Returns
    -------
    tuple
        The estimate; the names in the order of the ring; p adjusted for having looked at all triples.
    """
    known = np.isfinite(voice.score)
    units, score = voice.units.take(known), voice.score[known]
    present, pair = np.unique(units.pair, return_inverse=True)
    if not present.size:
        return unidentified("no verdict was given", method=METHOD), (), None
    logit, covariance, clusters = _pair_log_odds(score, pair, units.cluster)
    place = {(int(a), int(b)): number for number, (a, b) in enumerate(table.pairs[present])}
    systems = np.unique(table.pairs[present])
    rings = [
        (i, j, k)
        for i, j, k in combinations((int(s) for s in systems), 3)
        if (i, j) in place and (j, k) in place and (i, k) in place
    ]
    if not rings:
        return unidentified("no three systems met each other", n=score.size, method=METHOD), (), None
    if clusters < 2:
        return unidentified("one cluster only", n=score.size, clusters=clusters, method=METHOD), (), None
    edges = np.array([[place[i, j], place[j, k], place[i, k]] for i, j, k in rings])
    sign = np.array([1.0, 1.0, -1.0])
    sums = (logit[edges] * sign).sum(axis=1)
    blocks = covariance[edges[:, :, None], edges[:, None, :]]
    spread = np.sqrt(np.einsum("tab,a,b->t", blocks, sign, sign))
    ratio = np.divide(sums, spread, out=np.zeros(sums.shape), where=spread > 1e-12)
    top = int(np.argmax(np.abs(ratio)))
    ring = rings[top] if sums[top] >= 0 else rings[top][::-1]
    estimate = t_estimate(
        float(abs(sums[top])), float(spread[top]), clusters - 1, n=score.size, confidence=confidence,
        method=METHOD, null=0.0,
    )  # fmt: skip
    adjusted = None if estimate.p is None else min(1.0, estimate.p * len(rings))
    return estimate, tuple(table.system.names[s] for s in (*ring, ring[0])), adjusted


def _pair_log_odds(score: Floats, pair: Ints, cluster: Ints) -> tuple[Floats, Floats, int]:
    """Return each pair's log-odds, their clustered covariance, and the number of clusters."""
    from scipy.sparse import coo_array

    code, clusters = dense_codes(cluster)
    pairs = int(pair.max()) + 1
    count = np.bincount(pair, minlength=pairs)
    rate = (sum_by(pair, score, pairs) + 0.25) / (count + 0.5)
    influence = (score - rate[pair]) / (count * rate * (1 - rate))[pair]
    by_cluster = coo_array((influence, (code, pair)), shape=(clusters, pairs)).tocsr()
    factor = clusters / max(clusters - 1, 1)
    return np.log(rate / (1 - rate)), np.asarray((by_cluster.T @ by_cluster).todense()) * factor, clusters
