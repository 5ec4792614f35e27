"""The columns of the long tables, as data: what is required, what a cell may hold, how it is kept.

Adding a column is adding one line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from judge.errors import TableError
from judge.tables import values as v
from judge.types import FAILURES, OK, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

Kind = Literal["dialogues", "responses", "ratings", "duels", "features"]
Keep = Literal["category", "float", "int", "text"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `keep` is its form in memory, `words` its fixed categories, `near` other tools' names."""

    name: str
    parse: v.Parse
    required: bool = True
    keep: Keep = "category"
    words: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    default: Any = None


@dataclass(frozen=True)
class TableSpec:
    """One of the long tables: its columns in order and the columns whose values together are unique."""

    kind: Kind
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(column for column in self.columns if column.name == name)


_DIALOGUE = Column(
    "dialogue_id",
    v.as_id,
    near=("dialog_id", "dialogue", "dialog", "conv_id", "conversation_id", "item_id", "item", "id", "idx"),
)
_SYSTEM = Column("system_id", v.as_id, near=("system", "sys_id", "systems", "model_id", "model"))
_CRITERION = Column("criterion", v.as_id, near=("criteria", "aspect", "dimension", "metric", "quality"))
_RATER = Column(
    "rater_id", v.as_id, near=("rater", "judge", "judge_id", "annotator", "annotator_id", "worker")
)
_KINDS = ("human", "judge")
_RATER_KIND = Column(
    "rater_kind", v.required(v.one_of(_KINDS)), words=_KINDS, near=("kind", "rater_type", "type")
)
_OUTCOMES = (OK, *FAILURES)
_TAIL = (
    Column("repeat", v.as_repeat, required=False, keep="int", default=0),
    Column("rubric", v.as_optional_text, required=False, default=""),
    Column("outcome", v.one_of(_OUTCOMES, missing=OK), required=False, words=_OUTCOMES, default=OK),
    Column("probability", v.as_probability, required=False, keep="float"),
    Column("reason", v.as_optional_text, required=False, keep="text"),
    Column("key", v.as_optional_text, required=False, keep="text"),
)
_VERDICT = v.one_of(VERDICTS, note=" (A is system_a, B is system_b, never the slot)")

RATINGS = TableSpec(
    "ratings",
    (
        _DIALOGUE,
        _SYSTEM,
        _CRITERION,
        _RATER,
        _RATER_KIND,
        Column("score", v.as_number, keep="float", near=("rating", "value", "label", "points", "grade")),
        *_TAIL,
    ),
    ("dialogue_id", "system_id", "criterion", "rater_id", "rater_kind", "repeat"),
)
DUELS = TableSpec(
    "duels",
    (
        _DIALOGUE,
        Column("system_a", v.as_id, near=("model_a", "a", "system_1", "system1", "left")),
        Column("system_b", v.as_id, near=("model_b", "b", "system_2", "system2", "right")),
        _CRITERION,
        _RATER,
        _RATER_KIND,
        Column(
            "order",
            v.required(v.one_of(("AB", "BA"), note=" (AB: system_a was shown first)")),
            words=("AB", "BA"),
            near=("position", "slot", "presentation"),
        ),
        Column(
            "verdict", _VERDICT, words=VERDICTS, near=("winner", "preference", "choice", "label", "decision")
        ),
        *_TAIL,
    ),
    ("dialogue_id", "system_a", "system_b", "criterion", "rater_id", "rater_kind", "order", "repeat"),
)
FEATURES = TableSpec("features", (_DIALOGUE, _SYSTEM), ("dialogue_id", "system_id"))
DIALOGUES = TableSpec(
    "dialogues",
    (
        _DIALOGUE,
        Column(
            "context", v.as_text, near=("contexts", "turns", "history", "dialogue", "dialog", "utterances")
        ),
        Column("emotion", v.as_optional_text, required=False),
        Column("situation", v.as_optional_text, required=False),
        Column("reference", v.as_optional_text, required=False),
        Column("split", v.as_optional_text, required=False),
    ),
    ("dialogue_id",),
)
RESPONSES = TableSpec(
    "responses",
    (
        _DIALOGUE,
        _SYSTEM,
        Column("text", v.as_text, near=("response", "output", "answer", "generation", "reply", "prediction")),
        Column("strategy", v.as_optional_text, required=False),
        Column("model", v.as_optional_text, required=False),
        Column("details", v.as_object, required=False),
    ),
    ("dialogue_id", "system_id"),
)
TABLES: tuple[TableSpec, ...] = (DUELS, RATINGS, RESPONSES, DIALOGUES, FEATURES)
"""From the most to the least particular: the first whose required columns are all there is meant."""


def check_columns(
    spec: TableSpec, found: Collection[str], path: Path, row: int, optional: Collection[str] = ()
) -> None:
    """Raise where a required column is absent; name the column that was probably meant."""
    for column in spec.columns:
        if column.required and column.name not in found and column.name not in optional:
            meant = _meant_column(column, [name for name in found if name not in spec.names])
            mend = f"rename {meant!r} to {column.name!r}" if meant else f"a table of {spec.kind} needs it"
            hint = f"; did you mean {meant!r}?" if meant else ""
            listing = ", ".join(repr(name) for name in list(found)[:12]) or "none"
            message = f"column missing{hint} (found: {listing})"
            raise TableError(message, path=path, row=row, column=column.name, mend=mend)


def _meant_column(column: Column, candidates: list[str]) -> str | None:
    from difflib import get_close_matches

    plain = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in candidates}
    for name in (column.name, *column.near):
        if name in plain:
            return plain[name]
    close = get_close_matches(column.name, list(plain), n=1, cutoff=0.75)
    return plain[close[0]] if close else None
