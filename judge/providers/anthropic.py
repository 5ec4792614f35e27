"""Anthropic's messages.

Written against API version 2026-10-21, the one that the official client (2.x) sends. That version has no
``temperature``, ``top_p`` or ``top_k`` any more, so `Sampling.temperature` is left out here, and no token
probabilities; ask for repeats where a spread is needed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from judge.errors import ServerFault
from judge.providers.downgrade import Step, drop
from judge.providers.hosted import HostedProvider
from judge.providers.presets import abilities
from judge.providers.rates import anthropic_limits
from judge.providers.schemas import UNKNOWN_TO_ANTHROPIC, strict
from judge.types import Answer, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.providers.base import RateLimitState
    from judge.types import Prompt, Sampling

API_VERSION = "2026-10-21"
DEFAULT_MAX_TOKENS = 1024
"""The API requires a limit; this one is sent where the user sets none."""
REASONING_ROOM = 8192
"""Tokens that a thinking model may use before the answer that `max_tokens` speaks of."""

_FINISH: dict[str, Literal["stop", "length", "content_filter", "refusal"]] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


def _tool(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    tool = {"name": name, "description": "Give the answer.", "input_schema": dict(schema)}
    return {"tools": [tool], "tool_choice": {"type": "tool", "name": name}}


def _forced_tool(body: Mapping[str, Any]) -> dict[str, Any] | None:
    schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    if schema is None:
        return None
    rest = {key: value for key, value in body.items() if key != "output_config"}
    return rest | _tool("answer", schema)


STEPS = (
    Step("output_config", ("output_config", "output_format", "structured output", "schema"), _forced_tool),
    Step("tools", ("tools", "tool_choice", "tool use"), drop("tools", "tool_choice")),
    Step("sampling", ("temperature", "top_p", "top_k"), drop("temperature", "top_p", "top_k")),
)


class AnthropicProvider(HostedProvider):
    """Anthropic's messages (``anthropic/...``), or a server that speaks them.

    Parameters
    ----------
    options
        `base_url` names another server (without ``/v1``); ``ANTHROPIC_BASE_URL`` is honoured. The key is in
        ``ANTHROPIC_API_KEY`` or in the file that ``ANTHROPIC_API_KEY_FILE`` names.
    name
        Another name than ``anthropic``.

    Examples
    --------
    >>> from judge.providers.hosted import ProviderOptions
    >>> from judge.types import Message, Prompt, Sampling
    >>> provider = AnthropicProvider(ProviderOptions(env={}))
    >>> ask = Prompt((Message("system", "Judge."), Message("user", "Which?")))
    >>> dict(provider.request("claude-haiku-4-5", ask, Sampling(max_tokens=9)).body)
    ... # doctest: +NORMALIZE_WHITESPACE
    {'model': 'claude-haiku-4-5', 'max_tokens': 9, 'system': 'Judge.',
     'messages': [{'role': 'user', 'content': 'Which?'}]}
    """

    vendor: ClassVar[Literal["openai", "anthropic"]] = "anthropic"
    path: ClassVar[str] = "/v1/messages"
    key_variable: ClassVar[str] = "ANTHROPIC_API_KEY"
    url_variable: ClassVar[str] = "ANTHROPIC_BASE_URL"
    home: ClassVar[str] = "https://api.anthropic.com"
    steps: ClassVar[tuple[Step, ...]] = STEPS

    def __init__(self, options: Any = None, *, name: str | None = None) -> None:
        super().__init__(options, name=name)
        self.base_url = self.base_url.removesuffix("/v1")  # written by habit: OpenAI's addresses end in it

    def body(self, model: str, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
        """Return the JSON body; the system messages go into a field of their own."""
        able = abilities(self.name, model, own_server=self.base_url != self.home)
        limit = DEFAULT_MAX_TOKENS if sampling.max_tokens is None else sampling.max_tokens
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": limit + (REASONING_ROOM if able.reasoning else 0),
        }
        system = "\n\n".join(part.content for part in prompt.messages if part.role == "system")
        if system:
            body["system"] = system
        body["messages"] = [
            {"role": part.role, "content": part.content} for part in prompt.messages if part.role != "system"
        ]
        if prompt.schema is not None:
            schema = strict(prompt.schema, without=UNKNOWN_TO_ANTHROPIC)
            if able.structured == "json_schema":
                body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
            elif able.structured == "tool":
                body |= _tool(prompt.schema_name, schema)
        return body | dict(sampling.extra)

    def read(self, data: Mapping[str, Any], latency_s: float) -> Answer:
        """Read a message."""
        return read_message(data, latency_s)

    def limits(self, headers: Mapping[str, str], seen_at: float) -> RateLimitState | None:
        """Read ``anthropic-ratelimit-*``."""
        return anthropic_limits(headers, seen_at)

    def key_headers(self, key: str) -> dict[str, str]:
        """Return the headers that the official client sends for a key."""
        return {"Authorization": f"Bearer {key}", "anthropic-version": API_VERSION}


def read_message(data: Mapping[str, Any], latency_s: float = 0.0) -> Answer:
    """Read the JSON of a message; thinking is left out, the input of a forced tool is the text.

    Raises
    ------
    judge.errors.ServerFault
        The JSON is no message, or there is nothing in it.

    Examples
    --------
    >>> read_message({"content": [{"type": "text", "text": "A"}], "stop_reason": "max_tokens"}).finish
    'length'
    """
    blocks = data.get("content")
    if not isinstance(blocks, list):
        raise ServerFault("the server's JSON is no message")
    finish = _FINISH.get(data.get("stop_reason") or "", "stop")
    text = "".join(_block(block) for block in blocks if isinstance(block, dict))
    if not text and finish == "refusal":
        text = str((data.get("stop_details") or {}).get("explanation") or "")
    elif not text and finish == "stop":
        raise ServerFault("the server sent an empty message")
    return Answer(
        text=text,
        finish=finish,
        usage=_usage(data.get("usage")),
        served_model=str(data.get("model") or ""),
        response_id=str(data.get("id") or ""),
        latency_s=latency_s,
    )


def _block(block: Mapping[str, Any]) -> str:
    if block.get("type") == "text":
        return str(block.get("text") or "")
    return json.dumps(block.get("input"), ensure_ascii=False) if block.get("type") == "tool_use" else ""


def _usage(usage: Any) -> Usage:
    """Read the tokens; what came from the cache or went into it is input as well."""
    if not isinstance(usage, dict):
        return Usage()
    fresh, cached = usage.get("input_tokens"), usage.get("cache_read_input_tokens")
    written = usage.get("cache_creation_input_tokens")
    return Usage(
        input_tokens=None if fresh is None else fresh + (cached or 0) + (written or 0),
        output_tokens=usage.get("output_tokens"),
        cached_tokens=cached,
        reasoning_tokens=(usage.get("output_tokens_details") or {}).get("thinking_tokens"),
    )
