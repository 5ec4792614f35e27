"""verify finds every kind of damage."""

from __future__ import annotations

from importlib import import_module

import pytest

from judge.store import PlanRow, SqliteStore, request_key, verify
from judge.types import Answer, Request


@pytest.fixture
def filled(store: SqliteStore) -> SqliteStore:
    store.begin_plan("judge", "f")
    for n in range(20):
        request = Request("p", "m", {"q": f"question {n}"}, n % 2)
        store.put(request_key(request), request, Answer(f"answer {n}"))
        store.add_plan("judge", [PlanRow(n, request_key(request), n)])
    store.finish_plan("judge")
    return store


def test_a_sound_store_has_no_problems(filled):
    """Nothing is reported where nothing is wrong."""
    assert verify(filled) == []


def test_a_long_check_says_how_far_it_is(filled, monkeypatch):
    """A note comes with every step of answers."""
    monkeypatch.setattr(import_module("judge.store.verify"), "STEP", 8)
    heard: list[str] = []
    verify(filled, heard.append)
    assert heard == ["checked 8 answers", "checked 16 answers"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE answers SET key = randomblob(32) WHERE id = 7", "hashes to"),
        ("UPDATE answers SET request = (SELECT request FROM answers WHERE id = 9) WHERE id = 7", "hashes to"),
        ("UPDATE answers SET request = x'7801ff' WHERE id = 7", "cannot be inflated"),
        ("UPDATE answers SET answer = x'00' WHERE id = 7", "answer sha256:"),
        ("UPDATE answers SET repeat = 9 WHERE id = 7", "another provider, model or repeat"),
        ("UPDATE answers SET origin = 9 WHERE id = 7", "another provider, model or repeat"),
        ("DELETE FROM plan WHERE seq = 5", "plan judge: 1 of 20 rows are missing"),
        (
            "INSERT INTO links SELECT key, 'repair', randomblob(32) FROM answers WHERE id = 3",
            "repair answer is missing",
        ),
    ],
)
def test_damage_is_found(filled, damage, told):
    """Each change behind the store's back is reported, once."""
    filled._conn.execute(damage)
    problems = verify(filled)
    assert len(problems) == 1
    assert told in problems[0]


def test_a_lost_dictionary_is_found(filled, tmp_path):
    """Requests that can no longer be read are reported one by one."""
    filled._conn.execute("DELETE FROM dictionaries")
    with SqliteStore(tmp_path / "run.sqlite") as again:
        assert len(verify(again)) == 20


def test_torn_pages_are_found(tmp_path):
    """Bytes overwritten in the middle of the file are reported and never raise."""
    with SqliteStore(tmp_path / "s") as store:
        for n in range(300):
            request = Request("p", "m", {"q": f"question {n}" * 20})
            store.put(request_key(request), request, Answer(f"answer {n}"))
    raw = bytearray((tmp_path / "s").read_bytes())
    for page in range(12, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 64] = bytes(64)
    (tmp_path / "s").write_bytes(raw)
    with SqliteStore(tmp_path / "s") as store:
        assert verify(store)
