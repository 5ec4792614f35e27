"""OpenAI's chat completions, and every server that speaks them (vLLM, SGLang, Ollama, llama.cpp, ...)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from judge.errors import InputError, ServerFault
from judge.providers.downgrade import Step, drop, rename
from judge.providers.hosted import HostedProvider, ProviderOptions
from judge.providers.presets import abilities
from judge.providers.rates import openai_limits
from judge.providers.schemas import strict
from judge.types import Answer, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.providers.base import RateLimitState
    from judge.types import Prompt, Sampling

REASONING_ROOM = 8192
"""Tokens that a reasoning model may think before the answer that `max_tokens` speaks of."""
TOP_LOGPROBS = 20

_FINISH: dict[str, Literal["stop", "length", "content_filter"]] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}


def _any_object(body: Mapping[str, Any]) -> dict[str, Any] | None:
    if (body.get("response_format") or {}).get("type") != "json_schema":
        return None
    return {**body, "response_format": {"type": "json_object"}}


_FORMAT = ("response_format", "json_schema", "structured output", "guided", "json_object")

STEPS = (
    Step("response_format", _FORMAT, _any_object),
    Step("response_format", _FORMAT, drop("response_format")),
    Step(
        "max_tokens",
        ("max_tokens", "max_completion_tokens"),
        rename("max_tokens", "max_completion_tokens"),
        True,
    ),
    Step(
        "max_completion_tokens",
        ("max_completion_tokens",),
        rename("max_completion_tokens", "max_tokens"),
        True,
    ),
    Step("temperature", ("temperature",), drop("temperature")),
    Step("top_p", ("top_p",), drop("top_p")),
    Step("logprobs", ("logprobs",), drop("logprobs", "top_logprobs")),
    Step("seed", ("seed",), drop("seed"), True),
)


class OpenAIProvider(HostedProvider):
    """Chat completions of OpenAI (``openai/...``) or of a compatible server (``compatible/...``).

    Parameters
    ----------
    options
        `base_url` names another server; ``OPENAI_BASE_URL`` is honoured. The key is in ``OPENAI_API_KEY`` or
        in the file that ``OPENAI_API_KEY_FILE`` names; a server of one's own needs none.
    name
        ``openai`` or ``compatible``; the latter has no address of its own.

    Examples
    --------
    >>> from judge.types import Message, Prompt, Sampling
    >>> provider = OpenAIProvider(ProviderOptions(env={}))
    >>> ask = Prompt((Message("user", "Which is better?"),))
    >>> dict(provider.request("gpt-4o", ask, Sampling(max_tokens=9)).body)
    ... # doctest: +NORMALIZE_WHITESPACE
    {'model': 'gpt-4o', 'messages': [{'role': 'user', 'content': 'Which is better?'}],
     'temperature': 0.0, 'max_tokens': 9}

    A reasoning model takes no temperature, and its hidden tokens count towards the limit:

    >>> dict(provider.request("o3", ask, Sampling(max_tokens=9)).body)["max_completion_tokens"]
    8201
    """

    vendor: ClassVar[Literal["openai", "anthropic"]] = "openai"
    path: ClassVar[str] = "/chat/completions"
    key_variable: ClassVar[str] = "OPENAI_API_KEY"
    url_variable: ClassVar[str] = "OPENAI_BASE_URL"
    home: ClassVar[str] = "https://api.openai.com/v1"
    steps: ClassVar[tuple[Step, ...]] = STEPS

    def __init__(self, options: ProviderOptions | None = None, *, name: str | None = None) -> None:
        super().__init__(options, name=name)
        self._closed: tuple[Mapping[str, Any] | None, dict[str, Any]] = (None, {})
        if self.name == "compatible" and self.base_url == self.home:
            raise InputError(
                "the provider 'compatible' needs a base_url, for example http://127.0.0.1:8000/v1"
            )

    def body(self, model: str, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
        """Return the JSON body."""
        able = abilities(self.name, model, own_server=self.base_url != self.home)
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": part.role, "content": part.content} for part in prompt.messages],
        }
        if able.temperature:
            body |= _given(temperature=sampling.temperature, top_p=sampling.top_p)
        body |= _given(seed=sampling.seed, **_limit(sampling.max_tokens, reasoning=able.reasoning))
        if sampling.logprobs and able.logprobs:
            body |= {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        if prompt.schema is not None:
            body |= self._structured(able.structured, prompt.schema, prompt.schema_name)
        return body | dict(sampling.extra)

    def _structured(self, how: str, schema: Mapping[str, Any], name: str) -> dict[str, Any]:
        if how == "json_schema":
            if self._closed[0] is not schema:  # a rubric's comes with each of its questions
                self._closed = (schema, strict(schema))
            wanted = {"name": name, "schema": self._closed[1], "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": wanted}}
        return {"response_format": {"type": "json_object"}} if how == "json_object" else {}

    def read(self, data: Mapping[str, Any], latency_s: float) -> Answer:
        """Read a chat completion."""
        return read_completion(data, latency_s)

    def limits(self, headers: Mapping[str, str], seen_at: float) -> RateLimitState | None:
        """Read ``x-ratelimit-*``."""
        return openai_limits(headers, seen_at)

    def key_headers(self, key: str) -> dict[str, str]:
        """Return the headers that the official client sends for a key."""
        return {"Authorization": f"Bearer {key}"}

    def more_headers(self) -> dict[str, str]:
        """Return organisation and project, for OpenAI's own address only."""
        if self.base_url != self.home:
            return {}
        env, names = (
            self.options.env,
            {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"},
        )
        return {header: env[variable] for variable, header in names.items() if env.get(variable)}


def read_completion(data: Mapping[str, Any], latency_s: float = 0.0) -> Answer:
    """Read the JSON of a chat completion.

    A message without text, refusal or reason to have neither is a fault of the server: it is worth asking
    again, and must not look like an answer that nobody can read.

    Raises
    ------
    judge.errors.ServerFault
        The JSON is no chat completion, or its message is empty.

    Examples
    --------
    >>> read_completion({"choices": [{"message": {"content": "A"}, "finish_reason": "length"}]}).finish
    'length'
    >>> read_completion({"choices": [{"message": {"content": None, "refusal": "I can't."}}]}).finish
    'refusal'
    """
    try:
        choice = data["choices"][0]
        message = choice["message"]
        text, refusal = _text(message.get("content")), message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError) as exc:
        raise ServerFault("the server's JSON is no chat completion") from exc
    finish = _FINISH.get(choice.get("finish_reason") or "", "stop")
    if refusal and not text:
        text = str(refusal)
    elif not text and finish == "stop":
        raise ServerFault("the server sent an empty message")
    return Answer(
        text=text,
        finish="refusal" if refusal and finish == "stop" else finish,
        usage=_usage(data.get("usage")),
        served_model=str(data.get("model") or ""),
        response_id=str(data.get("id") or ""),
        latency_s=latency_s,
        logprobs=_logprobs(choice.get("logprobs")),
    )


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _limit(max_tokens: int | None, *, reasoning: bool) -> dict[str, int | None]:
    if not reasoning:
        return {"max_tokens": max_tokens}
    return {"max_completion_tokens": None if max_tokens is None else max_tokens + REASONING_ROOM}


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return "" if content is None else str(content)


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    prompt, completion = (
        usage.get("prompt_tokens_details") or {},
        usage.get("completion_tokens_details") or {},
    )
    cached = prompt.get("cached_tokens")
    return Usage(
        input_tokens=usage.get("prompt_tokens"),
        output_tokens=usage.get("completion_tokens"),
        cached_tokens=usage.get("prompt_cache_hit_tokens") if cached is None else cached,
        reasoning_tokens=completion.get("reasoning_tokens"),
    )


def _logprobs(found: Any) -> tuple[tuple[str, tuple[tuple[str, float], ...]], ...]:
    parts = (found or {}).get("content") if isinstance(found, dict) else None
    return tuple(
        (
            str(part["token"]),
            tuple(
                (str(other["token"]), float(other["logprob"]))
                for other in part.get("top_logprobs") or [part]
                if other.get("logprob") is not None
            ),
        )
        for part in parts or ()
        if isinstance(part, dict) and "token" in part
    )
