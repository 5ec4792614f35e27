"""What the page shows, as plain values: sections of panels, a panel of tables and one picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

ColumnKind: TypeAlias = Literal["text", "num", "chip"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `hint` explains it on hover."""

    label: str
    kind: ColumnKind = "text"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the value, a quieter second part (an interval), a tone (a CSS class) and note numbers.

    `verdict` puts the sign of a finding's verdict behind the value, where there is no room for a chip.
    """

    text: str
    sub: str = ""
    tone: str = ""
    hint: str = ""
    notes: tuple[int, ...] = ()
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption and its numbered notes. `folded` tables open on demand."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    folded: bool = False
    style: Literal["grid", "matrix", "tight", "compact", "versus"] = "grid"


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One line of a forest plot: a label, a point and its interval, on the axis' scale.

    A `verdict` gives the line its colour and its mark.
    """

    label: str
    estimate: float
    low: float | None = None
    high: float | None = None
    strong: bool = False
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Forest:
    """A picture of estimates with intervals. `reference` is a vertical line (no difference, chance).

    `band` shades what lies within the margin of equivalence, from -band to +band.
    """

    title: str
    description: str
    axis: str
    rows: tuple[ForestRow, ...]
    reference: float | None = None
    limits: tuple[float, float] | None = None
    band: float | None = None

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The verdicts among the rows, each once, for the key under the picture."""
        return tuple(dict.fromkeys(row.verdict for row in self.rows if row.verdict))


@dataclass(frozen=True, slots=True)
class Curve:
    """One small curve with its interval; `mark` is a place on the horizontal axis to point out."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mark: float | None = None


@dataclass(frozen=True, slots=True)
class Curves:
    """Small curves side by side on the same axes."""

    title: str
    description: str
    x_axis: str
    y_axis: str
    curves: tuple[Curve, ...]
    band: float | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """Tables that open together on demand."""

    title: str
    tables: tuple[Table, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One tab of a section."""

    label: str
    lead: str = ""
    forest: Forest | None = None
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    curves: Curves | None = None
    folds: tuple[Fold, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with its own heading; `tables` and `folds` stand under the tabs."""

    anchor: str
    title: str
    lead: str
    panels: tuple[Panel, ...] = ()
    notes: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    folds: tuple[Fold, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure of the head of the page, with what it means under it."""

    label: str
    value: str
    detail: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentence that the page opens with, and where it comes from."""

    sentence: str
    detail: str
    clear: bool
    judge: str = ""
    criterion: str = ""


@dataclass(frozen=True, slots=True)
class Banner:
    """A warning that must not be missed."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A number that the data do not identify: which, for whom, and why."""

    name: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything on the page save the items, which the page draws from its payload."""

    title: str
    subtitle: str
    banners: tuple[Banner, ...]
    headline: Headline
    others: tuple[Headline, ...]
    trust: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    made: tuple[Table, ...]
    words: tuple[tuple[str, str], ...]
    unidentified: tuple[Gap, ...] = ()
    corrections: tuple[str, ...] = field(default=())
