"""Counting, for many thresholds at once, the points that lie below in both coordinates.

The kernel of exact leave-one-out rank correlations in O(n log n): a wavelet matrix over the ranks of y in
the order of x (Claude, Navarro & Ordonez 2015, doi:10.1016/j.is.2014.06.002), in plain numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dominance:
    """Points (x, y) prepared for counting; build with `prepare`."""

    x_sorted: Floats
    y_sorted: Floats
    zeros: tuple[npt.NDArray[np.int32], ...]

    def below(self, prefix: Ints, threshold: Ints) -> Ints:
        """Count, among the first `prefix` points by x, those whose y-rank is under `threshold`."""
        found = np.zeros(prefix.shape, dtype=np.int32)
        start, stop = np.zeros(prefix.shape, dtype=np.int32), prefix.astype(np.int32)
        ahead = threshold.astype(np.int32)
        full = ahead >= self.y_sorted.size
        bits = len(self.zeros)
        for level, zeros in enumerate(self.zeros):
            low, high = zeros[start], zeros[stop]
            one = (ahead >> (bits - 1 - level)) & 1 == 1
            found += np.where(one, high - low, 0)
            start = np.where(one, zeros[-1] + start - low, low)
            stop = np.where(one, zeros[-1] + stop - high, high)
        return np.where(full, prefix, found).astype(np.int64)

    def corners(self, x: Floats, y: Floats) -> tuple[Ints, Ints, Ints, Ints]:
        """Count points with (x', y') below (x, y): (<, <), (<, <=), (<=, <) and (<=, <=)."""
        x_low, x_high = (np.searchsorted(self.x_sorted, x, side) for side in ("left", "right"))
        y_low, y_high = (np.searchsorted(self.y_sorted, y, side) for side in ("left", "right"))
        stacked = self.below(
            np.concatenate([x_low, x_low, x_high, x_high]), np.concatenate([y_low, y_high, y_low, y_high])
        )
        a, b, c, d = np.split(stacked, 4)
        return a, b, c, d


def prepare(x: Floats, y: Floats) -> Dominance:
    """Prepare points for counting; ties are allowed.

    >>> points = prepare(np.array([1.0, 2, 3]), np.array([2.0, 1, 3]))
    >>> [int(count[0]) for count in points.corners(np.array([3.0]), np.array([2.0]))]
    [1, 2, 1, 2]
    """
    order = np.argsort(x, kind="stable")
    y_sorted = np.sort(y)
    ranks = np.searchsorted(y_sorted, y[order], "left").astype(np.int32)
    zeros = []
    for level in range(max(1, int(x.size).bit_length()) - 1, -1, -1):
        bit = (ranks >> level) & 1
        zero = bit == 0
        counts = np.zeros(x.size + 1, dtype=np.int32)
        np.cumsum(zero, out=counts[1:])
        zeros.append(counts)
        ranks = np.concatenate([ranks[zero], ranks[~zero]])
    return Dominance(x[order], y_sorted, tuple(zeros))
