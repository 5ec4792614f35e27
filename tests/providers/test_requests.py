from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from judge.errors import Unsupported
from judge.providers.base import limits_of
from judge.providers.openai import REASONING_ROOM
from judge.providers.registry import make_provider
from judge.types import Answer, Sampling, Usage
from tests.providers.asking import MODELS, PLAIN, PROMPT, ask, url
from tests.providers.loopback import Loopback


def body_of(vendor: str, model: str, **changes: Any) -> dict[str, Any]:
    provider = make_provider(
        vendor, env={}, base_url="http://gpu:8000/v1" if vendor == "compatible" else None
    )
    return dict(provider.request(model, changes.pop("prompt", PROMPT), Sampling(**changes)).body)


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
@pytest.mark.parametrize("transport", ["direct", "sdk"])
def test_what_is_sent_is_the_request(vendor: str, transport: str) -> None:
    """The server receives exactly the body of the request: its hash is an honest key."""
    server = Loopback()
    (answer,) = ask(server, vendor, transport=transport)
    provider = make_provider(vendor, env={}, base_url=f"http://127.0.0.1:1{'/v1' * (vendor == 'openai')}")
    assert server.calls[0].body == provider.request(MODELS[vendor], PROMPT, Sampling()).body
    assert isinstance(answer, Answer)
    assert json.loads(answer.text)["verdict"] == "A"
    assert answer.usage == Usage(7, 5)
    assert answer.latency_s > 0


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_both_transports_send_the_same_headers(vendor: str) -> None:
    """Ours are the headers that the official client sends: key and API version."""
    sent = []
    for transport in ("direct", "sdk"):
        server = Loopback()
        ask(server, vendor, transport=transport, env={f"{vendor.upper()}_API_KEY": "sk-x"})
        names = ("authorization", "x-api-key", "anthropic-version", "content-type", "accept")
        headers = {name.lower(): value for name, value in server.calls[0].headers.items()}
        sent.append({name: headers.get(name) for name in names})
    assert sent[0] == sent[1]


def test_home_addresses_are_those_of_the_official_clients() -> None:
    """Without a base_url the vendors' own addresses are asked."""
    from anthropic import AsyncAnthropic
    from openai import AsyncOpenAI

    from judge.providers.anthropic import AnthropicProvider
    from judge.providers.openai import OpenAIProvider

    assert str(AsyncOpenAI(api_key="x").base_url).rstrip("/") == OpenAIProvider.home
    assert str(AsyncAnthropic(api_key="x").base_url).rstrip("/") == AnthropicProvider.home


def test_structured_output_is_closed_and_strict() -> None:
    """OpenAI gets a strict JSON schema, Anthropic one without the keywords that it refuses."""
    ours = body_of("openai", "gpt-4o")["response_format"]["json_schema"]
    assert ours["strict"] is True
    assert ours["schema"]["additionalProperties"] is False
    assert ours["schema"]["required"] == ["reason", "verdict"]
    theirs = body_of("anthropic", "claude-haiku-4-5")["output_config"]["format"]["schema"]
    assert "maxLength" not in json.dumps(theirs)


def test_old_models_get_what_they_know() -> None:
    """Models from before structured output are asked by the prompt alone, or by a forced tool."""
    assert "response_format" not in body_of("openai", "gpt-4-0613")
    assert body_of("openai", "gpt-4-turbo")["response_format"] == {"type": "json_object"}
    assert body_of("anthropic", "claude-3-haiku-20240307")["tool_choice"]["type"] == "tool"


@pytest.mark.parametrize("model", ["o3", "o4-mini", "gpt-5", "gpt-5-2025-08-07", "gpt-6-luna", "gpt-7-new"])
def test_reasoning_models_take_no_temperature(model: str) -> None:
    """A reasoning model gets max_completion_tokens with room to think, and no sampling parameters."""
    body = body_of("openai", model, max_tokens=100, top_p=0.5, logprobs=True)
    assert body["max_completion_tokens"] == 100 + REASONING_ROOM
    assert not {"temperature", "top_p", "max_tokens", "logprobs"} & set(body)


def test_anthropic_gets_no_sampling_parameters() -> None:
    """The API version of the official client has none, and refuses requests that have them."""
    body = body_of("anthropic", "claude-haiku-4-5", temperature=0.0, top_p=0.5, seed=1)
    assert set(body) == {"model", "max_tokens", "system", "messages", "output_config"}


def test_a_server_of_ones_own_is_asked_for_everything() -> None:
    """A model that only looks like a reasoning one keeps its temperature on another server."""
    body = body_of("compatible", "o1-open-7b", max_tokens=64, seed=3)
    assert (body["temperature"], body["max_tokens"], body["seed"]) == (0.0, 64, 3)


def test_extra_parameters_win() -> None:
    """What the user adds is sent as it is."""
    assert body_of("openai", "o3", extra={"reasoning_effort": "low"})["reasoning_effort"] == "low"


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_requests_are_repeatable(vendor: str) -> None:
    """The same question is the same request; the repeat is part of it but is not sent."""
    provider = make_provider(vendor, env={})
    first = provider.request("m", PROMPT, Sampling(), 0)
    assert first == provider.request("m", PROMPT, Sampling(), 0)
    again = provider.request("m", PROMPT, Sampling(), 1)
    assert again != first
    assert again.body == first.body


