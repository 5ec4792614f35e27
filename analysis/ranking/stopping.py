"""When a comparison may stop, and what can be said after it has: valid at any schedule of looking.

The unit of betting is the dialogue: one order-averaged score in [0, 1] for each pair, in an order that was
drawn at random before the run. Pairs of one judge and criterion share one false discovery rate (e-BH, valid
under any dependence). The wealth of fixed bets does not depend on the order of the scores, so the numbers
after the fact can be computed from the tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from judge.analysis.duel_table import encode_duels
from judge.analysis.estimate import Estimate, finding
from judge.analysis.jackknife import count_by, dense_codes, sum_by
from judge.analysis.ranking.eprocess import BETS, e_bh
from judge.analysis.ranking.win_rate import voices

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pandas as pd

    from judge.analysis.inputs import AuditOptions
    from judge.types import Finding

    Floats = npt.NDArray[np.float64]

State: TypeAlias = Literal["different", "equivalent", "open"]

GRID = 400
METHOD = (
    "mean of order-averaged verdicts, ties one half; interval: the means that no bet has refuted, valid "
    "whenever the run stopped"
)
STOPPED = (
    "the run stopped when it was decided: intervals and p-values made for a fixed number of dialogues are "
    "too narrow here; see the family stopping"
)
"""The warning on findings of a run that stopped early."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of one pair at one look.

    `log_e` is the natural logarithm of the evidence against equality; `low` and `high` enclose the win rate
    at all times at once.
    """

    state: State
    log_e: float
    mean: float
    low: float
    high: float
    dialogues: int


def log_wealth(scores: npt.ArrayLike, means: npt.ArrayLike = 0.5) -> Floats:
    """Return the logarithm of the mixture of bets after all scores, for each mean that is tested.

    Parameters
    ----------
    scores
        In [0, 1], shape (t,). Their order does not matter.
    means
        Shape (m,), in (0, 1).

    Examples
    --------
    >>> bool(log_wealth([1.0] * 12)[0] > np.log(20))
    True
    """
    from scipy import special

    value, count = np.unique(np.asarray(scores, dtype=float), return_counts=True)
    mean = np.atleast_1d(np.asarray(means, dtype=float))
    share = np.array(BETS)
    bets = np.concatenate([share / mean[:, None], -share / (1 - mean[:, None])], axis=1)
    wealth = (np.log1p(bets[:, :, None] * (value - mean[:, None, None])) * count).sum(axis=2)
    return np.asarray(special.logsumexp(wealth, axis=1) - np.log(bets.shape[1]))


def anytime_interval(scores: npt.ArrayLike, alpha: float, grid: int = GRID) -> tuple[float, float]:
    """Return an interval for the mean that holds with 1 - alpha whenever one stops.

    References
    ----------
    Waudby-Smith & Ramdas 2024, doi:10.1093/jrsssb/qkad009.

    Examples
    --------
    >>> low, high = anytime_interval([1.0, 0.0, 0.5] * 100, 0.05)
    >>> low < 0.5 < high, high - low < 0.3
    (True, True)
    """
    x = np.asarray(scores, dtype=float)
    if not x.size:
        return 0.0, 1.0
    means = (np.arange(grid) + 0.5) / grid
    kept = means[log_wealth(x, means) < np.log(1 / alpha)]
    if not kept.size:
        return float(x.mean()), float(x.mean())
    half = 0.5 / grid
    return max(0.0, float(kept[0]) - half), min(1.0, float(kept[-1]) + half)


def look(scores: Sequence[npt.ArrayLike], *, alpha: float = 0.05, margin: float = 0.1) -> tuple[Look, ...]:
    """Say of each pair of one judge and criterion whether it may stop.

    Parameters
    ----------
    scores
        For each pair, one order-averaged score a dialogue. A pair that stopped earlier keeps the scores it
        had then: its evidence stands.
    alpha
        False discovery rate over the pairs that are called different; for those called equivalent, the
        chance that any is not (alpha is divided by the number of pairs).
    margin
        Win rates within 0.5 +- margin make no difference.

    Examples
    --------
    >>> [pair.state for pair in look([[1.0] * 30, [1.0, 0.0] * 15])]
    ['different', 'open']
    >>> look([[1.0, 0.0] * 600])[0].state
    'equivalent'
    """
    logs = [float(log_wealth(part)[0]) if len(np.atleast_1d(part)) else 0.0 for part in scores]
    counts = e_bh([float(np.exp(min(value, 700.0))) for value in logs], alpha)
    out = []
    for part, log_e, differs in zip(scores, logs, counts, strict=True):
        x = np.asarray(part, dtype=float)
        low, high = anytime_interval(x, alpha / len(scores))
        inside = 0.5 - margin <= low and high <= 0.5 + margin
        state: State = "different" if differs else "equivalent" if inside else "open"
        mean = float(x.mean()) if x.size else 0.5
        out.append(Look(state, log_e, mean, low, high, int(x.size)))
    return tuple(out)


def stopping_findings(
    duels: pd.DataFrame, dialogues: pd.DataFrame | None, options: AuditOptions
) -> Iterator[Finding]:
    """Yield each pair's win rate with an interval and a p-value that hold whenever the run stopped."""
    table = encode_duels(duels, dialogues, options.cluster)
    for voice in voices(table):
        known = np.isfinite(voice.score) & (voice.units.both_orders | ~voice.units.both_orders.any())
        for pair in np.unique(voice.units.pair[known]):
            rows = known & (voice.units.pair == pair)
            code, count = dense_codes(voice.units.cluster[rows])
            means = sum_by(code, voice.score[rows], count) / count_by(code, count)
            one, two = (table.system.names[int(system)] for system in table.pairs[pair])
            yield finding(
                "stopping", "win_rate", _anytime(means, int(rows.sum()), options.confidence), level="pair",
                judge=voice.judge, criterion=voice.criterion, system=one, system_b=two, n_raters=voice.raters,
            )  # fmt: skip


def _anytime(scores: Floats, n: int, confidence: float) -> Estimate:
    low, high = anytime_interval(scores, 1 - confidence)
    return Estimate(
        value=float(scores.mean()),
        ci_low=low,
        ci_high=high,
        p=float(np.exp(-max(float(log_wealth(scores)[0]), 0.0))),
        n=n,
        clusters=int(scores.size),
        confidence=confidence,
        method=METHOD,
    )
