from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from judge.errors import (
    ContentFiltered,
    KeyRefused,
    ProviderFailure,
    QuotaSpent,
    RateLimited,
    RequestRejected,
    ServerFault,
    Timeout,
)
from judge.providers.faults import complaint, failure
from judge.providers.registry import make_provider
from judge.providers.wire import Reply
from judge.types import Answer, Sampling
from tests.providers.asking import MODELS, PLAIN, ask, url
from tests.providers.loopback import Loopback

if TYPE_CHECKING:
    from judge.providers.hosted import Transport

EXPECTED: dict[str, tuple[type[ProviderFailure], bool]] = {
    "400": (RequestRejected, False),
    "401": (KeyRefused, False),
    "403": (KeyRefused, False),
    "404": (RequestRejected, False),
    "413": (RequestRejected, False),
    "422": (RequestRejected, False),
    "429": (RateLimited, True),
    "500": (ServerFault, True),
    "503": (ServerFault, True),
    "529": (ServerFault, True),
    "quota": (QuotaSpent, False),
    "filter": (ContentFiltered, False),
    "drop": (ServerFault, True),
    "hang": (Timeout, True),
    "malformed": (ServerFault, True),
    "truncated": (ServerFault, True),
    "empty": (ServerFault, True),
    "nothing": (ServerFault, True),
    "garbage": (ServerFault, True),
    "listing": (ServerFault, True),
    "gateway": (ServerFault, True),
}


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
@pytest.mark.parametrize("transport", ["direct", "sdk"])
def test_every_fault_has_its_own_error(vendor: str, transport: Transport) -> None:
    """Each failure of a server becomes the same error on both transports, and says whether to try again."""

    async def run() -> dict[str, BaseException | Answer]:
        async with Loopback(faults=list(EXPECTED)) as server:
            provider = make_provider(
                vendor, base_url=url(server, vendor), env={}, timeout=0.4, transport=transport
            )
            request = provider.request(MODELS[vendor], PLAIN, Sampling())
            got = {}
            for fault in EXPECTED:
                got[fault] = (await asyncio.gather(provider.send(request), return_exceptions=True))[0]
            await provider.aclose()
            return got

    for fault, found in asyncio.run(run()).items():
        kind, retryable = EXPECTED[fault]
        assert type(found) is kind, (fault, found)
        assert found.retryable is retryable, fault


def test_a_vendor_exception_stays_as_the_cause() -> None:
    """What the official client raised is the cause of our error."""
    (found,) = ask(Loopback(faults=["429"]), prompt=PLAIN, transport="sdk")
    assert isinstance(found, RateLimited)
    assert type(found.__cause__).__name__ == "RateLimitError"


def test_a_provider_goes_on_after_a_fault() -> None:
    """A dropped connection does not spoil the next call."""
    first, second = ask(Loopback(faults=["drop"]), prompt=PLAIN, times=2)
    assert isinstance(first, ServerFault)
    assert isinstance(second, Answer)


def test_an_unreachable_server_is_a_fault_of_the_server() -> None:
    """Nobody listening is worth another try."""

    async def run() -> BaseException:
        provider = make_provider("openai", base_url="http://127.0.0.1:9/v1", env={})
        request = provider.request("m", PLAIN, Sampling())
        (found,) = await asyncio.gather(provider.send(request), return_exceptions=True)
        await provider.aclose()
        assert isinstance(found, BaseException)
        return found

    assert isinstance(asyncio.run(run()), ServerFault)


def test_retry_after_reaches_the_error() -> None:
    """The wait that the server asks for is in the error."""
    (found,) = ask(Loopback(faults=["429"], headers={"retry-after": "7"}), prompt=PLAIN)
    assert isinstance(found, RateLimited)
    assert found.retry_after == 7.0


def test_a_missing_model_is_named() -> None:
    """404 names the model that the server does not have."""
    (found,) = ask(Loopback(faults=["404"]), prompt=PLAIN, model="gpt-4oo")
    assert "'gpt-4oo'" in str(found)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no"}}', "no"),
        (b'{"error": "model \'x\' not found"}', "model 'x' not found"),
        (b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}', "Overloaded"),
        (b'{"object": "error", "message": "bad", "code": 400}', "bad"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b"plain \x1b[31mwords", "plain  [31mwords"),
        (b"\xff\xfe", "��"),
        (b"", ""),
        (b"[1]", "[1]"),
        (b"[" * 100_000, "[" * 500),
    ],
)
def test_every_servers_complaint_is_read(body: bytes, message: str) -> None:
    """The forms of error of common servers are read; control characters never reach the terminal."""
    assert complaint(body).message == message


def test_redirects_are_not_followed() -> None:
    """A redirect is an error that says what to mend: a key never goes to another host."""
    found = failure(Reply(307, {}, b""), complaint(b""), "m")
    assert isinstance(found, RequestRejected)
    assert "base_url" in str(found)
