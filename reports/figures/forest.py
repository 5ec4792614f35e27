"""Forest plots: one line for each estimate, a point and its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judge.reports.figures import svg
from judge.reports.figures.canvas import WIDTHS, as_svg, canvas, plain_axes, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from judge.reports.model import Forest, ForestRow

_ROW, _FOOT, _HEAD = 30.0, 46.0, 8.0


def draw_forest(forest: Forest, *, prefix: str, size: str = "wide") -> str:
    """Draw a forest plot as an SVG element for the page.

    Parameters
    ----------
    forest
        What to draw, on the scale of its axis.
    prefix
        Put before the ids of the element; letters and digits.
    size
        ``"wide"`` (680 px, labels beside the lines) or ``"narrow"`` (340 px, labels above the lines).

    Returns
    -------
    str
        An ``<svg>`` element. The same input gives the same text.
    """
    narrow = size == "narrow"
    row = _ROW * 1.45 if narrow else _ROW
    width, height = WIDTHS[size], _HEAD + _FOOT + row * len(forest.rows)
    with canvas(width, height) as figure:
        left = 12.0 if narrow else _label_width(forest)
        box = (left / width, _FOOT / height, (width - left - 14) / width, row * len(forest.rows) / height)
        _draw(figure.add_axes(box), forest, narrow=narrow)
        return as_svg(figure, prefix=prefix, title=forest.title, description=forest.description, size=size)


def _label_width(forest: Forest) -> float:
    longest = max(len(short(row.label)) for row in forest.rows)
    return min(270.0, 24.0 + 7.2 * longest)


def _draw(axes: Axes, forest: Forest, *, narrow: bool) -> None:
    places = list(range(len(forest.rows)))[::-1]
    for y, row in zip(places, forest.rows, strict=True):
        _draw_row(axes, row, y)
        if narrow:
            axes.text(
                0.0,
                y + 0.4,
                short(row.label, 44),
                transform=axes.get_yaxis_transform(),
                va="center",
                color=svg.INK,
            )
    if forest.band is not None:
        axes.axvspan(-forest.band, forest.band, facecolor=svg.BAND, edgecolor="none", zorder=-1)
    if forest.reference is not None:
        axes.axvline(forest.reference, color=svg.QUIET, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    if forest.limits is not None:
        axes.set_xlim(*forest.limits)
    else:
        axes.margins(x=0.06)
    axes.set_ylim(-0.5, len(places) - 0.3 if narrow else len(places) - 0.5)
    axes.set_yticks([] if narrow else places, [] if narrow else [short(r.label) for r in forest.rows])
    axes.set_xlabel(forest.axis, color=svg.QUIET, fontsize=12)
    plain_axes(axes)


_MARKS: dict[str, tuple[str, str, bool]] = {
    "bias_found": (svg.BAD, "D", True),
    "equivalent": (svg.GOOD, "o", True),
    "inconclusive": (svg.WARN, "o", False),
}
"""Colour, mark and whether it is full: the verdict can be told without the colour."""


def _draw_row(axes: Axes, row: ForestRow, y: float) -> None:
    plain = (svg.ACCENT if row.strong else svg.INK, "o", True)
    colour, mark, full = _MARKS.get(row.verdict, plain)
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=colour, linewidth=2.4, solid_capstyle="round")
    face, edge = (colour, 0.0) if full else (svg.PAPER, 2.2)
    style: dict[str, Any] = {"markerfacecolor": face, "markeredgewidth": edge, "markersize": 8}
    axes.plot([row.estimate], [y], marker=mark, color=colour, **style)
