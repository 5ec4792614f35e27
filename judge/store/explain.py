"""How one judgment came about, as far as the store knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from judge.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from judge.store.base import Failed, Stored
    from judge.store.sqlite import SqliteStore
    from judge.types import Answer, Request

SHOWN = 160
LOOKED_AT = 50_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of two requests that is not the same; None where one of them does not have it."""

    field: str
    asked: str | None
    kept: str | None


@dataclass(frozen=True, slots=True)
class Nearest:
    """The stored request that is most like one that is not stored."""

    key: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that the store knows of a key.

    `state` is ``answered``, ``failed``, ``unreadable`` (answers came, none was kept yet) or ``open``.
    `asked_as` is another key under which the answer is kept, where the question had to be put differently.
    `planned` lists (stage, seq, ref).
    """

    key: str
    state: Literal["answered", "failed", "unreadable", "open"]
    request: Request | None = None
    stored: Stored | None = None
    asked_as: str | None = None
    repair: Stored | None = None
    failure: Failed | None = None
    rejected: tuple[tuple[Answer, str], ...] = ()
    planned: tuple[tuple[str, int, Any], ...] = ()
    nearest: Nearest | None = None
    notes: tuple[str, ...] = field(default=())


def explain(store: SqliteStore, key: str, request: Request | None = None) -> Explanation:
    """Say how a judgment came about, or why there is none.

    Parameters
    ----------
    store
        An open store.
    key
        A whole key, or its beginning (with or without ``sha256:``) where that is one key's alone.
    request
        The request of a question that was never sent, where the caller can make it; without it, the
        nearest stored request of an open question cannot be looked for.

    Raises
    ------
    UnknownNameError
        Nothing in the store begins with this, or more than one thing does.
    """
    whole = find_key(store, key)
    stored, failure, rejected = store.get(whole), store.failure(whole), store.rejections(whole)
    planned = store.planned(whole)
    if stored is not None:
        asked_as = stored.key if stored.key != whole else None
        mended_by = store.repair_key(whole)
        repair = store.get(mended_by) if mended_by else None
        return Explanation(
            whole, "answered", stored.request, stored, asked_as, repair, failure, rejected, planned
        )
    request = request or store.request_of(whole)
    nearest, notes = None, []
    if request is not None:
        nearest, looked_at = find_nearest(store, whole, request)
        if looked_at == LOOKED_AT:
            notes.append(f"only the first {LOOKED_AT:,} answers were compared")
    state: Literal["failed", "unreadable", "open"] = "open"
    if rejected:
        state = "unreadable"
    if failure is not None:
        state = "failed"
    return Explanation(
        whole,
        state,
        request,
        failure=failure,
        rejected=rejected,
        planned=planned,
        nearest=nearest,
        notes=tuple(notes),
    )


def find_key(store: SqliteStore, text: str) -> str:
    """Complete the beginning of a key.

    Raises
    ------
    UnknownNameError
        No key begins with this, or more than one does.
    """
    digits = text.strip().lower().removeprefix("sha256:")
    found = store.keys_beginning(digits)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UnknownNameError("key", text)
    raise UnknownNameError("key (more than one begins with this)", text, found[:5])


def find_nearest(store: SqliteStore, key: str, request: Request) -> tuple[Nearest | None, int]:
    """Return the stored request with the fewest different fields, and how many were looked at."""
    asked = dict(flat(request))
    best: tuple[tuple[int, int], str, dict[str, str]] | None = None
    looked_at = 0
    for stored in islice(store.answers(), LOOKED_AT):
        looked_at += 1
        if stored.key == key:
            continue
        kept = dict(flat(stored.request))
        differing = [name for name in asked.keys() | kept.keys() if asked.get(name) != kept.get(name)]
        # Among those with as many different fields, the one whose texts differ in length the least.
        apart = sum(abs(len(asked.get(n, "")) - len(kept.get(n, ""))) for n in differing)
        if best is None or (len(differing), apart) < best[0]:
            best = ((len(differing), apart), stored.key, kept)
    if best is None:
        return None, looked_at
    _, near, kept = best
    return Nearest(near, tuple(differences(asked, kept))), looked_at


def differences(asked: dict[str, str], kept: dict[str, str]) -> Iterator[Difference]:
    """Yield the fields that differ, each from shortly before the place where it does."""
    for name in sorted(asked.keys() | kept.keys()):
        one, other = asked.get(name), kept.get(name)
        if one != other:
            start = max(0, _common(one or "", other or "") - 40)
            yield Difference(name, _excerpt(one, start), _excerpt(other, start))


def flat(request: Request) -> Iterator[tuple[str, str]]:
    """Yield every leaf of a request with its path.

    Examples
    --------
    >>> from judge.types import Request
    >>> dict(flat(Request("p", "m", {"messages": [{"role": "user"}]})))["messages[0].role"]
    'user'
    """
    yield "provider", request.provider
    yield "model", request.model
    yield "repeat", str(request.repeat)
    yield from _leaves("", request.body)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(f"{path}.{name}" if path else str(name), part)
    elif isinstance(value, list | tuple) and value:
        for number, part in enumerate(value):
            yield from _leaves(f"{path}[{number}]", part)
    else:
        yield path, value if isinstance(value, str) else repr(value)


def _common(one: str, other: str) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _excerpt(text: str | None, start: int) -> str | None:
    if text is None:
        return None
    part = text[start : start + SHOWN]
    return ("…" if start else "") + part + ("…" if len(text) > start + SHOWN else "")
