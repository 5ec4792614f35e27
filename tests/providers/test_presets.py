from __future__ import annotations

import json
import re
from datetime import date

import pytest
from click.testing import CliRunner

from judge.cli.models import command
from judge.errors import UnknownNameError
from judge.providers.presets import Price, abilities, find, presets, price_of, warning
from tests.providers.asking import CANARY

DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
PAPERS = [
    "gpt-3.5-turbo",
    "gpt-4",
    "chatgpt",
    "text-bison",
    "gemini",
    "vicuna",
    "falcon-7b",
    "llama-2-7b",
    "llama-2-13b",
    "chatglm3-6b",
    "mistral-7b",
]


def test_a_price_has_a_day_a_source_and_an_origin() -> None:
    """Every number says where and when it is from."""
    for row in presets().values():
        if row.price.input is not None:
            assert DAY.match(row.price.as_of), row.name
            assert row.price.source, row.name
            assert row.price.known in {"page", "report", "recalled"}, row.name


def test_unknown_is_never_zero() -> None:
    """Only what runs on one's own machine costs nothing; the rest has a price or none is known."""
    for row in presets().values():
        figures = (row.price.input, row.price.output, row.price.cached)
        assert row.name.startswith("embedded/") or 0 not in figures, row.name
        assert (row.price.input is None) == (row.price.output is None), row.name


def test_cached_input_is_never_dearer() -> None:
    """A typing mistake in the table would show here."""
    for row in presets().values():
        if row.price.cached is not None and row.price.input is not None and row.price.output is not None:
            assert row.price.cached < row.price.input < row.price.output, row.name


@pytest.mark.parametrize("part", PAPERS)
def test_the_models_of_the_papers_are_there(part: str) -> None:
    """Each says who runs it, and what takes its place if nobody does."""
    rows = [row for name, row in presets().items() if part in name]
    assert rows
    for row in rows:
        assert row.runs_on
        assert row.retired is None or (DAY.match(row.retired) and row.replaced_by)


def test_what_takes_a_place_is_in_the_table() -> None:
    """A recommendation can be looked up, and is not retired itself."""
    for row in presets().values():
        if row.replaced_by:
            instead = find(row.replaced_by)
            assert instead is not None, row.name
            assert not instead.is_retired(date(2026, 11, 20)), row.name


def test_cost() -> None:
    """Cached tokens are part of the input and cost their own price; without one, the full price."""
    assert Price(2.0, 8.0, 0.5).cost(1000, 100, 400) == pytest.approx((600 * 2 + 400 * 0.5 + 100 * 8) / 1e6)
    assert Price(2.0, 8.0).cost(1000, 100, 400) == pytest.approx((1000 * 2 + 100 * 8) / 1e6)
    assert price_of("openai/not-in-the-table").cost(1000, 100) is None


def test_a_snapshot_takes_the_row_of_its_family() -> None:
    """Dated names are found; other names are not guessed at."""
    assert price_of("openai/gpt-4o-2024-11-20") == price_of("openai/gpt-4o")
    assert price_of("anthropic/claude-haiku-4-5-20251001").is_known
    assert find("openai/gpt-4o-realtime") is None


def test_abilities_of_unknown_models_come_from_their_names() -> None:
    """New reasoning models, chat variants and old models are told apart."""
    assert abilities("openai", "gpt-8-sol").reasoning
    assert not abilities("openai", "gpt-5.2-chat-latest").reasoning
    assert abilities("anthropic", "claude-opus-7").structured == "json_schema"
    assert abilities("openai", "gpt-4-0125-preview").structured == "none"


def test_a_warning_before_the_end() -> None:
    """What will be shut down is told in the future tense until the day."""
    assert "will be shut down on 2027-01-14" in warning("openai/gpt-4o", date(2027, 1, 13))
    assert "was shut down" in warning("openai/gpt-4o", date(2027, 1, 14))
    assert warning("openai/not-in-the-table", date(2027, 1, 14)) == ""


def test_models_lists_everything_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """`judge models` says that a key is there and never shows it."""
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    text = CliRunner().invoke(command, []).output
    assert all(name in text for name in presets())
    result = CliRunner().invoke(command, ["--json"])
    rows = {row["name"]: row for row in json.loads(result.output)}
    assert rows["openai/gpt-4o"]["key_present"] is True
    assert rows["anthropic/claude-haiku-4-5"]["key_present"] is False
    assert CANARY not in text + result.output


def test_models_shows_one_or_a_provider() -> None:
    """NAME is a model, known or not, or a provider; anything else is told with suggestions."""
    assert "2027-01-14" in CliRunner().invoke(command, ["openai/gpt-4o"]).output
    assert "price unknown" in CliRunner().invoke(command, ["openai/brand-new"]).output
    assert "openai/" not in CliRunner().invoke(command, ["anthropic"]).output
    assert isinstance(CliRunner().invoke(command, ["antropic"]).exception, UnknownNameError)
