"""Agreement of ratings beyond correlations: kappa, ICC, ceiling, substitution, ordering, judge v judge."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.agreement.alt_test import AltTest, alt_test, constant_judge
from judge.analysis.agreement.ceiling import lower_ceiling, noise_ceiling
from judge.analysis.agreement.chance import cohen_kappa, fleiss_kappa, gwet_ac1
from judge.analysis.agreement.compare import correlation_difference
from judge.analysis.agreement.correlation import correlate
from judge.analysis.agreement.icc import FORMS, icc
from judge.analysis.agreement.matched import People, people_of, with_judge
from judge.analysis.agreement.ordering import pairs_of, tie_calibrated
from judge.analysis.agreement.rank_sums import inner_pairs
from judge.analysis.estimate import Estimate, finding, holm, unidentified
from judge.analysis.inputs import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from judge.analysis.inputs import AuditOptions
    from judge.analysis.rating_table import RatingTable
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]
    Columns = dict[str, object]

WEIGHTS = ("nominal", "linear", "quadratic")


def rating_agreement_findings(table: RatingTable, options: AuditOptions) -> Iterator[Finding]:
    """Yield what `judge.analysis.agreement.levels` and `.people` do not, criterion by criterion."""
    if not table.people:
        return
    for number, criterion in enumerate(table.criterion.names):
        people = people_of(table, number)
        if not people.items.size:
            continue
        columns: Columns = {"criterion": criterion, "n_raters": people.raters}
        yield from _among_people(people, options, columns)
        scores = {}
        for rater in table.judges:
            item, score = table.cells.of(number, rater)
            if item.size:
                name = table.rater.names[rater]
                part, mine = with_judge(people, item, score)
                scores[name] = (item, score)
                yield from _of_judge(part, mine, options, columns | {"judge": name})
        yield from _judges_compared(people, scores, options, columns)


def _among_people(people: People, options: AuditOptions, columns: Columns) -> Iterator[Finding]:
    """Yield Fleiss' kappa, pairwise kappas, AC1, ICC and the lower ceiling of people."""
    columns = columns | {"level": "people", "judge": PEOPLE}
    fleiss = fleiss_kappa(people.unit, people.score, people.cluster, confidence=options.confidence)
    yield finding("agreement", "fleiss_kappa", fleiss, **columns)
    one, two = inner_pairs(people.unit) if people.items.size else (np.zeros(0, int), np.zeros(0, int))
    other = one != two
    one, two = one[other], two[other]
    yield from _kappas(
        people.score[one], people.score[two], people.cluster[people.unit[one]], options, columns
    )
    complete = people.complete()
    if complete is None:
        reason = unidentified("no two items were rated by all people", n=people.items.size, method="ICC")
        found = dict.fromkeys(FORMS, reason)
    else:
        found = icc(*complete, confidence=options.confidence)
    for form, estimate in found.items():
        yield finding("agreement", "icc", estimate, term=form, **columns)
    ceiling = lower_ceiling(people, confidence=options.confidence)
    yield finding("agreement", "lower_ceiling", ceiling, **columns)


def _kappas(
    x: Floats, y: Floats, cluster: npt.NDArray[np.int64], options: AuditOptions, columns: Columns
) -> Iterator[Finding]:
    """Yield the three kappas and AC1 of pairs of ratings of the same item."""
    for weights in WEIGHTS:
        made = cohen_kappa(x, y, cluster, weights, confidence=options.confidence)  # type: ignore[arg-type]  # a Literal
        yield finding("agreement", "cohen_kappa", made, term=weights, **columns)
    yield finding("agreement", "gwet_ac1", gwet_ac1(x, y, cluster, confidence=options.confidence), **columns)


def _of_judge(people: People, judge: Floats, options: AuditOptions, columns: Columns) -> Iterator[Finding]:
    """Yield a judge's kappas with single people, ceiling, substitution test and ordering."""
    unit = people.unit
    at_judge = columns | {"level": "judge"}
    yield from _kappas(judge[unit], people.score, people.cluster[unit], options, at_judge)
    mean = people.first / np.where(people.size > 0, people.size, 1.0)
    at_item = columns | {"level": "item", "term": "people_mean"}
    tau_c = correlate(
        judge, mean, people.cluster, statistics=("kendall_tau_c",), confidence=options.confidence
    )["kendall_tau_c"]
    yield finding("agreement", "kendall_tau_c", tau_c, **at_item)
    for name, estimate in noise_ceiling(people, judge, confidence=options.confidence).items():
        statistic = "people_reliability" if name == "reliability" else name
        yield finding("agreement", statistic, estimate, **at_item)
    yield from _substitution(people, judge, options, at_judge)
    pairs = pairs_of(judge, np.round(mean, 12), people.dialogue, people.cluster)
    accuracy, threshold, tie = tie_calibrated(pairs, seed=options.seed, confidence=options.confidence)
    at_context = columns | {"level": "context", "term": "people_mean"}
    yield finding("agreement", "accuracy_with_ties", accuracy, **at_context)
    yield finding("agreement", "tie_threshold", threshold, **at_context)
    yield finding("agreement", "accuracy_always_tie", tie, **at_context)


def _substitution(
    people: People, judge: Floats, options: AuditOptions, columns: Columns
) -> Iterator[Finding]:
    """Yield the alternative annotator test of the judge and of the constant judge."""
    result = alt_test(people, judge, confidence=options.confidence)
    yield from _alt_findings(result, "judge", columns)
    control = alt_test(people, constant_judge(people) if judge.size else judge, confidence=options.confidence)
    yield from _alt_findings(control, "constant_judge", columns)


def _alt_findings(result: AltTest, level: str, columns: Columns) -> Iterator[Finding]:
    columns = columns | {"level": level, "n_raters": result.raters}
    note = (f"{result.left_out} people with too few items are left out",) if result.left_out else ()
    if level == "constant_judge":
        note = (*note, "negative control: a judge that always gives people's most frequent score")
    yield finding("agreement", "alt_test_advantage", result.advantage, warnings=note, **columns)
    for epsilon, rate in result.winning_rates.items():
        yield finding(
            "agreement", "alt_test_winning_rate", rate, term=f"epsilon={epsilon:g}", warnings=note, **columns
        )


def _judges_compared(
    people: People,
    scores: dict[str, tuple[npt.NDArray[np.int64], Floats]],
    options: AuditOptions,
    columns: Columns,
) -> Iterator[Finding]:
    """Yield the difference of every two judges' Spearman correlation with people's mean, Holm-adjusted."""
    found: list[tuple[str, str, Estimate]] = []
    for one, two in combinations(sorted(scores), 2):
        part, mine = with_judge(people, *scores[one])
        both, theirs = with_judge(part, *scores[two])
        mine = mine[np.isin(part.items, both.items, assume_unique=True)]
        mean = both.first / np.where(both.size > 0, both.size, 1.0)
        made = correlation_difference(mine, theirs, mean, both.cluster, confidence=options.confidence)
        found.append((one, two, made))
    steps = iter(holm([e.p for _, _, e in found if e.p is not None]))
    for one, two, made in found:
        p = None if made.p is None else next(steps)
        text = replace(made, method=f"{made.method}; with people's mean, on the items of both")
        yield finding(
            "agreement", "spearman_difference", text, level="judges", judge=one, term=f"v {two}",
            p_adjusted=p, correction="holm" if p is not None else "", **columns,
        )  # fmt: skip
