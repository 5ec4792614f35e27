"""What an earlier run says about a judge: how fast it answers and how long its answers are; and tokens."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.pipeline.prices import CHARACTERS_PER_TOKEN, estimated_input

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from judge.types import Request

ENOUGH = 20
"""Answers from which a rate is taken."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What was measured of one judge: answers a second, and tokens of an answer (None: not told)."""

    per_second: float
    input_tokens: float | None = None
    output_tokens: float | None = None


def rates_of(manifest: Mapping[str, Any]) -> dict[str, Rate]:
    """Read the rates of the judges from a run's manifest, by the judge's name.

    Examples
    --------
    >>> lane = {"answered": 40, "calls": 40, "input_tokens": 4000, "output_tokens": 800}
    >>> start = {"answered": 40, "seconds": 20.0, "lanes": {"openai/m": lane}}
    >>> rates_of({"calls": {"this_start": start}})["openai/m"]
    Rate(per_second=2.0, input_tokens=100.0, output_tokens=20.0)
    """
    start = manifest.get("calls", {}).get("this_start", {})
    seconds = start.get("seconds") or 0.0
    found = {}
    for name, lane in start.get("lanes", {}).items():
        answered, calls = lane.get("answered", 0), lane.get("calls") or 1
        if answered >= ENOUGH and seconds > 0:
            found[name] = Rate(
                answered / seconds,
                lane["input_tokens"] / calls if lane.get("input_tokens") else None,
                lane["output_tokens"] / calls if lane.get("output_tokens") else None,
            )
    return found


def measured(run: Path | None) -> dict[str, Rate]:
    """Return what the run in a folder measured; nothing where there is no finished run."""
    try:
        manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8")) if run else {}
    except (OSError, ValueError):
        return {}
    return rates_of(manifest)


def tokenizer(model: str, env: Mapping[str, str] | None = None) -> tuple[Callable[[Request], int], str]:
    """Return how the tokens of a request are counted, and the name of that way.

    tiktoken counts where it is installed and ``TIKTOKEN_CACHE_DIR`` names its folder of vocabularies:
    without one it would fetch them, and a plan asks nobody anything. Else characters are counted.
    """
    estimate = f"estimated, {CHARACTERS_PER_TOKEN:g} characters a token"
    if not (os.environ if env is None else env).get("TIKTOKEN_CACHE_DIR"):
        return estimated_input, estimate
    try:
        from importlib import import_module

        coder = import_module("tiktoken").encoding_for_model(model.rpartition("/")[2])
    except Exception:  # noqa: BLE001 - not installed, an unknown model, no vocabulary: the estimate serves
        return estimated_input, estimate

    def count(request: Request) -> int:
        texts = [str(part.get("content", "")) for part in request.body.get("messages", ())]
        rest = {key: value for key, value in request.body.items() if key != "messages"}
        return sum(len(coder.encode(text, disallowed_special=())) + 4 for text in (*texts, json.dumps(rest)))

    return count, f"counted by tiktoken ({coder.name})"
