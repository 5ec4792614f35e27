"""What a call costs: the user's own price, else the table's; unknown stays unknown and is never nought."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from judge.providers.presets import Price, price_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from judge.study import JudgeSpec, Study, SystemSpec
    from judge.types import Answer, Request

_FREE = frozenset({"embedded", "recorded", "scripted"})
"""Providers that cost nothing by their nature: they run here."""
CHARACTERS_PER_TOKEN = 3.0
"""Low on purpose: English has about 4, and an estimate made before sending must not be too small."""
BATCH_SHARE = 0.5
"""What a batch costs of the price of live calls, at OpenAI and at Anthropic."""
UNKNOWN_LENGTH = 1024
"""Output tokens assumed where no limit was set."""


def own_prices(study: Study) -> dict[str, Price]:
    """Return the prices that the study states itself, by model."""
    specs: list[JudgeSpec | SystemSpec] = [*study.judges, *(s for s in study.systems if s.model)]
    return {str(spec.model): _stated(spec.price) for spec in specs if spec.price}


def _stated(price: Mapping[str, float]) -> Price:
    return Price(
        input=price.get("input"),
        output=price.get("output"),
        cached=price.get("cached"),
        source="the study file",
        known="stated",
    )


def pricing(study: Study) -> Callable[[Request, Answer | None], float | None]:
    """Return the function that prices a request (an upper estimate) or an answer (what it did cost)."""
    rate_of = rates(study)

    def price(request: Request, answer: Answer | None) -> float | None:
        rate = rate_of(f"{request.provider}/{request.model}")
        if answer is None:
            return rate.cost(estimated_input(request), longest_output(request))
        usage = answer.usage
        if usage.input_tokens is None or usage.output_tokens is None:
            return rate.cost(estimated_input(request), len(answer.text))
        return rate.cost(usage.input_tokens, usage.output_tokens, usage.cached_tokens or 0)

    return price


def rates(study: Study) -> Callable[[str], Price]:
    """Return the function that gives a model's price: the study's own, else the table's."""
    stated = own_prices(study)

    def rate(name: str) -> Price:
        if name.partition("/")[0] in _FREE:
            return Price(0.0, 0.0, known="stated", source="it runs here")
        return stated.get(name) or price_of(name)

    return rate


def estimated_input(request: Request) -> int:
    """Estimate the tokens of a request from its characters, rather too many than too few."""
    return int(len(json.dumps(request.body, ensure_ascii=False)) / CHARACTERS_PER_TOKEN) + 8


def longest_output(request: Request) -> int:
    """Return the most tokens that a request lets a model write, hidden ones among them."""
    for name in ("max_completion_tokens", "max_tokens"):
        limit = request.body.get(name)
        if isinstance(limit, int):
            return limit
    return UNKNOWN_LENGTH
