"""Agreement about systems: correlation of their means, and pairs of systems ordered alike."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis import jackknife
from judge.analysis.agreement.correlation import NAMES, STATISTICS, degenerate
from judge.analysis.agreement.matched import voices_named
from judge.analysis.estimate import Estimate, few_clusters, unidentified
from judge.analysis.jackknife import dense_codes, from_replicates, leave_one_out, sum_by

if TYPE_CHECKING:
    import numpy.typing as npt

    from judge.analysis.agreement.matched import Matched

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


def system_level(matched: Matched, confidence: float) -> dict[str, Estimate]:
    """Correlate the systems' means; the jackknife is over dialogues, the systems are taken as fixed."""
    system, systems = dense_codes(matched.system)
    cluster, clusters = dense_codes(matched.cluster)
    methods = {
        name: f"{NAMES[name]} of system means; delete-one-cluster jackknife over dialogues on arctanh, t"
        for name in STATISTICS
    }
    if systems < 3:
        reason = f"{systems} systems in common: a correlation of systems needs three"
        return {name: unidentified(reason, n=systems, method=methods[name]) for name in STATISTICS}
    groups = clusters
    if clusters * systems > 20_000_000:
        cluster, groups = jackknife.group_codes(cluster)
    sums = _system_sums(matched, system, cluster, (groups, systems))
    total = sums.sum(axis=0)
    reason = degenerate(total[0] / total[2], total[1] / total[2])
    out = {}
    for name in STATISTICS:
        if reason:
            out[name] = voices_named(unidentified(reason, n=systems, method=methods[name]))
            continue
        value, without = leave_one_out(sums, partial(_of_systems, name), chunk=jackknife.CHUNK // systems)
        out[name] = from_replicates(
            value, without, n=systems, confidence=confidence, method=methods[name], scale="fisher"
        )
    return out


def ordered_pairs(matched: Matched, seed: int, confidence: float, rounds: int = 400) -> Estimate:
    """Estimate the share of pairs of systems whose means judge and people order alike.

    Not smooth in the data, so the interval comes from weighting clusters at random (percentiles of `rounds`
    draws; Rubin 1981, doi:10.1214/aos/1176345338).
    """
    method = f"share of system pairs ordered alike; Bayesian cluster bootstrap, {rounds} rounds, percentiles"
    system, systems = dense_codes(matched.system)
    cluster, clusters = dense_codes(matched.cluster)
    if systems < 2:
        return unidentified("one system only", n=systems, clusters=clusters, method=method)
    sums = _system_sums(matched, system, cluster, (clusters, systems))
    value = float(_alike(sums.sum(axis=0)[None])[0])
    bare = Estimate(value=value, n=systems * (systems - 1) // 2, clusters=clusters, method=method)
    if clusters < 2:
        return bare.warn("one cluster only: no interval can be given")
    rng = np.random.default_rng(seed)
    flat = sums.reshape(clusters, -1)
    draws = [rng.exponential(size=(20, clusters)) @ flat for _ in range(rounds // 20)]
    shares = np.concatenate([_alike(draw.reshape(20, 3, systems)) for draw in draws])
    shares = shares[np.isfinite(shares)]
    if not shares.size:
        return bare.warn("no resample holds all systems: no interval can be given")
    low, high = np.quantile(shares, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return few_clusters(replace(bare, ci_low=float(low), ci_high=float(high), confidence=confidence))


def _alike(sums: Floats) -> Floats:
    """Compute the share of system pairs ordered alike of sums, shape (B, 3, S)."""
    count = sums[:, 2]
    known = (count > 0).all(axis=1)
    means = np.round(sums[:, :2] / np.where(count > 0, count, 1.0)[:, None], 12)
    one, two = np.triu_indices(sums.shape[2], 1)
    signs = np.sign(means[:, :, one] - means[:, :, two])
    return np.asarray(np.where(known, (signs[:, 0] == signs[:, 1]).mean(axis=1), np.nan))


def _system_sums(matched: Matched, system: Ints, cluster: Ints, shape: tuple[int, int]) -> Floats:
    """Sum the judge's scores, people's, and items, by cluster and system; shape (D, 3, S)."""
    code = cluster * shape[1] + system
    columns = (matched.judge, matched.people, np.ones(system.size))
    return np.stack([sum_by(code, column, shape[0] * shape[1]).reshape(shape) for column in columns], axis=1)


def _of_systems(name: str, sums: Floats) -> Floats:
    """Correlate system means; sums of the judge, of people and of items have shape (B, 3, S)."""
    count = sums[:, 2]
    known = (count > 0).all(axis=1)
    means = np.divide(sums[:, :2], count[:, None], out=np.zeros_like(sums[:, :2]), where=count[:, None] > 0)
    means = np.round(means, 12)
    if name == "pearson":
        x, y = means[:, 0], means[:, 1]
    else:
        signs = [np.sign(means[:, k, :, None] - means[:, k, None, :]) for k in (0, 1)]
        if name == "kendall_tau_b":
            x, y = (s.reshape(s.shape[0], -1) for s in signs)
        else:
            x, y = (s.sum(axis=2) for s in signs)
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    spread = (x * x).sum(axis=1) * (y * y).sum(axis=1)
    good = known & (spread > 1e-20)
    top = (x * y).sum(axis=1)
    out = np.divide(top, np.sqrt(np.where(good, spread, 1.0)), out=np.full(top.shape, np.nan), where=good)
    return np.asarray(np.clip(out, -1.0, 1.0))
