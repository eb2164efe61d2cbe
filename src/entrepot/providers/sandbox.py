"""A payment service that moves no money: it does what the payment reference tells it to.

It keeps its own ledger in its own SQLite file, apart from the order book, so that outside checks
can compare the two. It speaks to no network and knows nothing of what an order is.

| reference starts with | an authorisation                                                      |
|-----------------------|-----------------------------------------------------------------------|
| ``declined``          | is declined                                                           |
| ``flaky-N``           | is not executed N times (`NotSent`), then authorised                  |
| ``unknown-N``         | is authorised at once, but the first N answers are lost (`Unknown`)   |
| ``slow-MS``           | is authorised at once and answered MS milliseconds later (at most 60 s) |
| ``pending``           | waits for `SandboxProvider.notify`                                    |
| anything else         | is authorised                                                         |
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from pysqlite3 import dbapi2 as sqlite3

from entrepot.providers import payment
from entrepot.providers.payment import AuthoriseAnswer, LookUpAnswer, PaymentRequest, VoidAnswer

BATCH_MAX = 512
DELAY_SECONDS_MAX = 60.0
LOCK_POLL_SECONDS = 0.002
KEY_LENGTH_MAX = 64
INTEGER_MAX = 2**63 - 1
CONTENT = 6  # the first columns of an entry: what a repeat must say again

Outcome: TypeAlias = Literal["authorised", "declined"]
A = TypeVar("A", AuthoriseAnswer, VoidAnswer)
Decision: TypeAlias = Callable[["Entry"], tuple["Entry", A]]

# What a ledger cannot keep: SQLite ends a text at a NUL, and UTF-8 has no lone surrogates.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_SCRIPT = re.compile(r"(declined|pending)|(flaky|unknown|slow)-([0-9]{1,9})")
_BUSY, _LOCKED = 5, 6  # SQLite's primary result codes
_EFFECTS = {"authorised": "authorise", "declined": "decline", "voided": "void"}

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
    """One row of the ledger: all that is known under one idempotency key."""

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

    def connected(self, wait_seconds: float = 0.0) -> sqlite3.Connection:
        """The open connection: schema in place, waiting so long for a lock."""
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, wait_seconds, isolation_level=None, check_same_thread=False
            )
            try:
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
        if wait_seconds != self._waits:
            self._connection.execute(f"PRAGMA busy_timeout = {int(wait_seconds * 1000)}")
            self._waits = wait_seconds
        return self._connection

    def begin(self, wait_seconds: float = 0.0) -> None:
        """Take the write lock, blocking for it at most as long as told."""
        self.connected(wait_seconds).execute("BEGIN IMMEDIATE")

    def load(self, keys: Iterable[str]) -> dict[str, Entry]:
        """The entries that exist under these keys."""
        rows = self.connected().execute(_LOAD, (json.dumps(list(keys)),))
        return {row[0]: Entry(*row) for row in rows}

    def save(self, entries: Iterable[Entry], operations: Iterable[tuple[str, str]]) -> None:
        """Write entries as they now are, and an operation for each (effect, key)."""
        self.connected().executemany(_SAVE, entries)
        self.connected().executemany(_RECORD, operations)

    def settle(self, reference: str, outcome: Outcome) -> int:
        """Give every pending entry of a reference its outcome; how many there were."""
        keys = [key for (key,) in self.connected().execute(_SETTLE, (outcome, reference))]
        effects = ("notify", _EFFECTS[outcome])
        self.connected().executemany(_RECORD, [(effect, key) for key in keys for effect in effects])
        return len(keys)

    def live(self, wait_seconds: float) -> list[tuple[str, int]]:
        """Authorised entries that nobody voided, counted by order."""
        counts: list[tuple[str, int]] = self.connected(wait_seconds).execute(_LIVE).fetchall()
        return counts

    def commit(self) -> None:
        """Make everything since `begin` survive the end of this process, however it comes."""
        self.connected().execute("COMMIT")

    def close(self) -> None:
        """Drop the connection, and with it whatever was not committed. Repeatable."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def decide_authorise(entry: Entry) -> tuple[Entry, AuthoriseAnswer]:
    """What one more authorisation call makes of an entry, and what it is answered."""
    behaviour, number = _script(entry.reference)
    calls = entry.calls + 1
    held = f"sandbox-{entry.key}"
    if entry.state != "failing" or (behaviour == "flaky" and calls <= number):
        entry = entry._replace(calls=calls)
    elif behaviour in ("declined", "pending"):
        entry = entry._replace(calls=calls, state=behaviour)
    else:
        entry = entry._replace(calls=calls, state="authorised", provider_reference=held)
    if entry.state == "failing":
        return entry, payment.NotSent(f"scripted: call {calls} of {number} that fail")
    if entry.state == "authorised" and behaviour == "unknown" and calls <= number:
        return entry, payment.Unknown(f"scripted: answer {calls} of {number} that are lost")
    if entry.state == "voided":
        return entry, payment.Declined("the key was voided")
    return entry, _standing(entry)


