"""Forest plots: one line for each estimate, a point and its interval."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any, cast

from judge.reports.figures import svg
from judge.reports.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from judge.reports.model import Forest

_ROW, _FOOT, _HEAD = 30.0, 46.0, 8.0
_POINTS = 72.0
_WIDTHS = {"wide": 680.0, "narrow": 340.0}


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
    import matplotlib as mpl
    from matplotlib.figure import Figure

    narrow = size == "narrow"
    row = _ROW * 1.45 if narrow else _ROW
    width, height = _WIDTHS[size], _HEAD + _FOOT + row * len(forest.rows)
    settings: dict[str, Any] = {
        "svg.hashsalt": "judge", "svg.fonttype": "none", "text.parse_math": False, "font.size": 13.0,
        "axes.unicode_minus": True,
    }  # fmt: skip
    with mpl.rc_context(cast("Any", settings)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the page's own font draws the text
        figure = Figure(figsize=(width / _POINTS, height / _POINTS))

        left = 12.0 if narrow else _label_width(forest)
        box = (left / width, _FOOT / height, (width - left - 14) / width, row * len(forest.rows) / height)
        axes = figure.add_axes(box)
        figure.patch.set_visible(False)
        _draw(axes, forest, narrow=narrow)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return svg.fit_to_page(
        buffer.getvalue(),
        prefix=prefix,
        title=visible(forest.title),
        description=visible(forest.description),
        css_class=f"figure {size}",
    )


def _label_width(forest: Forest) -> float:
    longest = max(len(_short(row.label)) for row in forest.rows)
    return min(270.0, 24.0 + 7.2 * longest)


def _short(label: str, limit: int = 34) -> str:
    label = visible(label).replace("\n", " ")
    return label if len(label) <= limit else label[: limit - 1] + "…"


def _draw(axes: Axes, forest: Forest, *, narrow: bool) -> None:
    places = list(range(len(forest.rows)))[::-1]
    for y, row in zip(places, forest.rows, strict=True):
        colour = svg.ACCENT if row.strong else svg.INK
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [y, y], color=colour, linewidth=2.4, solid_capstyle="round")
        axes.plot([row.estimate], [y], marker="o", markersize=8, color=colour, markeredgewidth=0)
        if narrow:
            place = (0.0, y + 0.4)
            axes.text(
                *place,
                _short(row.label, 44),
                transform=axes.get_yaxis_transform(),
                va="center",
                color=svg.INK,
            )
    if forest.reference is not None:
        axes.axvline(forest.reference, color=svg.QUIET, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    if forest.limits is not None:
        axes.set_xlim(*forest.limits)
    else:
        axes.margins(x=0.06)
    axes.set_ylim(-0.5, len(places) - 0.3 if narrow else len(places) - 0.5)
    axes.set_yticks([] if narrow else places, [] if narrow else [_short(r.label) for r in forest.rows])
    axes.set_xlabel(forest.axis, color=svg.QUIET, fontsize=12)
    _plain_axes(axes)


def _plain_axes(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(svg.LINE)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.grid(visible=True, color=svg.LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=0, colors=svg.QUIET, labelsize=12, pad=6)
    axes.tick_params(axis="y", length=0, colors=svg.INK, pad=8)
