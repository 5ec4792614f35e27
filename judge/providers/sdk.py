"""The vendors' official asynchronous clients as a wire.

Their own hooks are used: the aiohttp transport, `post` with the raw response as its type (no pydantic model
of the answer is built), one shared client with a pool as large as the calls in flight, and no retries,
since the runner does those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judge.errors import ServerFault, Timeout
from judge.providers.wire import CONNECT_S, Reply, describe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from judge.providers.credentials import Secret


class SdkWire:
    """POST through ``openai.AsyncOpenAI`` or ``anthropic.AsyncAnthropic``.

    Parameters
    ----------
    vendor
        ``"openai"`` or ``"anthropic"``: the module that is imported at the first call.
    path
        Of the endpoint, relative to `base_url`.
    base_url, key, timeout, connections
        As for `judge.providers.wire.DirectWire`; the key is asked for at the first call.
    headers
        Sent in addition to what the client builds itself.
    """

    def __init__(
        self,
        vendor: str,
        path: str,
        *,
        base_url: str,
        key: Secret,
        timeout: float,
        connections: int,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._vendor, self._path, self._base_url, self._key = vendor, path, base_url, key
        self._timeout, self._connections, self._extra = timeout, connections, dict(headers or {})
        self._sdk: ModuleType | None = None
        self._client: Any = None

    def _open(self) -> Any:
        from importlib import import_module

        import httpx2

        sdk = self._sdk = import_module(self._vendor)
        limits = httpx2.Limits(max_connections=self._connections, max_keepalive_connections=self._connections)
        timeout = httpx2.Timeout(self._timeout, connect=min(CONNECT_S, self._timeout))
        factory = sdk.AsyncOpenAI if self._vendor == "openai" else sdk.AsyncAnthropic
        return factory(
            api_key=self._key.reveal(),
            base_url=self._base_url,
            max_retries=0,
            timeout=timeout,
            default_headers=self._extra,
            http_client=sdk.DefaultAioHttpClient(limits=limits, timeout=timeout, follow_redirects=False),
        )

    async def post(self, body: Mapping[str, Any]) -> Reply:
        """Send one request."""
        import httpx2

        if self._client is None:
            self._client = self._open()
        sdk: Any = self._sdk
        try:
            response = await self._client.post(self._path, body=dict(body), cast_to=httpx2.Response)
            return Reply(response.status_code, response.headers, response.content)
        except sdk.APITimeoutError as exc:
            if not isinstance(_root(exc), (TimeoutError, httpx2.TimeoutException)):
                # the client's aiohttp transport calls a dropped connection a timeout
                raise ServerFault(f"the connection failed: {describe(_root(exc))}") from exc
            raise Timeout(f"no answer within {self._timeout:g} s") from exc
        except sdk.APIConnectionError as exc:
            raise ServerFault(f"the connection failed: {describe(exc.__cause__ or exc)}") from exc
        except sdk.APIStatusError as exc:
            content = exc.response.content
            # A server that sends the key back would put it into the vendor's exception: drop that one.
            echoed = self._key.hide(content) is not content
            return Reply(exc.status_code, exc.response.headers, content, cause=None if echoed else exc)
        except (sdk.APIError, httpx2.HTTPError, OSError) as exc:
            raise ServerFault(f"the call failed: {describe(exc)}") from exc
        except Exception as exc:  # the aiohttp transport lets its own errors through while the body is read
            if type(exc).__module__.split(".")[0] in {"aiohttp", "httpx2", "httpcore2"}:
                raise ServerFault(f"the connection failed: {describe(exc)}") from exc
            raise

    async def aclose(self) -> None:
        """Close the client."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def _root(exc: BaseException) -> BaseException:
    while exc.__cause__ is not None:
        exc = exc.__cause__
    return exc
