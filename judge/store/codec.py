"""How requests and answers become bytes and come back.

Requests of one model share most of their text (rubric, schema, parameters). They are deflated against a
dictionary made of the first requests that were seen, which is smaller by a factor of three than deflating
each alone, and faster. The dictionaries are kept in the store; a deflated text names its own by checksum.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from judge.types import Answer, Request, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

LEVEL = 1
WINDOW_BITS = 14
MEMORY_LEVEL = 7
"""zlib's default window asks the system for memory at every text, which costs three times the work."""
DICTIONARY_BYTES = 12_000
PLAIN_BYTES = 400
REST = 8
"""Requests that are not looked at after one that a longer dictionary would not have helped."""
_ZLIB = 0x78
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False)


class RequestCodec:
    """Deflates canonical requests; learns a dictionary for each model.

    Parameters
    ----------
    find
        Returns a kept dictionary by its Adler-32 checksum, or None.
    remember
        Called with the checksum and bytes of each new dictionary, before a text that needs it is given
        back.
    """

    def __init__(self, find: Callable[[int], bytes | None], remember: Callable[[int, bytes], None]) -> None:
        self._find, self._remember = find, remember
        self._known: dict[int, bytes] = {}
        self._current: dict[tuple[str, str], bytes] = {}
        self._rest: dict[tuple[str, str], int] = {}

    def encode(self, lane: tuple[str, str], text: bytes) -> bytes:
        """Deflate `text` against the dictionary of its lane (provider and model)."""
        current = self._current.get(lane)
        if current is None:
            current = self._learn(lane, b"", text)
        packed = _deflate(text, current)
        if len(packed) * 4 > len(text) and len(current) + len(text) <= DICTIONARY_BYTES:
            return self._mend(lane, current, text, packed)
        return packed

    def _mend(self, lane: tuple[str, str], current: bytes, text: bytes, packed: bytes) -> bytes:
        # Long still: either the text is unlike all others so far, or most of it is its own. Only the first
        # is mended by a longer dictionary. To tell costs as much as deflating, so it is not always asked.
        rest = self._rest.get(lane, 0)
        if rest > 0:
            self._rest[lane] = rest - 1
        elif len(packed) > 0.85 * len(_deflate(text, b"")):
            packed = _deflate(text, self._learn(lane, current, text))
        else:
            self._rest[lane] = REST
        return packed

    def decode(self, packed: bytes) -> bytes:
        """Inflate what `encode` gave.

        Raises
        ------
        ValueError
            The bytes are damaged, or their dictionary is missing.
        """
        try:
            if packed[1] & 0x20:
                dictionary = self._dictionary(int.from_bytes(packed[2:6], "big"))
                return zlib.decompressobj(zdict=dictionary).decompress(packed)
            return zlib.decompress(packed)
        except (zlib.error, IndexError) as exc:
            raise ValueError(f"the request cannot be inflated ({exc})") from exc

    def _dictionary(self, checksum: int) -> bytes:
        known = self._known.get(checksum)
        if known is None:
            known = self._find(checksum)
            if known is None or zlib.adler32(known) != checksum:
                raise ValueError("the dictionary of the request is missing")
            self._known[checksum] = known
        return known

    def _learn(self, lane: tuple[str, str], current: bytes, text: bytes) -> bytes:
        # Near matches are cheaper: the newest text goes last.
        grown = (current + text)[-DICTIONARY_BYTES:]
        checksum = zlib.adler32(grown)
        self._current[lane] = grown
        if checksum not in self._known:
            self._known[checksum] = grown
            self._remember(checksum, grown)
        return grown


def _deflate(text: bytes, dictionary: bytes) -> bytes:
    strategy = zlib.Z_DEFAULT_STRATEGY
    squeezer = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS, MEMORY_LEVEL, strategy, dictionary)
    return squeezer.compress(text) + squeezer.flush()


def encode_answer(answer: Answer) -> bytes:
    """Write an answer as JSON without the fields that have their default; deflated where it is long."""
    usage = answer.usage
    record: dict[str, Any] = {"text": answer.text}
    if answer.finish != "stop":
        record["finish"] = answer.finish
    tokens = {name: n for name in _USAGE if (n := getattr(usage, name)) is not None}
    if tokens:
        record["usage"] = tokens
    for name in ("served_model", "response_id", "latency_s", "logprobs"):
        value = getattr(answer, name)
        if value:
            record[name] = value
    raw = _ENCODER.encode(record).encode("utf-8", "surrogatepass")
    return raw if len(raw) < PLAIN_BYTES else zlib.compress(raw, LEVEL)


_USAGE = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")


def decode_answer(blob: bytes) -> Answer:
    """Read what `encode_answer` wrote.

    Raises
    ------
    ValueError
        The bytes are damaged.
    """
    try:
        raw = zlib.decompress(blob) if blob[:1] and blob[0] == _ZLIB else blob
        record = json.loads(raw.decode("utf-8", "surrogatepass"))
        record["usage"] = Usage(**record.get("usage", {}))
        if "logprobs" in record:
            record["logprobs"] = _tuples(record["logprobs"])
        return Answer(**record)
    except (zlib.error, TypeError, AttributeError) as exc:
        raise ValueError(f"the answer cannot be read ({exc})") from exc


def _tuples(logprobs: list[Any]) -> tuple[tuple[str, tuple[tuple[str, float], ...]], ...]:
    return tuple((token, tuple((other, logprob) for other, logprob in near)) for token, near in logprobs)


def decode_request(text: bytes) -> Request:
    """Read a canonical request back.

    Raises
    ------
    ValueError
        The text is not a request.
    """
    record = json.loads(text.decode("utf-8", "surrogatepass"))
    try:
        return Request(record["provider"], record["model"], record["body"], record["repeat"])
    except (KeyError, TypeError) as exc:
        raise ValueError("the text is not a request") from exc
