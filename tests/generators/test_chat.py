"""A context becomes chat messages that any provider accepts, or an error that names the dialogue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.generators.chat import LISTENER_OPENS, context_messages
from judge.types import Dialogue, Turn
from tests.generators.helpers import dialogue


def test_a_dialogue_that_the_listener_opens() -> None:
    """Chat models need a user first: a neutral line stands in, the listener stays the assistant."""
    found = context_messages(dialogue("How are you?", "Lonely.", first="listener"))
    assert [(m.role, m.content) for m in found] == [
        ("user", LISTENER_OPENS),
        ("assistant", "How are you?"),
        ("user", "Lonely."),
    ]


def test_empty_turns_are_left_out() -> None:
    """A blank turn makes no message; its neighbours of one role are joined."""
    found = context_messages(dialogue("First.", "  ", "Second."))
    assert [(m.role, m.content) for m in found] == [("user", "First.\n\nSecond.")]


@pytest.mark.parametrize("texts", [(), ("",), ("Hi", "Hello"), ("Hi", "Hello", " ")])
def test_nothing_to_answer(texts: tuple[str, ...]) -> None:
    """A context that is empty or that the listener ends cannot be answered."""
    with pytest.raises(InputError, match="'d1'"):
        context_messages(dialogue(*texts))


@given(st.lists(st.tuples(st.sampled_from(["speaker", "listener"]), st.text(max_size=5)), max_size=8))
def test_messages_always_alternate(turns: list[tuple[str, str]]) -> None:
    """Whatever the turns: messages alternate, begin and end with the user, and none is empty."""
    context = tuple(Turn(who, text) for who, text in [*turns, ("speaker", "end")])
    roles = [m.role for m in context_messages(Dialogue("d", context))]
    assert roles == [("user", "assistant")[i % 2] for i in range(len(roles))]
    assert roles[-1] == "user"
