"""A judge that compares beside people who rated: the verdicts that each person's own ratings imply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.rank_sums import inner_pairs
from judge.analysis.agreement.verdicts import SETUPS, VotePairs, Votes, setup_agreement, verdicts, within
from judge.analysis.duel_table import LOSS, TIE, WIN
from judge.analysis.estimate import finding
from judge.analysis.inputs import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable
    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Ints = npt.NDArray[np.int64]

NOTE = "people rated one response at a time: equal ratings count as a tie"


def implied_findings(duels: DuelTable, ratings: RatingTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield the agreement of each judge's verdicts with those that people's ratings imply.

    Only where people gave no duels of the criterion themselves. A person's verdict on a pair is the sign of
    the difference of that person's own two ratings, so that severity cancels; judge with people and people
    with people are computed alike (one vote against one vote).

    Parameters
    ----------
    duels, ratings
        Coded tables of the same study.
    options
        Confidence.
    """
    for number, criterion in enumerate(duels.criterion.names):
        if criterion not in ratings.criterion.names or duels.pooled(number):
            continue
        votes, raters = implied_votes(duels, ratings, ratings.criterion.names.index(criterion))
        if not votes.question.size:
            continue
        columns = {"criterion": criterion, "n_raters": raters}
        if raters > 1:
            pairs = within([votes])
            yield from _findings(pairs, options, {"level": "people", "judge": PEOPLE, **columns})
        for rater in duels.judges:
            mine = verdicts(duels.of(number, rater), duels.dialogues)
            if mine.question.size:
                name = {"level": "judge", "judge": duels.rater.names[rater]}
                yield from _findings(_cross(mine, votes), options, name | columns)


def implied_votes(duels: DuelTable, ratings: RatingTable, criterion: int) -> tuple[Votes, int]:
    """Return one vote for each person and pair of responses that the person rated both of.

    Returns
    -------
    tuple
        All people's votes together (questions repeat), and the number of people who gave any.
    """
    item, rater, score = ratings.cells.pooled(criterion, ratings.people)
    dialogue, system = np.divmod(item, max(len(ratings.system), 1))
    one, two = inner_pairs(rater * max(len(ratings.dialogue), 1) + dialogue)
    pair, flipped = _pair_numbers(duels, ratings, system[one], system[two])
    of_dialogue = _codes_of(ratings.dialogue.names, duels.dialogue_names)[dialogue[one]]
    keep = (pair >= 0) & (of_dialogue >= 0) & ~flipped
    one, two, pair, of_dialogue = one[keep], two[keep], pair[keep], of_dialogue[keep]
    gap = np.sign(score[one] - score[two])
    verdict = np.where(gap > 0, WIN, np.where(gap < 0, LOSS, TIE))
    cluster = ratings.cluster_of_dialogue[dialogue[one]]
    question = pair * duels.dialogues + of_dialogue
    return Votes(question, verdict, cluster), int(np.unique(rater[one]).size)


def _pair_numbers(
    duels: DuelTable, ratings: RatingTable, first: Ints, second: Ints
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the pair of the duels that two systems make (-1: none), and whether they stand the other way."""
    to_duels = _codes_of(ratings.system.names, duels.system.names)
    size = len(duels.system)
    known = np.full((size + 1, size + 1), -1, dtype=np.int64)
    known[duels.pairs[:, 0], duels.pairs[:, 1]] = np.arange(len(duels.pairs))
    a, b = to_duels[first], to_duels[second]
    return np.maximum(known[a, b], known[b, a]), known[a, b] < 0


def _codes_of(names: tuple[str, ...], known: tuple[str, ...]) -> Ints:
    place = {name: number for number, name in enumerate(known)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def _cross(judge: Votes, people: Votes) -> VotePairs:
    """Pair the judge's verdict with every person's on the same question."""
    order = np.argsort(judge.question)
    at = np.searchsorted(judge.question, people.question, sorter=order)
    at = order[np.minimum(at, judge.question.size - 1)]
    same = judge.question[at] == people.question
    at = at[same]
    return VotePairs(judge.verdict[at], people.verdict[same], judge.question[at], judge.cluster[at])


def _findings(pairs: VotePairs, options: AuditOptions, columns: dict[str, object]) -> Iterator[Finding]:
    for setup in SETUPS:
        estimate, kept = setup_agreement(pairs, setup, options.confidence)
        note = (f"{kept:.0%} of the pairs of verdicts are kept",) if setup == "S2" else ()
        made = finding("agreement", "duel_agreement", estimate, warnings=(NOTE, *note), **columns)
        yield replace(made, term=f"{setup} (implied by ratings)")
