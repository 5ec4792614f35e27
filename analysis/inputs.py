"""What an audit gets and may be told, and how ids become integer codes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from operator import eq
from typing import TYPE_CHECKING

import numpy as np

from judge.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pandas as pd

PEOPLE = "people"
"""The name of all human raters taken together, in the column `judge` of findings."""

LARGEST = 1e50
"""Scores and features must not be larger: their fourth powers have to be floats as well."""


@dataclass(frozen=True)
class AuditInput:
    """The tables that are audited, as frames with the columns of ``docs``; any of them may be missing."""

    ratings: pd.DataFrame | None = None
    duels: pd.DataFrame | None = None
    features: pd.DataFrame | None = None
    dialogues: pd.DataFrame | None = None


@dataclass(frozen=True)
class AuditOptions:
    """How the audit is done.

    Attributes
    ----------
    confidence
        Coverage of the intervals.
    margin
        Equivalence margin in standard deviations of the judge: an effect inside it does not matter.
    cluster
        Column of independent units, in the judged tables or in the dialogues.
    seed
        For what is drawn at random (cross-fitting folds); all else is deterministic.
    scales
        Lowest and highest score of a criterion, for best and worst cases; the range seen if not given.
    """

    confidence: float = 0.95
    margin: float = 0.1
    cluster: str = "dialogue_id"
    seed: int = 0
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codes:
    """A column of names as integers: row i has the name ``names[codes[i]]``; names are sorted."""

    codes: npt.NDArray[np.int64]
    names: tuple[str, ...]

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self.names)


def encode(column: pd.Series, *, what: str = "") -> Codes:
    """Turn a column of ids, of whatever type, into codes; only names that occur are kept.

    Raises
    ------
    judge.errors.TableError
        An id is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> encode(pd.Series(["b", "a", "b"]))
    Codes(codes=array([1, 0, 1]), names=('a', 'b'))
    """
    categories = as_categories(column)
    codes = np.asarray(categories.cat.codes, dtype=np.int64)
    if (codes < 0).any():
        row = int(np.argmax(codes < 0)) + 1
        raise TableError("an id is missing", row=row, column=what or str(column.name), mend="fill it in")
    values = categories.cat.categories.tolist()
    texts = [value if type(value) is str else _text(value) for value in values]
    used = np.flatnonzero(np.bincount(codes, minlength=len(texts))).tolist()
    order = sorted(used, key=texts.__getitem__)
    names, place = [texts[number] for number in order], np.arange(len(order))
    if any(map(eq, names, names[1:])):  # the number 1 and the text "1" are one name
        known = {name: number for number, name in enumerate(sorted(set(names)))}
        place, names = np.array([known[name] for name in names]), list(known)
    lookup = np.full(len(texts), -1, dtype=np.int64)
    lookup[order] = place
    return Codes(lookup[codes], tuple(names))


def as_categories(column: pd.Series) -> pd.Series:
    """Return a column as categories.

    Raises
    ------
    judge.errors.TableError
        A cell holds a list or another thing that is no text and no number.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column
    # Tuples have a hash, but pandas cannot sort them among texts.
    if column.dtype == object and pd.api.types.infer_dtype(column).startswith("mixed"):
        bad = [isinstance(value, tuple) or not isinstance(value, Hashable) for value in column]
        if any(bad):
            raise _no_name(column, int(np.argmax(bad)) + 1)
    try:
        return column.astype("category")
    except TypeError:
        raise _no_name(column, None) from None


def _no_name(column: pd.Series, row: int | None) -> TableError:
    what = "a cell is neither a text nor a number"
    return TableError(what, row=row, column=str(column.name), mend="write a text")


