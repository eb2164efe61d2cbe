"""The ledger behind the sandbox: one SQLite file that tells which payments there are.

The ledger decides nothing. Several processes may have it open at once.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from pysqlite3 import dbapi2 as sqlite3

Outcome: TypeAlias = Literal["authorised", "declined"]
EFFECTS = {"authorised": "authorise", "declined": "decline", "voided": "void"}

# `failing` is a flaky key before its money moves: for every purpose but counting, it is absent.
# The unique indexes let the file itself refuse a second authorisation of one key. Only one goes by
# keys alone, which come in no order: a payment dirties one page of its own, not three.
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS payments (
  key TEXT NOT NULL UNIQUE, order_ref TEXT NOT NULL, reference TEXT NOT NULL,
  units INTEGER NOT NULL CHECK (units >= 0), scale INTEGER NOT NULL CHECK (scale >= 0),
  currency TEXT NOT NULL, calls INTEGER NOT NULL, provider_reference TEXT,
  state TEXT NOT NULL CHECK (state IN ('failing','authorised','declined','pending','voided')),
  created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER)),
  updated_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))
) STRICT;
CREATE INDEX IF NOT EXISTS payments_pending ON payments (reference) WHERE state = 'pending';
CREATE TABLE IF NOT EXISTS operations (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES payments (key), order_ref TEXT NOT NULL,
  effect TEXT NOT NULL CHECK (effect IN ('authorise','decline','void','notify')),
  units INTEGER NOT NULL, scale INTEGER NOT NULL, currency TEXT NOT NULL,
  at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS operations_once ON operations (order_ref, key)
  WHERE effect = 'authorise';
CREATE TRIGGER IF NOT EXISTS operations_keep BEFORE UPDATE ON operations
  BEGIN SELECT RAISE(ABORT, 'operations are append-only'); END;
CREATE TRIGGER IF NOT EXISTS operations_stay BEFORE DELETE ON operations
  BEGIN SELECT RAISE(ABORT, 'operations are append-only'); END;
PRAGMA user_version = 1; COMMIT;
"""
_FOREIGN = """
SELECT count(*) FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('payments', 'operations')
"""
_LOAD = """
SELECT key, order_ref, reference, units, scale, currency, state, calls, provider_reference
FROM payments WHERE key IN (SELECT value FROM json_each(?))
"""
_SAVE = """
INSERT INTO payments
  (key, order_ref, reference, units, scale, currency, state, calls, provider_reference)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET state = excluded.state, calls = excluded.calls,
  provider_reference = excluded.provider_reference, updated_at = excluded.updated_at
"""
_RECORD = """
INSERT INTO operations (effect, key, order_ref, units, scale, currency)
SELECT ?, key, order_ref, units, scale, currency FROM payments WHERE key = ?
"""
_SETTLE = """
UPDATE payments SET state = ?1,
  updated_at = CAST(unixepoch('subsec') * 1000000 AS INTEGER),
  provider_reference = CASE WHEN ?1 = 'authorised' THEN 'sandbox-' || key END
WHERE state = 'pending' AND reference = ?2 RETURNING key
"""
_LIVE = """
SELECT order_ref, count(*) FROM payments WHERE state = 'authorised'
GROUP BY order_ref ORDER BY order_ref
"""


class Entry(NamedTuple):
    """A row of the ledger: all that is known under one idempotency key."""

    key: str
    order_ref: str
    reference: str
    units: int
    scale: int
    currency: str
    state: str
    calls: int
    provider_reference: str | None


class Ledger:
    """The SQLite file behind the sandbox; several processes may hold it open at once.

    Used from one thread at a time. Errors are the driver's own.
    """

    def __init__(self, path: str | Path) -> None:
        """Remember the path; the file and its folder are made on first use."""
        self.path, self._waits = Path(path), 0.0
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def connected(self, wait_seconds: float = 0.0) -> sqlite3.Connection:
        """The open connection: schema in place, waiting so long for a lock."""
        if self._connection is None:
            if self._file is None:
                _make(self.path)
            self.check()
            connection = sqlite3.connect(
                self.path, wait_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                if connection.execute(_FOREIGN).fetchone() != (0,):
                    raise sqlite3.DatabaseError("the file has tables of another program")
                connection.execute("PRAGMA journal_mode = WAL")
                # Play money: it survives the end of the process, not the loss of power.
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA wal_autocheckpoint = 8000")
                connection.execute("PRAGMA journal_size_limit = 67108864")
                if connection.execute("PRAGMA user_version").fetchone() == (0,):
                    connection.executescript(_SCHEMA)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection, self._waits = connection, wait_seconds
            self._file = _identity(self.path)
        if wait_seconds != self._waits:
            self._connection.execute(f"PRAGMA busy_timeout = {int(wait_seconds * 1000)}")
            self._waits = wait_seconds
        return self._connection

    def check(self) -> None:
        """Raise OSError where the file is not the one that was opened first.

        A connection would go on with a file that has no name any more, or begin an empty one.
        """
        if self._file is not None and _identity(self.path) != self._file:
            raise FileNotFoundError(errno.ENOENT, "removed or replaced while in use", self.path)

    def begin(self, wait_seconds: float = 0.0) -> None:
        """Take the write lock, blocking for it at most as long as told."""
        self.check()
        self.connected(wait_seconds).execute("BEGIN IMMEDIATE")

    def load(self, keys: Iterable[str]) -> dict[str, Entry]:
        """The entries that exist under these keys."""
        self.check()
        rows = self.connected().execute(_LOAD, (json.dumps(list(keys)),))
        return {row[0]: Entry(*row) for row in rows}

    def save(self, entries: Iterable[Entry], operations: Iterable[tuple[str, str]]) -> None:
        """Write entries as they now are, and an operation for each (effect, key)."""
        self.connected().executemany(_SAVE, entries)
        self.connected().executemany(_RECORD, operations)

    def settle(self, reference: str, outcome: Outcome) -> int:
        """Give every pending entry of a reference its outcome; how many there were."""
        keys = [key for (key,) in self.connected().execute(_SETTLE, (outcome, reference))]
        effects = ("notify", EFFECTS[outcome])
        self.connected().executemany(_RECORD, [(effect, key) for key in keys for effect in effects])
        return len(keys)

    def live(self, wait_seconds: float) -> list[tuple[str, int]]:
        """Authorised entries that are not voided, counted by order."""
        counts: list[tuple[str, int]] = self.connected(wait_seconds).execute(_LIVE).fetchall()
        return counts

    def commit(self) -> None:
        """Make everything since `begin` survive the end of this process, however it comes."""
        self.connected().execute("COMMIT")

    def close(self) -> None:
        """Drop the connection, and all that it did not commit. Repeatable."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _make(path: Path) -> None:
    """Make the file and its missing folders, for the owner alone. Existing ones are left."""
    for missing in reversed([one for one in path.parents if not one.exists()]):
        with suppress(FileExistsError):
            missing.mkdir(0o700)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
