"""Where the research data lies that some tests read; they skip with a reason where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared_root() -> Path:
    """Return the folder of research data: $JUDGE_SHARED_DATA, or `shared` beside the checkout."""
    return Path(os.environ.get("JUDGE_SHARED_DATA") or ROOT.parent / "shared")


def shared(path: str) -> Path:
    """Return a file of the research data, or skip the test that asks for it."""
    found = shared_root() / path
    if not found.exists():
        pytest.skip(f"research data not present: {path} (set JUDGE_SHARED_DATA to the folder that holds it)")
    return found
