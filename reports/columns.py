"""Columns of numbers for the page's payload: categories become indices, NaN becomes null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import NDArray


class Strings:
    """Texts by number; each is kept once."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._numbers: dict[str, int] = {}
        for value in values:
            self.number(value)

    def number(self, value: str) -> int:
        """Return the number of a text."""
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def numbers(self) -> Mapping[str, int]:
        """Text to number."""
        return self._numbers

    def texts(self) -> list[str]:
        """Return the texts in the order of their numbers."""
        return list(self._numbers)


def codes(frame: pd.DataFrame, column: str, strings: Strings) -> NDArray[np.int64]:
    """Return a column as numbers of `strings`; -1 where the cell is missing or the column absent.

    Works on the distinct values alone: a million rows of a categorical column cost one pass in numpy.
    """
    import pandas as pd

    if column not in frame:
        return np.full(len(frame), -1, dtype=np.int64)
    values, distinct = pd.factorize(frame[column])
    table = np.array([strings.number(str(x)) for x in distinct] or [-1], dtype=np.int64)
    return np.where(values >= 0, table[np.maximum(values, 0)], -1)


def numeric(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as floats; NaN where the cell is missing or the column absent."""
    import pandas as pd

    if column not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(pd.to_numeric(frame[column], errors="coerce"), dtype=np.float64)


def plain(values: NDArray[Any], places: int = 4) -> list[float | int | None]:
    """Return numbers as JSON wants them: whole ones as integers, NaN and infinity as null.

    >>> plain(np.array([1.0, 0.33333333, np.nan]))
    [1, 0.3333, None]
    """
    if values.dtype.kind in "iub":
        whole: list[float | int | None] = values.astype(np.int64).tolist()
        return whole
    out: list[float | int | None] = []
    for x in np.round(values, places).tolist():
        if not np.isfinite(x):
            out.append(None)
        else:
            out.append(int(x) if x == int(x) else x)
    return out


def group_starts(keys: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return where runs of equal keys start, in arrays already sorted by them.

    >>> group_starts([np.array([0, 0, 1]), np.array([5, 5, 5])]).tolist()
    [0, 2]
    """
    if not len(keys[0]):
        return np.empty(0, dtype=np.int64)
    change = np.zeros(len(keys[0]), dtype=bool)
    change[0] = True
    for key in keys:
        change[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(change)


def group_mean(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of each run without NaN; NaN where nothing is left."""
    if not len(starts):
        return np.empty(0)
    there = ~np.isnan(values)
    total = np.add.reduceat(np.where(there, values, 0.0), starts)
    count = np.add.reduceat(there.astype(np.float64), starts)
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def group_any(flags: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say for each run whether any flag is set."""
    if not len(starts):
        return np.empty(0, dtype=bool)
    return np.add.reduceat(flags.astype(np.int64), starts) > 0
