"""Ways to make responses: strategies and their templates, exemplars, baselines.

>>> get_strategy("zero-shot").needs_model
True
"""

from __future__ import annotations

from judge.generators.base import Ask, Done, Failed, Resources, Step, Strategy, respond
from judge.generators.registry import draws_on, get_strategy, strategy_names

__all__ = [
    "Ask",
    "Done",
    "Failed",
    "Resources",
    "Step",
    "Strategy",
    "draws_on",
    "get_strategy",
    "respond",
    "strategy_names",
]
