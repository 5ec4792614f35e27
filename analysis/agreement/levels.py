"""Correlation of a judge with people at three levels: items, contexts, systems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis import jackknife
from judge.analysis.agreement.correlation import NAMES, STATISTICS, correlate, degenerate
from judge.analysis.agreement.rank_sums import inner_pairs
from judge.analysis.estimate import Estimate, finding, unidentified
from judge.analysis.jackknife import cluster_mean, dense_codes, from_replicates, leave_one_out, sum_by
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


@dataclass(frozen=True)
class Matched:
    """A judge's scores beside people's, on the items that both rated; shape (n,) each."""

    judge: Floats
    people: Floats
    dialogue: Ints
    system: Ints
    cluster: Ints


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
                for level, statistic, estimate in all_levels(matched, options.confidence):
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
    return {name: _voices_named(estimate) for name, estimate in found.items()}


def _voices_named(estimate: Estimate) -> Estimate:
    """Say whose scores are constant."""
    names = {"the first column": "the judge's scores are", "the second column": "people's scores are"}
    texts = []
    for text in estimate.warnings:
        for column, voice in names.items():
            text = text.replace(f"{column} is", voice)  # noqa: PLW2901 - one text, two replacements
        texts.append(text)
    return replace(estimate, warnings=tuple(texts))


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
    sums = np.stack(
        [
            sum_by(cluster * systems + system, values, groups * systems).reshape(groups, systems)
            for values in (matched.judge, matched.people, np.ones(system.size))
        ],
        axis=1,
    )
    total = sums.sum(axis=0)
    reason = degenerate(total[0] / total[2], total[1] / total[2])
    out = {}
    for name in STATISTICS:
        if reason:
            out[name] = _voices_named(unidentified(reason, n=systems, method=methods[name]))
            continue
        value, without = leave_one_out(sums, partial(_of_systems, name), chunk=jackknife.CHUNK // systems)
        out[name] = from_replicates(
            value, without, n=systems, confidence=confidence, method=methods[name], scale="fisher"
        )
    return out


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
