"""How well each judge's scores turn into people's, raw and calibrated; as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.calibration.crossfit import FOLDS, Labelled, Method, cross_fitted, measures
from judge.analysis.calibration.isotonic import MIN_ITEMS
from judge.analysis.calibration.ordinal import MAX_LEVELS
from judge.analysis.calibration.ppi import MIN_LABELS
from judge.analysis.estimate import finding, unidentified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

STATISTICS = ("rmse", "calibration_slope", "ece")
WORDS: dict[Method, str] = {
    "raw": "the judge's scores as they are",
    "isotonic": f"isotonic regression, cross-fitted in {FOLDS} folds of clusters",
    "ordinal": f"cumulative logit, cross-fitted in {FOLDS} folds of clusters",
}


def quality_findings(table: RatingTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield ``rmse``, ``calibration_slope`` and ``ece`` of each judge on the items that people rated.

    Family ``calibration``, level ``item``; `term` is raw, isotonic or ordinal. Isotonic regression needs
    200 labelled items, the ordinal model a scale of at most 11 levels; with fewer than 50 labelled items
    nothing is identified.
    """
    for number, criterion in enumerate(table.criterion.names):
        for rater in table.judges:
            data = labelled_items(table, number, rater)
            if not data.score.size:
                continue
            columns = {"judge": table.rater.names[rater], "criterion": criterion, "level": "item"}
            for method, words in WORDS.items():
                yield from _method(data, method, words, options, columns)


def labelled_items(table: RatingTable, criterion: int, rater: int) -> Labelled:
    """Return the items that a judge scored and people rated, with each person's rating."""
    item, score = table.cells.of(criterion, rater)
    theirs, _, rating = table.cells.pooled(criterion, table.people)
    place = np.searchsorted(item, theirs)
    known = place < item.size
    known[known] = item[place[known]] == theirs[known]
    place, rating = place[known], rating[known]
    rated, row = np.unique(place, return_inverse=True)
    count = np.bincount(row, minlength=rated.size)
    label = np.bincount(row, rating, rated.size) / np.maximum(count, 1)
    cluster = table.cluster_of_dialogue[item[rated] // max(len(table.system), 1)]
    return Labelled(score[rated], label, cluster, row.astype(np.int64), rating)


def _method(
    data: Labelled, method: Method, words: str, options: AuditOptions, columns: dict[str, str]
) -> Iterator[Finding]:
    reason = _why_not(data, method)
    if reason:
        for statistic in STATISTICS:
            missing = unidentified(reason, n=data.score.size, method=words)
            yield finding("calibration", statistic, missing, term=method, **columns)
        return
    rng = np.random.default_rng(options.seed)
    predicted = cross_fitted(data, method, rng=rng)
    for statistic, estimate in measures(data, predicted, options.confidence, words).items():
        yield finding("calibration", statistic, estimate, term=method, **columns)


def _why_not(data: Labelled, method: Method) -> str:
    n = data.score.size
    if n < MIN_LABELS:
        return f"{n} labelled items; {MIN_LABELS} are needed"
    if np.unique(data.cluster).size < 2:
        return "one cluster only: nothing is left to fit on"
    if method == "isotonic" and n < MIN_ITEMS:
        return f"{n} labelled items; isotonic regression needs {MIN_ITEMS}, use the ordinal model"
    levels = np.unique(data.rating).size
    if method == "ordinal" and levels > MAX_LEVELS:
        return f"people gave {levels} different scores: more than {MAX_LEVELS} are no ordinal scale"
    return ""
