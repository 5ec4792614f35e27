"""A strategy from another package comes in through an entry point."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

from judge.generators import Done, Resources, Step, Strategy, get_strategy, registry, strategy_names
from tests.generators.helpers import dialogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

    from judge.types import Dialogue


class Shout:
    """Says the last word back, loudly."""

    name = "shout"
    ref = "shout@1"
    needs_model = False

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def prepare(self, dialogues: Sequence[Dialogue]) -> Shout:
        return self

    def start(self, dialogue: Dialogue) -> Step:
        return Done(dialogue.context[-1].text.upper() + self.mark)


def make(options: Mapping[str, Any], resources: Resources) -> Strategy:
    return Shout(options.get("mark", "!"))


def test_an_entry_point_is_a_strategy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point's function gets options and resources, and its strategy is used like any other."""
    point = EntryPoint("shout", f"{__name__}:make", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "_plugins", lambda: {"shout": point})
    assert "shout" in strategy_names()
    found = get_strategy("shout", {"mark": "?"})
    assert isinstance(found, Strategy)
    assert found.start(dialogue("hi")) == Done("HI?")
