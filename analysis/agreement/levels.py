"""Correlation of a judge with people at three levels: items, contexts, systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.correlation import NAMES, STATISTICS, correlate
from judge.analysis.agreement.matched import Matched, voices_named
from judge.analysis.agreement.rank_sums import inner_pairs
from judge.analysis.agreement.systems import ordered_pairs, system_level
from judge.analysis.estimate import Estimate, finding, unidentified
from judge.analysis.jackknife import cluster_mean, dense_codes, sum_by
from judge.analysis.rating_table import people_scores

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

MIN_SYSTEMS = 4
"""Fewest responses of one context for a correlation inside it."""
TERMS = ("people_mean", "people_median")


def correlation_findings(table: RatingTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield the correlations of each judge with people's mean and median, at the three levels."""
    if not table.people:
        return
    for number, criterion in enumerate(table.criterion.names):
        people = people_scores(table, number)
        for rater in table.judges:
            item, score = table.cells.of(number, rater)
            if not item.size:
                continue
            _, mine, theirs = np.intersect1d(item, people.item, assume_unique=True, return_indices=True)
            dialogue, system = np.divmod(item[mine], max(len(table.system), 1))
            raters = int(people.raters[theirs].max()) if theirs.size else 0
            for term, values in zip(TERMS, (people.mean, people.median), strict=True):
                cluster = table.cluster_of_dialogue[dialogue]
                matched = Matched(score[mine], values[theirs], dialogue, system, cluster)
                found = [
                    *all_levels(matched, options.confidence),
                    (
                        "system",
                        "system_pairs_ordered",
                        ordered_pairs(matched, options.seed, options.confidence),
                    ),
                ]
                for level, statistic, estimate in found:
                    yield finding(
                        "agreement", statistic, estimate, level=level, judge=table.rater.names[rater],
                        criterion=criterion, term=term, n_raters=raters,
                    )  # fmt: skip


def all_levels(matched: Matched, confidence: float) -> Iterator[tuple[str, str, Estimate]]:
    """Yield (level, statistic, estimate) of the matched scores."""
    for name, estimate in item_level(matched, confidence).items():
        yield "item", name, estimate
    for name, estimate in context_level(matched, confidence).items():
        yield "context", name, estimate
    for name, estimate in system_level(matched, confidence).items():
        yield "system", name, estimate


def item_level(matched: Matched, confidence: float) -> dict[str, Estimate]:
    """Correlate all items pooled: mixes agreement between and within dialogues."""
    if matched.judge.size == 0:
        reason = "the judge and people rated nothing in common"
        return {name: unidentified(reason, method=NAMES[name]) for name in STATISTICS}
    found = correlate(matched.judge, matched.people, matched.cluster, confidence=confidence)
    return {name: voices_named(estimate) for name, estimate in found.items()}


def context_level(matched: Matched, confidence: float) -> dict[str, Estimate]:
    """Average over dialogues the correlation across the responses to the same dialogue.

    Dialogues with fewer than four responses are left out; those in which a side gives one score to all are
    undefined, and their share is warned about.
    """
    code, count = dense_codes(matched.dialogue)
    enough = (np.bincount(code, minlength=count) >= MIN_SYSTEMS)[code] if count else np.zeros(0, dtype=bool)
    method = "mean over dialogues of {} across responses; cluster jackknife, t"
    if not enough.any():
        reason = f"no dialogue has {MIN_SYSTEMS} responses that both rated"
        return {name: unidentified(reason, method=method.format(NAMES[name])) for name in STATISTICS}
    code, count = dense_codes(matched.dialogue[enough])
    cluster = np.zeros(count, dtype=np.int64)
    cluster[code] = matched.cluster[enough]
    values = within_dialogues(matched.judge[enough], matched.people[enough], code, count)
    out = {}
    for name in STATISTICS:
        known = np.isfinite(values[name])
        how = method.format(NAMES[name])
        if not known.any():
            out[name] = unidentified("scores are constant in every dialogue", n=count, method=how)
            continue
        estimate = cluster_mean(values[name][known], cluster[known], confidence=confidence, method=how)
        share = 1 - known.mean()
        note = (f"{share:.1%} of {count} dialogues are undefined (constant scores)",) if share else ()
        out[name] = estimate.clip(-1.0, 1.0).warn(*note)
    return out


def within_dialogues(x: Floats, y: Floats, dialogue: Ints, count: int) -> dict[str, Floats]:
    """Correlate inside each dialogue; NaN where a side is constant.

    Parameters
    ----------
    x, y
        Scores, shape (n,).
    dialogue
        Dialogue of each row, 0..count-1.

    Returns
    -------
    dict
        An array of shape (count,) by statistic.

    Examples
    --------
    >>> x = np.array([1.0, 2, 3, 4])
    >>> within_dialogues(x, x, np.zeros(4, int), 1)["spearman"]
    array([1.])
    """
    one, two = inner_pairs(dialogue)
    dx, dy = np.sign(x[one] - x[two]), np.sign(y[one] - y[two])
    ranks = [sum_by(one, step, x.size) for step in (dx, dy)]
    where = dialogue[one]
    same = sum_by(where, dx * dy, count)
    untied = [sum_by(where, step != 0, count) for step in (dx, dy)]
    spread = untied[0] * untied[1]
    return {
        "spearman": _grouped_pearson(ranks[0], ranks[1], dialogue, count),
        "kendall_tau_b": np.divide(same, np.sqrt(spread), out=np.full(count, np.nan), where=spread > 0),
        "pearson": _grouped_pearson(x, y, dialogue, count),
    }


def _grouped_pearson(x: Floats, y: Floats, group: Ints, count: int) -> Floats:
    """Compute Pearson's r in each group."""
    n = np.bincount(group, minlength=count)
    x, y = (v - (sum_by(group, v, count) / n)[group] for v in (x, y))
    xx, yy, xy = (sum_by(group, v, count) for v in (x * x, y * y, x * y))
    good = (xx > 1e-12) & (yy > 1e-12)
    out = np.divide(
        xy, np.sqrt(xx * yy, where=good, out=np.ones(count)), out=np.full(count, np.nan), where=good
    )
    return np.asarray(np.clip(out, -1.0, 1.0))
