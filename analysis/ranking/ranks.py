"""Ranks with simultaneous intervals, from pairwise differences adjusted by Holm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

METHOD = "rank; simultaneous interval from all pairwise differences, Holm-adjusted"


def rank_intervals(
    better: npt.NDArray[np.bool_], value: npt.NDArray[np.float64]
) -> list[tuple[float, int, int]]:
    """Return rank, lowest and highest rank that the data leave open, for each system.

    Parameters
    ----------
    better
        ``better[i, j]``: system i is better than j, significantly at a family-wise level; shape (K, K).
    value
        What is ranked, larger first, shape (K,); equal values share the mean of their ranks.

    Notes
    -----
    rank(i) lies in [1 + number better than i, K - number worse than i], for all systems at once with the
    family-wise confidence of the comparisons (in the spirit of Mogstad et al. 2024,
    doi:10.1093/restud/rdad006). Intervals that overlap are no such statement.

    Examples
    --------
    Only the first and the last of three are told apart:

    >>> import numpy as np
    >>> better = np.array([[0, 0, 1], [0, 0, 0], [0, 0, 0]], dtype=bool)
    >>> rank_intervals(better, np.array([3.0, 2.0, 1.0]))
    [(1.0, 1, 2), (2.0, 1, 3), (3.0, 2, 3)]
    """
    count = value.size
    above = (value[None, :] > value[:, None]).sum(axis=1)
    level = (value[None, :] == value[:, None]).sum(axis=1)
    ranks = above + (level + 1) / 2
    return [
        (float(ranks[i]), 1 + int(better[:, i].sum()), count - int(better[i].sum())) for i in range(count)
    ]
