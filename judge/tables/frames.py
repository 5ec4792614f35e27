"""Ratings, duels and features as pandas frames: kept as categories, checked by distinct value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from judge.errors import TableError
from judge.tables.chunks import read_chunks, refuse_empty
from judge.tables.schema import DUELS, FEATURES, RATINGS, Column, TableSpec, check_columns
from judge.tables.values import CellError, as_number, shown, unguard_formula
from judge.types import OK

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import TypeAlias

    from numpy.typing import NDArray

    Codes: TypeAlias = NDArray[np.int32]
    Scale: TypeAlias = tuple[float, float] | Mapping[str, tuple[float, float]]


class _Index(dict[Any, int]):
    """Gives every new value the next number; a million cells become codes without a Python loop."""

    def __missing__(self, value: Any) -> int:
        code = self[value] = len(self)
        return code


@dataclass
class _Factor:
    """One known column while it is read: the distinct raw values and a code a row."""

    index: _Index = field(default_factory=_Index)
    parts: list[Codes] = field(default_factory=list)

    def add(self, cells: list[Any]) -> None:
        n = len(cells)
        if n and cells[0] == cells[-1] and cells.count(cells[0]) == n:  # one value throughout: common
            self.parts.append(np.full(n, self.index[cells[0]], np.int32))
        else:
            self.parts.append(np.fromiter(map(self.index.__getitem__, cells), np.int32, n))

    def codes(self) -> Codes:
        return np.concatenate(self.parts) if self.parts else np.empty(0, np.int32)


@dataclass
class _Raw:
    """A whole table as it was read, before it is checked."""

    path: Path
    spec: TableSpec
    text: bool = False
    rows: list[NDArray[np.int32]] = field(default_factory=list)
    factors: dict[str, _Factor] = field(default_factory=dict)
    extra: dict[str, list[Any]] = field(default_factory=dict)
    features: dict[str, list[NDArray[Any] | list[Any]]] = field(default_factory=dict)
    count: int = 0

    def error(self, message: str, place: int, column: str | None, mend: str) -> TableError:
        row = int(np.concatenate(self.rows)[place])
        return TableError(message, path=self.path, row=row, column=column, mend=mend)


def read_ratings(
    path: Path | str,
    *,
    scale: Scale | None = None,
    allow_empty: bool = False,
    without: Collection[str] = (),
) -> pd.DataFrame:
    """Read a table of ratings.

    Parameters
    ----------
    path
        A file ending in .jsonl, .jsonl.gz, .csv, .csv.gz or .parquet.
    scale
        The lowest and highest score allowed, for all criteria or by criterion. None checks nothing.
    allow_empty
        Accept a file without rows.
    without
        Optional columns that are left out: a million keys take more memory than all the rest.

    Returns
    -------
    pandas.DataFrame
        One row a rating in the order of the file. dialogue_id, system_id, criterion, rater_id, rater_kind,
        rubric and outcome are categories of text, score is float64 (NaN where outcome is not ``ok``), repeat
        int32; unknown columns follow as they are.

    Raises
    ------
    TableError
        For the first row that does not keep the contract; names file, row, column and the mend.

    Examples
    --------
    >>> import tempfile
    >>> from judge.tables import write_ratings
    >>> from judge.types import Rating
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/r.jsonl"
    ...     write_ratings([Rating("d1", "kemp", "empathy", "ann", "human", 4.0)], path)
    ...     frame = read_ratings(path, scale=(1, 5))
    >>> float(frame["score"].iloc[0]), str(frame["outcome"].iloc[0])
    (4.0, 'ok')
    """
    raw = _read(Path(path), RATINGS, allow_empty, without)
    frame = _frame(raw)
    _check_value_or_outcome(raw, frame, "score")
    if scale is not None:
        _check_scale(raw, frame, scale)
    _check_unique(raw, frame, RATINGS.key)
    return frame


def read_duels(path: Path | str, *, allow_empty: bool = False, without: Collection[str] = ()) -> pd.DataFrame:
    """Read a table of duels.

    Parameters
    ----------
    path, allow_empty, without
        As in `read_ratings`.

    Returns
    -------
    pandas.DataFrame
        One row a presentation in the order of the file. verdict is a category A, B, tie in terms of system_a
        and system_b, missing where outcome is not ``ok``; the rest is as in `read_ratings`.

    Raises
    ------
    TableError
        For the first row that does not keep the contract; names file, row, column and the mend.
    """
    raw = _read(Path(path), DUELS, allow_empty, without)
    frame = _frame(raw)
    _check_value_or_outcome(raw, frame, "verdict")
    _check_two_systems(raw, frame)
    _check_unique_duels(raw, frame)
    return frame


def read_features(path: Path | str, *, allow_empty: bool = False) -> pd.DataFrame:
    """Read a table of numeric and boolean features of responses.

    Returns
    -------
    pandas.DataFrame
        dialogue_id and system_id as categories, then one float64 or bool column a feature (a boolean one with
        empty cells becomes float64 with NaN).

    Raises
    ------
    TableError
        For a feature that is neither a number nor true/false; names file, row, column and the mend.
    """
    raw = _read(Path(path), FEATURES, allow_empty)
    frame = _frame(raw)
    for name in list(raw.features):
        frame[name] = _feature(raw, name)
    _check_unique(raw, frame, FEATURES.key)
    return frame


def _read(path: Path, spec: TableSpec, allow_empty: bool, without: Collection[str] = ()) -> _Raw:
    raw = _Raw(path, spec)
    known = set(spec.names)
    wanted = [name for name in spec.names if name not in without]
    for chunk in read_chunks(path):
        raw.text = chunk.text
        if not raw.rows and chunk.columns:
            check_columns(spec, chunk.columns, path, chunk.rows[0] if not chunk.text else 1)
        n = len(chunk.rows)
        raw.rows.append(np.asarray(chunk.rows, np.int32))
        for name in wanted:
            if name in chunk.columns or name in raw.factors:
                _add_known(raw, name, chunk.columns.get(name) or [None] * n)
        for name in {**raw.extra, **raw.features, **chunk.columns}:
            if name not in known:
                _add_unknown(raw, name, chunk.columns.get(name) or [None] * n)
        raw.count += n
    if not allow_empty:
        refuse_empty(path, raw.count, header=bool(raw.factors))
    return raw


def _add_known(raw: _Raw, name: str, cells: list[Any]) -> None:
    factor = raw.factors.get(name)
    if factor is None:
        factor = raw.factors[name] = _Factor()
        if raw.count:
            factor.add([None] * raw.count)
    if not raw.text:
        kinds = set(map(type, cells))
        if not kinds <= {str, int, float, type(None)}:
            cells = [_hashable(cell) for cell in cells]
    factor.add(cells)


def _add_unknown(raw: _Raw, name: str, cells: list[Any]) -> None:
    if raw.spec is FEATURES:
        parts = raw.features.setdefault(name, [np.full(raw.count, np.nan)])
        packed = _numbers(cells)  # a quarter of the memory that the cells take
        parts.append(cells if packed is None else packed)
    else:
        raw.extra.setdefault(name, [None] * raw.count).extend(cells)


def _hashable(cell: Any) -> Any:
    # True equals 1 in a dict, and lists are not hashable: both stand apart as an error value of their own.
    return _Wrong(cell) if isinstance(cell, bool | list | dict) else cell


class _Wrong:
    """A raw value of a type that no known column takes."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _frame(raw: _Raw) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    parsed = {name: _parsed(raw, raw.spec.column(name), factor) for name, factor in raw.factors.items()}
    for column in raw.spec.columns:
        if column.name in parsed:
            codes, values = parsed[column.name]
        elif column.keep in ("category", "int") and column.default is not None:
            codes, values = np.zeros(raw.count, np.int32), [column.default]
        elif column.required:
            codes, values = np.zeros(raw.count, np.int32), [None]
        else:
            continue
        columns[column.name] = _kept(column, codes, values)
    columns.update({name: _extra(cells, raw.text) for name, cells in raw.extra.items()})
    return pd.DataFrame(columns, index=pd.RangeIndex(raw.count))


