"""The command line. Each command is loaded when it is called, so that ``judge --help`` stays cheap."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
