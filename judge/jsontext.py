"""JSON texts of requests, in which the same strings come again and again.

Two requests of a run share most of their text (rubric, schema, parameters), and each is written twice, once
for its key and once to be sent. The text is the standard library's to the last byte; a string that was
written before is only not escaped again, which halves the work.
"""

from __future__ import annotations

import json.encoder
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = 20_000
"""A longer string is not kept in memory for the next request."""
_KEPT = 128
_plain = json.encoder.encode_basestring
_kept = lru_cache(_KEPT)(_plain)


def _escape(text: str) -> str:
    return _kept(text) if len(text) < LONG else _plain(text)


def writer(*, sort_keys: bool) -> Callable[[Any], str]:
    """Return a function that writes values as JSON without spaces; letters beyond ASCII stay as they are.

    It raises ValueError for a number that is not finite and TypeError for what is not JSON.

    Examples
    --------
    >>> write = writer(sort_keys=True)
    >>> write({"b": [1, None], "a": "é"})
    '{"a":"é","b":[1,null]}'
    """
    usual = json.JSONEncoder(
        sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
    )
    # The library's own encoder in C, which takes the escaping as an argument; not every Python has it.
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return usual.encode
    pieces = make(None, usual.default, _escape, None, ":", ",", sort_keys, False, False)

    def write(value: Any) -> str:
        # The encoder expects a container, and is given one: requests are objects.
        return "".join(pieces(value, 0))

    return write
