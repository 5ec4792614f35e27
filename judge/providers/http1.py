"""POSTs of JSON over HTTP/1.1 connections that are kept open.

A general client (redirects, cookies, uploads, streams) does for each call what is never used here: it costs
more than twice this, and a quarter of a second to import. Replies are taken apart by llhttp (the package
httptools), which reads strictly; a reply that is not plainly framed is a failed call, and its connection is
not used again.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_BODY = 64 * 1024 * 1024
LARGEST_HEAD = 64 * 1024
IDLE_S = 15.0
"""A connection that nobody used for so long may be gone without a word: a router forgot it, say."""
_UNFIT = re.compile(r"[\r\n\0]")
_PATH = "/%:@!$&'()*+,;=-._~?"


class BadReply(Exception):  # noqa: N818 - told to the caller as a ServerFault
    """What came is no whole HTTP reply."""


class ReplyReader:
    r"""Puts one reply together from the pieces in which it arrives; knows nothing of sockets.

    Attributes
    ----------
    status, headers, body
        Of the reply, once `feed` or `eof` has said that it is whole; names of headers are in lower case.
    reusable
        Whether the connection may carry another request.

    Examples
    --------
    >>> reader = ReplyReader()
    >>> reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"), reader.feed(b"}")
    (False, True)
    >>> reader.status, reader.headers, reader.body
    (200, {'content-length': '2'}, b'{}')
    """

    __slots__ = ("_parser", "_pieces", "_state", "_taken", "_wrong", "body", "headers", "reusable", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.reusable = False
        self._parser: Any = HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._taken = 0
        self._state = "head"
        self._wrong = ""

    def feed(self, data: bytes) -> bool:
        """Take what arrived; True where the reply is whole.

        Raises
        ------
        BadReply
            It is no HTTP, or larger than `LARGEST_BODY`.
        """
        self._taken += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            # What comes beyond a whole reply was not asked for: the reply counts, the connection does not.
            if self._state != "done":
                raise BadReply(f"what the server sent is no reply of HTTP/1.1 ({exc})") from exc
            self.reusable = False
        if self._taken > LARGEST_BODY:
            self._wrong = f"the answer is larger than {LARGEST_BODY} bytes"
        if self._state == "head" and self._taken > LARGEST_HEAD:
            self._wrong = "the head of the answer has no end"
        if self._wrong:
            raise BadReply(self._wrong)
        return self._state == "done" and self._whole()

    def eof(self) -> bool:
        """Hear that the server closed the connection; True where that was the reply's end."""
        unframed = "content-length" not in self.headers and "transfer-encoding" not in self.headers
        return self._state == "body" and unframed and self._whole()

    def _whole(self) -> bool:
        self._parser = None  # it holds this reader in turn: thousands of pairs would wait for the collector
        self.body = _decoded(b"".join(self._pieces), self.headers.get("content-encoding", "").lower())
        return True

    # -- called by the parser ---------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Hear that a reply begins; after a whole one it is a second reply to one request."""
        self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; repeats are joined, as RFC 9110 (section 5.2) has it."""
        if self._state == "head":  # and no field after the last chunk
            key, text = name.decode("ascii").lower(), value.decode("utf-8", "surrogateescape").strip()
            self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        """Note the status; the headers of a mere announcement (1xx) are forgotten."""
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers.clear()
            return
        self._state = "body"
        coding = self.headers.get("transfer-encoding", "chunked")
        if coding.lower() != "chunked":
            self._wrong = f"the answer is sent as {coding!r}, which is not understood"
        if int(self.headers.get("content-length", "0")) > LARGEST_BODY:
            self._wrong = f"the answer is larger than {LARGEST_BODY} bytes"

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        if self._state == "body":
            self._pieces.append(data)

    def on_message_complete(self) -> None:
        """Note that the reply is whole."""
        if self._state == "body":
            self._state = "done"
            self.reusable = self._parser.should_keep_alive()


def _decoded(body: bytes, encoding: str) -> bytes:
    if not body or encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise BadReply(f"the answer is packed as {encoding!r}, which was not asked for")
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever it is
    try:
        text = unpacker.decompress(body, LARGEST_BODY)
    except zlib.error as exc:
        raise BadReply(f"the answer cannot be unpacked ({exc})") from exc
    if not unpacker.eof:
        raise BadReply(f"the answer ends early, or is larger than {LARGEST_BODY} bytes when unpacked")
    return text


class _Connection(asyncio.Protocol):
    """One connection: at most one request at a time."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._transport: Any = None
        self._reader: ReplyReader | None = None
        self._waiting: asyncio.Future[ReplyReader] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def ask(self, data: bytes) -> asyncio.Future[ReplyReader]:
        """Send a request; the future holds the whole reply."""
        self._reader = ReplyReader()
        self._waiting = self.closed.get_loop().create_future()
        self._transport.write(data)
        return self._waiting

    @property
    def usable(self) -> bool:
        return not (self.closed.done() or self._transport.is_closing())

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        if reader is None:  # nobody has asked for anything
            self.close()
            return
        try:
            if reader.feed(data):
                self._done(reader)
        except BadReply as exc:
            self._failed(exc)

    def eof_received(self) -> bool:
        try:
            if self._reader is not None and self._reader.eof():
                self._done(self._reader)
        except BadReply as exc:
            self._failed(exc)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._failed(exc or BadReply("the server closed the connection before it had answered"))
        if not self.closed.done():
            self.closed.set_result(None)

    def _done(self, reader: ReplyReader) -> None:
        waiting, self._waiting, self._reader = self._waiting, None, None
        if waiting is not None and not waiting.done():
            waiting.set_result(reader)

    def _failed(self, exc: Exception) -> None:
        waiting, self._waiting, self._reader = self._waiting, None, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(exc)
        self.close()


