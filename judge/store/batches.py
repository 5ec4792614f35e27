"""Batches that are under way: noted before they are sent, so that none is lost and none is paid twice."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.store.codec import decode_request
from judge.store.faults import told_plainly
from judge.store.keys import canonical

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from judge.types import Request


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch without results so far. `batch_id` is None where it is not known whether it was sent.

    `reserved` are the dollars that it may cost, `begun_at` seconds since 1970.
    """

    tag: str
    stage: str
    batch_id: str | None
    total: int
    reserved: float
    begun_at: float


class BatchNotes:
    """The part of `judge.store.sqlite.SqliteStore` that remembers batches."""

    path: Path
    _conn: sqlite3.Connection
    _clock: Callable[[], float]

    def flush(self) -> None:
        """Write what is gathered."""
        raise NotImplementedError

    def begin_batch(
        self, tag: str, stage: str, endpoint: str, entries: Sequence[tuple[str, Request]], reserved: float
    ) -> None:
        """Note a batch that is about to be sent, with its requests; on the disk on return."""
        self.flush()
        rows = [(bytes.fromhex(key[7:]), tag, zlib.compress(canonical(r), 1)) for key, r in entries]
        batch = (tag, stage, endpoint, len(rows), reserved, self._clock())
        with told_plainly(self.path):
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                self._conn.execute(
                    "INSERT INTO batches (tag, stage, endpoint, total, reserved, begun_at) "
                    "VALUES (?,?,?,?,?,?)",
                    batch,
                )
                self._conn.executemany("INSERT INTO batch_requests VALUES (?,?,?)", rows)
                self._conn.execute("COMMIT")
            except BaseException:
                self._conn.execute("ROLLBACK")
                raise

    def name_batch(self, tag: str, batch_id: str) -> None:
        """Note under which id the provider took it."""
        with told_plainly(self.path):
            self._conn.execute("UPDATE batches SET batch = ? WHERE tag = ?", (batch_id, tag))

    def end_batch(self, tag: str) -> None:
        """Forget a batch's requests: what came of them is in the store, or they are open again."""
        self.flush()
        with told_plainly(self.path):
            self._conn.execute("BEGIN IMMEDIATE")
            self._conn.execute("UPDATE batches SET ended_at = ? WHERE tag = ?", (self._clock(), tag))
            self._conn.execute("DELETE FROM batch_requests WHERE tag = ?", (tag,))
            self._conn.execute("COMMIT")

    def open_batches(self) -> list[OpenBatch]:
        """Return the batches without results, oldest first."""
        query = (
            "SELECT tag, stage, batch, total, reserved, begun_at FROM batches "
            "WHERE ended_at IS NULL ORDER BY begun_at, tag"
        )
        with told_plainly(self.path):
            return [OpenBatch(*row) for row in self._conn.execute(query)]

    def in_batch(self, key: str) -> bool:
        """Whether a question is in a batch that is under way."""
        query = "SELECT 1 FROM batch_requests WHERE key = ?"
        with told_plainly(self.path):
            return self._conn.execute(query, (bytes.fromhex(key[7:]),)).fetchone() is not None

    def batch_requests(self, tag: str) -> Iterator[tuple[str, Request]]:
        """Yield key and request of everything in a batch."""
        query = "SELECT key, request FROM batch_requests WHERE tag = ?"
        with told_plainly(self.path):
            rows = self._conn.execute(query, (tag,)).fetchall()
        for key, text in rows:
            yield "sha256:" + key.hex(), decode_request(zlib.decompress(text))
