"""Share of pairs of responses to one dialogue that judge and people order alike, ties included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.rank_sums import inner_pairs
from judge.analysis.estimate import Estimate, unidentified
from judge.analysis.jackknife import cluster_mean, count_by, dense_codes, sum_by

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

METHOD = (
    "share of pairs within a dialogue ordered alike, a difference within the threshold being a tie; the "
    "threshold chosen on one half of the clusters and applied to the other; mean over dialogues, cluster t"
)


@dataclass(frozen=True)
class Pairs:
    """Differences of judge and people for each pair of responses to the same dialogue, shape (P,)."""

    judge: Floats
    people: Floats
    dialogue: Ints
    cluster: Ints


def pairs_of(judge: Floats, people: Floats, dialogue: Ints, cluster: Ints) -> Pairs:
    """Form all pairs of responses to the same dialogue."""
    one, two = inner_pairs(dialogue)
    once = one < two
    one, two = one[once], two[once]
    return Pairs(judge[one] - judge[two], people[one] - people[two], dialogue[one], cluster[one])


def agreement_at(pairs: Pairs, threshold: float) -> npt.NDArray[np.bool_]:
    """Say of each pair whether judge and people order it alike, given the judge's threshold of a tie."""
    tied = np.abs(pairs.judge) <= threshold
    return np.asarray(np.where(tied, 0.0, np.sign(pairs.judge)) == np.sign(pairs.people))


def best_threshold(pairs: Pairs) -> float:
    """Find the threshold of a tie with the largest agreement, dialogues weighing alike.

    All thresholds that matter are tried at once: the sorted absolute differences of the judge.

    Examples
    --------
    People tie where the judge differs by .1 and agree where it differs by 1:

    >>> pairs = Pairs(np.array([0.1, 1.0]), np.array([0.0, 2.0]), np.array([0, 0]), np.array([0, 0]))
    >>> best_threshold(pairs)
    0.1
    """
    code, count = dense_codes(pairs.dialogue)
    weight = (1 / count_by(code, count))[code]
    size = np.round(np.abs(pairs.judge), 12)
    levels, place = np.unique(np.append(size, 0.0), return_inverse=True)
    place = place[:-1]
    tied = sum_by(place, weight * (pairs.people == 0), levels.size).cumsum()
    alike = (np.sign(pairs.judge) == np.sign(pairs.people)) & (pairs.people != 0)
    ordered = sum_by(place, weight * alike, levels.size)
    score = tied + ordered.sum() - ordered.cumsum()
    return float(levels[int(np.argmax(np.round(score, 12)))])


def tie_calibrated(
    pairs: Pairs, *, seed: int, confidence: float = 0.95
) -> tuple[Estimate, Estimate, Estimate]:
    """Estimate accuracy with ties, cross-fitted; the threshold; and what always saying tie would get.

    Parameters
    ----------
    pairs
        All pairs of responses to the same dialogue.
    seed
        Draws the two halves of the clusters.

    Returns
    -------
    tuple
        acc_eq of the judge, mean threshold of the halves, and the agreement of a judge that always ties
        (with more than half ties among people a constant judge wins).

    Notes
    -----
    A threshold chosen and judged on the same dialogues is optimistic; hence the two halves.

    References
    ----------
    Deutsch, Foster & Freitag 2023, arXiv 2305.14324.
    """
    if not pairs.judge.size:
        empty = unidentified("no dialogue has two responses that both rated", method=METHOD)
        return empty, empty, empty
    code, clusters = dense_codes(pairs.cluster)
    n = int(pairs.judge.size)
    if clusters < 2:
        empty = unidentified("one cluster cannot be halved", n=n, clusters=clusters, method=METHOD)
        return empty, empty, empty
    half = np.zeros(clusters, dtype=bool)
    half[np.random.default_rng(seed).permutation(clusters)[: clusters // 2]] = True
    alike = np.zeros(n, dtype=bool)
    thresholds = []
    for side in (half[code], ~half[code]):
        threshold = best_threshold(_part(pairs, ~side))
        thresholds.append(threshold)
        alike[side] = agreement_at(_part(pairs, side), threshold)
    value = _mean_over_dialogues(alike.astype(float), pairs, confidence, METHOD)
    tie = _mean_over_dialogues(
        (pairs.people == 0).astype(float), pairs, confidence, "share of pairs people tie"
    )
    eps = Estimate(
        value=float(np.mean(thresholds)), n=n, clusters=clusters, method="mean of the two halves' thresholds"
    )
    return value, eps, tie


def _part(pairs: Pairs, keep: npt.NDArray[np.bool_]) -> Pairs:
    return Pairs(pairs.judge[keep], pairs.people[keep], pairs.dialogue[keep], pairs.cluster[keep])


def _mean_over_dialogues(values: Floats, pairs: Pairs, confidence: float, method: str) -> Estimate:
    code, count = dense_codes(pairs.dialogue)
    means = sum_by(code, values, count) / count_by(code, count)
    cluster = np.zeros(count, dtype=np.int64)
    cluster[code] = pairs.cluster
    return cluster_mean(means, cluster, confidence=confidence, method=method).clip(0.0, 1.0)