def _parsed(raw: _Raw, column: Column, factor: _Factor) -> tuple[Codes, list[Any]]:
    """Check every distinct value; report the wrong one that stands first in the file."""
    codes, values = factor.codes(), []
    wrong: dict[int, CellError] = {}
    for code, value in enumerate(factor.index):
        try:
            plain = value.value if isinstance(value, _Wrong) else value
            found = column.parse(plain, raw.text)
            values.append(column.default if found is None else found)
        except CellError as exc:
            wrong[code] = exc
            values.append(None)
    if wrong:
        bad = np.isin(codes, list(wrong))
        place = int(np.argmax(bad))
        fault = wrong[int(codes[place])]
        raise raw.error(fault.message, place, column.name, fault.mend)
    return codes, values


def _kept(column: Column, codes: Codes, values: list[Any]) -> Any:
    if column.keep == "category":
        names = list(column.words) or list(dict.fromkeys(value for value in values if value is not None))
        place = {name: k for k, name in enumerate(names)}
        recode = np.array([place.get(value, -1) for value in values] or [-1], np.int32)
        categories = pd.Index(names, dtype=object) if not names else pd.Index(names)
        return pd.Categorical.from_codes(recode[codes], categories=categories)
    if column.keep == "text":
        return pd.array(np.array([*values, None], dtype=object)[codes], dtype="str")
    if column.keep == "int":
        return np.array(values or [0], np.int32)[codes]
    numbers = [np.nan if value is None else value for value in values]
    return np.array(numbers or [np.nan], np.float64)[codes]


