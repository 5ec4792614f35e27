"""The alternative annotator test: whether the judge may take an annotator's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from judge.analysis.agreement.alpha import coded
from judge.analysis.estimate import Estimate, benjamini, t_p_value, unidentified
from judge.analysis.jackknife import cluster_mean, count_by, present_codes

if TYPE_CHECKING:
    import numpy.typing as npt

    from judge.analysis.agreement.matched import People

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Scoring = Literal["accuracy", "rmse"]

EPSILONS = (0.0, 0.1, 0.15, 0.2)
"""Costs of a human annotator: .2 for experts, .15 for skilled people, .1 for a crowd."""
MIN_ITEMS = 30
"""Fewest items for a person to be tested against."""


@dataclass(frozen=True)
class AltTest:
    """The result: winning rate by epsilon, advantage probability, and how many people were compared."""

    winning_rates: dict[float, Estimate]
    advantage: Estimate
    raters: int
    left_out: int


def alt_test(
    people: People,
    judge: Floats,
    *,
    scoring: Scoring = "rmse",
    epsilons: tuple[float, ...] = EPSILONS,
    q: float = 0.05,
    min_items: int = MIN_ITEMS,
    confidence: float = 0.95,
) -> AltTest:
    r"""Compare the judge with each person by closeness to the remaining people.

    For each person r and item i, S is the closeness of a label to the labels of the other people (share of
    equal labels, or minus the root mean squared difference). W_f = 1[S(judge) >= S(r)], W_h = 1[S(r) >=
    S(judge)]. H0: mean(W_h - W_f) >= epsilon, by a one-sided t with clusters, adjusted over people by
    Benjamini-Yekutieli. The winning rate is the share of people for whom it is rejected; the judge passes
    at .5. The advantage probability is the mean over people of mean(W_f).

    Parameters
    ----------
    people
        Ratings of the items that the judge rated too.
    judge
        The judge's labels, shape (items,).
    scoring
        ``accuracy`` for categories, ``rmse`` for numbers.
    min_items
        People with fewer items (with another person's label) are left out.

    Notes
    -----
    With few people the winning rate is coarse (of three: 0, 1/3, 2/3, 1). To pass says that the judge is
    about as near to people as one of them is on average; it does not say that the judge is unbiased, and at
    epsilon = .2 it is lenient. With rmse a judge that always gives the usual score may pass: compare it
    with that constant judge. The original uses a t of independent items; here clusters are independent.

    References
    ----------
    Calderon, Reichart & Dror 2025, arXiv 2501.10970.
    """
    use = people.take(people.size >= 2)
    mine = judge[people.size >= 2]
    method = "alternative annotator test; one-sided cluster t, Benjamini-Yekutieli"
    won, against = closeness(use, mine, scoring)
    names, place = present_codes(use.rater)
    items = count_by(place, names.size)
    tested = [int(code) for code in np.flatnonzero(items >= min_items)]
    left = int(names.size) - len(tested)
    if not tested:
        reason = f"no person has {min_items} items that another person and the judge rated"
        empty = unidentified(reason, n=use.items.size, method=method)
        return AltTest(dict.fromkeys(epsilons, empty), empty, 0, left)
    clusters = use.cluster[use.unit]
    parts = [(won[place == code], against[place == code], clusters[place == code]) for code in tested]
    advantage = _advantage(parts, confidence)
    rates, independent = {}, present_codes(use.cluster)[0].size
    for epsilon in epsilons:
        p = benjamini([_p_value(h - f, c, epsilon) for f, h, c in parts], dependent=True)
        rate = float(np.mean([value < q for value in p]))
        rates[epsilon] = Estimate(value=rate, n=use.items.size, clusters=int(independent), method=method)
    return AltTest(rates, advantage, len(tested), left)


def closeness(people: People, judge: Floats, scoring: Scoring) -> tuple[Floats, Floats]:
    """Say of each human rating whether the judge, and whether the person, is at least as close to the others.

    Returns
    -------
    tuple
        W_f and W_h, shape (n,) each, in the order of the ratings.
    """
    if not people.score.size:
        return people.score, people.score
    unit, own, machine = people.unit, people.score, judge[people.unit]
    others = people.size[unit] - 1
    if scoring == "accuracy":
        _, code = coded(np.concatenate([people.score, judge]))
        values = int(code.max()) + 1
        counts = count_by(unit * values + code[: own.size], people.items.size * values)
        human = counts[unit * values + code[: own.size]] - 1
        same = (own == machine).astype(float)
        model = counts[unit * values + code[own.size :][unit]] - same
        return (model >= human).astype(float), (human >= model).astype(float)
    first, second = people.first[unit] - own, people.second[unit] - own**2
    errors = [others * label**2 - 2 * label * first + second for label in (own, machine)]
    slack = 1e-9 * (1 + np.abs(second))
    return (errors[1] <= errors[0] + slack).astype(float), (errors[0] <= errors[1] + slack).astype(float)


def _p_value(gap: Floats, clusters: Ints, epsilon: float) -> float:
    """Return the one-sided p-value that the mean of W_h - W_f is below epsilon."""
    made = cluster_mean(gap - epsilon, clusters, confidence=0.95, method="")
    if made.value is None:
        return 1.0
    if made.std_error is None or made.df is None:
        return 0.0 if made.value < 0 and made.clusters > 1 else 1.0
    return t_p_value(-made.value / made.std_error, made.df, one_sided=True)


def _advantage(parts: list[tuple[Floats, Floats, Ints]], confidence: float) -> Estimate:
    """Estimate the mean over people of the share of items on which the judge is at least as close."""
    method = (
        "mean over people of the share of items where the judge is at least as close; cluster jackknife, t"
    )
    weights = np.concatenate([np.full(won.size, 1 / won.size) for won, _, _ in parts])
    won = np.concatenate([won for won, _, _ in parts])
    clusters = np.concatenate([cluster for _, _, cluster in parts])
    made = cluster_mean(won * weights, clusters, confidence=confidence, method=method, weights=weights)
    return made.clip(0.0, 1.0)


def constant_judge(people: People) -> Floats:
    """Return the labels of a judge that always gives people's most frequent label: the negative control."""
    values, code = coded(people.score)
    usual = values[int(np.argmax(np.bincount(code)))]
    return np.full(people.items.size, usual)
