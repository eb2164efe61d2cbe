"""What a simulator knows, in one SQLite database: in memory, or in a file that outlives a kill.

The entries tell each movement of money and are only ever added to. They are written apart from the
objects that the service shows, so that a test can judge by them alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pysqlite3 import dbapi2 as sqlite3

from entrepot.simulators.exchange import Json, Reply

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
    created REAL NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, payment TEXT NOT NULL, kind TEXT NOT NULL,
    units INTEGER NOT NULL, currency TEXT NOT NULL, object TEXT NOT NULL, key TEXT,
    about TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, at REAL NOT NULL, content TEXT NOT NULL, status INTEGER NOT NULL,
    headers TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    operation TEXT NOT NULL, key TEXT, status INTEGER, outcome TEXT);
CREATE TABLE IF NOT EXISTS scripts (
    number INTEGER PRIMARY KEY, operation TEXT NOT NULL, does TEXT NOT NULL,
    left INTEGER NOT NULL, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS named (reference TEXT PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS notices (
    number INTEGER PRIMARY KEY, due REAL NOT NULL, told TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0);
"""
_FOREIGN = """
SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT IN
    ('facts', 'objects', 'entries', 'keys', 'calls', 'scripts', 'named', 'notices')
"""


class Stored(NamedTuple):
    """An answer that was saved under an idempotency key."""

    at: float
    content: str
    reply: Reply


