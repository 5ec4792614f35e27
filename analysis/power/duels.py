"""How many duels show that one system wins more often: exact binomial, and what ties and clusters cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEADY = 20
"""Power must hold for so many further duels: the exact test's power is a saw-tooth in n."""
_LARGEST = 200_000


@dataclass(frozen=True)
class WinRatePlan:
    """What a win rate needs: decisive duels, and dialogues after ties and dependence.

    `power` is that of the exact test at `decisive` duels.
    """

    win_rate: float
    decisive: int
    dialogues: int
    deff: float
    power: float


def sign_test_power(win_rate: float, n: int, *, alpha: float = 0.05) -> float:
    """Return the power of the exact two-sided sign test with `n` decisive duels.

    Examples
    --------
    A hundred dialogues with 12 % ties find a win rate of .62 in six of ten studies only:

    >>> round(sign_test_power(0.62, 88), 2)
    0.6
    """
    from scipy import special

    # The largest count of losses (or wins) that rejects: twice its tail is at most alpha.
    k = np.arange(n // 2 + 1)
    rejecting = np.flatnonzero(2 * special.bdtr(k, n, 0.5) <= alpha)
    if not rejecting.size:
        return 0.0
    edge = int(rejecting[-1])
    return float(special.bdtr(edge, n, win_rate) + special.bdtr(edge, n, 1 - win_rate))


def decisive_duels(win_rate: float, *, power: float = 0.8, alpha: float = 0.05) -> int:
    """Return how many decisive duels find a win rate with this power, by the exact sign test.

    Parameters
    ----------
    win_rate
        True share of wins among the decisive duels; not .5.
    power
        Chance of finding it.
    alpha
        Two-sided level.

    Returns
    -------
    int
        The smallest n from which the power holds for the next 20 n as well.

    Raises
    ------
    ValueError
        A win rate of .5 or outside (0, 1), or one so close to .5 that more than 200,000 duels are needed.

    Examples
    --------
    >>> [decisive_duels(p) for p in (0.6, 0.65, 0.7)]
    [210, 97, 54]
    """
    if not 0 < win_rate < 1 or win_rate == 0.5:
        raise ValueError(f"a win rate of {win_rate:g} cannot be planned for: above 0, below 1, and not .5")
    n = max(1, round(0.5 * _normal_n(abs(win_rate - 0.5), power, alpha)))
    held = 0
    while n < _LARGEST:
        held = held + 1 if sign_test_power(win_rate, n, alpha=alpha) >= power else 0
        if held == STEADY + 1:
            return n - STEADY
        n += 1
    raise ValueError(f"more than {_LARGEST:,} duels are needed for a win rate of {win_rate:g}")


def _normal_n(gap: float, power: float, alpha: float) -> float:
    from scipy import special

    return float(((special.ndtri(1 - alpha / 2) + special.ndtri(power)) / (2 * gap)) ** 2)


def plan_win_rate(
    win_rate: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    ties: float = 0.2,
    per_dialogue: int = 1,
    icc: float = 0.3,
) -> WinRatePlan:
    """Plan the dialogues that a win rate needs.

    ``dialogues = n / (1 - ties) * deff / m`` with ``deff = 1 + (m - 1) icc`` for m duels a dialogue. Swapped
    orders and repeats of a duel are one duel.

    Parameters
    ----------
    win_rate
        Of the decisive duels.
    ties
        Share of duels without a winner after averaging the orders.
    per_dialogue
        Different duels of the two systems in one dialogue (turns, say).
    icc
        How alike the verdicts of one dialogue are.

    Raises
    ------
    ValueError
        See `decisive_duels`; ties outside [0, 1), icc outside [0, 1].

    Examples
    --------
    >>> plan_win_rate(0.65, ties=0.12).dialogues
    111
    """
    if not 0 <= ties < 1 or not 0 <= icc <= 1 or per_dialogue < 1:
        raise ValueError("ties lie in [0, 1), icc in [0, 1], and a dialogue has at least one duel")
    n = decisive_duels(win_rate, power=power, alpha=alpha)
    deff = 1 + (per_dialogue - 1) * icc
    dialogues = int(np.ceil(n / (1 - ties) * deff / per_dialogue - 1e-9))
    return WinRatePlan(win_rate, n, dialogues, deff, sign_test_power(win_rate, n, alpha=alpha))