def _extra(cells: list[Any], text: bool) -> pd.Series[Any]:
    if text:
        cells = [None if cell == "" or cell is None else unguard_formula(cell) for cell in cells]
    return pd.Series(cells, dtype=object).infer_objects()


def _check_value_or_outcome(raw: _Raw, frame: pd.DataFrame, name: str) -> None:
    """Refuse a row that has both a value and a failing outcome, or neither."""
    ok = (frame["outcome"] == OK).to_numpy()
    there = frame[name].notna().to_numpy()
    wrong = ok != there
    if not wrong.any():
        return
    place = int(np.argmax(wrong))
    if ok[place]:
        mend = "leave the row out, or name the failure in the column outcome (refusal, parse_failure, ...)"
        raise raw.error(f"missing, yet the outcome is {OK!r}", place, name, mend)
    outcome = frame["outcome"].iloc[place]
    raise raw.error(
        f"there is a {name} although the outcome is {outcome!r}",
        place,
        "outcome",
        f"a failure has no {name}: empty the {name}, or set the outcome to {OK!r}",
    )


def _check_two_systems(raw: _Raw, frame: pd.DataFrame) -> None:
    a, b = frame["system_a"].cat, frame["system_b"].cat
    place_in_b = {name: k for k, name in enumerate(b.categories)}
    as_b = np.array([place_in_b.get(name, -1) for name in a.categories] or [-1], np.int32)
    same = as_b[a.codes.to_numpy()] == b.codes.to_numpy() if len(frame) else np.zeros(0, bool)
    if same.any():
        place = int(np.argmax(same))
        name = frame["system_a"].iloc[place]
        raise raw.error(f"{name!r} is set against itself", place, "system_b", "name two systems")


def _check_scale(raw: _Raw, frame: pd.DataFrame, scale: Scale) -> None:
    for criterion in frame["criterion"].cat.categories:
        limits = scale if isinstance(scale, tuple) else scale.get(str(criterion))
        if limits is None:
            continue
        score = frame["score"]
        bad = (frame["criterion"] == criterion) & ((score < limits[0]) | (score > limits[1]))
        if bad.any():
            place = int(np.argmax(bad.to_numpy()))
            raise raw.error(
                f"{score.iloc[place]:g} is out of the scale {limits[0]:g} to {limits[1]:g} of {criterion!r}",
                place,
                "score",
                "correct the score, or state the scale that was used",
            )


