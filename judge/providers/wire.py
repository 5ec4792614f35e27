"""How bytes go out and come back: one POST of one JSON body, over a connection that is kept open.

Two ways, the same on the wire. `DirectWire` posts with aiohttp and nothing in between; it is the default,
because the official clients cost three to five times the CPU of the call itself (``docs/judges.md`` has the
figures). ``judge.providers.sdk.SdkWire`` goes through the vendor's official client. TLS is verified,
proxies of the environment are honoured, redirects are not followed (a key must not travel to another
host).
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from judge.errors import ServerFault, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp

CONNECT_S = 15.0
LARGEST_BODY = 64 * 1024 * 1024


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
    """A POST with aiohttp.

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
        self._url, self._headers, self._timeout, self._connections = url, headers, timeout, connections
        self._session: aiohttp.ClientSession | None = None
        self._proxy: str | None = None

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        # The proxy is looked up once: `trust_env` would read the environment and ~/.netrc at every call.
        self._proxy = proxy_for(self._url)
        connector = aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300)
        return aiohttp.ClientSession(
            connector=connector,
            headers=dict(self._headers()),
            timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=min(CONNECT_S, self._timeout)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """Send one request."""
        import aiohttp

        session = self._session
        if session is None or session.closed:
            session = self._session = self._open()
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        try:
            async with session.post(
                self._url, data=data, proxy=self._proxy, allow_redirects=False
            ) as response:
                if (response.content_length or 0) > LARGEST_BODY:
                    raise ServerFault(f"the answer is larger than {LARGEST_BODY} bytes")
                return Reply(response.status, response.headers, await response.read())
        except TimeoutError as exc:
            raise Timeout(f"no answer within {self._timeout:g} s") from exc
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError, ValueError) as exc:
            raise ServerFault(f"the connection failed: {describe(exc)}") from exc

    async def aclose(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address, or None (HTTPS_PROXY, NO_PROXY, ...)."""
    from urllib.parse import urlsplit
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
