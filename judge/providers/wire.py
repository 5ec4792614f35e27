"""How bytes go out and come back: one POST of one JSON body, over a connection that is kept open.

Three ways, the same on the wire. `DirectWire` posts over connections of our own; it is the default, because
general clients cost two to ten times the CPU of the call itself (``docs/judges.md`` has the figures).
``judge.providers.proxied.ProxiedWire`` takes its place where the environment names a proxy.
``judge.providers.sdk.SdkWire`` goes through the vendor's official client. TLS is verified, redirects are not
followed (a key must not travel to another host).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from judge.errors import ServerFault, Timeout
from judge.providers.http1 import BadReply, Connections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


CONNECT_S = 15.0
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: status, headers (case does not matter) and the whole body.

    `cause` is the vendor's own exception, where its client raised one for the status.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cause: Exception | None = field(default=None, compare=False)


class Wire(Protocol):
    """Sends one body and gives the reply, whatever its status."""

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """Send one request; raise `judge.errors.Timeout` or `ServerFault` where no whole reply came."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class DirectWire:
    """A POST over connections of our own; see `judge.providers.http1`.

    Parameters
    ----------
    url
        The whole address of the endpoint.
    headers
        Gives the headers with the key in it; called when the first request goes out.
    timeout
        Seconds for one whole call.
    connections
        Size of the pool: as many as calls are in flight at once.
    """

    def __init__(
        self, url: str, headers: Callable[[], Mapping[str, str]], *, timeout: float, connections: int
    ) -> None:
        self._url, self._headers, self._timeout, self._most = url, headers, timeout, connections
        self._open: Connections | None = None

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """Send one request."""
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._connections().post(encoded(body))
        except TimeoutError as exc:
            raise Timeout(f"no answer within {self._timeout:g} s") from exc
        except (BadReply, OSError, ValueError) as exc:
            raise ServerFault(f"the connection failed: {describe(exc)}") from exc
        return Reply(reply.status, reply.headers, reply.body)

    def _connections(self) -> Connections:
        if self._open is None:
            connect_s = min(CONNECT_S, self._timeout)
            self._open = Connections(self._url, self._headers(), most=self._most, connect_s=connect_s)
        return self._open

    async def aclose(self) -> None:
        """Close the connections."""
        connections, self._open = self._open, None
        if connections is not None:
            await connections.aclose()


def encoded(body: Mapping[str, Any]) -> bytes:
    """Return the bytes of a body; a lone surrogate, which no server reads, becomes a question mark."""
    return _ENCODER.encode(body).encode("utf-8", "replace")


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address, or None (HTTPS_PROXY, NO_PROXY, ...)."""
    from urllib.parse import urlsplit

    # Only macOS and Windows keep proxies elsewhere; what looks them up takes its time to import.
    named = any(name.lower().endswith("_proxy") for name in os.environ)
    if not named and sys.platform not in ("darwin", "win32"):
        return None
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def describe(exc: BaseException) -> str:
    """Name an exception of the network in one line; those of a library may hold no text at all."""
    text = str(exc).strip().splitlines()
    return f"{type(exc).__name__}: {text[0][:200]}" if text else type(exc).__name__
