"""Derives every hash of a store again and says what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.errors import StoreError
from judge.store.faults import told_plainly
from judge.store.keys import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.store.sqlite import SqliteStore


def verify(store: SqliteStore) -> list[str]:
    """Check the file, every key, every answer and the plan.

    Parameters
    ----------
    store
        An open store.

    Returns
    -------
    list of str
        One line for each problem; empty where all is well.
    """
    problems = []
    try:
        problems += list(store.check_file())
        problems += list(_answers(store))
        problems += list(store.check_links())
    except StoreError as exc:
        problems.append(str(exc).splitlines()[0])
    return problems


def _answers(store: SqliteStore) -> Iterator[str]:
    from judge.store.codec import decode_answer, decode_request
    from judge.store.sqlite import unpack

    with told_plainly(store.path):
        for key, provider, model, repeat, request, answer in store.raw_answers():
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
