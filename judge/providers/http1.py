"""HTTP/1.1 as far as a POST of JSON needs it: reading a reply, and connections that are kept open.

A general client (redirects, cookies, uploads, streams) does for each call what is never used here; it costs
more than twice this, and a quarter of a second to import. What is read is read strictly: a reply that is not
plainly framed is a failed call, and its connection is not used again.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_BODY = 64 * 1024 * 1024
LARGEST_HEAD = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: [^\r\n]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_SIZE = re.compile(r"[0-9]{1,11}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;|$)")
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

    __slots__ = ("_chunks", "_data", "_size", "_state", "body", "headers", "reusable", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.reusable = False
        self._data = bytearray()
        self._state = "head"
        self._size = 0
        self._chunks: list[bytes] = []

    def feed(self, data: bytes) -> bool:
        """Take what arrived; True where the reply is whole.

        Raises
        ------
        BadReply
            It is no HTTP, or larger than `LARGEST_BODY`.
        """
        self._data += data
        if self._state == "head" and not self._head():
            return False
        if self._state == "chunked":
            return self._chunked()
        if self._state == "open":
            self._check_size(len(self._data))
            return False
        if len(self._data) < self._size:
            return False
        # What comes beyond the reply was not asked for.
        self.reusable = self.reusable and len(self._data) == self._size
        return self._whole(bytes(self._data[: self._size]))

    def eof(self) -> bool:
        """Hear that the server closed the connection; True where that was the reply's end."""
        return self._state == "open" and self._whole(bytes(self._data))

    def _head(self) -> bool:
        """Read the head, and over those that only announce it (status 1xx)."""
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            status, *lines = bytes(self._data[:end]).split(b"\r\n")
            del self._data[: end + 4]
            found = _STATUS.fullmatch(status)
            if found is None or found[2] == b"101":
                raise BadReply("what the server sent is no HTTP/1.1")
            self.status = int(found[2])
            if self.status >= 200:
                self.headers = _headers(lines)
                self._frame(newer=found[1] == b"1")
                return True
        if len(self._data) > LARGEST_HEAD:
            raise BadReply("the head of the answer has no end")
        return False

    def _frame(self, *, newer: bool) -> None:
        """Find out where the body ends (RFC 9112, section 6.3)."""
        get = self.headers.get
        connection = get("connection", "").lower()
        self.reusable = "close" not in connection if newer else "keep-alive" in connection
        if self.status in (204, 304):
            self._state = "sized"
        elif (coding := get("transfer-encoding")) is not None:
            if coding.lower() != "chunked":
                raise BadReply(f"the answer is sent as {coding!r}, which is not understood")
            self._state = "chunked"
            self.reusable = self.reusable and "content-length" not in self.headers
        elif (length := get("content-length")) is not None:
            size, *others = {part.strip() for part in length.split(",")}
            if others or not _SIZE.fullmatch(size):
                raise BadReply(f"the answer's length is {length!r}")
            self._state, self._size = "sized", int(size)
            self._check_size(self._size)
        else:
            self._state, self.reusable = "open", False

    def _chunked(self) -> bool:
        """Take the chunks that are whole (RFC 9112, section 7.1); fields after the last are read over."""
        data, at, last = self._data, 0, False
        while (end := data.find(b"\r\n", at)) >= 0:
            found = _CHUNK.match(data, at, end)
            if found is None:
                raise BadReply("a piece of the answer does not say how long it is")
            size = int(found[1], 16)
            if last := size == 0:
                break
            begin, after = end + 2, end + 2 + size
            self._check_size(self._size + size)
            if len(data) < after + 2:
                break
            if data[after : after + 2] != b"\r\n":
                raise BadReply("a piece of the answer is not as long as it says")
            self._chunks.append(bytes(data[begin:after]))
            self._size += size
            at = after + 2
        closing = data.find(b"\r\n\r\n", end) if last else -1
        if closing >= 0:
            self.reusable = self.reusable and len(data) == closing + 4
            return self._whole(b"".join(self._chunks))
        del data[:at]
        if len(data) > LARGEST_HEAD and (last or end < 0):
            raise BadReply("the answer has no end")
        return False

    def _whole(self, body: bytes) -> bool:
        self.body = _decoded(body, self.headers.get("content-encoding", "").lower())
        self._state = "done"
        return True

    def _check_size(self, size: int) -> None:
        if size > LARGEST_BODY:
            raise BadReply(f"the answer is larger than {LARGEST_BODY} bytes")


def _headers(lines: list[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise BadReply("a header of the answer cannot be read")
        name, value = match[1].decode("ascii").lower(), match[2].decode("utf-8", "surrogateescape").strip()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


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
        self._idle: list[_Connection] = []
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
                self._idle.append(connection)
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
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
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