def decide_void(entry: Entry) -> tuple[Entry, VoidAnswer]:
    """What a void makes of an entry, and what it is answered."""
    if entry.state not in ("declined", "voided"):
        entry = entry._replace(state="voided")
    return entry, payment.Voided(entry.provider_reference)


def _standing(entry: Entry) -> payment.Authorised | payment.Declined | payment.Pending:
    if entry.state == "authorised":
        assert entry.provider_reference is not None, "an authorised entry has its reference"
        return payment.Authorised(entry.provider_reference)
    if entry.state == "pending":
        return payment.Pending("scripted: waits for a notification")
    assert entry.state == "declined", entry.state
    scripted = entry.reference.startswith("declined")
    return payment.Declined("by the payment reference" if scripted else "by notification")


def _first_seen(r: PaymentRequest) -> Entry:
    content = (r.key, r.order, r.reference, r.units, r.scale, r.currency)
    return Entry(*content, state="failing", calls=0, provider_reference=None)


def _script(reference: str) -> tuple[str, int]:
    match = _SCRIPT.match(reference)
    return (match[1] or match[2], int(match[3] or 0)) if match else ("", 0)


def _fault(request: PaymentRequest) -> str | None:
    """Why the ledger could not keep the request: one such row must not fail a whole batch."""
    if not 0 < len(request.key) <= KEY_LENGTH_MAX:
        return f"a key has 1 to {KEY_LENGTH_MAX} characters"
    if not (0 <= request.units <= INTEGER_MAX and 0 <= request.scale <= INTEGER_MAX):
        return "units and scale are integers from 0 to 2^63 - 1"
    texts = (request.key, request.order, request.reference, request.currency)
    return None if all(map(_storable, texts)) else "a text is not valid Unicode"


def _storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (_BUSY, _LOCKED)


class _Call(NamedTuple):
    decide: Decision[Any]
    request: PaymentRequest
    answer: asyncio.Future[Any]


