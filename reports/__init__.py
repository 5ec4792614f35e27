"""The report: one self-contained HTML file made from a run folder.

It reads findings, tables and the manifest; it asks no provider and computes no statistic of its own.
"""

from __future__ import annotations

from judge.reports.render import render_report

__all__ = ["render_report"]
