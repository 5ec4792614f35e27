"""Whether the slot in which a response is shown moves the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.estimate import (
    FEW_CLUSTERS,
    Estimate,
    equivalence_verdict,
    finding,
    sign_flip_p,
    t_p_value,
    unidentified,
)  # fmt: skip
from judge.analysis.jackknife import cluster_mean, dense_codes, from_replicates, sum_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable, Units
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]

VERDICT_SD = 0.5
"""SD of a decisive verdict (0 or 1, each half the time): the unit of the margin."""
METHOD_SLOT = (
    "mean over pairs seen in both orders of the first slot's score, less one half; cluster jackknife, t"
)
METHOD_CONFLICT = "share of pairs whose verdict changes with the order; cluster jackknife, t"
METHOD_EXCESS = (
    "conflict rate less the rate at which the same order repeated flips (repeats taken as drawn at random); "
    "cluster jackknife, one-sided t"
)
NO_BOTH = "no pair was shown in both orders"
NO_REPEATS = "no pair was shown twice in the same order: ask a random 20-30 % of the pairs again in one order"


def slot_effect(units: Units, confidence: float) -> Estimate:
    """Estimate by how much the first slot's score exceeds one half.

    Parameters
    ----------
    units
        One judge's duels; only units with verdicts in both orders are used, so that the quality of the
        systems cancels.

    Returns
    -------
    Estimate
        In win points: +.07 means that the same response wins 7 points more often when shown first. Below
        15 clusters the p-value is that of the sign-flip test.

    Notes
    -----
    Holds its error rate where the order effect varies between dialogues, where exact tests on pooled rows
    reject up to 15 % with no mean effect.
    """
    use = units.take(units.both_orders)
    if not len(use):
        return unidentified(NO_BOTH, method=METHOD_SLOT)
    first = (use.by_order[:, 0] + 1 - use.by_order[:, 1]) / 2 - 0.5
    out = cluster_mean(first, use.cluster, confidence=confidence, method=METHOD_SLOT, null=0.0)
    if 2 <= out.clusters < FEW_CLUSTERS:
        code, count = dense_codes(use.cluster)
        p = sign_flip_p(sum_by(code, first, count))
        out = replace(out, p=p, method=f"{METHOD_SLOT}; p by sign flips")
    return out.clip(-0.5, 0.5)


def conflicts(units: Units) -> Floats:
    """Return the probability that a verdict changes with the order, by unit (over all repeats)."""
    share = units.counts[:, :, :3] / units.answered[:, :, None]
    return np.asarray(1 - (share[:, 0] * share[:, 1]).sum(axis=1))


def flips(units: Units) -> Floats:
    """Return the probability that the same order repeated gives another verdict; NaN without repeats."""
    n = units.answered
    same = (units.counts[:, :, :3] * (units.counts[:, :, :3] - 1)).sum(axis=2)
    pairs = n * (n - 1)
    total = pairs.sum(axis=1)
    out: Floats = np.divide(
        (pairs - same).sum(axis=1), total, out=np.full(total.shape, np.nan), where=total > 0
    )
    return out


def conflict_rate(units: Units, confidence: float) -> Estimate:
    """Estimate how often the verdict changes with the order.

    Not a test of bias: an unbiased but noisy judge shows 42-52 % conflicts.
    """
    use = units.take(units.both_orders)
    if not len(use):
        return unidentified(NO_BOTH, method=METHOD_CONFLICT)
    out = cluster_mean(conflicts(use), use.cluster, confidence=confidence, method=METHOD_CONFLICT)
    from judge.analysis.outcomes import bounded

    return bounded(out, confidence)


def excess_conflict(units: Units, confidence: float) -> Estimate:
    """Estimate how much more often the order changes the verdict than mere repetition does.

    Sees position effects whose sign varies from item to item, to which the mean effect is blind. The
    p-value is one-sided (an excess above zero).
    """
    use = units.take(units.both_orders)
    if not len(use):
        return unidentified(NO_BOTH, method=METHOD_EXCESS)
    flip = flips(use)
    repeated = np.isfinite(flip)
    if not repeated.any():
        return unidentified(NO_REPEATS, n=len(use), method=METHOD_EXCESS)
    code, count = dense_codes(use.cluster)
    top = [sum_by(code, conflicts(use), count), sum_by(code[repeated], flip[repeated], count)]
    bottom = [np.bincount(code, minlength=count), np.bincount(code[repeated], minlength=count)]
    value = top[0].sum() / bottom[0].sum() - top[1].sum() / bottom[1].sum()
    rates = []
    for sums, counts in zip(top, bottom, strict=True):
        kept = counts.sum() - counts
        rates.append(np.divide(sums.sum() - sums, kept, out=np.full(count, np.nan), where=kept > 0))
    out = from_replicates(
        float(value), rates[0] - rates[1], n=len(use), confidence=confidence, method=METHOD_EXCESS
    )
    if out.std_error is None or out.df is None or out.value is None:
        return out
    return replace(out, p=t_p_value(out.value / out.std_error, out.df, one_sided=True)).clip(-1.0, 1.0)


def position_findings(table: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield the three position findings of each judge and criterion."""
    margin = options.margin * VERDICT_SD
    for number, criterion in enumerate(table.criterion.names):
        for rater in table.judges:
            units = table.of(number, rater)
            if not len(units):
                continue
            columns = {"level": "judge", "judge": table.rater.names[rater], "criterion": criterion}
            slot = slot_effect(units, options.confidence)
            excess = excess_conflict(units, options.confidence)
            yield _judged("first_slot_effect", slot, margin, one_sided=False, **columns)
            yield finding("position", "conflict_rate", conflict_rate(units, options.confidence), **columns)
            yield _judged("excess_conflict", excess, margin, one_sided=True, **columns)


def _judged(statistic: str, estimate: Estimate, margin: float, *, one_sided: bool, **columns: str) -> Finding:
    """Make a finding with its verdict."""
    estimate = constant_effect(estimate, 1.0 if one_sided else 0.5)
    verdict, notes = equivalence_verdict(estimate, margin, one_sided=one_sided)
    if estimate.value is not None and estimate.std_error is None and estimate.ci_low is not None:
        low, high = estimate.ci_low, estimate.ci_high or 0.0
        verdict = "equivalent" if -margin < low and high < margin else "inconclusive"
        verdict = "bias_found" if low > 0 or high < 0 else verdict
    method = f"{estimate.method}; margin {margin:.3g}"
    return finding(
        "position", statistic, estimate, verdict=verdict, warnings=notes, method=method, n_raters=1, **columns
    )


def constant_effect(estimate: Estimate, reach: float) -> Estimate:
    """Bound an effect that was the same in every cluster: at most a few clusters in D can differ.

    With no other value seen in D clusters, the share that has one is at most 1 - (alpha/2)^(1/D)
    (Clopper-Pearson; the rule of three), and each can move the mean by `reach` at most from its end.

    >>> e = constant_effect(Estimate(value=0.0, clusters=100, confidence=0.95), 0.5)
    >>> round(e.ci_high, 3)
    0.018
    """
    if estimate.value is None or estimate.ci_low is not None or estimate.clusters < FEW_CLUSTERS:
        return estimate
    alpha = 1 - (estimate.confidence or 0.95)
    share = 1 - (alpha / 2) ** (1 / estimate.clusters)
    value = estimate.value
    kept = tuple(text for text in estimate.warnings if "no interval" not in text)
    return replace(
        estimate,
        ci_low=value - share * (value + reach),
        ci_high=value + share * (reach - value),
        warnings=(*kept, "the same in every cluster: the interval is that of the rule of three"),
    )
