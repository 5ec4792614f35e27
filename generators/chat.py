"""A dialogue as chat messages: the speaker is the user, the listener is the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.errors import InputError
from judge.types import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from judge.types import Dialogue

ROLES = {"speaker": "user", "listener": "assistant"}
LISTENER_OPENS = "(The listener speaks first.)"
"""Stands in for a user message where a context begins with the listener: chat models need one."""


def context_messages(dialogue: Dialogue) -> tuple[Message, ...]:
    """Return the context as alternating messages that begin and end with the user.

    Empty turns are left out and neighbouring turns of the same person are joined.

    Raises
    ------
    InputError
        If there is no turn to answer: the context is empty or the listener has the last word.

    Examples
    --------
    >>> from judge.types import Dialogue, Turn
    >>> dialogue = Dialogue("d", (Turn("listener", "Hi!"), Turn("speaker", "I passed!")))
    >>> [message.role for message in context_messages(dialogue)]
    ['user', 'assistant', 'user']
    """
    turns = [turn for turn in dialogue.context if turn.text.strip()]
    if not turns:
        raise InputError(f"dialogue {dialogue.dialogue_id!r}: the context holds no text to answer")
    if turns[-1].speaker == "listener":
        raise InputError(
            f"dialogue {dialogue.dialogue_id!r}: the listener has the last word, there is nothing to answer"
        )
    opening = [Message("user", LISTENER_OPENS)] if turns[0].speaker == "listener" else []
    return merged([*opening, *(Message(ROLES.get(t.speaker, "user"), t.text.strip()) for t in turns)])


def merged(messages: Iterable[Message]) -> tuple[Message, ...]:
    r"""Join neighbouring messages of the same role with an empty line; drop empty ones.

    Examples
    --------
    >>> merged([Message("user", "a"), Message("user", ""), Message("user", "b")])
    (Message(role='user', content='a\n\nb'),)
    """
    out: list[Message] = []
    for message in messages:
        if not message.content:
            continue
        if out and out[-1].role == message.role:
            out[-1] = Message(message.role, f"{out[-1].content}\n\n{message.content}")
        else:
            out.append(message)
    return tuple(out)