class Ledger:
    """The state of one simulator. Belongs to one thread; `writing` is one transaction."""

    def __init__(self, path: str | Path | None = None) -> None:
        """Open the file and make it at need; None keeps everything in memory.

        Raises the driver's errors, also where the file is another program's.
        """
        self._db = sqlite3.connect(
            ":memory:" if path is None else str(path), isolation_level=None, check_same_thread=False
        )
        try:
            if self._db.execute(_FOREIGN).fetchone() != (0,):
                raise sqlite3.DatabaseError("the file has tables of another program")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_TABLES)
        except sqlite3.Error:
            self._db.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: kept as a whole, or not at all if an error leaves it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # ---------------------------------------------------------------- facts

    def fact(self, name: str, default: Any = None) -> Any:
        """A value by its name: the clock, the address of notifications, keys."""
        found = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return default if found is None else json.loads(found[0])

    def set_fact(self, name: str, value: Any) -> None:
        """Keep a value under a name."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    # ---------------------------------------------------------------- objects

    def put(self, kind: str, body: Json, created: float) -> Json:
        """Keep an object of the service under its id, anew or changed."""
        self._db.execute(
            "INSERT INTO objects (kind, id, created, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (kind, body["id"], created, json.dumps(body)),
        )
        return body

    def get(self, kind: str, name: str) -> Json | None:
        """An object by its id."""
        found = self._db.execute(
            "SELECT body FROM objects WHERE kind = ? AND id = ?", (kind, name)
        ).fetchone()
        return None if found is None else dict(json.loads(found[0]))

    def all(self, kind: str) -> list[Json]:
        """All objects of a kind, the newest first."""
        found = self._db.execute(
            "SELECT body FROM objects WHERE kind = ? ORDER BY number DESC", (kind,)
        )
        return [json.loads(body) for (body,) in found]

    # ---------------------------------------------------------------- entries

    def enter(self, at: float, entry: Entry) -> None:
        """Add a movement of money."""
        told = (*entry[:-1], json.dumps(entry.about))
        self._db.execute(
            "INSERT INTO entries (at, payment, kind, units, currency, object, key, about) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (at, *told),
        )

    def entries(self) -> list[Json]:
        """All movements, in their order."""
        rows = self._rows("SELECT * FROM entries ORDER BY number")
        return [row | {"about": json.loads(row["about"])} for row in rows]

    # ---------------------------------------------------------------- keys and calls

    def stored(self, key: str) -> Stored | None:
        """The answer that was saved under a key."""
        found = self._db.execute(
            "SELECT at, content, status, headers, body FROM keys WHERE key = ?", (key,)
        ).fetchone()
        if found is None:
            return None
        at, content, status, headers, body = found
        return Stored(at, content, Reply(status, json.loads(body), json.loads(headers)))

    def store(self, key: str, at: float, content: str, reply: Reply) -> None:
        """Save an answer under a key."""
        self._db.execute(
            "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?)",
            (key, at, content, reply.status, json.dumps(reply.headers), json.dumps(reply.body)),
        )

    def called(self, at: float, method: str, path: str, operation: str, key: str | None) -> int:
        """Note a call before it is executed. Returns its number."""
        done = self._db.execute(
            "INSERT INTO calls (at, method, path, operation, key) VALUES (?, ?, ?, ?, ?)",
            (at, method, path, operation, key),
        )
        return int(done.lastrowid)

    def ended(self, number: int, status: int, outcome: str) -> None:
        """Note what a call came to."""
        self._db.execute(
            "UPDATE calls SET status = ?, outcome = ? WHERE number = ?", (status, outcome, number)
        )

    def calls(self) -> list[Json]:
        """All calls, in their order; `status` is null while one is under way."""
        return self._rows("SELECT * FROM calls ORDER BY number")

    # ---------------------------------------------------------------- scripts

    def add_script(self, operation: str, does: str, times: int, told: Json) -> None:
        """Have the next calls of an operation go another way."""
        self._db.execute(
            "INSERT INTO scripts (operation, does, left, told) VALUES (?, ?, ?, ?)",
            (operation, does, times, json.dumps(told)),
        )

    def take_script(self, operation: str) -> tuple[str, Json] | None:
        """The script of the next call of an operation, which is one time less to follow."""
        found = self._db.execute(
            "SELECT number, does, told FROM scripts WHERE left > 0 AND operation IN (?, 'any') "
            "ORDER BY number LIMIT 1",
            (operation,),
        ).fetchone()
        if found is None:
            return None
        self._db.execute("UPDATE scripts SET left = left - 1 WHERE number = ?", (found[0],))
        return found[1], json.loads(found[2])

    def count(self, reference: str) -> int:
        """How often a reference's script was met, this time included."""
        return int(
            self._db.execute(
                "INSERT INTO named VALUES (?, 1) "
                "ON CONFLICT (reference) DO UPDATE SET times = times + 1 RETURNING times",
                (reference,),
            ).fetchone()[0]
        )

    # ---------------------------------------------------------------- notices

    def add_notice(self, due: float, told: Json) -> None:
        """Keep a notification that is to be sent."""
        self._db.execute("INSERT INTO notices (due, told) VALUES (?, ?)", (due, json.dumps(told)))

    def notices(self, *, unsent: bool) -> list[Json]:
        """Notifications in the order in which they were made."""
        rows = self._rows("SELECT * FROM notices WHERE sent <= ? ORDER BY number", int(not unsent))
        return [row | {"told": json.loads(row["told"])} for row in rows]

    def tried(self, number: int, *, sent: bool, due: float) -> None:
        """Note a try at a notification, and when the next is due."""
        self._db.execute(
            "UPDATE notices SET sent = ?, tries = tries + 1, due = ? WHERE number = ?",
            (int(sent), due, number),
        )

    def _rows(self, statement: str, *values: int) -> list[Json]:
        found = self._db.execute(statement, values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]


class Entry(NamedTuple):
    """A movement of money, or a decision that none happens.

    `kind` is one of: authorised, declined, captured, released (the rest of a hold after its last
    capture), voided, expired, refunded. `about` is what the client wrote to the payment.
    """

    payment: str
    kind: str
    units: int
    currency: str
    object: str
    key: str | None
    about: Json


def payments(entries: list[Json]) -> list[Json]:
    """The payments that the entries tell of, each with its sums in the smallest unit.

    `held` is what is still held for the client, `taken` what was captured and not refunded.
    """
    found: dict[str, Json] = {}
    for entry in entries:
        payment = found.setdefault(
            entry["payment"],
            {
                "payment": entry["payment"], "currency": entry["currency"], "about": {},
                "authorised": 0, "captured": 0, "released": 0, "refunded": 0, "declined": 0,
            },
        )  # fmt: skip
        payment["about"] |= entry["about"]
        kind = "released" if entry["kind"] in ("voided", "expired") else entry["kind"]
        payment[kind] += 1 if kind == "declined" else entry["units"]
    for payment in found.values():
        payment["held"] = payment["authorised"] - payment["captured"] - payment["released"]
        payment["taken"] = payment["captured"] - payment["refunded"]
    return list(found.values())