class Connections:
    """Posts to one address over connections that are kept open.

    Parameters
    ----------
    url
        The whole address; the certificate of an ``https`` one is verified.
    headers
        Sent with every request.
    most
        Connections at once; who comes later waits.
    connect_s
        Seconds that opening a connection may take.

    Raises
    ------
    ValueError
        A header holds a line break, or the address has no host.
    """

    def __init__(self, url: str, headers: Mapping[str, str], *, most: int, connect_s: float) -> None:
        parts = urlsplit(url)
        if not parts.hostname:
            raise ValueError(f"{url!r} names no host")
        secure = parts.scheme == "https"
        usual = 443 if secure else 80
        self._place = (parts.hostname, parts.port or usual)
        self._tls = _verifying() if secure else None
        self._head = _head(parts.hostname, parts.port or usual, usual, f"{parts.path}?{parts.query}", headers)
        self._connect_s = connect_s
        self._room = asyncio.Semaphore(most)
        self._idle: list[tuple[_Connection, float]] = []
        self._all: set[_Connection] = set()

    async def post(self, body: bytes) -> ReplyReader:
        """Send one request and wait for its reply.

        Raises
        ------
        BadReply, OSError, TimeoutError
            There is none.
        """
        async with self._room:
            connection = self._kept() or await self._open()
            try:
                reply = await connection.ask(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
            except BaseException:  # a late answer must not be taken for that to the next request
                connection.close()
                raise
            if reply.reusable and connection.usable:
                self._idle.append((connection, asyncio.get_running_loop().time()))
            else:
                connection.close()
            return reply

    async def aclose(self) -> None:
        """Close every connection."""
        waiting = [connection.closed for connection in self._all]
        for connection in list(self._all):
            connection.close()
        if waiting:
            await asyncio.wait(waiting, timeout=1.0)

    def _kept(self) -> _Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection, since = self._idle.pop()
            if connection.usable and now - since < IDLE_S:
                return connection
            connection.close()
        return None

    async def _open(self) -> _Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._connect_s):
            _, connection = await loop.create_connection(
                _Connection, *self._place, ssl=self._tls, happy_eyeballs_delay=0.25
            )
        self._all.add(connection)
        connection.closed.add_done_callback(lambda _: self._all.discard(connection))
        return connection


def _verifying() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _head(host: str, port: int, usual: int, target: str, headers: Mapping[str, str]) -> bytes:
    name = f"[{host}]" if ":" in host else host.encode("idna").decode()
    lines = [f"POST {quote(target.removesuffix('?'), safe=_PATH) or '/'} HTTP/1.1"]
    lines.append(f"Host: {name}" if port == usual else f"Host: {name}:{port}")
    lines += [f"{key}: {value}" for key, value in {"Accept-Encoding": "gzip, deflate", **headers}.items()]
    if any(_UNFIT.search(line) for line in lines):
        raise ValueError("a header with a line break cannot be sent")
    return "\r\n".join([*lines, "Content-Length: "]).encode()
