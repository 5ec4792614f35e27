"""The store keeps what it is given, and says plainly what is wrong with a file."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from judge.errors import InputError, StoreError
from judge.store import SqliteStore, request_key, verify
from judge.store.durable import LogSyncer
from judge.store.migrations import STEPS
from judge.types import Answer, Request, Usage

A = Request("p", "m", {"q": "a"})
B = Request("p", "m", {"q": "b"})
YES = Answer("yes", usage=Usage(10, 2), served_model="m-1", latency_s=0.5)


def keep(store: SqliteStore, request: Request, answer: Answer = YES, **more: Any) -> None:
    store.put(request_key(request), request, answer, **more)
    store.flush()


def test_an_answer_comes_back_whole(tmp_path):
    """Request, answer, endpoint, attempts, cost and date are there after opening the file again."""
    with SqliteStore(tmp_path / "s", clock=lambda: 12.0) as store:
        keep(store, A, endpoint="http://x/v1", attempts=3, cost=0.25)
    with SqliteStore(tmp_path / "s") as store:
        kept = store.get(request_key(A))
        assert kept is not None
        assert (kept.request, kept.answer, kept.endpoint) == (A, YES, "http://x/v1")
        assert (kept.attempts, kept.cost, kept.created_at) == (3, 0.25, 12.0)
        assert store.get(request_key(B)) is None


def test_has_sees_what_is_not_flushed(store):
    """Nothing is asked twice between an answer and its commit."""
    store.put(request_key(A), A, YES)
    assert store.has(request_key(A))
    assert not store.has(request_key(B))


def test_the_first_answer_stays(store):
    """A second answer to the same question does not replace the first."""
    keep(store, A, Answer("first"))
    keep(store, A, Answer("second"))
    assert store.get(request_key(A)).answer.text == "first"


def test_failures_are_apart_and_forgotten(store):
    """A failure is no answer; the answer that comes later ends it."""
    key = request_key(A)
    store.fail(key, "timeout", "no answer within 60 s", attempts=4, request=A)
    assert not store.has(key)
    assert (store.failure(key).kind, store.failure(key).attempts) == ("timeout", 4)
    keep(store, A)
    assert store.failure(key) is None


def test_rejected_answers_move_with_their_cost(store):
    """An unreadable answer that is kept in the end is paid once in the sum."""
    key = request_key(A)
    for attempt, text in enumerate(("mumble", "mutter"), 1):
        store.reject(key, A, Answer(text), attempt=attempt, why="no verdict", cost=0.5)
    assert [a.text for a in store.rejected(key)] == ["mumble", "mutter"]
    assert not store.has(key)
    assert store.spent() == (2, 1.0)
    store.put(key, A, Answer("mutter"), was_rejected=2)
    assert store.spent() == (2, 1.0)
    assert [a.text for a in store.rejected(key)] == ["mumble"]
    assert store.get(key).cost == 0.5


def test_unknown_cost_is_not_zero(store):
    """An answer without a price counts as an answer and has no cost."""
    keep(store, A)
    assert store.spent() == (1, 0.0)
    assert store.get(request_key(A)).cost is None


def test_links_stand_for_the_first_question(store):
    """What was asked instead answers the question; a repair is found beside its answer."""
    a, b = request_key(A), request_key(B)
    store.link(a, b, "instead")
    assert not store.has(a)
    keep(store, B)
    assert store.has(a)
    assert store.get(a).request == B
    c = Request("p", "m", {"q": "c"})
    keep(store, c, Answer("mumble"))
    store.link(request_key(c), b, "repair")
    assert store.get(request_key(c)).repair == YES


@pytest.mark.parametrize(
    "key", ["", "sha256:", "md5:" + "0" * 64, "sha256:" + "x" * 64, "sha256:" + "0" * 63]
)
def test_what_is_no_key_is_told(store, key):
    """A mistyped key is an input error that says what a key looks like."""
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        store.has(key)


def test_a_missing_store_is_not_made_by_reading(tmp_path):
    """Commands that read a run do not leave an empty file behind."""
    with pytest.raises(InputError, match="no such store"):
        SqliteStore(tmp_path / "s", must_exist=True)
    assert not (tmp_path / "s").exists()


def test_migrations_are_recorded(tmp_path):
    """Number, name and version of every step are in the file."""
    SqliteStore(tmp_path / "s").close()
    with sqlite3.connect(tmp_path / "s") as conn:
        rows = conn.execute("SELECT number, name FROM migrations").fetchall()
        mode = conn.execute("PRAGMA journal_mode").fetchone()
    conn.close()
    assert rows == [(number, name) for number, (name, _) in enumerate(STEPS, 1)]
    assert mode == ("wal",)


def test_a_newer_file_is_refused(tmp_path):
    """The message names both versions and what to do."""
    SqliteStore(tmp_path / "s").close()
    conn = sqlite3.connect(tmp_path / "s")
    conn.execute("INSERT INTO migrations VALUES (99, 'from the future', 0, '9.9.9')")
    conn.commit()
    conn.close()
    with pytest.raises(StoreError, match=r"judge 9\.9\.9 \(store format 99\).*up to \d+\n  mend: update"):
        SqliteStore(tmp_path / "s")


def test_another_programs_database_is_refused(tmp_path):
    """Nothing is written into a database that is not ours."""
    conn = sqlite3.connect(tmp_path / "s")
    conn.execute("CREATE TABLE theirs (x)")
    conn.commit()
    conn.close()
    with pytest.raises(StoreError, match="another program's"):
        SqliteStore(tmp_path / "s")


def test_no_database_at_all_is_damaged(tmp_path):
    """A file of rubbish is called damaged, with a mend, and left as it is."""
    rubbish = b"this is not a database at all" * 100
    (tmp_path / "s").write_bytes(rubbish)
    with pytest.raises(StoreError, match=r"damaged(.|\n)*mend:"):
        SqliteStore(tmp_path / "s")
    assert (tmp_path / "s").read_bytes() == rubbish


def test_a_full_disk_loses_nothing(tmp_path):
    """SQLITE_FULL is told with its mend; what was kept stays, and what waits is kept once there is room."""
    with SqliteStore(tmp_path / "s") as store:
        keep(store, A)
        (pages,) = store._conn.execute("PRAGMA page_count").fetchone()
        store._conn.execute(f"PRAGMA max_page_count = {pages}")
        big = [Request("p", "m", {"q": bytes(range(256)).hex() * n}) for n in range(1, 40)]
        for request in big:
            store.put(request_key(request), request, Answer("x" * 399))
        with pytest.raises(StoreError, match=r"could not take more(.|\n)*make room"):
            store.flush()
        assert store._row(bytes.fromhex(request_key(A)[7:])) is not None
        store._conn.execute("PRAGMA max_page_count = 1000000")
        store.flush()
        assert all(store.get(request_key(r)) for r in [A, *big])
        assert verify(store) == []


def test_a_failing_sync_is_not_silent(tmp_path, monkeypatch):
    """Where the disk refuses to sync, the next write says so."""
    monkeypatch.setattr(
        "os.fdatasync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    store = SqliteStore(tmp_path / "s")
    keep(store, A)
    assert store._syncer._thread is not None
    store._syncer._thread.join(5)
    store.put(request_key(B), B, YES)
    with pytest.raises(StoreError, match="could not take more"):
        store.flush()
    monkeypatch.undo()
    store._syncer.error = None
    store.close()


def test_a_long_log_is_started_again(tmp_path, monkeypatch):
    """The write-ahead log does not grow with the number of answers."""
    monkeypatch.setattr("judge.store.durable.CHECKPOINT_ROWS", 50)
    monkeypatch.setattr("judge.store.durable.RESTART_PAGES", 200)
    monkeypatch.setattr("judge.store.durable.GAP_S", 0.0)
    with SqliteStore(tmp_path / "s") as store:
        for n in range(1500):
            keep(store, Request("p", "m", {"q": f"{n}" * 100}))
        assert (tmp_path / "s-wal").stat().st_size < 6_000_000
    with SqliteStore(tmp_path / "s") as store:
        assert verify(store) == []
        assert store.spent()[0] == 1500


def test_the_log_is_synced_behind_the_commit(tmp_path, monkeypatch):
    """Every commit reaches the disk, by a thread: many commits may share one sync."""
    synced: list[int] = []
    monkeypatch.setattr("os.fdatasync", synced.append)
    store = SqliteStore(tmp_path / "s")
    for n in range(20):
        keep(store, Request("p", "m", {"q": n}))
    store.close()
    assert 1 <= len(synced) <= 21
    LogSyncer(tmp_path / "s").close()  # nothing was committed: nothing to do


def test_reading_beside_the_writer(tmp_path):
    """A second connection reads what the first has written since."""
    with SqliteStore(tmp_path / "s") as one, SqliteStore(tmp_path / "s") as other:
        keep(one, A)
        kept = other.get(request_key(A))
        assert kept is not None
        assert kept.answer == YES
        keep(one, B)
        assert other.has(request_key(B))


def test_answers_stream_in_order(store):
    """Every answer is handed out once, oldest first, across pages."""
    for n in range(1203):
        store.put(request_key(r := Request("p", "m", {"q": n})), r, Answer(str(n)))
    assert [int(kept.answer.text) for kept in store.answers()] == list(range(1203))
