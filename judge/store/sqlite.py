"""The store in one SQLite file.

Writes are gathered and committed by `flush`; the runner flushes as soon as the event loop has handed it the
answers of one round, so an answer is safe from ``kill -9`` within a fraction of a millisecond.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from judge.errors import InputError
from judge.store.base import Failed, Stored
from judge.store.batches import BatchNotes
from judge.store.codec import RequestCodec, decode_answer, decode_request, encode_answer
from judge.store.durable import LogSyncer
from judge.store.faults import store_error, told_plainly
from judge.store.inspecting import Inspecting
from judge.store.keys import ALGORITHM, canonical
from judge.store.migrations import migrate
from judge.store.plans import Plans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from judge.types import Answer, FailureKind, Request

_PREFIX = f"{ALGORITHM}:"
_ANSWER = "INSERT INTO answers (key, origin, repeat, request, answer, attempts, cost, created_at) VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (key) DO NOTHING"  # fmt: skip  # noqa: E501 - one statement
_REJECTED = "INSERT INTO rejected (key, origin, attempt, request, answer, why, cost, created_at) VALUES (?,?,?,?,?,?,?,?)"  # fmt: skip  # noqa: E501 - one statement
_FAILURE = "INSERT OR REPLACE INTO failures (key, kind, message, attempts, origin, request, at) VALUES (?,?,?,?,?,?,?)"  # fmt: skip  # noqa: E501 - one statement
_FORGET = "DELETE FROM failures WHERE key = ?"
_LINK = "INSERT OR REPLACE INTO links (key, kind, target) VALUES (?,?,?)"
_DICTIONARY = "INSERT OR IGNORE INTO dictionaries VALUES (?,?)"


def pack(key: str) -> bytes:
    """Return the 32 bytes of a key.

    Raises
    ------
    InputError
        It is no key of this store.
    """
    try:
        if key.startswith(_PREFIX) and len(key) == len(_PREFIX) + 64:
            return bytes.fromhex(key[len(_PREFIX) :])
    except ValueError:
        pass
    raise InputError(f"{key!r} is no key: a key is {_PREFIX} and 64 hexadecimal digits")


def unpack(key: bytes) -> str:
    """Return the text of a packed key."""
    return _PREFIX + key.hex()


class SqliteStore(Plans, BatchNotes, Inspecting):
    """Keeps answers, failures and plans in one file; see `judge.store.base` for the methods' contracts.

    Parameters
    ----------
    path
        The file; made where it is missing, brought to the newest shape where it is older.
    must_exist
        Whether a missing file is an error.
    clock
        Seconds since 1970, for the date on each row.

    Raises
    ------
    InputError
        `must_exist`, and there is no file.
    StoreError
        The file is damaged, newer than this program, another program's, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from judge.store.keys import request_key
    >>> from judge.types import Answer, Request
    >>> asked = Request("openai", "m", {"messages": []})
    >>> with tempfile.TemporaryDirectory() as folder, SqliteStore(f"{folder}/run.sqlite") as store:
    ...     store.put(request_key(asked), asked, Answer("yes"))
    ...     store.flush()
    ...     store.get(request_key(asked)).answer.text
    'yes'
    """

    def __init__(
        self, path: Path | str, *, must_exist: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        from judge import __version__

        self.path = Path(path)
        if must_exist and not self.path.is_file():
            raise InputError(f"{self.path}: there is no such store\n  mend: name the folder of a run")
        self._clock = clock
        self._writes: dict[str, list[tuple[Any, ...]]] = {}
        self._unflushed: set[bytes] = set()
        self._plans: dict[str, int] = {}
        self._origins: dict[tuple[str, str, str], int] = {}
        with told_plainly(self.path):
            self._conn = sqlite3.connect(self.path, isolation_level=None, timeout=10.0)
            try:
                self._prepare(__version__)
            except BaseException:
                self._conn.close()
                raise
        self._syncer = LogSyncer(self.path)

    def _prepare(self, version: str) -> None:
        conn = self._conn
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = NORMAL")
        conn.execute("PRAGMA wal_autocheckpoint = 0")
        conn.execute("PRAGMA cache_size = -16384")
        migrate(conn, self.path, version)
        self._origins = {
            (provider, model, endpoint): number
            for number, provider, model, endpoint in conn.execute("SELECT * FROM origins")
        }
        self._codec = RequestCodec(self._dictionary, lambda *row: self._write(_DICTIONARY, row))
        self._has_failures = self._any("failures")
        self._has_links = self._any("links")
        self._has_rejected = self._any("rejected")

    def _dictionary(self, checksum: int) -> bytes | None:
        row = self._conn.execute("SELECT bytes FROM dictionaries WHERE checksum = ?", (checksum,)).fetchone()
        return None if row is None else bytes(row[0])

    def _any(self, table: str) -> bool:
        return self._conn.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None  # noqa: S608 - ours

    # -- reading ----------------------------------------------------------------------------------------

    def has(self, key: str) -> bool:
        """Whether an answer is kept under this key (or under the key that took its place)."""
        packed = pack(key)
        if packed in self._unflushed:
            return True
        try:  # asked for every job: a context manager would cost as much as the look-up
            if self._answered(packed):
                return True
            target = self._target(packed, "instead")
            return target is not None and self._answered(target)
        except sqlite3.Error as exc:
            raise store_error(self.path, exc) from exc

    def get(self, key: str) -> Stored | None:
        """Return the answer to a question with everything that is known of it, or None."""
        self.flush()
        packed = pack(key)
        with told_plainly(self.path):
            row = self._row(packed)
            if row is None and (target := self._target(packed, "instead")):
                row = self._row(target)
            if row is None:
                return None
            repair = self._target(packed, "repair")
            mended = self._row(repair) if repair else None
        return self._stored(row, None if mended is None else decode_answer(mended[2]))

    def failure(self, key: str) -> Failed | None:
        """Return how the last attempt at a question failed, or None."""
        self.flush()
        with told_plainly(self.path):
            row = self._conn.execute(
                "SELECT kind, message, attempts, at FROM failures WHERE key = ?", (pack(key),)
            ).fetchone()
        return None if row is None else Failed(key, *row)

    def rejected(self, key: str) -> tuple[Answer, ...]:
        """Return the unreadable answers to a question, oldest first."""
        if not self._has_rejected:
            return ()
        self.flush()
        with told_plainly(self.path):
            rows = self._conn.execute("SELECT answer FROM rejected WHERE key = ? ORDER BY id", (pack(key),))
            return tuple(decode_answer(blob) for (blob,) in rows)

    def answers(self) -> Iterator[Stored]:
        """Stream every answer, oldest first."""
        self.flush()
        last = 0
        while True:
            with told_plainly(self.path):
                rows = self._conn.execute(
                    f"{_ROW} WHERE a.id > ? ORDER BY a.id LIMIT 500", (last,)
                ).fetchall()
            if not rows:
                return
            for row in rows:
                yield self._stored(row, None)
            last = rows[-1][7]

    def spent(self) -> tuple[int, float]:
        """Return the answers that were paid so far and their dollars (unknown costs are left out)."""
        self.flush()
        with told_plainly(self.path):
            calls, dollars = 0, 0.0
            for table in ("answers", "rejected"):
                sums = f"SELECT count(*), coalesce(sum(cost), 0) FROM {table}"  # noqa: S608 - ours
                n, cost = self._conn.execute(sums).fetchone()
                calls, dollars = calls + n, dollars + cost
        return calls, dollars

    def _answered(self, key: bytes) -> bool:
        return self._conn.execute("SELECT 1 FROM answers WHERE key = ?", (key,)).fetchone() is not None

    def _target(self, key: bytes, kind: str) -> bytes | None:
        if not self._has_links:
            return None
        row = self._conn.execute(
            "SELECT target FROM links WHERE key = ? AND kind = ?", (key, kind)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def _row(self, key: bytes) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._conn.execute(f"{_ROW} WHERE a.key = ?", (key,)).fetchone()
        return row

    def _stored(self, row: tuple[Any, ...], repair: Answer | None) -> Stored:
        key, request, answer, endpoint, attempts, cost, created_at, _ = row
        try:
            asked = decode_request(self._codec.decode(request))
            return Stored(
                unpack(key), asked, decode_answer(answer), endpoint, attempts, cost, created_at, repair
            )
        except ValueError as exc:
            raise store_error(self.path, ValueError(f"malformed answer {unpack(key)}: {exc}")) from exc

    # -- writing ----------------------------------------------------------------------------------------

    def put(
        self,
        key: str,
        request: Request,
        answer: Answer,
        *,
        endpoint: str = "",
        attempts: int = 1,
        cost: float | None = None,
        was_rejected: int | None = None,
        text: bytes | None = None,
    ) -> None:
        """Keep an answer. It survives ``kill -9`` once `flush` has returned.

        `text` is the request's canonical text, where the caller has it. `was_rejected` says that it is the
        n-th answer (from 1) that `reject` kept for this key; it moves with its cost.
        """
        packed = pack(key)
        if was_rejected is not None:
            cost = self._promote(packed, was_rejected)
        origin, sent, blob = self._origin(request, endpoint), self._text(request, text), encode_answer(answer)
        self._write(_ANSWER, (packed, origin, request.repeat, sent, blob, attempts, cost, self._clock()))
        self._unflushed.add(packed)
        if self._has_failures:
            self._write(_FORGET, (packed,))

    def _promote(self, key: bytes, number: int) -> float | None:
        """Take the n-th rejected answer from its table; returns what it cost."""
        self.flush()
        nth = "SELECT id, cost FROM rejected WHERE key = ? ORDER BY id LIMIT 1 OFFSET ?"
        with told_plainly(self.path):
            row = self._conn.execute(nth, (key, number - 1)).fetchone()
        if row is None:
            return None
        self._write("DELETE FROM rejected WHERE id = ?", (row[0],))
        cost: float | None = row[1]
        return cost

    def reject(
        self, key: str, request: Request, answer: Answer, *, attempt: int, why: str, cost: float | None = None
    ) -> None:
        """Keep an answer that nobody could read, beside the question that stays open."""
        origin, text = self._origin(request, ""), self._text(request)
        blob = encode_answer(answer)
        self._write(_REJECTED, (pack(key), origin, attempt, text, blob, why, cost, self._clock()))
        self._has_rejected = True

    def fail(
        self,
        key: str,
        kind: FailureKind,
        message: str,
        *,
        attempts: int = 1,
        request: Request | None = None,
        endpoint: str = "",
    ) -> None:
        """Note how a question failed; the next run asks it again."""
        origin = None if request is None else self._origin(request, endpoint)
        text = None if request is None else self._text(request)
        self._write(_FAILURE, (pack(key), kind, message, attempts, origin, text, self._clock()))
        self._has_failures = True

    def link(self, key: str, target: str, kind: str) -> None:
        """Say that `target` was asked in place of `key` (``instead``) or to mend its answer.

        ``repair`` did mend it; ``unmended`` did not, and was paid all the same.
        """
        self._write(_LINK, (pack(key), kind, pack(target)))
        self._has_links = True

    def flush(self) -> None:
        """Write what was put since the last call, in one transaction; safe from ``kill -9`` on return."""
        if not self._writes:
            return
        if self._syncer.error is not None:
            raise store_error(self.path, self._syncer.error)
        with told_plainly(self.path):
            self._commit()
            self._syncer.committed(sum(map(len, self._writes.values())))
            self._writes = {}
            self._unflushed.clear()
            if self._syncer.log_is_long:
                self._syncer.log_is_long = False
                self._conn.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def _commit(self) -> None:
        conn = self._conn
        conn.execute("BEGIN IMMEDIATE")
        try:
            for statement, rows in self._writes.items():
                conn.executemany(statement, rows)
            conn.execute("COMMIT")
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise

    def rest(self) -> None:
        """Write what is gathered and end the thread that syncs, so that the process may be copied."""
        self.flush()
        self._syncer.close()

    def close(self) -> None:
        """Write what is left, bring it to the disk and close the file; may be called twice."""
        try:
            self.flush()
        finally:
            self._syncer.close()
            self._conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, statement: str, row: tuple[Any, ...]) -> None:
        self._writes.setdefault(statement, []).append(row)

    def _text(self, request: Request, text: bytes | None = None) -> bytes:
        return self._codec.encode((request.provider, request.model), text or canonical(request))

    def _origin(self, request: Request, endpoint: str) -> int:
        name = (request.provider, request.model, endpoint)
        number = self._origins.get(name)
        if number is None:
            number = self._origins[name] = len(self._origins) + 1
            self._write("INSERT INTO origins VALUES (?,?,?,?)", (number, *name))
        return number


_ROW = (
    "SELECT a.key, a.request, a.answer, o.endpoint, a.attempts, a.cost, a.created_at, a.id "
    "FROM answers a JOIN origins o ON o.id = a.origin"
)