def _check_unique(raw: _Raw, frame: pd.DataFrame, key: tuple[str, ...]) -> None:
    _refuse_repeated(raw, frame, [_codes(frame[name]) for name in key], key)


def _check_unique_duels(raw: _Raw, frame: pd.DataFrame) -> None:
    """(x, y, AB) and (y, x, BA) show the same two texts in the same order: one presentation."""
    names = dict.fromkeys([*frame["system_a"].cat.categories, *frame["system_b"].cat.categories])
    place = {name: k for k, name in enumerate(names)}
    a, b = (
        np.array([place[name] for name in frame[side].cat.categories] or [0], np.int64)[_codes(frame[side])]
        for side in ("system_a", "system_b")
    )
    straight = _codes(frame["order"]) == 0
    parts = [np.where(straight, a, b), np.where(straight, b, a)]
    rest = [name for name in DUELS.key if name not in ("system_a", "system_b", "order")]
    _refuse_repeated(raw, frame, [*parts, *(_codes(frame[name]) for name in rest)], DUELS.key)


def _codes(column: pd.Series[Any]) -> NDArray[np.int64]:
    codes = column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column
    return codes.to_numpy().astype(np.int64)


def _refuse_repeated(
    raw: _Raw, frame: pd.DataFrame, parts: list[NDArray[np.int64]], key: tuple[str, ...]
) -> None:
    whole = np.zeros(raw.count, np.int64)
    for part in parts:
        width = int(part.max(initial=0)) + 1
        whole = pd.factorize(whole * width + part)[0].astype(np.int64)
    again = pd.Series(whole).duplicated().to_numpy()
    if not again.any():
        return
    place = int(np.argmax(again))
    first = int(np.argmax(whole == whole[place]))
    named = ", ".join(f"{name} {shown(frame[name].iloc[place])}" for name in key if name != "repeat")
    numbered = "repeat" in key
    mend = f"keep one of the two{', or number them 0, 1, ... in the column repeat' if numbered else ''}"
    row = int(np.concatenate(raw.rows)[first])
    raise raw.error(f"the same as row {row}: {named}", place, None, mend)


def _numbers(cells: list[Any]) -> NDArray[Any] | None:
    """Return cells that are finite numbers, flags and gaps as an array; None where one is anything else."""
    kinds = set(map(type, cells))
    if not kinds <= {bool, int, float, type(None)}:
        return None
    try:
        numbers = np.array(cells, bool if kinds == {bool} else np.float64)
    except OverflowError:
        return None
    gaps = cells.count(None) if type(None) in kinds else 0
    return numbers if np.isfinite(numbers).sum() == len(cells) - gaps else None


def _feature(raw: _Raw, name: str) -> NDArray[Any]:
    """Put the parts of a feature together: flags throughout stay flags."""
    start, found = 0, [np.empty(0)]
    for part in raw.features.pop(name):
        if len(part):
            found.append(part if isinstance(part, np.ndarray) else _by_cell(raw, name, part, start))
        start += len(part)
    return np.concatenate(found[1:] or found)


def _by_cell(raw: _Raw, name: str, cells: list[Any], start: int) -> NDArray[Any]:
    """Read a part of a feature that is text (CSV) or holds a fault, which is named."""
    booleans = 0
    numbers = np.full(len(cells), np.nan)
    for place, cell in enumerate(cells):
        flag = _flag(cell, raw.text)
        booleans += flag is not None
        try:
            number = as_number(cell, raw.text) if flag is None else float(flag)
        except CellError as exc:
            mend = "a feature is a number or true/false: encode it, or drop the column"
            raise raw.error(exc.message, start + place, name, mend) from None
        numbers[place] = np.nan if number is None else number
    return numbers.astype(bool) if booleans == len(cells) else numbers


def _flag(cell: Any, text: bool) -> bool | None:
    if isinstance(cell, bool):
        return cell
    return {"true": True, "false": False}.get(cell.lower()) if text and isinstance(cell, str) else None