def walk_down(server: Loopback, vendor: str, sampling: Sampling) -> tuple[list[str], Answer, list[int]]:
    """Do as a runner does: follow `instead` until there is an answer; then ask once more."""

    async def run() -> tuple[list[str], Answer, list[int]]:
        async with server:
            provider = make_provider(vendor, base_url=url(server, vendor), env={})
            first = request = provider.request("some-model", PROMPT, sampling)
            refused = []
            while True:
                try:
                    answer = await provider.send(request)
                    break
                except Unsupported as told:
                    refused.append(told.parameter)
                    request = told.instead
            calls = [len(server.calls)]
            assert provider.request("some-model", PROMPT, sampling) == request
            with pytest.raises(Unsupported) as known:
                await provider.send(first)
            assert known.value.instead == request
            calls.append(len(server.calls))
            await provider.aclose()
            return refused, answer, calls

    return asyncio.run(run())


def test_a_server_without_response_format_is_asked_without() -> None:
    """A refused parameter yields the next best request; it is learnt, and costs no second question."""
    server = Loopback(without={"response_format", "logprobs", "seed"})
    refused, answer, calls = walk_down(server, "openai", Sampling(logprobs=True, seed=1))
    assert sorted(refused) == ["logprobs", "response_format", "response_format", "seed"]
    assert answer.text
    assert calls[0] == calls[1] == 5
    assert not {"response_format", "logprobs", "top_logprobs", "seed"} & set(server.calls[-1].body)


def test_anthropic_without_schemas_is_asked_by_a_tool() -> None:
    """Where output_config is refused, a forced tool carries the schema, and its input is the text."""
    refused, answer, _ = walk_down(Loopback(without={"output_config"}), "anthropic", Sampling())
    assert refused == ["output_config"]
    assert json.loads(answer.text)["verdict"] == "A"


def test_max_tokens_gets_its_other_name() -> None:
    """A server that wants max_completion_tokens gets it with the same number."""
    server = Loopback(without={"max_tokens"})
    walk_down(server, "openai", Sampling(max_tokens=33))
    assert server.calls[-1].body["max_completion_tokens"] == 33


def test_a_wrong_value_is_not_taken_for_an_unknown_parameter() -> None:
    """A limit that is too large is rejected, not renamed."""
    server = Loopback(faults=["400"], error={"message": "max_tokens is too large: 999999"})
    (found,) = ask(server, prompt=PLAIN)
    assert not isinstance(found, Unsupported)


def test_rate_limits_are_kept_by_model() -> None:
    """What the headers say is there for the runner, the newest of each model."""

    async def run(vendor: str, headers: dict[str, str]) -> Any:
        async with Loopback(headers=headers) as server:
            provider = make_provider(vendor, base_url=url(server, vendor), env={})
            assert limits_of(provider, "m") is None
            await provider.send(provider.request("m", PLAIN, Sampling()))
            await provider.aclose()
            return limits_of(provider, "m")

    seen = asyncio.run(
        run(
            "openai",
            {
                "x-ratelimit-limit-requests": "500",
                "x-ratelimit-remaining-requests": "499",
                "x-ratelimit-reset-requests": "120ms",
                "x-ratelimit-remaining-tokens": "29000",
                "x-ratelimit-reset-tokens": "1m30s",
            },
        )
    )
    assert (seen.limit_requests, seen.remaining_requests, seen.reset_requests_s) == (500, 499, 0.12)
    assert (seen.remaining_tokens, seen.reset_tokens_s) == (29000, 90.0)
    seen = asyncio.run(
        run(
            "anthropic",
            {
                "date": "Wed, 21 Oct 2026 07:28:00 GMT",
                "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2026-10-21T07:28:12Z",
            },
        )
    )
    assert (seen.limit_requests, seen.remaining_requests, seen.reset_requests_s) == (50, 0, 12.0)


def test_connections_are_reused_and_as_many_as_asked() -> None:
    """One provider keeps as many connections as its concurrency allows, and no more."""

    async def run() -> int:
        async with Loopback(latency_s=0.02) as server:
            provider = make_provider("openai", base_url=server.openai_url, env={}, concurrency=7)
            request = provider.request("m", PLAIN, Sampling())
            await asyncio.gather(*(provider.send(request) for _ in range(40)))
            await provider.aclose()
            return server.most_in_flight

    assert asyncio.run(run()) == 7


def test_a_closed_provider_opens_again() -> None:
    """After `aclose` a provider works in another event loop: a run may have several stages."""
    provider = make_provider("openai", env={}, base_url="http://127.0.0.1:9/v1")

    async def stage() -> str:
        async with Loopback() as server:
            provider.base_url = server.openai_url  # type: ignore[attr-defined] # not part of the protocol
            answer = await provider.send(provider.request("m", PLAIN, Sampling()))
            await provider.aclose()
            await provider.aclose()
            return answer.text

    assert asyncio.run(stage()) == asyncio.run(stage())