class SandboxProvider:
    """`PaymentProvider` by script; belongs to one event loop.

    Calls that arrive while a transaction runs are taken together by the next one, and are
    answered only after its commit. A cancelled ``slow-MS`` call has moved its money already.
    """

    def __init__(
        self, ledger_path: str | Path, name: str = "sandbox", *, lock_wait_seconds: float = 5.0
    ) -> None:
        """Take the ledger's path; how long another process may hold it before `NotSent`."""
        self.name = name
        self._ledger = Ledger(ledger_path)
        self._lock_wait_seconds = lock_wait_seconds
        self._waiting: list[_Call] = []
        self._drainer: asyncio.Task[None] | None = None
        self._closed = False

    async def authorise(self, request: PaymentRequest) -> AuthoriseAnswer:
        """See `PaymentProvider.authorise`; the reference decides, as the module's table says."""
        answer: AuthoriseAnswer = await self._submit(decide_authorise, request)
        behaviour, number = _script(request.reference)
        if behaviour == "slow":
            await asyncio.sleep(min(number / 1000, DELAY_SECONDS_MAX))
        return answer

    async def look_up(self, key: str) -> LookUpAnswer:
        """See `PaymentProvider.look_up`; reads what is committed."""
        if self._closed:
            return payment.NotSent("the sandbox is closed")
        try:
            entry = self._ledger.load([key]).get(key)
        except (sqlite3.Error, OSError) as error:
            return payment.NotSent(f"the sandbox ledger cannot be read: {type(error).__name__}")
        if entry is None or entry.state == "failing":
            return payment.Absent()
        if entry.state == "voided":
            return payment.Voided(entry.provider_reference)
        return _standing(entry)

    async def void(self, request: PaymentRequest) -> VoidAnswer:
        """See `PaymentProvider.void`; no reference changes how it goes."""
        return await self._submit(decide_void, request)

    def notify(self, reference: str, outcome: Outcome) -> int:
        """Settle every pending payment of a reference; how many there were.

        Blocks for the ledger's lock; raises the driver's error when it cannot be had.
        """
        if outcome not in ("authorised", "declined"):
            raise ValueError(f"outcome must be authorised or declined, not {outcome!r}")
        if not _storable(reference):
            return 0
        try:
            self._ledger.begin(self._lock_wait_seconds)
            settled = self._ledger.settle(reference, outcome)
            self._ledger.commit()
        except sqlite3.Error:
            self._ledger.close()
            raise
        return settled

    def live_authorisations(self) -> list[tuple[str, int]]:
        """Each order that has money held for it, with the number of holds, sorted by order."""
        return self._ledger.live(self._lock_wait_seconds)

    async def close(self) -> None:
        """Answer what is waiting, then let go of the ledger. Repeatable."""
        self._closed = True
        if self._drainer is not None:
            await self._drainer
        self._ledger.close()

    async def _submit(self, decide: Decision[A], request: PaymentRequest) -> A:
        if self._closed:
            return payment.NotSent("the sandbox is closed")
        fault = _fault(request)
        if fault is not None:
            return payment.Misconfigured(fault)
        loop = asyncio.get_running_loop()
        call = _Call(decide, request, loop.create_future())
        self._waiting.append(call)
        if self._drainer is None or self._drainer.done():
            self._drainer = loop.create_task(self._drain())
        answer: A = await call.answer
        return answer

    async def _drain(self) -> None:
        now = asyncio.get_running_loop().time
        patience_ends = now() + self._lock_wait_seconds
        while self._waiting:
            batch = [call for call in self._waiting[:BATCH_MAX] if not call.answer.done()]
            self._waiting[:BATCH_MAX] = batch
            answers = self._execute(batch, patient=now() < patience_ends)
            if answers is None:
                # SQLite's own wait would stop the whole event loop.
                await asyncio.sleep(LOCK_POLL_SECONDS)
                continue
            del self._waiting[: len(batch)]
            for call, answer in zip(batch, answers, strict=True):
                call.answer.set_result(answer)
            await asyncio.sleep(0)
            patience_ends = now() + self._lock_wait_seconds

    def _execute(self, batch: list[_Call], *, patient: bool) -> list[Any] | None:
        """Run a batch in one transaction; its answers, or None to try later: another writes."""
        failure: Callable[[str], Any] = payment.Misconfigured
        try:
            self._ledger.begin()
            failure = payment.NotSent
            answers = self._decide(batch)
            failure = payment.Unknown
            self._ledger.commit()
        except Exception as error:
            if failure is payment.Misconfigured and _is_busy(error):
                if patient:
                    return None
                failure = payment.NotSent
            self._ledger.close()
            answers = [failure(f"sandbox ledger: {type(error).__name__}")] * len(batch)
        return answers

    def _decide(self, batch: list[_Call]) -> list[Any]:
        entries = self._ledger.load({call.request.key for call in batch})
        changed: dict[str, Entry] = {}
        operations: list[tuple[str, str]] = []
        answers: list[Any] = []
        for call in batch:
            blank = _first_seen(call.request)
            before = entries.get(blank.key, blank)
            if before[:CONTENT] != blank[:CONTENT]:
                answers.append(payment.Misconfigured("the key was used with other content"))
                continue
            after, answer = call.decide(before)
            answers.append(answer)
            if after is not before:
                entries[after.key] = changed[after.key] = after
            if after.state != before.state and after.state in _EFFECTS:
                operations.append((_EFFECTS[after.state], after.key))
        self._ledger.save(changed.values(), operations)
        return answers
