"""The command line. Each command is loaded when it is called, so that ``judge --help`` stays cheap."""

from __future__ import annotations

from judge.cli.root import main

__all__ = ["main"]
