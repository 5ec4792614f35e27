from __future__ import annotations

import os
import pickle
import traceback
from typing import TYPE_CHECKING

import pytest

from judge.errors import CredentialsError, JudgeError
from judge.providers.credentials import NO_KEY, Secret, find_key, is_own_server
from judge.providers.registry import make_provider
from tests.providers.asking import CANARY, PLAIN, ask
from tests.providers.loopback import Loopback

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_key_the_variable_is_named() -> None:
    """The message says which variable to set."""
    with pytest.raises(CredentialsError, match="OPENAI_API_KEY_FILE"):
        find_key({}, "OPENAI_API_KEY")


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """Rights that are too wide are an error with its mend."""
    file = tmp_path / "key"
    file.write_text(f"{CANARY}\n")
    file.chmod(0o644)
    with pytest.raises(CredentialsError, match="chmod 600"):
        find_key({"OPENAI_API_KEY_FILE": str(file)}, "OPENAI_API_KEY")
    file.chmod(0o600)
    assert find_key({"OPENAI_API_KEY_FILE": str(file)}, "OPENAI_API_KEY").reveal() == CANARY


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"two words", b"two\nlines"])
def test_a_key_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """Something that cannot be a key is told before it reaches a header, without showing it."""
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(CredentialsError) as told:
        find_key({"K_FILE": str(file)}, "K")
    assert "two" not in str(told.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    """The path of a file that is not there is in the message."""
    with pytest.raises(CredentialsError, match="absent"):
        find_key({"K_FILE": str(tmp_path / "absent")}, "K")


def test_a_server_of_ones_own_needs_no_key() -> None:
    """Loopback, private networks and container names get a dummy; public hosts do not."""
    for url in ("http://localhost:1/v1", "http://10.0.0.3/v1", "http://[::1]:8/v1", "http://ollama:11434/v1"):
        assert find_key({}, "K", url).reveal() == NO_KEY
    assert not is_own_server("https://api.example.com/v1")


def test_a_key_never_travels_unencrypted_to_a_public_host() -> None:
    """http:// to a public host is refused where a key would go with it."""
    with pytest.raises(CredentialsError, match="https://"):
        find_key({"K": CANARY}, "K", "http://api.example.com/v1")
    assert find_key({"K": CANARY}, "", "http://api.example.com/v1").reveal() == NO_KEY


def test_a_secret_does_not_show_itself() -> None:
    """Neither repr, str, format nor pickle gives the key away."""
    key = Secret(CANARY)
    assert CANARY not in f"{key!r} {key} {[key]}"
    with pytest.raises(TypeError):
        pickle.dumps(key)


@pytest.mark.parametrize("transport", ["direct", "sdk"])
@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
@pytest.mark.parametrize("fault", ["401", "400", "429", "500", "drop", "garbage", "hang"])
def test_the_key_is_in_no_message(vendor: str, transport: str, fault: str) -> None:
    """A canary key is in no error, cause, repr or traceback, even where the server sends it back."""
    words = f"Incorrect API key provided: {CANARY}"
    server = Loopback(faults=[fault], error={"message": words})
    env = {f"{vendor.upper()}_API_KEY": CANARY}
    (found,) = ask(server, vendor, prompt=PLAIN, env=env, transport=transport, timeout=0.3)
    assert isinstance(found, JudgeError)
    shown = "".join(traceback.format_exception(found))
    provider = make_provider(vendor, env=env)
    shown += f"{found!r} {provider!r} {vars(provider)!r} {found.__dict__!r}"
    assert CANARY in str(server.calls[0].headers)
    assert CANARY not in shown


def test_a_key_that_comes_back_in_an_answer_is_taken_out() -> None:
    """A server that echoes headers cannot get the key into the store."""
    server = Loopback(answer=lambda body: f"you sent {CANARY}")
    (answer,) = ask(server, prompt=PLAIN, env={"OPENAI_API_KEY": CANARY})
    assert CANARY not in repr(answer)
    assert "***" in repr(answer)


def test_the_key_may_have_another_variable() -> None:
    """api_key_env names the variable of another vendor's key."""
    server = Loopback()
    ask(server, prompt=PLAIN, env={"GEMINI_API_KEY": "g-1"}, api_key_env="GEMINI_API_KEY")
    assert server.calls[0].headers["Authorization"] == "Bearer g-1"


def test_the_key_is_asked_for_only_when_it_is_needed() -> None:
    """Making a provider and its requests needs no key; `check_key` does."""
    provider = make_provider("openai/gpt-4o", env={})
    with pytest.raises(CredentialsError):
        provider.check_key()  # type: ignore[attr-defined] # not part of the protocol


def test_the_environment_is_read_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `env` the process's own environment counts, at the time of the call."""
    provider = make_provider("openai/gpt-4o")
    monkeypatch.setitem(os.environ, "OPENAI_API_KEY", "sk-late")
    provider.check_key()  # type: ignore[attr-defined] # not part of the protocol
