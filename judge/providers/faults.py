"""A reply that is no answer, turned into the project's own error, pure. The most specific case first."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from judge.providers.rates import retry_after

if TYPE_CHECKING:
    from judge.providers.wire import Reply

_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_error", "quota_exceeded"})
_FILTER = frozenset({"content_filter", "content_policy_violation", "responsibleaipolicyviolation"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a server says is wrong: its words, and its code, type and parameter where it gives them."""

    message: str
    code: str = ""
    kind: str = ""
    parameter: str = ""


def complaint(body: bytes) -> Complaint:
    """Read the error of OpenAI, Anthropic, vLLM, Ollama, llama.cpp, FastAPI, or plain text.

    >>> complaint(b'{"error": {"message": "no", "code": "model_not_found"}}').code
    'model_not_found'
    >>> complaint(b"<html>Bad gateway</html>").message
    '<html>Bad gateway</html>'
    """
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Complaint(_line(body.decode("utf-8", "replace")))
    if not isinstance(data, dict):
        return Complaint(_line(str(data)))
    error = data.get("error", data)
    if not isinstance(error, dict):
        return Complaint(_line(str(error)))
    message = error.get("message") or error.get("detail") or error.get("msg") or json.dumps(error)[:300]
    return Complaint(
        _line(message if isinstance(message, str) else json.dumps(message)),
        code=str(error.get("code") or ""),
        kind=str(error.get("type") or ""),
        parameter=str(error.get("param") or ""),
    )


def failure(reply: Reply, told: Complaint, model: str) -> ProviderFailure:
    """Return the error for a reply whose status is not 2xx.

    Parameters
    ----------
    reply, told
        The reply, and its complaint.
    model
        Named in the message where the server does not know it.
    """
    status, code = reply.status, told.code.lower()
    text = f"HTTP {status}: {told.message}" if told.message else f"HTTP {status}"
    wait = retry_after(reply.headers)
    if status == 402 or code in _QUOTA or told.kind.lower() in _QUOTA:
        return QuotaSpent(f"the account has no credit left ({text})", status=status)
    if code in _FILTER or "content management policy" in told.message.lower():
        return ContentFiltered(text, status=status)
    if status == 429:
        return RateLimited(text, retry_after=wait, status=status)
    if status in (401, 403):
        return KeyRefused(f"the key is refused ({text})", status=status)
    if status in (408, 504):
        return Timeout(text, retry_after=wait, status=status)
    if status >= 500 or status in (409, 425):
        return ServerFault(text, retry_after=wait, status=status)
    if status == 404:
        return RequestRejected(
            f"{text} (is {model!r} a model of this server, and base_url right?)", status=404
        )
    if 300 <= status < 400:
        return RequestRejected(
            f"{text} (redirects are not followed: put the final address in base_url)", status=status
        )
    return RequestRejected(text, status=status)


def _line(text: str) -> str:
    """Return one short line without control characters: a server's words reach the terminal."""
    return _CONTROL.sub(" ", text).strip()[:500]
