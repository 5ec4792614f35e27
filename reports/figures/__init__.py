"""Pictures as SVG by matplotlib: the same bytes each time, readable on light and on dark."""

from __future__ import annotations

from judge.reports.figures.curves import draw_curves
from judge.reports.figures.forest import draw_forest

__all__ = ["draw_curves", "draw_forest"]
