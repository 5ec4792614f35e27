"""The key of a request: a hash of exactly what is sent."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from judge.types import Request

ALGORITHM = "sha256"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(request: Request) -> bytes:
    """Return the one JSON text of a request: sorted names, no spaces, UTF-8.

    Parameters
    ----------
    request
        Provider, model, body and repeat all count; nothing else does.

    Raises
    ------
    ValueError
        A number in the body is not finite.
    TypeError
        The body holds something that is not JSON.

    Examples
    --------
    >>> from judge.types import Request
    >>> canonical(Request("openai", "m", {"b": 1, "a": "é"})).decode()
    '{"body":{"a":"é","b":1},"model":"m","provider":"openai","repeat":0}'
    """
    text = _ENCODER.encode(
        {
            "provider": request.provider,
            "model": request.model,
            "body": request.body,
            "repeat": request.repeat,
        }
    )
    # A lone surrogate is legal in a Python string and in JSON's escapes, but not in UTF-8.
    return text.encode("utf-8", "surrogatepass")


def key_of(canonical_request: bytes) -> str:
    """Return the key of a canonical text; see `request_key`."""
    return f"{ALGORITHM}:{sha256(canonical_request).hexdigest()}"


def request_key(request: Request) -> str:
    """Return the key under which the answer to a request is kept.

    Two requests have the same key if and only if the same would be sent, for the same repeat. A number
    written differently (``0`` and ``0.0``) is a different request, since it is sent differently.

    Parameters
    ----------
    request
        What is to be sent.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.

    Examples
    --------
    >>> from judge.types import Request
    >>> request_key(Request("openai", "m", {"a": 1}))[:14]
    'sha256:f31b4a6'
    """
    return key_of(canonical(request))
