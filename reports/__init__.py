"""The report: one self-contained HTML file made from a run folder.

It reads findings, tables and the manifest; it asks no provider and computes no statistic of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judge.reports.render import render_report

__all__ = ["render_report"]


def __getattr__(name: str) -> Any:
    # Whoever prints a headline does not need the template engine.
    if name == "render_report":
        from judge.reports.render import render_report

        return render_report
    raise AttributeError(f"module 'judge.reports' has no attribute {name!r}")
