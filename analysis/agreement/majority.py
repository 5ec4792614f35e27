"""A judge's verdicts against the majority of people (or against gold labels given as a person's)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.alt_test import alt_test
from judge.analysis.agreement.chance import of_table
from judge.analysis.agreement.matched import People
from judge.analysis.agreement.verdicts import Votes, verdicts
from judge.analysis.duel_table import FAILED, LOSS, TIE, WIN
from judge.analysis.estimate import Estimate, finding, unidentified
from judge.analysis.jackknife import cluster_mean, count_by
from judge.analysis.outcomes import bounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable, Units
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Columns = dict[str, object]

METHOD = "share of presentations with the verdict of people's majority, orders averaged; cluster jackknife, t"
MACRO = ("precision", "recall", "f1")


def majority(people: list[Votes]) -> Votes:
    """Take the verdict that more than half of the people gave on each question, else a tie.

    >>> a = Votes(np.array([1]), np.array([WIN]), np.array([0]))
    >>> b = Votes(np.array([1]), np.array([LOSS]), np.array([0]))
    >>> majority([a, a, b]).verdict.tolist(), majority([a, b]).verdict.tolist()
    ([0], [1])
    """
    question = np.concatenate([votes.question for votes in people])
    verdict = np.concatenate([votes.verdict for votes in people])
    cluster = np.concatenate([votes.cluster for votes in people])
    unique, start, place = np.unique(question, return_index=True, return_inverse=True)
    counts = count_by(place * 3 + verdict, unique.size * 3).reshape(-1, 3)
    total = counts.sum(axis=1)
    chosen = np.where(counts[:, WIN] * 2 > total, WIN, np.where(counts[:, LOSS] * 2 > total, LOSS, TIE))
    return Votes(unique, chosen, cluster[start])


def accuracy(units: Units, gold: Votes, dialogues: int, confidence: float) -> Estimate:
    """Estimate the share of a judge's presentations that give the majority's verdict.

    Orders are averaged within a question; failures are no verdicts and do not count.
    """
    question = units.pair * dialogues + units.dialogue
    _, mine, theirs = np.intersect1d(question, gold.question, assume_unique=True, return_indices=True)
    counts, answered = units.counts[mine][:, :, :FAILED], units.answered[mine]
    hits = np.take_along_axis(counts, gold.verdict[theirs][:, None, None], axis=2)[:, :, 0]
    shown = answered > 0
    known = shown.any(axis=1)
    rate = np.divide(hits, answered, out=np.zeros(hits.shape), where=shown)
    share = (rate.sum(axis=1) / np.maximum(shown.sum(axis=1), 1))[known]
    if not share.size:
        return unidentified("the judge and people judged no question in common", method=METHOD)
    made = cluster_mean(share, units.cluster[mine][known], confidence=confidence, method=METHOD)
    return bounded(made, confidence)


def macro_scores(table: Floats, which: str) -> Floats:
    """Compute macro-averaged precision, recall or F1 of tables of truth (rows) by guess, shape (B, K, K).

    Categories that neither truth nor guess holds do not count; one without guesses (or truths) scores 0.

    >>> macro_scores(np.array([[[2.0, 0], [1, 1]]]), "recall")
    array([0.75])
    """
    hit = np.diagonal(table, axis1=1, axis2=2)
    truth, guess = table.sum(axis=2), table.sum(axis=1)
    bottom = {"precision": guess, "recall": truth, "f1": (truth + guess) / 2}[which]
    each = np.divide(hit, bottom, out=np.zeros(hit.shape), where=bottom > 0)
    present = (truth + guess > 0).sum(axis=1)
    return np.asarray(np.where(present > 0, each.sum(axis=1) / np.maximum(present, 1), np.nan))


def _macro(which: str, table: Floats, cost: Floats) -> Floats:
    """Compute macro scores; categories have no costs."""
    del cost
    return macro_scores(table, which)


def majority_findings(table: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield accuracy, macro scores and the substitution test of each judge's verdicts."""
    for number, criterion in enumerate(table.criterion.names):
        people = [verdicts(units, table.dialogues) for units in table.pooled(number)]
        people = [votes for votes in people if votes.question.size]
        if not people:
            continue
        gold = majority(people)
        for rater in table.judges:
            units = table.of(number, rater)
            if len(units):
                columns: Columns = {
                    "level": "judge",
                    "judge": table.rater.names[rater],
                    "criterion": criterion,
                    "n_raters": len(people),
                }
                yield from _against(units, gold, table.dialogues, options, columns)
                yield from _substitution(verdicts(units, table.dialogues), people, options, columns)


def _against(
    units: Units, gold: Votes, dialogues: int, options: AuditOptions, columns: Columns
) -> Iterator[Finding]:
    made = accuracy(units, gold, dialogues, options.confidence)
    columns = columns | {"term": "people_majority"}
    yield finding("agreement", "duel_accuracy", made, **columns)
    mine = verdicts(units, dialogues)
    _, left, right = np.intersect1d(mine.question, gold.question, assume_unique=True, return_indices=True)
    truth, guess = gold.verdict[right].astype(float), mine.verdict[left].astype(float)
    for which in MACRO:
        estimate = of_table(
            (truth, guess),
            mine.cluster[left],
            (f"macro-averaged {which} against people's majority", "nominal"),
            partial(_macro, which),
            options.confidence,
        )
        yield finding("agreement", f"duel_macro_{which}", estimate.clip(0.0, 1.0), **columns)


def as_people(people: list[Votes], judge: Votes) -> tuple[People, Floats]:
    """Arrange verdicts as labels of the questions that the judge answered too."""
    question = np.concatenate([votes.question for votes in people])
    rater = np.repeat(np.arange(len(people)), [votes.question.size for votes in people])
    verdict = np.concatenate([votes.verdict for votes in people])
    keep = np.isin(question, judge.question)
    question, rater, verdict = question[keep], rater[keep], verdict[keep]
    items, unit = np.unique(question, return_inverse=True)
    order = np.argsort(judge.question)
    place = order[np.searchsorted(judge.question[order], items)]
    cluster = judge.cluster[place]
    return (
        People(items, unit.astype(np.int64), rater, verdict.astype(float), cluster, cluster),
        judge.verdict[place].astype(float),
    )


def _substitution(
    judge: Votes, people: list[Votes], options: AuditOptions, columns: Columns
) -> Iterator[Finding]:
    """Yield the alternative annotator test of verdicts, by accuracy."""
    labels, mine = as_people(people, judge)
    result = alt_test(labels, mine, scoring="accuracy", confidence=options.confidence)
    columns = columns | {"n_raters": result.raters}
    note = (f"{result.left_out} people with too few questions are left out",) if result.left_out else ()
    advantage = replace(result.advantage, warnings=(*result.advantage.warnings, *note))
    yield finding("agreement", "duel_alt_test_advantage", advantage, **columns)
    for epsilon, rate in result.winning_rates.items():
        yield finding("agreement", "duel_alt_test_winning_rate", rate, term=f"epsilon={epsilon:g}", **columns)
