"""People among themselves, and the judge in one rater's place: alpha on equal terms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.alpha import Labels, mean_alpha
from judge.analysis.estimate import Estimate, finding
from judge.analysis.inputs import PEOPLE
from judge.analysis.jackknife import dense_codes, present_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


MAX_REPLACED = 12
"""With more people than this the judge replaces one of them in turn over the items."""


def alpha_findings(table: RatingTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield alpha among people, and with each judge in one rater's place."""
    if not table.people:
        return
    for number, criterion in enumerate(table.criterion.names):
        item, rater, score = table.cells.pooled(number, table.people)
        if not item.size:
            continue
        raters = int(np.unique(rater).size)
        among = mean_alpha([_labels(table, item, score)], confidence=options.confidence)
        for level, estimate in among.items():
            yield finding(
                "agreement", "krippendorff_alpha", estimate, level="people", judge=PEOPLE, term=level,
                criterion=criterion, n_raters=raters,
            )  # fmt: skip
        for judge in table.judges:
            mine, verdicts = table.cells.of(number, judge)
            if not mine.size:
                continue
            versions = replacements(table, (item, rater, score), (mine, verdicts))
            replaced = mean_alpha(versions, confidence=options.confidence)
            for level, raw in replaced.items():
                estimate = _named(raw, len(versions))
                yield finding(
                    "agreement", "krippendorff_alpha", estimate, level="judge_replaces_one",
                    judge=table.rater.names[judge], term=level, criterion=criterion, n_raters=raters,
                )  # fmt: skip


def _named(estimate: Estimate, versions: int) -> Estimate:
    how = f"mean over the {versions} people whose place the judge takes"
    if versions == 1:
        how = "in each item the judge takes the place of one person, in turn"
    return replace(estimate, method=f"{estimate.method}; {how}")


def _labels(table: RatingTable, item: Ints, score: Floats) -> Labels:
    present, unit = present_codes(item)
    cluster = table.cluster_of_dialogue[present // max(len(table.system), 1)]
    return Labels(unit, score, cluster)


def replacements(
    table: RatingTable, people: tuple[Ints, Ints, Floats], judge: tuple[Ints, Floats]
) -> list[Labels]:
    """Return labels with the judge in the place of each person; in turn over items where people are many.

    Only items with at least two people and a judgment count, so that the judge's version has as many
    ratings as people's.
    """
    item, rater, score = people
    keep = np.isin(item, judge[0])
    item, rater, score = item[keep], rater[keep], score[keep]
    present, unit = present_codes(item)
    size = np.bincount(unit, minlength=present.size)
    use = (size >= 2)[unit]
    item, rater, score, present = item[use], rater[use], score[use], present[size >= 2]
    names = np.unique(rater)
    if names.size > MAX_REPLACED:
        return [_labels(table, *replace_one((item, rater, score), judge))]
    _, mine, _ = np.intersect1d(judge[0], present, assume_unique=True, return_indices=True)
    found = []
    for name in names:
        stays = rater != name
        theirs = np.isin(judge[0][mine], item[~stays])
        found.append(
            _labels(
                table,
                np.concatenate([item[stays], judge[0][mine][theirs]]),
                np.concatenate([score[stays], judge[1][mine][theirs]]),
            )
        )
    return found


def replace_one(people: tuple[Ints, Ints, Floats], judge: tuple[Ints, Floats]) -> tuple[Ints, Floats]:
    """Put the judge into the place of one person in each item that both rated.

    Parameters
    ----------
    people
        Items, raters and scores of people, shape (n,).
    judge
        Items and scores of the judge, shape (m,); each item once.

    Returns
    -------
    tuple
        Items and scores of the remaining people and the judge, on items with at least two people: as many
        ratings an item as people gave, so that the two alphas are comparable.

    Notes
    -----
    Which person gives way goes round in turn over the items; no seed. With complete ratings this is close
    to the mean over raters of the alphas with that rater replaced, at the price of one.

    Examples
    --------
    >>> people = np.array([0, 0, 1, 1]), np.array([5, 6, 5, 6]), np.array([1.0, 2, 3, 4])
    >>> item, score = replace_one(people, (np.array([0, 1]), np.array([8.0, 9.0])))
    >>> item.tolist(), score.tolist()
    ([0, 1, 0, 1], [2.0, 3.0, 8.0, 9.0])
    """
    item, rater, score = people
    keep = np.isin(item, judge[0])
    item, rater, score = item[keep], rater[keep], score[keep]
    order = np.lexsort((rater, item))
    item, score = item[order], score[order]
    unit, units = dense_codes(item)
    size = np.bincount(unit, minlength=units)
    start = np.cumsum(size) - size
    place = np.arange(item.size) - start[unit]
    stays = (place != (unit % size[unit])) & (size[unit] >= 2)
    present = present_codes(item)[0][size >= 2]
    _, mine, _ = np.intersect1d(judge[0], present, assume_unique=True, return_indices=True)
    return (
        np.concatenate([item[stays], judge[0][mine]]),
        np.concatenate([score[stays], judge[1][mine]]),
    )
