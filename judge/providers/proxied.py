"""A POST through the proxy that the environment names: aiohttp knows how to talk to proxies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp

from judge.errors import ServerFault, Timeout
from judge.providers.http1 import LARGEST_BODY
from judge.providers.wire import CONNECT_S, Reply, describe, encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ProxiedWire:
    """A POST with aiohttp; see `judge.providers.wire.DirectWire` for the parameters.

    The proxy is given, since `trust_env` would read the environment and ``~/.netrc`` at every call.
    """

    def __init__(
        self,
        url: str,
        headers: Callable[[], Mapping[str, str]],
        *,
        proxy: str,
        timeout: float,
        connections: int,
    ) -> None:
        self._url, self._headers, self._proxy = url, headers, proxy
        self._timeout, self._connections = timeout, connections
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300)
        return aiohttp.ClientSession(
            connector=connector,
            headers=dict(self._headers()),
            timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=min(CONNECT_S, self._timeout)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """Send one request."""
        session = self._session
        if session is None or session.closed:
            session = self._session = self._open()
        try:
            async with session.post(
                self._url, data=encoded(body), proxy=self._proxy, allow_redirects=False
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
