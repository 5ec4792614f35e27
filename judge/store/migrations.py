"""The shape of the store, as numbered steps. A step that was released is never changed; add another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from judge.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE origins (
    id INTEGER PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,
    UNIQUE (provider, model, endpoint));
CREATE TABLE dictionaries (checksum INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE answers (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, origin INTEGER NOT NULL REFERENCES origins,
    repeat INTEGER NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL,
    attempts INTEGER NOT NULL, cost REAL, created_at REAL NOT NULL);
CREATE TABLE rejected (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, origin INTEGER NOT NULL REFERENCES origins,
    attempt INTEGER NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL, why TEXT NOT NULL,
    cost REAL, created_at REAL NOT NULL);
CREATE INDEX rejected_key ON rejected (key);
CREATE TABLE failures (
    key BLOB PRIMARY KEY, kind TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL,
    origin INTEGER REFERENCES origins, request BLOB, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE links (
    key BLOB NOT NULL, kind TEXT NOT NULL, target BLOB NOT NULL, PRIMARY KEY (key, kind)) WITHOUT ROWID;
CREATE TABLE plans (
    id INTEGER PRIMARY KEY, stage TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL,
    complete INTEGER NOT NULL, made_at REAL NOT NULL);
CREATE TABLE plan (
    plan INTEGER NOT NULL, seq INTEGER NOT NULL, key BLOB NOT NULL, ref TEXT NOT NULL,
    PRIMARY KEY (plan, seq)) WITHOUT ROWID;
CREATE VIEW judgments AS
    SELECT 'sha256:' || lower(hex(key)) AS key, provider, model, endpoint, repeat, attempts, cost,
           datetime(created_at, 'unixepoch') AS created_at, answer
    FROM answers JOIN origins ON origins.id = answers.origin;
INSERT INTO meta VALUES ('key_algorithm', 'sha256');
"""

BATCHES = """
CREATE TABLE batches (
    tag TEXT PRIMARY KEY, stage TEXT NOT NULL, endpoint TEXT NOT NULL, batch TEXT, total INTEGER NOT NULL,
    reserved REAL NOT NULL, begun_at REAL NOT NULL, ended_at REAL);
CREATE TABLE batch_requests (
    key BLOB PRIMARY KEY, tag TEXT NOT NULL REFERENCES batches, request BLOB NOT NULL) WITHOUT ROWID;
"""

STEPS: tuple[tuple[str, str], ...] = (("first shape", FIRST), ("batches", BATCHES))
"""Name and script of each step; its number is its place, counted from 1."""

RECORD = """
CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL NOT NULL, version TEXT NOT NULL)
"""


def migrate(conn: sqlite3.Connection, path: Path, version: str) -> None:
    """Bring the store to the newest shape; every step is recorded, and done whole or not at all.

    Parameters
    ----------
    conn
        In autocommit mode.
    path
        For messages.
    version
        Of this program; recorded beside each step.

    Raises
    ------
    StoreError
        The file was written by a newer version, or is another program's database.
    """
    done = _done(conn, path)
    if done > len(STEPS):
        writer = conn.execute("SELECT version FROM migrations ORDER BY number DESC LIMIT 1").fetchone()[0]
        raise StoreError(
            f"{path} was written by judge {writer} (store format {done}); this is judge {version}, which "
            f"knows formats up to {len(STEPS)}\n  mend: update judge, or use another run folder"
        )
    for number, (name, script) in enumerate(STEPS[done:], done + 1):
        row = f"INSERT INTO migrations VALUES ({number}, '{name}', {time.time()!r}, '{version}');"  # noqa: S608 - all ours
        conn.executescript(f"BEGIN IMMEDIATE; {RECORD}; {script}; {row} COMMIT;")


def _done(conn: sqlite3.Connection, path: Path) -> int:
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return 0
    if "migrations" not in tables:
        raise StoreError(f"{path} is another program's database\n  mend: choose another folder for the run")
    (done,) = conn.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    return int(done)
