"""A blank picture with the page's settings, and what it becomes."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from judge.reports.figures import svg
from judge.reports.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 72.0
WIDTHS = {"wide": 680.0, "narrow": 340.0}
"""Widths of the two forms of each picture, in px."""


@contextmanager
def canvas(width: float, height: float) -> Iterator[Figure]:
    """Yield an empty figure of a size in px; draw and save it inside."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    settings: dict[str, Any] = {
        "svg.hashsalt": "judge", "svg.fonttype": "none", "text.parse_math": False, "font.size": 13.0,
        "axes.unicode_minus": True,
    }  # fmt: skip
    with mpl.rc_context(cast("Any", settings)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the page's own font draws the text
        figure = Figure(figsize=(width / _POINTS, height / _POINTS))
        figure.patch.set_visible(False)
        yield figure


def as_svg(figure: Figure, *, prefix: str, title: str, description: str, size: str) -> str:
    """Return the figure as an SVG element for the page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return svg.fit_to_page(
        buffer.getvalue(),
        prefix=prefix,
        title=visible(title),
        description=visible(description),
        css_class=f"figure {size}",
    )


def short(label: str, limit: int = 34) -> str:
    """Cut a label that would not fit."""
    label = visible(label).replace("\n", " ")
    return label if len(label) <= limit else label[: limit - 1] + "…"


def plain_axes(axes: Axes, ticks: int = 5) -> None:
    """Leave of the axes what a reader needs: faint vertical lines and quiet numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.patch.set_visible(False)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(svg.LINE)
    axes.xaxis.set_major_locator(MaxNLocator(ticks))
    axes.xaxis.grid(visible=True, color=svg.LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=0, colors=svg.QUIET, labelsize=12, pad=6)
    axes.tick_params(axis="y", length=0, colors=svg.INK, pad=8)
