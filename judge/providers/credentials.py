"""Where a key comes from, and that it stays there.

A key is read from the environment or from a file that only its owner can read; never from a study file or
an option, which end up in version control and in shell histories. `Secret` keeps it out of every ``repr``.
"""

from __future__ import annotations

import stat
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from judge.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_KEY = "no-key"
"""What is sent to a server of one's own that asks for no key."""
SHORTEST = 12
"""A shorter word is a stand-in for a server that asks for none: taking "x" out of a reply would break it."""


class Secret:
    """A key that shows itself only when asked to.

    >>> key = Secret("sk-very-secret")
    >>> key, f"{key}", key.reveal() == "sk-very-secret"
    (Secret(***), '***', True)
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a key is not written anywhere, so it cannot be pickled")

    def reveal(self) -> str:
        """Return the key itself, for the header of a request."""
        return self._value

    def hide(self, data: bytes) -> bytes:
        """Take the key out of what a server sent, in case that it sends it back."""
        if self._value == NO_KEY or len(self._value) < SHORTEST:
            return data
        secret = self._value.encode()
        return data.replace(secret, b"***") if secret in data else data


def is_own_server(url: str | None) -> bool:
    """Say whether a base URL is a machine of one's own (loopback, private network, container name).

    >>> is_own_server("http://127.0.0.1:8000/v1"), is_own_server("http://vllm:8000/v1")
    (True, True)
    >>> is_own_server("https://api.openai.com/v1"), is_own_server(None)
    (False, False)
    """
    host = urlsplit(url or "").hostname
    if not host:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))
    return address.is_private or address.is_loopback or address.is_link_local


def find_key(env: Mapping[str, str], variable: str, base_url: str | None = None) -> Secret:
    """Find the key of a provider.

    Parameters
    ----------
    env
        The environment.
    variable
        The variable that holds the key; ``<variable>_FILE`` may name a file instead. Empty: no key is sent.
    base_url
        Where the key would go. A server of one's own needs none.

    Raises
    ------
    judge.errors.CredentialsError
        No key is there, others can read its file, or it would travel unencrypted to a public host.

    Examples
    --------
    >>> find_key({"OPENAI_API_KEY": "sk-1"}, "OPENAI_API_KEY")
    Secret(***)
    >>> find_key({}, "OPENAI_API_KEY", "http://localhost:8000/v1").reveal()
    'no-key'
    """
    if not variable:
        return Secret(NO_KEY)
    value = (env.get(variable) or "").strip()
    source = variable
    if not value and (path := env.get(f"{variable}_FILE")):
        source, value = f"{variable}_FILE ({path})", _read_key_file(Path(path))
    if not value:
        if is_own_server(base_url):
            return Secret(NO_KEY)
        raise CredentialsError(
            f"no key: set {variable}, or {variable}_FILE to the path of a file that holds it (chmod 600)"
        )
    _check_key(value, source, variable, base_url)
    return Secret(value)


def has_key(env: Mapping[str, str], variable: str) -> bool:
    """Say whether a usable key is there, without showing it.

    >>> has_key({}, "OPENAI_API_KEY"), has_key({"OPENAI_API_KEY": "sk-1"}, "OPENAI_API_KEY")
    (False, True)
    """
    try:
        find_key(env, variable)
    except CredentialsError:
        return False
    return True


def _check_key(value: str, source: str, variable: str, base_url: str | None) -> None:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise CredentialsError(f"{source} does not hold a key: it has spaces, line breaks or unusual letters")
    if (base_url or "").lower().startswith("http://") and not is_own_server(base_url):
        host = urlsplit(base_url or "").hostname
        raise CredentialsError(
            f"the key of {variable} would be sent unencrypted to {host}: use https://, "
            'or api_key_env = "" if that server needs no key'
        )


def _read_key_file(path: Path) -> str:
    path = path.expanduser()
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise CredentialsError(f"{path} is not a file that can hold a key")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise CredentialsError(f"others can read the key file {path}\n  mend: chmod 600 {path}")
        with path.open(encoding="utf-8") as file:
            return file.read(65536).strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise CredentialsError(f"the key file {path} cannot be read: {type(exc).__name__}") from exc
