"""The network: certificates are checked, proxies are honoured, a key never goes where it should not."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from judge.errors import ServerFault
from judge.providers.registry import make_provider
from judge.types import Answer, Sampling
from tests.providers.asking import CANARY, MODELS, PLAIN
from tests.providers.loopback import Loopback

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("transport", ["direct", "sdk"])
@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_a_certificate_that_nobody_signed_is_refused(certificate: Path, vendor: str, transport: Any):
    """No request reaches a server whose certificate cannot be verified; the failure names the certificate."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.json_response({})

    async def run() -> BaseException | Answer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        url = f"https://127.0.0.1:{runner.addresses[0][1]}/v1"
        key = {"OPENAI_API_KEY": CANARY, "ANTHROPIC_API_KEY": CANARY}
        provider = make_provider(vendor, base_url=url, env=key, transport=transport)
        try:
            return await provider.send(provider.request(MODELS[vendor], PLAIN, Sampling()))
        except ServerFault as exc:
            return exc
        finally:
            await provider.aclose()
            await runner.cleanup()

    loop_errors: list[Any] = []
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _, context: loop_errors.append(context))
        failed = runner.run(run())
    assert isinstance(failed, ServerFault)
    assert "certificate" in str(failed).lower()
    assert seen == []


@pytest.mark.parametrize("transport", ["direct", "sdk"])
def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, transport: Any):
    """With HTTP_PROXY set, a request to another host goes to the proxy, with the whole address."""
    answered = asyncio.run(_through_proxy(monkeypatch, transport, no_proxy=""))
    assert isinstance(answered, Answer)


@pytest.mark.parametrize("transport", ["direct", "sdk"])
def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch, transport: Any):
    """A host that NO_PROXY names is asked directly: the proxy hears nothing of it."""
    answered = asyncio.run(_through_proxy(monkeypatch, transport, no_proxy="judge-of-nowhere.internal"))
    assert isinstance(answered, ServerFault)


async def _through_proxy(
    monkeypatch: pytest.MonkeyPatch, transport: Any, *, no_proxy: str
) -> Answer | ServerFault:
    async with Loopback() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, no_proxy)
        url = "http://judge-of-nowhere.internal/v1"
        provider = make_provider("openai", base_url=url, env={}, api_key_env="", transport=transport)
        try:
            answer = await provider.send(provider.request("m", PLAIN, Sampling()))
        except ServerFault as exc:
            assert not proxy.calls
            return exc
        finally:
            await provider.aclose()
        assert len(proxy.calls) == 1
        assert proxy.calls[0].headers["Host"] == "judge-of-nowhere.internal"
        return answer
