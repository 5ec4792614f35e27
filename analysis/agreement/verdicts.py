"""Agreement of verdicts: MT-bench's two set-ups, kappa and AC1, judge with people and people with people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.chance import cohen_kappa, gwet_ac1
from judge.analysis.agreement.rank_sums import inner_pairs
from judge.analysis.duel_table import FAILED, LOSS, TIE, WIN
from judge.analysis.estimate import Estimate, finding, unidentified
from judge.analysis.inputs import PEOPLE
from judge.analysis.jackknife import cluster_mean, count_by, dense_codes, sum_by
from judge.analysis.outcomes import bounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.duel_table import DuelTable, Units
    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

METHOD = "mean over questions of the share of pairs of raters with the same verdict; cluster jackknife, t"
SETUPS = {"S1": "ties and verdicts that flip with the order count as ties; chance 1/3", "S2": "chance 1/2"}


@dataclass(frozen=True)
class Votes:
    """One verdict a rater and question: WIN, TIE or LOSS of the pair's first system; question = unit."""

    question: Ints
    verdict: Ints
    cluster: Ints


@dataclass(frozen=True)
class VotePairs:
    """Pairs of verdicts on the same question, shape (P,)."""

    one: Ints
    two: Ints
    question: Ints
    cluster: Ints


def verdicts(units: Units, dialogues: int) -> Votes:
    """Turn each unit's presentations into one verdict; those that do not all agree are a tie.

    Units without a verdict are left out.
    """
    counts = units.counts[:, :, :FAILED].sum(axis=1)
    total = counts.sum(axis=1)
    known = total > 0
    verdict = np.where(counts[:, WIN] == total, WIN, np.where(counts[:, LOSS] == total, LOSS, TIE))
    question = units.pair * dialogues + units.dialogue
    return Votes(question[known], verdict[known], units.cluster[known])


def cross(judge: Votes, people: list[Votes]) -> VotePairs:
    """Pair the judge's verdict with that of each person on the same question."""
    parts = []
    for person in people:
        common, mine, theirs = np.intersect1d(
            judge.question, person.question, assume_unique=True, return_indices=True
        )
        parts.append((judge.verdict[mine], person.verdict[theirs], common, judge.cluster[mine]))
    return VotePairs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def within(people: list[Votes]) -> VotePairs:
    """Pair all verdicts of two different people on the same question, once each."""
    question = np.concatenate([p.question for p in people])
    verdict = np.concatenate([p.verdict for p in people])
    cluster = np.concatenate([p.cluster for p in people])
    one, two = inner_pairs(question)
    once = one < two
    one, two = one[once], two[once]
    return VotePairs(verdict[one], verdict[two], question[one], cluster[one])


def setup_agreement(pairs: VotePairs, setup: str, confidence: float) -> tuple[Estimate, float]:
    """Estimate agreement in set-up S1 (all verdicts) or S2 (only pairs without a tie).

    Returns
    -------
    tuple
        The estimate, and the share of pairs of verdicts kept.

    References
    ----------
    Zheng et al. 2023, arXiv 2306.05685.
    """
    keep = np.ones(pairs.one.size, dtype=bool)
    if setup == "S2":
        keep = (pairs.one != TIE) & (pairs.two != TIE)
    if not keep.any():
        reason = "no question was judged by two raters" if not keep.size else "every pair holds a tie"
        return unidentified(reason, method=METHOD), 0.0
    code, count = dense_codes(pairs.question[keep])
    same = sum_by(code, pairs.one[keep] == pairs.two[keep], count) / count_by(code, count)
    cluster = np.zeros(count, dtype=np.int64)
    cluster[code] = pairs.cluster[keep]
    made = cluster_mean(same, cluster, confidence=confidence, method=f"{METHOD}; {SETUPS[setup]}")
    return bounded(made, confidence), float(keep.mean())


def verdict_findings(table: DuelTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield agreement of verdicts among people and of each judge with people."""
    for number, criterion in enumerate(table.criterion.names):
        people = [verdicts(units, table.dialogues) for units in table.pooled(number)]
        people = [votes for votes in people if votes.question.size]
        if not people:
            continue
        columns = {"criterion": criterion, "n_raters": len(people)}
        if len(people) > 1:
            yield from _findings(within(people), options, {"level": "people", "judge": PEOPLE, **columns})
        for rater in table.judges:
            units = table.of(number, rater)
            if len(units):
                name = {"level": "judge", "judge": table.rater.names[rater]}
                pairs = cross(verdicts(units, table.dialogues), people)
                yield from _findings(pairs, options, name | columns)


def _findings(pairs: VotePairs, options: AuditOptions, columns: dict[str, object]) -> Iterator[Finding]:
    for setup in SETUPS:
        estimate, kept = setup_agreement(pairs, setup, options.confidence)
        note = (f"{kept:.0%} of the pairs of verdicts are kept",) if setup == "S2" else ()
        yield finding("agreement", "duel_agreement", estimate, term=setup, warnings=note, **columns)
    one, two, cluster = pairs.one, pairs.two, pairs.cluster
    if columns["level"] == "people":
        one, two = np.concatenate([one, two]), np.concatenate([two, one])
        cluster = np.concatenate([cluster, cluster])
    x, y = one.astype(float), two.astype(float)
    kappa = cohen_kappa(x, y, cluster, "nominal", confidence=options.confidence)
    yield finding("agreement", "duel_kappa", kappa, **columns)
    ac1 = gwet_ac1(x, y, cluster, confidence=options.confidence)
    yield finding("agreement", "duel_ac1", ac1, **columns)
