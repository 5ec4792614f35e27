"""The power of the bias panel at a design, by simulating studies with a planted liking."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from judge.analysis.bias.eiv import NotIdentified, mom_eiv
from judge.analysis.estimate import t_quantile, wilson
from judge.analysis.simulate.planted import Design, simulate

RUNS = 200


@dataclass(frozen=True)
class BiasPower:
    """The share of simulated studies that find the liking, with Wilson's interval for the simulation's noise.

    `undecided` is the share in which the data did not identify it; they count as not found.
    """

    beta: float
    dialogues: int
    systems: int
    raters: int
    power: float
    low: float
    high: float
    undecided: float
    runs: int


def power_for_bias(
    beta: float,
    *,
    design: Design | None = None,
    runs: int = RUNS,
    alpha: float = 0.05,
    rng: np.random.Generator,
) -> BiasPower:
    """Estimate the chance of finding a judge's liking for a feature.

    Parameters
    ----------
    beta
        The liking, in points for one standard deviation of the feature.
    design
        Dialogues, systems, raters, their noise and the rest (`judge.analysis.simulate.planted.Design`); the
        judge's slope on quality is .8 where none is given.
    runs
        Simulated studies.
    alpha
        Two-sided level.
    rng
        Source of the studies.

    Returns
    -------
    BiasPower

    Notes
    -----
    The estimator is the one that ships: errors-in-variables with the cluster jackknife
    (`judge.analysis.bias.eiv.mom_eiv`). At beta 0 the power is its false-positive rate.

    Examples
    --------
    >>> found = power_for_bias(0.4, runs=20, rng=np.random.default_rng(0))
    >>> found.power > 0.8, found.runs
    (True, 20)
    """
    plan = design or Design(slope=0.8)
    hits = undecided = 0
    for _ in range(runs):
        study = simulate(plan, (beta,), rng=rng)
        try:
            fit = mom_eiv(study.judge, study.features, study.people(), study.dialogue)
        except NotIdentified:
            undecided += 1
            continue
        hits += bool(abs(fit.coef[1]) > t_quantile(fit.df, 1 - alpha) * fit.std_error[1])
    low, high = wilson(hits / runs, runs, 0.95)
    return BiasPower(
        beta, plan.dialogues, plan.systems, plan.raters, hits / runs, low, high, undecided / runs, runs
    )


def dialogues_for_bias(
    beta: float,
    *,
    design: Design | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    runs: int = RUNS,
    rng: np.random.Generator,
    largest: int = 2000,
) -> tuple[int | None, tuple[BiasPower, ...]]:
    """Find how many dialogues give this power, from the design's other sizes.

    Returns
    -------
    tuple
        The number of dialogues, rounded up to tens (None where `largest` is not enough), and what was
        simulated on the way.

    Notes
    -----
    The standard error falls with the root of the dialogues. Its ratio to `beta` is read off one simulated
    power after another, and the number tried next follows from it, until the power is met.

    Examples
    --------
    >>> n, _ = dialogues_for_bias(0.4, runs=40, rng=np.random.default_rng(1))
    >>> n <= 60
    True
    """
    from scipy import special

    if beta == 0:
        raise ValueError("a liking of 0 cannot be found: plan for the smallest that matters")
    plan = design or Design(slope=0.8)
    edge = float(special.ndtri(1 - alpha / 2))
    wanted = edge + float(special.ndtri(power))
    tried: list[BiasPower] = []
    number = 60
    for _ in range(6):
        found = power_for_bias(beta, design=replace(plan, dialogues=number), runs=runs, alpha=alpha, rng=rng)
        tried.append(found)
        share = float(np.clip(found.power, 0.02, 0.98))
        signal = max(edge + float(special.ndtri(share)), 0.2)
        guess = int(np.ceil(number * (wanted / signal) ** 2 / 10) * 10)
        guess = int(np.clip(guess, 20, 4 * number))
        if abs(guess - number) <= max(10, number // 10):
            break
        if number >= largest and guess > largest:
            return None, tuple(tried)
        number = min(guess, largest)
    good = [one.dialogues for one in tried if one.power >= power]
    return (min(good) if good else guess if guess <= largest else None), tuple(tried)
