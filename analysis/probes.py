"""The effect of randomised edits: what an edited copy of a response gains over its original."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.duel_table import encode_duels
from judge.analysis.estimate import (
    FEW_CLUSTERS,
    Estimate,
    benjamini,
    equivalence_verdict,
    finding,
    unidentified,
    wilson,
)
from judge.analysis.means import difference
from judge.analysis.rating_table import encode_ratings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.duel_table import DuelTable, Units
    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding, FindingVerdict

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SWAP = "swap"
"""The system whose text is the original's: its effect is that of the first slot."""
METHOD = "win share of the edited copy over its original less .5, orders averaged first; cluster jackknife, t"
METHOD_SWAP = "win share of the first slot between identical texts less .5; cluster jackknife, t"
METHOD_SCORE = "score of the edited copy less that of its original; cluster jackknife, t"


def probe_findings(
    ratings: pd.DataFrame | None,
    duels: pd.DataFrame | None,
    dialogues: pd.DataFrame | None,
    options: AuditOptions,
    *,
    original: str = "original",
    notes: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    """Yield the effect of each edit on each judge.

    Parameters
    ----------
    ratings, duels
        Of the original and of its edited copies, each copy a system named after its probe.
    dialogues
        For clusters.
    options
        `margin` is on the scale of the win share in duels, and in standard deviations of the judge's scores
        in ratings.
    original
        The name of the unedited system.
    notes
        A warning by the name of a probe (or its part before ``-``).

    Yields
    ------
    Finding
        Family ``probe``; ``effect`` (of duels) and ``score_effect`` (of ratings), `term` the edit. Within a
        judge and criterion p-values are adjusted by Benjamini and Hochberg.

    Notes
    -----
    The edit is assigned by us to every response, so that nothing else differs between the two sides: no human
    label and no correction for quality is needed. Whether an effect is a *bias* depends on the edit being
    worth nothing to people. A presentation without verdict takes no part; see the failure rates.
    """
    more = notes or {}
    if duels is not None and len(duels):
        table = encode_duels(duels, dialogues, options.cluster)
        for number in range(len(table.criterion)):
            for rater in table.judges:
                yield from _adjusted(
                    list(_duel_effects(table, number, rater, original, options=options)), more
                )
    if ratings is not None and len(ratings):
        scores = encode_ratings(ratings, dialogues, options.cluster)
        for number in range(len(scores.criterion)):
            for rater in scores.judges:
                yield from _adjusted(
                    list(_score_effects(scores, number, rater, original, options=options)), more
                )


def _adjusted(found: list[Finding], notes: Mapping[str, str]) -> Iterator[Finding]:
    known = [f.p for f in found if f.p is not None]
    adjusted = iter(benjamini(known)) if known else iter(())
    for one in found:
        note = notes.get(one.term) or notes.get(one.term.partition("-")[0])
        made = replace(one, warnings=(*one.warnings, note)) if note else one
        if made.p is not None:
            made = _after_adjustment(replace(made, p_adjusted=next(adjusted), correction="bh"))
        yield made


def _after_adjustment(found: Finding) -> Finding:
    """Take a bias back that does not survive the other tests of the panel."""
    alpha = 1 - (found.confidence or 0.95)
    if found.verdict != "bias_found" or found.p_adjusted is None or found.p_adjusted < alpha:
        return found
    note = "differs from zero by itself, but not after adjusting for the other probes"
    return replace(found, verdict="inconclusive", warnings=(*found.warnings, note))


def _duel_effects(
    table: DuelTable, criterion: int, rater: int, original: str, *, options: AuditOptions
) -> Iterator[Finding]:
    units = table.of(criterion, rater)
    names = table.system.names
    for pair in np.unique(units.pair):
        one, two = (names[int(code)] for code in table.pairs[pair])
        if original not in (one, two):
            continue
        edited = two if one == original else one
        part = units.take(np.asarray(units.pair == pair))
        gain = _slot(part) if edited == SWAP else _gain(part, edited_first=one == edited)
        known = np.isfinite(gain)
        estimate = _estimate(gain[known], part.cluster[known], options.confidence, edited)
        verdict, warnings = _verdict(estimate, options.margin)
        yield finding(
            "probe", "effect", estimate, level="judge", judge=table.rater.names[rater],
            criterion=table.criterion.names[criterion], term=edited, system=edited, system_b=original,
            verdict=verdict, warnings=warnings,
        )  # fmt: skip


def _gain(units: Units, *, edited_first: bool) -> Floats:
    score = units.score if edited_first else 1 - units.score
    return np.asarray(score - 0.5)


def _slot(units: Units) -> Floats:
    """Return what the first slot gains in each unit, over both orders."""
    by_slot = np.stack([units.by_order[:, 0], 1 - units.by_order[:, 1]], axis=1)
    known = np.isfinite(by_slot)
    total = np.where(known, by_slot, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    mean = np.divide(total, count, out=np.full(total.size, np.nan), where=count > 0)
    return np.asarray(mean - 0.5)


def _estimate(gain: Floats, cluster: Ints, confidence: float, edited: str) -> Estimate:
    method = METHOD_SWAP if edited == SWAP else METHOD
    if not gain.size:
        return unidentified("no verdict was given", method=method)
    estimate = difference(gain, cluster, confidence)
    tail = "; p by sign flips" if 2 <= estimate.clusters < FEW_CLUSTERS else ""
    estimate = replace(estimate, method=method + tail)
    if estimate.ci_low is not None or estimate.value is None or estimate.clusters < FEW_CLUSTERS:
        return estimate.clip(-0.5, 0.5)
    # All dialogues alike: no spread to estimate from, but so many equal answers do bound the share.
    low, high = wilson(estimate.value + 0.5, estimate.clusters, confidence)
    kept = tuple(text for text in estimate.warnings if "no interval" not in text)
    return replace(
        estimate, ci_low=low - 0.5, ci_high=high - 0.5, confidence=confidence, warnings=kept,
        method=f"{method}; no variation, so Wilson's interval with one observation a dialogue",
    )  # fmt: skip


def _verdict(estimate: Estimate, margin: float) -> tuple[FindingVerdict, tuple[str, ...]]:
    if estimate.std_error is not None or estimate.ci_low is None or estimate.value is None:
        return equivalence_verdict(estimate, margin)
    low, high = (end - 0.5 for end in wilson(estimate.value + 0.5, estimate.clusters, 0.9))
    if -margin < low and high < margin:
        return "equivalent", ()
    away = estimate.ci_low > 0 or (estimate.ci_high is not None and estimate.ci_high < 0)
    return ("bias_found" if away else "inconclusive"), ()


def _score_effects(
    table: RatingTable, criterion: int, rater: int, original: str, *, options: AuditOptions
) -> Iterator[Finding]:
    if original not in table.system.names:
        return
    item, score = table.cells.of(criterion, rater)
    dialogue, system = np.divmod(item, len(table.system))
    base = system == table.system.names.index(original)
    spread = float(score[base].std()) if base.any() else 0.0
    for code in np.unique(system[~base]):
        edited = table.system.names[int(code)]
        if edited == SWAP:  # the same question twice
            continue
        mine = system == code
        _, left, right = np.intersect1d(
            dialogue[mine], dialogue[base], assume_unique=True, return_indices=True
        )
        gap = score[mine][left] - score[base][right]
        cluster = table.cluster_of_dialogue[dialogue[mine][left]]
        estimate = replace(difference(gap, cluster, options.confidence), method=METHOD_SCORE)
        verdict: FindingVerdict = "not_identified" if not estimate.identified else "inconclusive"
        warnings: tuple[str, ...] = ()
        if estimate.identified and spread > 0:
            verdict, warnings = equivalence_verdict(estimate, options.margin * spread)
        yield finding(
            "probe", "score_effect", estimate, level="judge", judge=table.rater.names[rater],
            criterion=table.criterion.names[criterion], term=edited, system=edited, system_b=original,
            verdict=verdict, warnings=warnings,
        )  # fmt: skip
