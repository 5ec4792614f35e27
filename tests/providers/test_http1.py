"""Our own HTTP: replies are read alike however they arrive, and a connection is never used after a doubt."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.providers import http1
from judge.providers.http1 import BadReply, Connections, ReplyReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
TRAILED = CHUNKED[:-2] + b"X-Later: 1\r\nX-More: 2\r\n\r\n"
EARLY = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + PLAIN
GZIPPED = gzip.compress(b"hello", mtime=0)  # names of tests hold it, and must not depend on the time
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (
    len(GZIPPED),
    GZIPPED,
)


def read(data: bytes, cuts: list[int] | None = None) -> ReplyReader:
    reader, places = ReplyReader(), sorted({min(cut, len(data)) for cut in cuts or []})
    whole = False
    for begin, end in zip([0, *places], [*places, len(data)], strict=True):
        assert not whole
        whole = begin < end and reader.feed(data[begin:end])
    assert whole or reader.eof()
    return reader


@pytest.mark.parametrize("data", [PLAIN, CHUNKED, TRAILED, EARLY, PACKED])
@given(cuts=st.lists(st.integers(1, 130), max_size=6))
def test_a_reply_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]):
    """Where the network cuts the bytes does not matter."""
    reader = read(data, [cut for cut in cuts if cut < len(data)])
    assert (reader.status, reader.body, reader.reusable) == (200, b"hello", True)


def test_each_byte_alone():
    """A server that sends byte by byte is understood."""
    for data in (PLAIN, CHUNKED, TRAILED, EARLY, PACKED):
        assert read(data, list(range(1, len(data)))).body == b"hello"


def test_headers_are_in_lower_case_and_repeats_are_joined():
    """Names of headers do not depend on how the server writes them."""
    assert read(PLAIN).headers == {"content-length": "5", "x-a": "1, 2"}


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive", True),
        (b"HTTP/1.1 204 No Content", True),
        (b"HTTP/1.1 500 \r\nContent-Length: 0", True),
    ],
)
def test_a_connection_is_kept_where_both_sides_know_the_end(head: bytes, reusable: bool):
    """Only a reply that says where it ends, and that does not say close, leaves the connection open."""
    reader = read(head + b"\r\n\r\n")
    assert (reader.reusable, reader.body) == (reusable, b"")


def test_a_reply_without_a_length_ends_with_the_connection():
    """The oldest framing is read; the connection is gone with it."""
    reader = ReplyReader()
    assert not reader.feed(b"HTTP/1.1 200 OK\r\n\r\nhel")
    assert not reader.feed(b"lo")
    assert reader.eof()
    assert (reader.body, reader.reusable) == (b"hello", False)


def test_a_reply_that_ends_early_is_none():
    """Half a body is not taken for a whole one."""
    for data in (PLAIN[:-1], CHUNKED[:-1], b"HTTP/1.1 200 OK\r\n"):
        reader = ReplyReader()
        assert not reader.feed(data)
        assert not reader.eof()


def test_what_nobody_asked_for_ends_the_connection():
    """Bytes after the reply could be taken for the reply to the next request: no next request is sent."""
    assert not read(PLAIN + b"HTTP/1.1 200 OK\r\n").reusable
    assert not read(CHUNKED + b"x").reusable


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSpace : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        PACKED.replace(GZIPPED, GZIPPED[:-9]).replace(b"%d" % len(GZIPPED), b"%d" % (len(GZIPPED) - 9)),
        b"x" * (http1.LARGEST_HEAD + 1),
    ],
)
def test_what_is_not_plainly_framed_is_no_reply(data: bytes):
    """A doubt about where a reply ends is a failed call, never a guess."""
    with pytest.raises(BadReply):
        ReplyReader().feed(data)


@pytest.mark.parametrize("more", [b"2\r\nhe\r\n", b"7fffffff\r\nxxxxxxx", b"0\r\nLater: xxxx"])
def test_a_reply_without_end_is_given_up(more: bytes, monkeypatch: pytest.MonkeyPatch):
    """Chunks, a chunk and trailing fields are read up to a limit only."""
    monkeypatch.setattr(http1, "LARGEST_BODY", 2000)
    reader = ReplyReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + more)
    if more[0] != ord("2"):
        more = b"xxxxxxx"
    for _ in range(250):
        reader.feed(more)
    with pytest.raises(BadReply):
        reader.feed(more * 50)


@given(st.binary(max_size=300))
def test_nothing_else_is_raised(data: bytes):
    """Whatever a server sends, there is a reply, no reply yet, or the one error."""
    for begin in (b"", b"HTTP/1.1 200 OK\r\n", CHUNKED[:49], PACKED[:60]):
        reader = ReplyReader()
        try:
            reader.feed(begin + data)
            reader.eof()
        except BadReply:
            pass


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch):
    """A small reply that would unpack to more than is allowed is refused."""
    monkeypatch.setattr(http1, "LARGEST_BODY", 10_000)
    packed = zlib.compress(b"0" * 10_001)
    with pytest.raises(BadReply, match="larger"):
        read(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(packed)
            + packed
        )


# -- connections ----------------------------------------------------------------------------------------


class Server:
    """Answers each request with the next of `replies` (None: not at all; then closes where it says so)."""

    def __init__(self, replies: list[bytes | None], *, close: bool = False) -> None:
        self.replies, self.close = iter(replies), close
        self.accepted = 0
        self.requests: list[bytes] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().rpartition(b"content-length: ")[2])
                self.requests.append(head + await reader.readexactly(length))
                reply = next(self.replies)
                if reply is not None:
                    writer.write(reply)
                if self.close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def connected(server: Server, **options: Any) -> AsyncIterator[Connections]:
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=options.pop("serve_tls", None))
    scheme = options.pop("scheme", "http")
    url = f"{scheme}://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/ask"
    connections = Connections(url, options.pop("headers", {}), most=options.pop("most", 4), connect_s=5.0)
    try:
        yield connections
    finally:
        await connections.aclose()
        listening.close()
        await listening.wait_closed()


def bodies(server: Server, times: int) -> list[bytes | str]:
    async def run() -> list[bytes | str]:
        got: list[bytes | str] = []
        async with connected(server) as connections:
            for _ in range(times):
                try:
                    got.append((await connections.post(b"{}")).body)
                except (BadReply, OSError) as exc:
                    got.append(type(exc).__name__)
                await asyncio.sleep(0.01)
        return got

    return asyncio.run(run())


def test_a_connection_carries_many_requests():
    """One request after the other goes over one connection."""
    server = Server([PLAIN, CHUNKED, PACKED])
    assert bodies(server, 3) == [b"hello"] * 3
    assert server.accepted == 1


def test_a_connection_that_lay_idle_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch):
    """It may be gone without a word, and a question sent into it would wait for its timeout."""
    monkeypatch.setattr(http1, "IDLE_S", 0.005)
    server = Server([PLAIN, PLAIN])
    assert bodies(server, 2) == [b"hello", b"hello"]
    assert server.accepted == 2


@pytest.mark.parametrize("reply", [PLAIN + b"more", PLAIN.replace(b"X-A: 1", b"Connection: close")])
def test_a_doubtful_connection_is_not_used_again(reply: bytes):
    """After bytes too many, or where the server says close, the next request has a new connection."""
    server = Server([reply, PLAIN])
    assert bodies(server, 2) == [b"hello", b"hello"]
    assert server.accepted == 2


def test_a_connection_that_the_server_has_closed_is_replaced():
    """A server that closes an idle connection is no failure."""
    server = Server([PLAIN, PLAIN], close=True)
    assert bodies(server, 2) == [b"hello", b"hello"]
    assert server.accepted == 2


def test_a_server_that_hangs_up_or_talks_nonsense_is_a_failed_call():
    """The call fails, and the next one works."""
    server = Server([b"nonsense\r\n\r\n", PLAIN[:-1], PLAIN], close=True)
    assert bodies(server, 3) == ["BadReply", "BadReply", b"hello"]


def test_the_request_on_the_wire():
    """Path, host, headers and body are what a server expects."""
    server = Server([PLAIN])

    async def run() -> None:
        async with connected(server, headers={"Authorization": "Bearer é"}) as connections:
            await connections.post(b'{"a":1}')

    asyncio.run(run())
    head, body = server.requests[0].split(b"\r\n\r\n")
    first, host, *others = head.decode().split("\r\n")
    assert first == "POST /v1/ask HTTP/1.1"
    assert host.startswith("Host: 127.0.0.1:")
    assert others == ["Accept-Encoding: gzip, deflate", "Authorization: Bearer é", "Content-Length: 7"]
    assert body == b'{"a":1}'


def test_a_late_answer_is_not_taken_for_the_next():
    """A call that is given up takes its connection with it."""
    server = Server([None, PLAIN])

    async def run() -> bytes:
        async with connected(server) as connections:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await connections.post(b"{}")
            return (await connections.post(b"{}")).body

    assert asyncio.run(run()) == b"hello"
    assert server.accepted == 2


def test_no_more_connections_than_allowed():
    """Who comes when all connections are busy waits for one."""
    server = Server([PLAIN] * 9)

    async def run() -> list[bytes]:
        async with connected(server, most=2) as connections:
            return [reply.body for reply in await asyncio.gather(*(connections.post(b"") for _ in range(9)))]

    assert asyncio.run(run()) == [b"hello"] * 9
    assert server.accepted == 2


def test_a_line_break_in_a_header_is_refused():
    """Nobody can smuggle a header in with a value."""
    for headers in ({"A": "b\r\nC: d"}, {"A\n": "b"}):
        with pytest.raises(ValueError, match="line break"):
            Connections("http://localhost/", headers, most=1, connect_s=1.0)


def test_addresses_are_written_as_a_server_reads_them():
    """Usual ports are left out of Host, IPv6 has its brackets, odd letters in a path are escaped."""
    for url, first, host in (
        ("https://a.example/v1", "POST /v1 HTTP/1.1", "Host: a.example"),
        ("http://[::1]:8000/ä b?x=1", "POST /%C3%A4%20b?x=1 HTTP/1.1", "Host: [::1]:8000"),
        ("http://bücher.example", "POST / HTTP/1.1", "Host: xn--bcher-kva.example"),
    ):
        head = Connections(url, {}, most=1, connect_s=1.0)._head.decode().split("\r\n")
        assert head[:2] == [first, host]


def test_a_trusted_certificate_is_accepted(certificate: Any, monkeypatch: pytest.MonkeyPatch):
    """Over TLS the same is sent and read; who is trusted is what the system (or SSL_CERT_FILE) says."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server = Server([PLAIN, CHUNKED])

    async def run() -> list[bytes]:
        async with connected(server, serve_tls=context, scheme="https") as connections:
            return [(await connections.post(b"{}")).body for _ in range(2)]

    assert asyncio.run(run()) == [b"hello", b"hello"]
    assert server.accepted == 1
