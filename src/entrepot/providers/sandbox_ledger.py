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
# A line of the journal: the effect, its units, the payment's key and order, scale and currency.
Effect: TypeAlias = tuple[str, int, str, str, int, str]
# The effect that a payment's new state is, and the effect of an operation that is done.
EFFECTS = {"authorised": "authorise", "declined": "decline", "voided": "void"}

# `failing` is a flaky key before its money moves: for every purpose but counting, it is absent.
# The unique indexes let the file itself refuse a second authorisation of one key. Only one goes by
# keys alone, which come in no order: a payment dirties one page of its own, not three.
_NOW = "(CAST(unixepoch('subsec') * 1000000 AS INTEGER))"
_JOURNAL = f"""
CREATE TABLE operations (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES payments (key), order_ref TEXT NOT NULL,
  effect TEXT NOT NULL
    CHECK (effect IN ('authorise','decline','void','notify','capture','refund')),
  units INTEGER NOT NULL, scale INTEGER NOT NULL, currency TEXT NOT NULL,
  at INTEGER NOT NULL DEFAULT {_NOW}
) STRICT
"""
_FIRST = (
    f"""
    CREATE TABLE payments (
      key TEXT NOT NULL UNIQUE, order_ref TEXT NOT NULL, reference TEXT NOT NULL,
      units INTEGER NOT NULL CHECK (units >= 0), scale INTEGER NOT NULL CHECK (scale >= 0),
      currency TEXT NOT NULL, calls INTEGER NOT NULL, provider_reference TEXT,
      state TEXT NOT NULL
        CHECK (state IN ('failing','authorised','declined','pending','voided')),
      created_at INTEGER NOT NULL DEFAULT {_NOW}, updated_at INTEGER NOT NULL DEFAULT {_NOW}
    ) STRICT
    """,
    "CREATE INDEX payments_pending ON payments (reference) WHERE state = 'pending'",
    _JOURNAL,
)
# The second version has captures, refunds and voids under keys of their own (`requests`). The
# journal of the first one knew fewer effects, and is written anew.
_SECOND = (
    "ALTER TABLE payments ADD COLUMN captured INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE payments ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE payments ADD COLUMN let_go INTEGER NOT NULL DEFAULT 0",
    f"""
    CREATE TABLE requests (
      key TEXT NOT NULL UNIQUE, payment TEXT NOT NULL REFERENCES payments (key),
      kind TEXT NOT NULL CHECK (kind IN ('capture','void','refund')), of_reference TEXT,
      units INTEGER NOT NULL CHECK (units >= 0), final INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('failing','running','done','declined')),
      calls INTEGER NOT NULL, provider_reference TEXT, code TEXT,
      created_at INTEGER NOT NULL DEFAULT {_NOW}, updated_at INTEGER NOT NULL DEFAULT {_NOW}
    ) STRICT
    """,
    "CREATE INDEX requests_payment ON requests (payment)",
    "DROP INDEX IF EXISTS operations_once",
    "DROP TRIGGER IF EXISTS operations_keep",
    "DROP TRIGGER IF EXISTS operations_stay",
    "ALTER TABLE operations RENAME TO operations_first",
    _JOURNAL,
    """
    INSERT INTO operations SELECT id, key, order_ref, effect, units, scale, currency, at
    FROM operations_first
    """,
    "DROP TABLE operations_first",
    "CREATE UNIQUE INDEX operations_once ON operations (order_ref, key) WHERE effect = 'authorise'",
    """
    CREATE TRIGGER operations_keep BEFORE UPDATE ON operations
    BEGIN SELECT RAISE(ABORT, 'operations are append-only'); END
    """,
    """
    CREATE TRIGGER operations_stay BEFORE DELETE ON operations
    BEGIN SELECT RAISE(ABORT, 'operations are append-only'); END
    """,
)
_VERSIONS = (_FIRST, _SECOND)
_FOREIGN = """
SELECT count(*) FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
  AND name NOT IN ('payments', 'operations', 'requests')
"""
_LOAD = """
SELECT key, order_ref, reference, units, scale, currency, state, calls, provider_reference,
  captured, refunded, let_go
FROM payments WHERE key IN (SELECT value FROM json_each(?))
"""
_LOAD_REQUESTS = """
SELECT key, payment, kind, of_reference, units, final, state, calls, provider_reference, code
FROM requests WHERE payment IN (SELECT value FROM json_each(?))
"""
_SAVE = """
INSERT INTO payments
  (key, order_ref, reference, units, scale, currency, state, calls, provider_reference,
   captured, refunded, let_go)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET state = excluded.state, calls = excluded.calls,
  provider_reference = excluded.provider_reference, updated_at = excluded.updated_at,
  captured = excluded.captured, refunded = excluded.refunded, let_go = excluded.let_go
"""
_SAVE_REQUEST = """
INSERT INTO requests
  (key, payment, kind, of_reference, units, final, state, calls, provider_reference, code)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET state = excluded.state, calls = excluded.calls,
  provider_reference = excluded.provider_reference, code = excluded.code,
  updated_at = excluded.updated_at
"""
_RECORD = """
INSERT INTO operations (effect, units, key, order_ref, scale, currency) VALUES (?, ?, ?, ?, ?, ?)
"""
_RECORD_SETTLED = """
INSERT INTO operations (effect, units, key, order_ref, scale, currency)
SELECT ?1, units, key, order_ref, scale, currency FROM payments WHERE key = ?2
"""
_SETTLE = """
UPDATE payments SET state = ?1,
  updated_at = CAST(unixepoch('subsec') * 1000000 AS INTEGER),
  provider_reference = CASE WHEN ?1 = 'authorised' THEN 'sandbox-' || key END
WHERE state = 'pending' AND reference = ?2 RETURNING key
"""
_RUNNING = """
SELECT r.key, r.payment, r.kind, r.of_reference, r.units, r.final, r.state, r.calls,
  r.provider_reference, r.code
FROM requests r JOIN payments p ON p.key = r.payment
WHERE r.state = 'running' AND p.reference = ?
"""
_LIVE = """
SELECT order_ref, count(*) FROM payments WHERE state = 'authorised' AND let_go = 0
GROUP BY order_ref ORDER BY order_ref
"""
_SINCE = """
SELECT key, order_ref, reference, units, scale, currency, state, calls, provider_reference,
  captured, refunded, let_go, created_at
FROM payments WHERE (created_at, key) > (?1, ?2) AND state <> 'failing'
ORDER BY created_at, key LIMIT ?3
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
    captured: int = 0
    refunded: int = 0
    let_go: int = 0  # 1: nothing of what was not captured is held any more


class Asked(NamedTuple):
    """A row of the ledger: a capture, a void or a refund, under its own idempotency key."""

    key: str
    payment: str
    kind: str
    of: str | None
    units: int
    final: int
    state: str
    calls: int
    provider_reference: str | None
    code: str | None = None


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
                _bring_up(connection)
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

    def load_requests(self, payments: Iterable[str]) -> list[Asked]:
        """The captures, voids and refunds that were asked for on these payments."""
        rows = self.connected().execute(_LOAD_REQUESTS, (json.dumps(list(payments)),))
        return [Asked(*row) for row in rows]

    def save(
        self, entries: Iterable[Entry], asked: Iterable[Asked], effects: Iterable[Effect]
    ) -> None:
        """Write payments and operations as they now are, and a line of the journal an effect."""
        self.connected().executemany(_SAVE, entries)
        self.connected().executemany(_SAVE_REQUEST, asked)
        self.connected().executemany(_RECORD, effects)

    def settle(self, reference: str, outcome: Outcome) -> list[str]:
        """Give every pending payment of a reference its outcome; the keys of these payments."""
        keys = [key for (key,) in self.connected().execute(_SETTLE, (outcome, reference))]
        effects = ("notify", EFFECTS[outcome])
        told = [(effect, key) for key in keys for effect in effects]
        self.connected().executemany(_RECORD_SETTLED, told)
        return keys

    def running(self, reference: str) -> list[Asked]:
        """The operations on payments of a reference that wait for a notification."""
        return [Asked(*row) for row in self.connected().execute(_RUNNING, (reference,))]

    def since(self, at: int, after: str, count: int) -> list[tuple[Entry, int]]:
        """Payments made since a time, with the time of each, by time and key; a page of them.

        `after`: the key of the last one at that time that was read.
        """
        self.check()
        rows = self.connected().execute(_SINCE, (at, after, count)).fetchall()
        return [(Entry(*row[:-1]), row[-1]) for row in rows]

    def live(self, wait_seconds: float) -> list[tuple[str, int]]:
        """Payments of which money is held, counted by order."""
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


def _bring_up(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version of its layout."""
    if connection.execute("PRAGMA user_version").fetchone() == (len(_VERSIONS),):
        return
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for statements in _VERSIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(_VERSIONS)}")
    connection.execute("COMMIT")


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
