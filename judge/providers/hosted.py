"""What every provider over HTTP has in common: key, wire, limits, refused parameters, errors.

A vendor adds three pure things: the body of a request, the way back from parameters that a server refuses,
and how its answer is read.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from judge.errors import InputError, ServerFault, Unsupported
from judge.providers.credentials import Secret, find_key
from judge.providers.downgrade import apply, next_step
from judge.providers.faults import complaint, failure
from judge.types import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from judge.providers.base import RateLimitState
    from judge.providers.batch import Batches
    from judge.providers.downgrade import Step
    from judge.providers.wire import Reply, Wire
    from judge.types import Answer, Prompt, Sampling

Transport: TypeAlias = Literal["direct", "sdk"]


@dataclass(frozen=True, slots=True)
class ProviderOptions:
    """How to reach a provider; what `judge.providers.registry.make_provider` gives to a factory.

    Parameters
    ----------
    base_url
        Address of an OpenAI- or Anthropic-compatible server, up to and including ``/v1`` for OpenAI's.
    env
        The environment to read keys, base URLs and proxies' settings from.
    api_key_env
        Name of the variable that holds the key; None for the provider's usual one, empty for no key.
    timeout
        Seconds for one whole call.
    concurrency
        Calls in flight at once: the size of the connection pool.
    transport
        ``direct`` (connections of our own) or ``sdk`` (the vendor's official client).
    """

    base_url: str | None = None
    env: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    api_key_env: str | None = None
    timeout: float = 60.0
    concurrency: int = 64
    transport: Transport = "direct"

    def __post_init__(self) -> None:
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise InputError(f"base_url {self.base_url!r} is no address: it starts with http:// or https://")
        if not self.timeout > 0:
            raise InputError(f"timeout is in seconds and above 0, not {self.timeout}")
        if self.concurrency < 1:
            raise InputError(f"concurrency is at least 1, not {self.concurrency}")
        if self.transport not in ("direct", "sdk"):
            raise InputError(f"transport is 'direct' or 'sdk', not {self.transport!r}")


class HostedProvider:
    """A provider over HTTP; see `judge.providers.openai` and `judge.providers.anthropic`.

    The key is looked up at the first call (or by `check_key`), so a run that finds every answer in its
    store needs none.
    """

    vendor: ClassVar[Literal["openai", "anthropic"]]
    path: ClassVar[str]
    key_variable: ClassVar[str]
    url_variable: ClassVar[str]
    home: ClassVar[str]
    steps: ClassVar[tuple[Step, ...]]

    def __init__(self, options: ProviderOptions | None = None, *, name: str | None = None) -> None:
        self.name = name or self.vendor
        self.options = options or ProviderOptions()
        url = self.options.base_url or self.options.env.get(self.url_variable) or self.home
        self.base_url = url.rstrip("/")
        self.last_limits: dict[str, RateLimitState] = {}
        self._learnt: dict[str, tuple[Step, ...]] = {}
        self._secret: Secret | None = None
        self._open_wire: Wire | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, base_url={self.base_url!r})"

    # What a vendor fills in

    def body(self, model: str, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
        """Return the JSON body, before parameters that the server refused are taken out."""
        raise NotImplementedError

    def read(self, data: Mapping[str, Any], latency_s: float) -> Answer:
        """Read the vendor's JSON; raise `judge.errors.ServerFault` where it is no answer."""
        raise NotImplementedError

    def limits(self, headers: Mapping[str, str], seen_at: float) -> RateLimitState | None:
        """Read the rate-limit headers, or return None where there are none."""
        raise NotImplementedError

    def key_headers(self, key: str) -> dict[str, str]:
        """Return the headers that the vendor's own client would send."""
        raise NotImplementedError

    def more_headers(self) -> dict[str, str]:
        """Return the headers that depend on the environment (organisation, project)."""
        return {}

    # The protocol

    def request(self, model: str, prompt: Prompt, sampling: Sampling, repeat: int = 0) -> Request:
        """Say exactly what will be sent."""
        body = apply(self._learnt.get(model, ()), self.body(model, prompt, sampling))
        return Request(self.name, model, body, repeat)

    async def send(self, request: Request) -> Answer:
        """Send one request, once."""
        learnt = self._learnt.get(request.model)
        if learnt and (body := apply(learnt, request.body)) is not request.body:
            raise self._unsupported(request, learnt[-1], body, "refused before", None)
        start = perf_counter()
        reply = await self._wire().post(request.body)
        latency_s = perf_counter() - start
        seen = self.limits(reply.headers, monotonic())
        if seen is not None:
            self.last_limits[request.model] = seen
        raw = self._key().hide(reply.body)
        if not 200 <= reply.status < 300:
            raise self._refused(request, reply, raw) from reply.cause
        return self.read(self._decode(request, reply, raw), latency_s)

    def check_key(self) -> None:
        """Look for the key now.

        Raises
        ------
        judge.errors.CredentialsError
            There is none, or it must not be used.
        """
        self._key()

    @property
    def secret(self) -> Secret:
        """The key, wrapped; looked up when it is first asked for."""
        return self._key()

    def batches(self) -> Batches:
        """Return the vendor's batch API, with this provider's key and address."""
        from judge.providers.batch import batches_of

        return batches_of(self)

    async def aclose(self) -> None:
        """Close the connections."""
        wire, self._open_wire = self._open_wire, None
        if wire is not None:
            await wire.aclose()

    # Inside

    def _key(self) -> Secret:
        if self._secret is None:
            named = self.options.api_key_env
            variable = self.key_variable if named is None else named
            self._secret = find_key(self.options.env, variable, self.base_url)
        return self._secret

    def _wire(self) -> Wire:
        if self._open_wire is None:
            self._open_wire = self._sdk_wire() if self.options.transport == "sdk" else self._direct_wire()
        return self._open_wire

    def _direct_wire(self) -> Wire:
        from judge import __version__
        from judge.providers.wire import DirectWire, proxy_for

        key = self._key()

        def headers() -> dict[str, str]:
            return {
                "Accept": "application/json",
                "Content-Type": "application/json",
                "User-Agent": f"judge/{__version__}",
                **self.key_headers(key.reveal()),
                **self.more_headers(),
            }

        url = f"{self.base_url}{self.path}"
        limits: dict[str, Any] = {"timeout": self.options.timeout, "connections": self.options.concurrency}
        if (proxy := proxy_for(url)) is not None:
            from judge.providers.proxied import ProxiedWire

            return ProxiedWire(url, headers, proxy=proxy, **limits)
        return DirectWire(url, headers, **limits)

    def _sdk_wire(self) -> Wire:
        from judge.providers.sdk import SdkWire

        return SdkWire(
            self.vendor,
            self.path,
            base_url=self.base_url,
            key=self._key(),
            timeout=self.options.timeout,
            connections=self.options.concurrency,
            headers=self.more_headers(),
        )

    def _decode(self, request: Request, reply: Reply, raw: bytes) -> dict[str, Any]:
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError) as exc:
            what = "an empty body" if not raw.strip() else f"a body that is no JSON ({len(raw)} bytes)"
            raise ServerFault(f"the server sent {what}", status=reply.status) from exc
        if not isinstance(data, dict):
            raise ServerFault("the server sent JSON that is no object", status=reply.status)
        if data.get("error"):  # some gateways answer 200 with an error inside
            told = complaint(raw)
            status = int(told.code) if told.code.isdigit() and len(told.code) == 3 else 502
            raise failure(_with_status(reply, status), told, request.model)
        return data

    def _refused(self, request: Request, reply: Reply, raw: bytes) -> Exception:
        told = complaint(raw)
        if reply.status in (400, 422):
            found = next_step(self.steps, request.body, told)
            if found is not None:
                step, body = found
                learnt = self._learnt.get(request.model, ())
                if step not in learnt:
                    self._learnt[request.model] = (*learnt, step)
                return self._unsupported(request, step, body, told.message, reply.status)
        return failure(reply, told, request.model)

    def _unsupported(
        self, request: Request, step: Step, body: Mapping[str, Any], words: str, status: int | None
    ) -> Unsupported:
        return Unsupported(
            f"{self.name}/{request.model} does not take {step.parameter!r}: {words}",
            parameter=step.parameter,
            instead=Request(request.provider, request.model, body, request.repeat),
            status=status,
        )


def _with_status(reply: Reply, status: int) -> Reply:
    from dataclasses import replace

    return replace(reply, status=status)
