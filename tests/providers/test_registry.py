from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from judge.errors import InputError, UnknownNameError
from judge.providers import registry
from judge.providers.base import Provider
from judge.providers.registry import BUILT_IN, make_provider, parse_model, provider_names
from judge.types import Sampling
from tests.providers.asking import PLAIN, answer_of

DOCS = Path(__file__).resolve().parents[2] / "docs" / "judges.md"


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"embedded"}))
def test_every_provider_keeps_the_protocol(name: str) -> None:
    """Each built-in provider is one, and knows its name."""
    provider = make_provider(name, base_url="http://127.0.0.1:9/v1", env={})
    assert isinstance(provider, Provider)
    assert provider.name == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("opnai/gpt-4o", "openai"),
        ("gpt-4o", "openai/gpt-4o"),
        ("claude-haiku-4-5", "anthropic/claude-haiku-4-5"),
        ("openai", "openai/"),
        ("openai/", "openai/"),
        ("google/text-bison", "Known"),
        ("", "Known"),
    ],
)
def test_unknown_names_are_answered_with_suggestions(name: str, hint: str) -> None:
    """A name without its provider, or with a wrong one, is told with the nearest that exist."""
    with pytest.raises(UnknownNameError, match=re.escape(hint)):
        parse_model(name)


def test_models_may_hold_slashes() -> None:
    """Only the first slash divides provider and model."""
    assert parse_model("compatible/org/model-7b") == ("compatible", "org/model-7b")
    assert parse_model("recorded//abs/duels.jsonl") == ("recorded", "/abs/duels.jsonl")


@pytest.mark.parametrize(
    "options",
    [{"base_url": "localhost:8000"}, {"timeout": 0.0}, {"concurrency": 0}, {"transport": "pigeon"}],
)
def test_wrong_options_are_told(options: dict[str, Any]) -> None:
    """An option that cannot work is an error before anything is sent."""
    with pytest.raises(InputError):
        make_provider("openai", env={}, **options)


def test_a_compatible_server_needs_its_address() -> None:
    """`compatible` has no address of its own."""
    with pytest.raises(InputError, match="base_url"):
        make_provider("compatible/m", env={})


def test_the_environment_names_the_address() -> None:
    """OPENAI_BASE_URL and ANTHROPIC_BASE_URL are honoured; an option wins over them."""
    env = {"OPENAI_BASE_URL": "http://gpu:1/v1/", "ANTHROPIC_BASE_URL": "http://gpu:2"}
    made = {name: vars(make_provider(name, env=env))["base_url"] for name in ("openai", "anthropic")}
    assert made == {"openai": "http://gpu:1/v1", "anthropic": "http://gpu:2"}
    assert vars(make_provider("openai", env=env, base_url="http://b/v1"))["base_url"] == "http://b/v1"


class Point:
    """An entry point, as an installed package would have it."""

    def __init__(self, name: str, load: Any) -> None:
        self.name, self.value, self.load = name, "their_package:Provider", load


def install(monkeypatch: pytest.MonkeyPatch, *points: Point) -> None:
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda *, group: points)
    assert registry.GROUP == "judge.providers"


def test_a_provider_from_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the documentation runs as it stands there."""
    code = re.findall(r"```python\n(# my_judges/echo.py.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code[0], "docs/judges.md", "exec"), names)
    install(monkeypatch, Point("echo", lambda: names["EchoProvider"]))
    assert "echo" in provider_names()
    assert parse_model("echo/any") == ("echo", "any")
    provider = make_provider("echo/any", env={})
    assert isinstance(provider, Provider)
    assert answer_of(provider, provider.request("any", PLAIN, Sampling())).text


def test_a_broken_entry_point_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone else's provider that cannot be imported is an error with its name, not a traceback."""

    def load() -> None:
        raise ImportError("no module named their_package")

    install(monkeypatch, Point("theirs", load))
    with pytest.raises(InputError, match="theirs"):
        make_provider("theirs/m", env={})


def test_vendors_are_imported_only_when_used() -> None:
    """Making providers, requests and lists of models imports no vendor's package and no pandas."""
    code = (
        "import sys\n"
        "from judge.providers.registry import make_provider, parse_model\n"
        "from judge.providers.presets import presets\n"
        "from judge.types import Message, Prompt, Sampling\n"
        "presets(); parse_model('openai/gpt-4o')\n"
        "for name in ('openai', 'anthropic', 'recorded', 'scripted'):\n"
        "    made = make_provider(name, env={})\n"
        "    if name != 'recorded':\n"
        "        made.request('fair', Prompt((Message('user', 'x'),)), Sampling())\n"
        "heavy = {'openai', 'anthropic', 'httpx2', 'aiohttp', 'pydantic', 'pandas', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
