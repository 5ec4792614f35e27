"""What only checks and explanations read from the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from judge.store.codec import RequestCodec, decode_answer, decode_request
from judge.store.faults import told_plainly

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from judge.types import Answer, Request

MOST = 20


class Inspecting:
    """Mixed into `judge.store.sqlite.SqliteStore`."""

    path: Path
    _conn: sqlite3.Connection
    _codec: RequestCodec

    def flush(self) -> None:
        """Write what is gathered."""
        raise NotImplementedError

    def raw_answers(self) -> Iterator[tuple[bytes, str, str, int, bytes, bytes]]:
        """Stream key, provider, model, repeat, request and answer as they lie in the file, for checks."""
        self.flush()
        return self._conn.execute(
            "SELECT a.key, o.provider, o.model, a.repeat, a.request, a.answer "
            "FROM answers a LEFT JOIN origins o ON o.id = a.origin"
        )

    def inflate(self, request: bytes) -> bytes:
        """Return the canonical text of a request as it lies in the file; ValueError where it is damaged."""
        return self._codec.decode(request)

    def check_file(self) -> Iterator[str]:
        """Let SQLite check the file; one line a problem."""
        with told_plainly(self.path):
            for (line,) in self._conn.execute("PRAGMA integrity_check"):
                if line != "ok":
                    yield f"file: {line}"

    def check_links(self) -> Iterator[str]:
        """Say which links and plans lead nowhere; one line a problem."""
        with told_plainly(self.path):
            lost = (
                "SELECT key, kind FROM links WHERE target NOT IN (SELECT key FROM answers) "
                "AND (kind = 'repair' OR kind = 'instead' AND key IN (SELECT key FROM answers))"
            )
            for key, kind in self._conn.execute(lost):
                yield f"answer {_text(key)}: its {kind} answer is missing"
            gaps = (
                "SELECT stage, count(plan.seq), max(plan.seq) + 1 FROM plans "
                "JOIN plan ON plan.plan = plans.id WHERE complete GROUP BY plans.id"
            )
            for stage, rows, planned in self._conn.execute(gaps):
                if rows != planned:
                    yield f"plan {stage}: {planned - rows} of {planned} rows are missing"

    def stages(self) -> list[tuple[str, bool]]:
        """Return every plan's stage and whether it is whole."""
        with told_plainly(self.path):
            rows = self._conn.execute("SELECT stage, complete FROM plans ORDER BY id")
            return [(stage, bool(complete)) for stage, complete in rows]

    def keys_beginning(self, digits: str) -> list[str]:
        """Return the keys of anything kept or planned that begin with these digits, at most 20."""
        self.flush()
        if len(digits) < 4 or len(digits) > 64 or set(digits) - set("0123456789abcdef"):
            return []
        low, high = bytes.fromhex(digits.ljust(64, "0")), bytes.fromhex(digits.ljust(64, "f"))
        found: set[bytes] = set()
        with told_plainly(self.path):
            for table in ("answers", "failures", "rejected", "links", "plan"):
                query = f"SELECT DISTINCT key FROM {table} WHERE key BETWEEN ? AND ? LIMIT {MOST}"  # noqa: S608 - ours
                found.update(key for (key,) in self._conn.execute(query, (low, high)))
        return sorted(map(_text, found))[:MOST]

    def planned(self, key: str) -> tuple[tuple[str, int, Any], ...]:
        """Return stage, seq and ref of every planned row that has this key."""
        self.flush()
        query = "SELECT stage, seq, ref FROM plan JOIN plans ON plans.id = plan.plan WHERE key = ?"
        with told_plainly(self.path):
            rows = self._conn.execute(query, (_bytes(key),))
            return tuple((stage, seq, json.loads(ref)) for stage, seq, ref in rows)

    def rejections(self, key: str) -> tuple[tuple[Answer, str], ...]:
        """Return the unreadable answers to a question and why each could not be read, oldest first."""
        self.flush()
        with told_plainly(self.path):
            rows = self._conn.execute(
                "SELECT answer, why FROM rejected WHERE key = ? ORDER BY id", (_bytes(key),)
            )
            return tuple((decode_answer(blob), why) for blob, why in rows)

    def request_of(self, key: str) -> Request | None:
        """Return what was sent for a question that has no answer, where anything was sent."""
        self.flush()
        with told_plainly(self.path):
            for table in ("failures", "rejected"):
                query = f"SELECT request FROM {table} WHERE key = ? AND request IS NOT NULL"  # noqa: S608 - ours
                row = self._conn.execute(query, (_bytes(key),)).fetchone()
                if row is not None:
                    return decode_request(self._codec.decode(row[0]))
        return None

    def repair_key(self, key: str) -> str | None:
        """Return the key of the repair question of an answer, or None."""
        with told_plainly(self.path):
            row = self._conn.execute(
                "SELECT target FROM links WHERE key = ? AND kind = 'repair'", (_bytes(key),)
            ).fetchone()
        return None if row is None else _text(row[0])


def _text(key: bytes) -> str:
    return "sha256:" + key.hex()


def _bytes(key: str) -> bytes:
    return bytes.fromhex(key.removeprefix("sha256:"))
