"""No key in a study file: it would land in repositories, manifests and reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judge.study.lines import Where

_NAME = re.compile(
    r"(api|access|secret|private|auth)[-_]?(key|token)s?|key|token|secret|password|passwd|bearer|authorization|"
    r"credentials?|.*[-_](apikey|api_key|secret|password|token)",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"(sk|pk|rk|gsk|hf|ghp|xai|AIza|AKIA|Bearer )[-_A-Za-z0-9]{16,}|https?://[^/\s]*:[^/\s]*@", re.IGNORECASE
)
_ADVICE = (
    "keep it in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, or the variable named by api_key_env)"
)


def find_secrets(data: Any, where: Where = ()) -> list[tuple[Where, str]]:
    """Return where keys stand and what to do; the values themselves are never repeated.

    Examples
    --------
    >>> [place for place, _ in find_secrets({"judges": [{"api_key": "canary"}]})]
    [('judges', 0, 'api_key')]
    """
    if isinstance(data, dict):
        found = []
        for name, value in data.items():
            if _NAME.fullmatch(str(name)) and not isinstance(value, bool | int | float | dict):
                found.append(((*where, name), f"a key does not belong into a study; {_ADVICE}"))
            else:
                found += find_secrets(value, (*where, name))
        return found
    if isinstance(data, list | tuple):
        return [part for k, value in enumerate(data) for part in find_secrets(value, (*where, k))]
    if isinstance(data, str) and _VALUE.match(data):
        return [(where, f"this looks like a key or password; {_ADVICE}")]
    return []
