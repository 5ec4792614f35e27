"""What is known of models: where they run, what they can do, what they cost, whether they still exist.

The table is ``models.toml`` beside this file. Every number carries the day it was looked up and how; what is
not known is None, never 0. A model that is not in the table works all the same: its abilities are guessed
from its name and corrected by what the server says, its price is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import date

Structured: TypeAlias = Literal["json_schema", "json_object", "tool", "none"]

_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4})$")
_REASONING = {
    "openai": re.compile(r"^(o[1-9]|gpt-[5-9](?!.*-chat))"),
    "anthropic": re.compile(r"^claude-(fable|mythos|opus-[5-9]|sonnet-[5-9]|haiku-[5-9])"),
}
_BEFORE_SCHEMAS = {
    "openai": re.compile(r"^(gpt-3\.5|gpt-4(?![o.\d]))"),
    "anthropic": re.compile(r"^claude-(instant|2|3|opus-4-[0-2]|sonnet-4-[0-2]|opus-4$|sonnet-4$)"),
}


@dataclass(frozen=True, slots=True)
class Abilities:
    """What may be put into a request.

    Parameters
    ----------
    structured
        The strongest form of structured output; ``none`` leaves it to the prompt and the strict parser.
    logprobs, temperature
        Whether token probabilities and a temperature can be asked for.
    reasoning
        Whether hidden tokens are spent before the answer.
    """

    structured: Structured = "json_schema"
    logprobs: bool = True
    temperature: bool = True
    reasoning: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens; None where it is not known.

    Parameters
    ----------
    input, output
        For tokens read and written. Hidden reasoning tokens count as written.
    cached
        For input tokens that the provider had in its cache; None: as `input`.
    as_of
        The day on which it was looked up, or of the vendor's last known list.
    source
        The page.
    known
        ``page`` (read there), ``report`` (read in someone's report of that page), ``recalled``.
    """

    input: float | None = None
    output: float | None = None
    cached: float | None = None
    as_of: str = ""
    source: str = ""
    known: str = ""

    @property
    def is_known(self) -> bool:
        """Say whether a call can be priced."""
        return self.input is not None and self.output is not None

    def cost(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float | None:
        """Return dollars, or None where the price is not known.

        Parameters
        ----------
        input_tokens
            All tokens read, those from the cache among them.
        output_tokens, cached_tokens
            Tokens written; tokens read from the cache.

        Examples
        --------
        >>> Price(2.5, 10.0, 1.25).cost(1_000_000, 100_000, cached_tokens=400_000)
        3.0
        >>> Price().cost(10, 10) is None
        True
        """
        if self.input is None or self.output is None:
            return None
        cached = self.input if self.cached is None else self.cached
        fresh = input_tokens - cached_tokens
        return (fresh * self.input + cached_tokens * cached + output_tokens * self.output) / 1_000_000


@dataclass(frozen=True, slots=True)
class Preset:
    """One row of the table.

    Parameters
    ----------
    name
        ``provider/model``.
    context
        Tokens that fit in, or None.
    abilities, price
        See there.
    retired
        ISO date on which the provider shut it down or will; None where none is known.
    replaced_by
        What the vendor recommends instead, or what we do.
    runs_on
        Who runs it: the vendor, or a server of one's own and how.
    chat_template
        The form of the prompt that the model was trained on, for local servers.
    note
        Anything else worth knowing.
    """

    name: str
    context: int | None = None
    abilities: Abilities = Abilities()
    price: Price = Price()
    retired: str | None = None
    replaced_by: str | None = None
    runs_on: str = ""
    chat_template: str = ""
    note: str = ""

    def is_retired(self, today: date) -> bool:
        """Say whether it was shut down on or before a day."""
        return self.retired is not None and self.retired <= today.isoformat()


@cache
def presets() -> dict[str, Preset]:
    """Return the table by name, in its order.

    >>> presets()["openai/gpt-4o"].context
    128000
    """
    import tomllib
    from importlib.resources import files

    text = files("judge.providers").joinpath("models.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    rows = (_preset(row, data["sources"]) for row in data["model"])
    return {row.name: row for row in rows}


def find(name: str) -> Preset | None:
    """Return the row of a model; a dated snapshot takes the row of its family.

    >>> find("openai/gpt-4o-2024-08-06").name, find("openai/never-heard-of")
    ('openai/gpt-4o', None)
    """
    table = presets()
    return table.get(name) or table.get(_SNAPSHOT.sub("", name))


def price_of(name: str) -> Price:
    """Return the price of a model, unknown where nothing is known.

    >>> price_of("openai/never-heard-of").is_known
    False
    """
    row = find(name)
    return row.price if row is not None else Price()


@cache
def abilities(provider: str, model: str, *, own_server: bool = False) -> Abilities:
    """Say what may be put into a request: from the table, else from the model's name.

    Parameters
    ----------
    provider, model
        The two halves of the name; `provider` is the vendor whose language is spoken.
    own_server
        The address is not the vendor's own: the name says nothing, so everything is tried and what the
        server refuses is left out.

    Examples
    --------
    >>> abilities("openai", "o9-mini").temperature
    False
    >>> abilities("openai", "o9-mini", own_server=True).temperature
    True
    """
    row = find(f"{provider}/{model}")
    if row is not None:
        return row.abilities
    if own_server:
        return Abilities()
    reasons = bool(_REASONING[provider].match(model)) if provider in _REASONING else False
    old = bool(_BEFORE_SCHEMAS[provider].match(model)) if provider in _BEFORE_SCHEMAS else False
    if provider == "anthropic":
        structured: Structured = "tool" if old else "json_schema"
        return Abilities(structured, logprobs=False, temperature=False, reasoning=reasons)
    return Abilities(
        "none" if old else "json_schema", logprobs=not reasons, temperature=not reasons, reasoning=reasons
    )


def warning(name: str, today: date) -> str:
    """Return what a user should know of a model before paying for it; empty where nothing.

    >>> from datetime import date
    >>> warning("openai/gpt-3.5-turbo", date(2026, 11, 20))
    'openai/gpt-3.5-turbo was shut down on 2026-10-23; openai/gpt-5.6-terra takes its place'
    """
    row = find(name)
    if row is None or row.retired is None:
        return ""
    instead = f"; {row.replaced_by} takes its place" if row.replaced_by else ""
    when = "was shut down" if row.is_retired(today) else "will be shut down"
    return f"{row.name} {when} on {row.retired}{instead}"


def _preset(row: dict[str, Any], sources: dict[str, dict[str, str]]) -> Preset:
    row = dict(row)
    able = {key: row.pop(key) for key in ("structured", "logprobs", "temperature", "reasoning") if key in row}
    figures: dict[str, Any] = row.pop("price", None) or {}
    origin = sources[row.pop("source")] if "source" in row else {}
    price = Price(**{**figures, **origin}) if figures else Price()
    return Preset(**row, abilities=Abilities(**able), price=price)
