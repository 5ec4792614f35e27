"""Features as columns over items: which ones are tested, and how raw counts become them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.inputs import encode, refuse_huge, require
from judge.errors import TableError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from judge.analysis.inputs import Codes

    Floats = NDArray[np.float64]

PLACEBO = "_placebo"
"""Ending of a column that holds the same feature against another dialogue's reference."""
_KEYS = ("dialogue_id", "system_id")
LENGTH = "log_words"
"""The feature that stands for length."""
_FORM = {
    "n_list_items": "has_list",
    "n_headers": "has_header",
    "n_bold": "has_bold",
    "n_emoji": "has_emoji",
    "n_questions": "has_question",
    "n_exclamations": "has_exclamation",
}
"""Counts that enter as whether there is any."""
_RAW = {"n_words", "n_chars", "is_reference", *_FORM}
"""Columns that enter in another form, or not at all."""


@dataclass(frozen=True)
class FeatureColumns:
    """Features over (dialogue, system).

    `row` gives the row of an item (dialogue * systems + system), -1 where the table has none; `values`
    holds the tested features by name and `placebo` their counterparts.
    """

    row: NDArray[np.int64]
    values: dict[str, Floats]
    placebo: dict[str, Floats]

    def of(self, name: str, items: NDArray[np.int64]) -> Floats:
        """Return one feature for these items; NaN where it is not known."""
        return _lookup(self.values[name], self.row[items])

    def placebo_of(self, name: str, items: NDArray[np.int64]) -> Floats:
        """Return the counterpart of a feature for these items."""
        return _lookup(self.placebo[name], self.row[items])


def feature_columns(frame: pd.DataFrame, dialogue: Codes, system: Codes) -> FeatureColumns:
    """Turn a features table into the columns that the panel tests.

    Every numeric or boolean column is a feature, save that ``n_words`` enters as ``log_words`` (the log of
    1 + words) and counts of marks (lists, headers, bold, emoji, question and exclamation marks) as whether
    there is any. A column that ends in ``_placebo`` is the negative control of the column without that
    ending.

    Parameters
    ----------
    frame
        With dialogue_id and system_id.
    dialogue, system
        Codes of the judged table; rows of other dialogues or systems are left out.

    Raises
    ------
    TableError
        Two rows of one response, a missing id, or a number too large to be squared.
    """
    require(frame, _KEYS, "features")
    row = np.full(len(dialogue) * len(system), -1, dtype=np.int64)
    item, at = items_of(frame, dialogue, system)
    if np.unique(item).size != item.size:
        raise TableError("two rows of features for one response", mend="keep one row a response")
    row[item] = at
    numeric = {str(name): _numeric(frame[name]) for name in frame.columns if name not in _KEYS}
    found = {name: values for name, values in numeric.items() if values is not None}
    placebo = {name[: -len(PLACEBO)]: found[name] for name in found if name.endswith(PLACEBO)}
    values = {name: v for name, v in found.items() if name not in _RAW and not name.endswith(PLACEBO)}
    if "n_words" in found:
        values[LENGTH] = np.log1p(np.maximum(found["n_words"], 0.0))
    for count, name in _FORM.items():
        if count in found:
            values[name] = np.where(np.isnan(found[count]), np.nan, (found[count] > 0).astype(np.float64))
    return FeatureColumns(row, values, placebo)


def no_features(dialogue: Codes, system: Codes) -> FeatureColumns:
    """Return the columns of a table that is not there."""
    return FeatureColumns(np.full(len(dialogue) * len(system), -1, dtype=np.int64), {}, {})


def items_of(
    frame: pd.DataFrame, dialogue: Codes, system: Codes
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the item (dialogue * systems + system) of each row that is about one, and the rows' numbers."""
    theirs = encode(frame["dialogue_id"]), encode(frame["system_id"])
    ours = []
    for codes, known in zip(theirs, (dialogue, system), strict=True):
        if codes.names == known.names:
            ours.append(codes.codes)
            continue
        place = {name: number for number, name in enumerate(known.names)}
        ours.append(np.array([place.get(name, -1) for name in codes.names], dtype=np.int64)[codes.codes])
    at = np.flatnonzero((ours[0] >= 0) & (ours[1] >= 0))
    return ours[0][at] * len(system) + ours[1][at], at


def _numeric(column: pd.Series) -> Floats | None:
    """Return a column as floats, or None where it is not numbers."""
    from pandas.api import types

    if not (types.is_numeric_dtype(column) or types.is_bool_dtype(column)):
        return None
    values: Floats = column.to_numpy(dtype=np.float64, na_value=np.nan)
    refuse_huge(values, str(column.name))
    return np.where(np.isfinite(values), values, np.nan)


def _lookup(values: Floats, rows: NDArray[np.int64]) -> Floats:
    if not values.size:
        return np.full(rows.size, np.nan)
    return np.where(rows >= 0, values[np.maximum(rows, 0)], np.nan)
