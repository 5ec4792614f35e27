"""Halo: whether the judge's criteria go together more than the same criteria do for people."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.common import FAMILY
from judge.analysis.estimate import Estimate, equivalence_verdict, finding, unidentified
from judge.analysis.inputs import repeat_codes
from judge.analysis.jackknife import dense_codes, from_replicates

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

METHOD = (
    "disattenuated correlation of two criteria, judge (between repeats) less people (between raters);"
    " delete-one-cluster jackknife of the difference, t"
)
NO_REPEATS = (
    "the judge was asked once: its own noise is not known. What would help: two repeats of 200 items or more"
)
NO_RATERS = (
    "no two people rated both criteria of one item. What would help: 200 items or more rated by two people"
    " on both criteria"
)


@dataclass(frozen=True, slots=True)
class Sightings:
    """Scores of several looks (repeats or raters) at items: one entry a look, both criteria.

    `item` has shape (m,), `first` and `second` the two criteria's scores, centred by the caller where looks
    differ in level.
    """

    item: Ints
    first: Floats
    second: Floats


def halo(judge: Sightings, people: Sightings, cluster_of_item: Ints, *, confidence: float = 0.95) -> Estimate:
    """Estimate the judge's halo beyond that of people's shared opinion.

    Variances and the covariance are taken between *different* looks at an item only, so that neither the
    noise of a look nor its mood (one look's errors on two criteria go together) enters.

    Parameters
    ----------
    judge, people
        Looks of the judge (repeats) and of people (raters). Items that both looked at twice are used.
    cluster_of_item
        Unit of independence of each item, shape (items,).
    confidence
        Of the interval.

    Returns
    -------
    Estimate
        Difference of two correlations, in [-2, 2].

    Notes
    -----
    The raw correlations must not be compared: people look less haloed just because they are noisier.
    Where a corrected variance is not positive the number is not identified.

    References
    ----------
    Spearman 1904, doi:10.2307/1412159.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(2, 500)); item = np.repeat(np.arange(500), 2)
    >>> see = lambda x: np.repeat(x, 2) + .5 * rng.normal(size=1000)
    >>> both = Sightings(item, see(a), see(.8 * a + .6 * b)), Sightings(item, see(a), see(b))
    >>> round(halo(*both, np.arange(500)).value, 1)     # .8 for the judge, 0 for people
    0.8
    """
    size = cluster_of_item.size
    ours, theirs = _moments(judge, size), _moments(people, size)
    good = np.isfinite(ours).all(axis=1) & np.isfinite(theirs).all(axis=1)
    n = int(good.sum())
    if n == 0:
        return unidentified("judge and people have no item that both looked at twice", method=METHOD)
    code, count = dense_codes(cluster_of_item[good])
    columns = np.column_stack([np.ones(n), ours[good], theirs[good]])
    sums = np.column_stack([np.bincount(code, weights=c, minlength=count) for c in columns.T])
    total = sums.sum(axis=0)
    values = _difference(np.vstack([total[None], total - sums]))
    if not np.isfinite(values).all():
        return unidentified(
            "the looks at an item hold no more signal than noise; collect more of them",
            n=n,
            clusters=count,
            method=METHOD,
        )
    return from_replicates(float(values[0]), values[1:], n=n, confidence=confidence, method=METHOD, null=0.0)


def _moments(seen: Sightings, size: int) -> Floats:
    """Return for each item the products between different looks: means, aa, bb, ab; NaN for one look."""
    count = np.bincount(seen.item, minlength=size).astype(np.float64)
    a, b = (np.bincount(seen.item, weights=x, minlength=size) for x in (seen.first, seen.second))
    out = np.full((size, 5), np.nan)
    twice = count >= 2
    pairs = (count * (count - 1))[twice]
    out[twice, 0], out[twice, 1] = (a / np.maximum(count, 1))[twice], (b / np.maximum(count, 1))[twice]
    for place, (x, y, s, t) in enumerate(
        ((seen.first, seen.first, a, a), (seen.second, seen.second, b, b), (seen.first, seen.second, a, b))
    ):
        same = np.bincount(seen.item, weights=x * y, minlength=size)
        out[twice, 2 + place] = (s * t - same)[twice] / pairs
    return out


def _difference(sums: Floats) -> Floats:
    return _correlation(sums[:, 0], sums[:, 1:6]) - _correlation(sums[:, 0], sums[:, 6:11])


def _correlation(n: Floats, sums: Floats) -> Floats:
    a, b, aa, bb, ab = (sums / np.maximum(n, 1)[:, None]).T
    scale = (aa - a**2) * (bb - b**2)
    good = (aa > a**2) & (bb > b**2) & (n > 1)
    out: Floats = np.divide(ab - a * b, np.sqrt(np.where(good, scale, 1.0)), out=np.full(a.shape, np.nan),
                            where=good)  # fmt: skip
    return out


def halo_findings(table: RatingTable, frame: pd.DataFrame, options: AuditOptions) -> Iterator[Finding]:
    """Yield the halo of each judge and pair of criteria."""
    repeat = _repeats(frame)
    for judge in table.judges:
        for one, two in combinations(range(len(table.criterion)), 2):
            ours = _looks(table, one, two, table.rater.codes == judge, repeat)
            if ours.item.size == 0:
                continue
            estimate = _estimate(ours, table, (one, two), repeat, options)
            verdict, notes = equivalence_verdict(estimate, options.margin)
            yield finding(
                FAMILY,
                "halo",
                estimate,
                level="pooled",
                judge=table.rater.names[judge],
                criterion=table.criterion.names[one],
                term=table.criterion.names[two],
                verdict=verdict,
                warnings=notes,
            )


def _estimate(
    ours: Sightings, table: RatingTable, criteria: tuple[int, int], repeat: Ints, options: AuditOptions
) -> Estimate:
    items = len(table.dialogue) * len(table.system)
    if not _twice(ours):
        return unidentified(NO_REPEATS, n=ours.item.size, method=METHOD)
    people = _looks(table, *criteria, ~table.rater_is_judge[table.rater.codes], repeat)
    if not _twice(people):
        return unidentified(NO_RATERS, n=ours.item.size, method=METHOD)
    cluster = table.cluster_of_dialogue[np.arange(items) // max(len(table.system), 1)]
    return halo(ours, people, cluster, confidence=options.confidence)


def _twice(seen: Sightings) -> bool:
    return bool((np.bincount(seen.item, minlength=1) >= 2).any())


def _repeats(frame: pd.DataFrame) -> Ints:
    repeat = repeat_codes(frame)
    return np.zeros(len(frame), dtype=np.int64) if repeat is None else repeat


def _looks(table: RatingTable, one: int, two: int, rows: NDArray[np.bool_], repeat: Ints) -> Sightings:
    """Return the looks (rater and repeat) that scored both criteria of an item, each rater's level off.

    Repeats are the looks of a judge; of a person only the first counts.
    """
    item = table.dialogue.codes * len(table.system) + table.system.codes
    look = table.rater.codes * (int(repeat.max(initial=0)) + 1) + repeat
    key = item * (int(look.max(initial=0)) + 1) + look
    sides = [np.flatnonzero(rows & table.ok & (table.criterion.codes == c)) for c in (one, two)]
    common, first, second = np.intersect1d(key[sides[0]], key[sides[1]], return_indices=True)
    at = sides[0][first]
    _, rater = np.unique(table.rater.codes[at], return_inverse=True)
    a, b = (_centred(table.score[x], rater) for x in (at, sides[1][second]))
    if common.size and not table.rater_is_judge[table.rater.codes[at]].any():
        keep = _first_of_each(item[at], table.rater.codes[at])
        return Sightings(item[at][keep], a[keep], b[keep])
    return Sightings(item[at], a, b)


def _first_of_each(item: Ints, rater: Ints) -> Ints:
    """Return one look of each person at each item: two looks of one person share that person's taste."""
    _, keep = np.unique(item * (int(rater.max()) + 1) + rater, return_index=True)
    return np.asarray(keep, dtype=np.int64)


def _centred(score: Floats, rater: Ints) -> Floats:
    if not score.size:
        return score
    return np.asarray(score - (np.bincount(rater, weights=score) / np.bincount(rater))[rater])
