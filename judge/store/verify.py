"""Derives every hash of a store again and says what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.errors import StoreError
from judge.store.faults import told_plainly
from judge.store.keys import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from judge.store.sqlite import SqliteStore


STEP = 50_000
"""Answers between two notes of how far the check is: some seconds."""


def verify(store: SqliteStore, note: Callable[[str], None] = lambda _: None) -> list[str]:
    """Check the file, every key, every answer and the plan.

    Parameters
    ----------
    store
        An open store.
    note
        Hears how far a long check is.

    Returns
    -------
    list of str
        One line for each problem; empty where all is well.
    """
    problems = []
    try:
        problems += list(store.check_file())
        problems += list(_answers(store, note))
        problems += list(store.check_links())
    except StoreError as exc:
        problems.append(str(exc).splitlines()[0])
    return problems


def _answers(store: SqliteStore, note: Callable[[str], None]) -> Iterator[str]:
    from judge.store.codec import decode_answer, decode_request
    from judge.store.sqlite import unpack

    with told_plainly(store.path):
        for number, (key, provider, model, repeat, request, answer) in enumerate(store.raw_answers()):
            if number and number % STEP == 0:
                note(f"checked {number:,} answers")
            name = unpack(key)
            try:
                text = store.inflate(request)
                if key_of(text) != name:
                    yield f"answer {name}: its request hashes to {key_of(text)}"
                asked = decode_request(text)
                if (asked.provider, asked.model, asked.repeat) != (provider, model, repeat):
                    yield f"answer {name}: its row names another provider, model or repeat than its request"
                decode_answer(answer)
            except ValueError as exc:
                yield f"answer {name}: {exc}"
