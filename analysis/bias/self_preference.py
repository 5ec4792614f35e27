"""Self-preference: two judges of different families on the same responses of both families."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.columns import items_of
from judge.analysis.bias.common import FAMILY, jackknife_error, what_helps
from judge.analysis.bias.eiv import EIVFit, HumanMoments, NotIdentified, mom_eiv
from judge.analysis.bias.families import family_of
from judge.analysis.estimate import Estimate, equivalence_verdict, finding, t_estimate, unidentified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.bias.material import Material
    from judge.analysis.inputs import AuditOptions, Codes
    from judge.types import Finding

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

COLUMN = "generator_family"
METHOD = (
    "difference in differences of two judges over responses of their two families, each judge scaled by its"
    " errors-in-variables slope; delete-one-cluster jackknife, t; in SD of quality"
)
TASTE = "a liking of one judge for the style of its family's responses counts as self-preference"
NO_PAIR = (
    "no two judges of different families whose families both wrote responses. What would help: two judges of"
    " different families that both judge responses of both families (named in the features' column"
    f" {COLUMN}, or by systems named after models), with people's ratings"
)


@dataclass(frozen=True)
class Rows:
    """What two judges said of the same rows, and which side each row's response is on.

    `own` and `other` are 1 for a response of the first or the second judge's family (in duels, the
    difference of these between the two sides).
    """

    first: Floats
    second: Floats
    own: Floats
    other: Floats
    people: HumanMoments
    cluster: Ints


def self_preference(rows: Rows, *, confidence: float = 0.95) -> Estimate:
    """Estimate how much each judge lifts its own family, relative to the other judge.

    ``((j1: family 1 - family 2) / slope 1) - ((j2: family 1 - family 2) / slope 2)``: what people overlook in
    a system is the same for both judges and cancels.

    Parameters
    ----------
    rows
        Judged by both.
    confidence
        Of the interval.

    Returns
    -------
    Estimate
        In standard deviations of quality; the sum of the two judges' self-preferences.

    Raises
    ------
    NotIdentified
        As `mom_eiv`, or a slope that is not positive.

    References
    ----------
    Panickssery, Bowman and Feng 2024, arXiv 2404.13076.
    """
    seen = np.isfinite(rows.first) & np.isfinite(rows.second) & np.isfinite(rows.people.mean)
    if not seen.any():
        raise NotIdentified("no row was judged by both judges and by people")
    people, cluster = rows.people.take(seen), rows.cluster[seen]
    x = np.column_stack([rows.own, rows.other])[seen]
    if np.linalg.matrix_rank(x - x.mean(axis=0)) < 2:  # no third family: one contrast tells both
        x = x[:, :1]
    fits = [mom_eiv(y[seen], x, people, cluster) for y in (rows.first, rows.second)]
    values = [_own_family(fit) for fit in fits]
    spread = _quality_sd(people, fits[0].error_variance)
    error = jackknife_error(values[0][1:] - values[1][1:]) / spread
    return t_estimate(
        float(values[0][0] - values[1][0]) / spread,
        error,
        fits[0].df,
        n=fits[0].n_items,
        confidence=confidence,
        method=METHOD,
        null=0.0,
    )


def _own_family(fit: EIVFit) -> Floats:
    """Return family 1 less family 2 in units of people's points: the value, then the replicates."""
    coef = np.vstack([fit.coef, fit.replicates])
    if coef[0, 0] <= 0:
        raise NotIdentified("a judge does not follow people's quality at all")
    contrast = coef[:, 1] - (coef[:, 2] if coef.shape[1] > 3 else 0.0)
    return np.asarray(contrast / coef[:, 0])


def _quality_sd(people: HumanMoments, variance: float) -> float:
    signal = float(people.mean.var()) - variance * float(people.noise.mean())
    if signal <= 0:
        raise NotIdentified("people's ratings hold no more signal than noise here")
    return float(np.sqrt(signal))


def generator_families(frame: pd.DataFrame | None, dialogue: Codes, system: Codes) -> NDArray[np.object_]:
    """Return the family of each item (dialogue * systems + system), nothing where it is not known.

    The column ``generator_family`` of the features rules; else the system's name is read as a model's.
    """
    by_name = np.array([family_of(name) for name in system.names], dtype=object)
    out = np.tile(by_name, len(dialogue))
    if frame is not None and COLUMN in frame.columns:
        item, at = items_of(frame, dialogue, system)
        given = frame[COLUMN].astype("object").to_numpy()[at]
        out[item] = [value.strip().lower() if isinstance(value, str) else "" for value in given]
    return out


def self_preference_findings(
    materials: Sequence[Material], sides: dict[str, tuple[Ints, Ints | None]],
    family: NDArray[np.object_], options: AuditOptions,
) -> Iterator[Finding]:  # fmt: skip
    """Yield one finding for each criterion and pair of judges of different families.

    Parameters
    ----------
    materials
        Of one criterion and mode.
    sides
        For each judge, the item of each row of its material (two sides in duels, else None).
    family
        From `generator_families`.
    options
        Confidence and margin.
    """
    made = set(family[family != ""])
    usable = [m for m in materials if family_of(m.judge) in made]
    pairs = [(a, b) for a, b in combinations(usable, 2) if family_of(a.judge) != family_of(b.judge)]
    for a, b in pairs:
        columns = {"judge": a.judge, "criterion": a.criterion, "term": f"against {b.judge}"}
        try:
            estimate = self_preference(_rows(a, b, sides, family), confidence=options.confidence).warn(TASTE)
        except NotIdentified as reason:
            estimate = unidentified(what_helps(str(reason)), method=METHOD)
        verdict, notes = equivalence_verdict(estimate, options.margin)
        yield finding(
            FAMILY, "self_preference", estimate, level="pooled", verdict=verdict, warnings=notes, **columns
        )
    if not pairs and materials:
        for m in materials:
            yield finding(
                FAMILY,
                "self_preference",
                unidentified(NO_PAIR, method=METHOD),
                level="pooled",
                judge=m.judge,
                criterion=m.criterion,
            )


def _rows(
    a: Material, b: Material, sides: dict[str, tuple[Ints, Ints | None]], family: NDArray[np.object_]
) -> Rows:
    _, at, to = np.intersect1d(a.item, b.item, return_indices=True)
    flags = []
    for name in (family_of(a.judge), family_of(b.judge)):
        first, second = sides[a.judge]
        flag = (family[first] == name).astype(np.float64)
        flags.append((flag if second is None else flag - (family[second] == name))[at])
    return Rows(a.score[at], b.score[to], flags[0], flags[1], a.people.take(at), a.cluster[at])
