"""The plan of a run inside the store: what is to be asked, and what of it is still open.

A plan is found again by a fingerprint of its inputs. Where it matches, nothing is rendered or hashed anew:
one join tells what is open, a million rows in seconds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from judge.store.base import PlanRow, PlanState, Result
from judge.store.codec import decode_answer
from judge.store.faults import told_plainly

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from judge.types import Answer

PAGE = 2000
_ROW = "INSERT INTO plan VALUES (?,?,?,?)"
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False)
_TARGET = "(SELECT target FROM links WHERE links.key = p.key AND kind = 'instead')"
_OPEN = "p.key NOT IN (SELECT key FROM answers)"
_OPEN_LINKED = f"{_OPEN} AND coalesce({_TARGET} NOT IN (SELECT key FROM answers), 1)"  # noqa: S608 - ours
_RESULTS = """
SELECT p.seq, p.key, p.ref, a.answer, NULL, f.kind, f.message, a.cost, NULL
FROM plan p
LEFT JOIN answers a ON a.key = p.key
LEFT JOIN failures f ON f.key = p.key
WHERE p.plan = ? AND p.seq > ? ORDER BY p.seq LIMIT ?
"""
_RESULTS_LINKED = """
SELECT p.seq, p.key, p.ref, coalesce(a.answer, i.answer), r.answer, f.kind, f.message,
       coalesce(a.cost, i.cost), r.cost
FROM plan p
LEFT JOIN answers a ON a.key = p.key
LEFT JOIN links il ON il.key = p.key AND il.kind = 'instead'
LEFT JOIN answers i ON i.key = il.target
LEFT JOIN links rl ON rl.key = p.key AND rl.kind = 'repair'
LEFT JOIN answers r ON r.key = rl.target
LEFT JOIN failures f ON f.key = p.key
WHERE p.plan = ? AND p.seq > ? ORDER BY p.seq LIMIT ?
"""
_UNREAD = """
SELECT p.ref, r.answer, r.cost FROM plan p JOIN rejected r ON r.key = p.key WHERE p.plan = ?
UNION ALL
SELECT p.ref, r.answer, r.cost FROM plan p
JOIN links l ON l.key = p.key JOIN rejected r ON r.key = l.target WHERE p.plan = ?
"""


class Plans:
    """The plan's part of `judge.store.sqlite.SqliteStore`; see `judge.store.base.PlanStore`."""

    path: Path
    _conn: sqlite3.Connection
    _clock: Callable[[], float]
    _has_links: bool
    _has_failures: bool
    _plans: dict[str, int]

    def flush(self) -> None:
        """Write what is gathered."""
        raise NotImplementedError

    def _write(self, statement: str, row: tuple[Any, ...]) -> None:
        raise NotImplementedError

    def plan_matches(self, stage: str, fingerprint: str) -> bool:
        """Whether the whole plan of a stage was made from exactly these inputs."""
        with told_plainly(self.path):
            row = self._conn.execute(
                "SELECT fingerprint, complete FROM plans WHERE stage = ?", (stage,)
            ).fetchone()
        return row is not None and row == (fingerprint, 1)

    def begin_plan(self, stage: str, fingerprint: str) -> None:
        """Forget the stage's old plan and begin a new one (answers stay)."""
        self.flush()
        self._plans.pop(stage, None)
        with told_plainly(self.path):
            old = "SELECT id FROM plans WHERE stage = ?"
            self._conn.execute(f"DELETE FROM plan WHERE plan IN ({old})", (stage,))  # noqa: S608 - ours
            self._conn.execute("DELETE FROM plans WHERE stage = ?", (stage,))
            self._conn.execute(
                "INSERT INTO plans (stage, fingerprint, complete, made_at) VALUES (?,?,0,?)",
                (stage, fingerprint, self._clock()),
            )

    def add_plan(self, stage: str, rows: Iterable[PlanRow]) -> None:
        """Append rows; written with the next `flush` or `finish_plan`."""
        plan = self._plan(stage)
        for row in rows:
            self._write(_ROW, (plan, row.seq, bytes.fromhex(row.key[7:]), _ENCODER.encode(row.ref)))

    def finish_plan(self, stage: str) -> None:
        """Say that the plan is whole."""
        self._write("UPDATE plans SET complete = 1 WHERE id = ?", (self._plan(stage),))
        self.flush()

    def plan_state(self, stage: str) -> PlanState:
        """Count planned, answered and failed rows, in SQL; a stage without a plan has none."""
        self.flush()
        plan = self._plan(stage, must_exist=False)
        with told_plainly(self.path):
            # Rows are numbered without gaps (`verify` looks), so nobody needs to count them.
            last = "SELECT coalesce(max(seq) + 1, 0) FROM plan WHERE plan = ?"
            (total,) = self._conn.execute(last, (plan,)).fetchone()
            (still,) = self._conn.execute(
                f"SELECT count(*) FROM plan p WHERE p.plan = ? AND {self._open()}",  # noqa: S608 - ours
                (plan,),
            ).fetchone()
            failures = "SELECT count(*) FROM plan WHERE plan = ? AND key IN (SELECT key FROM failures)"
            failed = self._conn.execute(failures, (plan,)).fetchone()[0] if self._has_failures else 0
        return PlanState(total, total - still, failed)

    def pending(self, stage: str) -> Iterator[PlanRow]:
        """Stream the rows without an answer, in order; the store may be written meanwhile."""
        query = f"SELECT seq, key, ref FROM plan p WHERE p.plan = ? AND p.seq > ? AND {self._open()} ORDER BY seq LIMIT ?"  # noqa: S608,E501 - ours
        for seq, key, ref in self._pages(stage, query):
            yield PlanRow(seq, "sha256:" + key.hex(), json.loads(ref))

    def results(self, stage: str) -> Iterator[Result]:
        """Stream every row with what came of it, in order."""
        query = _RESULTS_LINKED if self._has_links else _RESULTS
        for seq, key, ref, answer, repair, kind, message, cost, extra in self._pages(stage, query):
            yield Result(
                seq,
                "sha256:" + key.hex(),
                json.loads(ref),
                None if answer is None else decode_answer(answer),
                None if repair is None else decode_answer(repair),
                None if answer is not None else kind,
                "" if answer is not None or message is None else message,
                cost if extra is None else extra + (cost or 0.0),
            )

    def unread(self, stage: str) -> Iterator[tuple[Any, Answer, float | None]]:
        """Stream the answers that were paid beside a stage's results: the unreadable ones, with their row."""
        self.flush()
        plan = self._plan(stage, must_exist=False)
        with told_plainly(self.path):
            rows = self._conn.execute(_UNREAD, (plan, plan)).fetchall()
        for ref, answer, cost in rows:
            yield json.loads(ref), decode_answer(answer), cost

    def _pages(self, stage: str, query: str) -> Iterator[tuple[Any, ...]]:
        self.flush()
        plan, last = self._plan(stage, must_exist=False), -1
        while True:
            with told_plainly(self.path):
                rows = self._conn.execute(query, (plan, last, PAGE)).fetchall()
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    def _plan(self, stage: str, *, must_exist: bool = True) -> int:
        number = self._plans.get(stage)
        if number is None:
            with told_plainly(self.path):
                row = self._conn.execute("SELECT id FROM plans WHERE stage = ?", (stage,)).fetchone()
            if row is None and not must_exist:
                return -1
            if row is None:
                raise KeyError(f"no plan was begun for the stage {stage!r}")
            number = self._plans[stage] = int(row[0])
        return number

    def _open(self) -> str:
        return _OPEN_LINKED if self._has_links else _OPEN