def _text(value: object) -> str:
    """Write an id as text; 1.0 (an integer that pandas made a float) is "1"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def cluster_codes(
    frame: pd.DataFrame, dialogue: Codes, dialogues: pd.DataFrame | None, column: str
) -> npt.NDArray[np.int64]:
    """Return the cluster of each row: the dialogue, or a coarser unit such as the person who told it.

    Raises
    ------
    judge.errors.TableError
        The column is in neither table, or a dialogue has no value in it.
    """
    import pandas as pd

    if column == "dialogue_id":
        return dialogue.codes
    if column in frame.columns:
        return encode(frame[column], what=column).codes
    if dialogues is None or column not in dialogues.columns:
        raise TableError(
            "the cluster column is neither in the judged table nor in the dialogues",
            column=column,
            mend="add the column, or leave the cluster at dialogue_id",
        )
    per_dialogue = pd.Series(
        encode(dialogues[column], what=column).codes, index=[_text(v) for v in dialogues["dialogue_id"]]
    )
    found = per_dialogue[~per_dialogue.index.duplicated()].reindex(list(dialogue.names))
    if found.isna().any():
        missing = str(found.index[found.isna()][0])
        raise TableError(
            f"dialogue {missing!r} has no cluster", column=column, mend="add it to the dialogues"
        )
    return found.to_numpy().astype(np.int64)[dialogue.codes]


def require(frame: pd.DataFrame, columns: tuple[str, ...], table: str) -> None:
    """Check that a table has its columns.

    Raises
    ------
    judge.errors.TableError
        Naming the first column that is missing.
    """
    for column in columns:
        if column not in frame.columns:
            raise TableError(f"the table of {table} lacks a column", column=column, mend="add it")


def numbers(column: pd.Series, *, what: str) -> npt.NDArray[np.float64]:
    """Return a column of numbers as floats; not-a-number where a cell is empty.

    Raises
    ------
    judge.errors.TableError
        A cell is no number, or one too large to be squared.

    Examples
    --------
    >>> import pandas as pd
    >>> numbers(pd.Series([1, None, 2]), what="score")
    array([ 1., nan,  2.])
    """
    import pandas as pd

    if column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype):
        values = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        bad = np.isnan(values) & column.notna().to_numpy()
        if bad.any():
            row = int(np.argmax(bad))
            text = repr(column.iloc[row])
            raise TableError(f"{text} is no number", row=row + 1, column=what, mend="write a number")
    else:
        values = column.to_numpy(dtype=float, na_value=np.nan)
    refuse_huge(values, what)
    return np.asarray(values, dtype=np.float64)


def refuse_huge(values: npt.NDArray[np.float64], what: str) -> None:
    """Refuse numbers whose squares and products are beyond what a float holds.

    Raises
    ------
    judge.errors.TableError
        Naming the first.
    """
    huge = np.isfinite(values) & (np.abs(values) > LARGEST)
    if huge.any():
        row = int(np.argmax(huge))
        raise TableError(
            f"{values[row]:g} is too large a number", row=row + 1, column=what, mend="rescale the column"
        )


def repeat_codes(frame: pd.DataFrame) -> npt.NDArray[np.int64] | None:
    """Return the repeat numbers, from 0 in steps of 1; None where the table has none.

    Raises
    ------
    judge.errors.TableError
        A repeat is no number.
    """
    if "repeat" not in frame.columns or not len(frame):
        return None
    values = numbers(frame["repeat"], what="repeat")
    return np.unique(np.where(np.isfinite(values), values, 0.0), return_inverse=True)[1].astype(np.int64)


def outcome_codes(frame: pd.DataFrame) -> Codes:
    """Return the outcomes as codes; absent or empty means ok."""
    import pandas as pd

    if "outcome" not in frame.columns:
        return Codes(np.zeros(len(frame), dtype=np.int64), ("ok",))
    column = frame["outcome"]
    if isinstance(column.dtype, pd.CategoricalDtype) and "ok" not in column.cat.categories:
        column = column.cat.add_categories("ok")
    elif not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    return encode(column.fillna("ok"), what="outcome")


def is_judge(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Say of each row whether a judge gave it (else a person).

    Raises
    ------
    judge.errors.TableError
        A rater_kind is neither human nor judge.
    """
    kinds = encode(frame["rater_kind"], what="rater_kind")
    unknown = sorted(set(kinds.names) - {"human", "judge"})
    if unknown:
        row = int(np.argmax(kinds.codes == kinds.names.index(unknown[0]))) + 1
        raise TableError(
            f"rater_kind is {unknown[0]!r}", row=row, column="rater_kind", mend="write human or judge"
        )
    return np.array([name == "judge" for name in kinds.names], dtype=bool)[kinds.codes]
