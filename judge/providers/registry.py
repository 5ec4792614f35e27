"""The one place that turns a name into a provider.

Providers of ours are named in `BUILT_IN` and imported when asked for. Others register a factory under the
entry-point group ``judge.providers``: anything that takes `ProviderOptions` and gives a
`judge.providers.base.Provider`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from judge.errors import InputError, UnknownNameError
from judge.providers.hosted import ProviderOptions, Transport
from judge.providers.presets import presets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from judge.providers.base import Provider

GROUP = "judge.providers"


def parse_model(name: str) -> tuple[str, str]:
    """Split ``provider/model``; the model may hold slashes itself.

    Raises
    ------
    judge.errors.UnknownNameError
        There is no such provider, or no provider in the name; near names are suggested.

    Examples
    --------
    >>> parse_model("openai/gpt-4o"), parse_model("recorded/runs/old/duels.jsonl")
    (('openai', 'gpt-4o'), ('recorded', 'runs/old/duels.jsonl'))
    """
    provider, slash, model = name.strip().partition("/")
    if provider in BUILT_IN or provider in _plugins():
        if slash and model:
            return provider, model
        raise UnknownNameError(
            f"model of {provider} (write {provider}/MODEL)", name.strip(), _models(provider)
        )
    if not slash:
        raise UnknownNameError("model (write provider/model)", name.strip(), _bare_matches(name.strip()))
    raise UnknownNameError("provider", provider, sorted(provider_names()))


def make_provider(
    name: str,
    *,
    base_url: str | None = None,
    env: Mapping[str, str] | None = None,
    api_key_env: str | None = None,
    timeout: float = 60.0,
    concurrency: int = 64,
    transport: Transport = "direct",
) -> Provider:
    """Make the provider of a model.

    Nothing is opened, imported from a vendor or read from a file of keys before the first call.

    Parameters
    ----------
    name
        ``openai``, or a whole name like ``openai/gpt-4o``.
    base_url, api_key_env, timeout, concurrency, transport
        See `judge.providers.hosted.ProviderOptions`.
    env
        The environment; `os.environ` where None.

    Raises
    ------
    judge.errors.UnknownNameError
        There is no such provider.
    judge.errors.InputError
        An option cannot be used.

    Examples
    --------
    >>> make_provider("openai/gpt-4o", env={}).name
    'openai'
    """
    provider = parse_model(name)[0] if "/" in name else name.strip()
    options = ProviderOptions(
        base_url=base_url or None,
        env=os.environ if env is None else env,
        api_key_env=api_key_env,
        timeout=timeout,
        concurrency=concurrency,
        transport=transport,
    )
    made: Provider = _factory(provider)(options)
    return made


def provider_names() -> frozenset[str]:
    """Return the names of all providers, others' among them."""
    return frozenset(BUILT_IN) | frozenset(_plugins())


def _plugins() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def _factory(provider: str) -> Callable[[ProviderOptions], Any]:
    if provider in BUILT_IN:
        return BUILT_IN[provider]
    point = _plugins().get(provider)
    if point is None:
        raise UnknownNameError("provider", provider, sorted(provider_names()))
    try:
        loaded: Callable[[ProviderOptions], Any] = point.load()
    except Exception as exc:  # someone else's code may fail in any way
        raise InputError(f"the provider {provider!r} ({point.value}) cannot be loaded: {exc}") from exc
    return loaded


def _models(provider: str) -> list[str]:
    return [name for name in presets() if name.startswith(f"{provider}/")]


def _bare_matches(model: str) -> list[str]:
    """Return the whole names first whose model is the one that was written without its provider."""
    whole = [name for name in presets() if name.partition("/")[2] == model]
    return whole or list(presets())


def _openai(options: ProviderOptions) -> Any:
    from judge.providers.openai import OpenAIProvider

    return OpenAIProvider(options)


def _compatible(options: ProviderOptions) -> Any:
    from judge.providers.openai import OpenAIProvider

    return OpenAIProvider(options, name="compatible")


def _anthropic(options: ProviderOptions) -> Any:
    from judge.providers.anthropic import AnthropicProvider

    return AnthropicProvider(options)


def _embedded(options: ProviderOptions) -> Any:  # noqa: ARG001 - it has none
    from judge.providers.embedded import EpitomeProvider

    return EpitomeProvider()


def _recorded(options: ProviderOptions) -> Any:  # noqa: ARG001 - it has none
    from judge.providers.recorded import RecordedProvider

    return RecordedProvider()


def _scripted(options: ProviderOptions) -> Any:  # noqa: ARG001 - it has none
    from judge.testing import ScriptedProvider

    return ScriptedProvider()


BUILT_IN: dict[str, Callable[[ProviderOptions], Any]] = {
    "openai": _openai,
    "compatible": _compatible,
    "anthropic": _anthropic,
    "embedded": _embedded,
    "recorded": _recorded,
    "scripted": _scripted,
}
"""Our own providers; each imports its module when it is made."""
