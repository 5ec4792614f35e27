"""Small curves side by side: an estimate over what is assumed, with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from judge.reports.figures import svg
from judge.reports.figures.canvas import WIDTHS, as_svg, canvas, plain_axes, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from judge.reports.model import Curve, Curves

_HIGH, _HEAD, _FOOT, _GAP, _LEFT = 120.0, 30.0, 30.0, 26.0, 44.0


def draw_curves(curves: Curves, *, prefix: str, size: str = "wide") -> str:
    """Draw curves in rows of three (wide) or one (narrow) on the same axes, as an SVG element.

    Parameters
    ----------
    curves
        What to draw. A curve's `mark` is a dotted vertical line with its number.
    prefix
        Put before the ids of the element; letters and digits.
    size
        ``"wide"`` (680 px) or ``"narrow"`` (340 px).
    """
    across = min(3, len(curves.curves)) if size == "wide" else 1
    rows = math.ceil(len(curves.curves) / across)
    width = WIDTHS[size] if across != 1 else WIDTHS["narrow"]
    height = rows * (_HEAD + _HIGH + _FOOT) + 24
    wide = (width - _LEFT - 12 - _GAP * (across - 1)) / across
    limits = _limits(curves)
    with canvas(width, height) as figure:
        for i, curve in enumerate(curves.curves):
            left = _LEFT + (i % across) * (wide + _GAP)
            bottom = height - (i // across) * (_HEAD + _HIGH + _FOOT) - _HEAD - _HIGH
            box = (left / width, bottom / height, wide / width, _HIGH / height)
            axes = figure.add_axes(box)
            _draw(axes, curve, curves.band, labelled=i % across == 0)
            axes.set_ylim(*limits)
        figure.text(0.5, 4 / height, curves.x_axis, color=svg.QUIET, fontsize=12, ha="center")
        return as_svg(figure, prefix=prefix, title=curves.title, description=curves.description, size=size)


def _limits(curves: Curves) -> tuple[float, float]:
    """Return limits that hold every estimate and nought, and of the intervals what is not far out."""
    values = [v for c in curves.curves for v in c.y] + [0.0]
    ends = sorted(v for c in curves.curves for v in (*c.low, *c.high))
    low = min([*values, *ends[len(ends) // 20 : len(ends) // 20 + 1]])
    high = max([*values, *ends[-1 - len(ends) // 20 :][:1]])
    room = 0.08 * ((high - low) or 1.0)
    return low - room, high + room


def _draw(axes: Axes, curve: Curve, band: float | None, *, labelled: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    if band is not None:
        axes.axhspan(-band, band, facecolor=svg.BAND, edgecolor="none", zorder=-1)
    axes.axhline(0.0, color=svg.QUIET, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.fill_between(curve.x, curve.low, curve.high, facecolor=svg.ACCENT, alpha=0.22, edgecolor="none")
    axes.plot(curve.x, curve.y, color=svg.ACCENT, linewidth=2.2)
    if curve.mark is not None:
        axes.axvline(curve.mark, color=svg.WARN, linewidth=1.6, linestyle=(0, (1, 2)))
    axes.set_title(short(curve.label, 32), color=svg.INK, fontsize=11.5, loc="left", pad=6)
    axes.set_xlim(min(curve.x), max(curve.x))
    plain_axes(axes, 4)
    axes.tick_params(axis="y", colors=svg.QUIET, labelsize=12, pad=4, labelleft=labelled)
    axes.yaxis.set_major_locator(MaxNLocator(4))
