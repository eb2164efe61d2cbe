"""How work runs inside a transaction on an SQLite connection, and what its errors mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from entrepot.store.engine import T, Work
from entrepot.store.engines.outage import Damaged, NoRoom, OtherSchema, Unavailable
from entrepot.store.engines.sql import Conflict
from entrepot.store.schema.readable import doubt

Transact = Callable[[Connection, Work[T]], T]

# SQLite's primary result codes that are about the database and not about the statement.
_FAULTS: dict[int, type[Unavailable]] = {
    3: Unavailable, 5: Unavailable, 6: Unavailable, 7: Unavailable,  # PERM, BUSY, LOCKED, NOMEM
    8: Unavailable, 14: Unavailable, 15: Unavailable, 22: Unavailable,  # READONLY, CANTOPEN,
    # PROTOCOL, NOLFS
    10: NoRoom, 13: NoRoom,  # IOERR, FULL
    11: Damaged, 26: Damaged,  # CORRUPT, NOTADB
}  # fmt: skip
# SQLite has no code of its own for these.
_LACKING = ("no such table:", "no such column:")
_NO_TEXT = "Could not decode to UTF-8"
# A commit, for which all writes wait, waits for no thread of other work, such as a name that is
# looked up: the loop's own threads are few.
_COMMITS = ThreadPoolExecutor(1, "commits")


def transact(conn: Connection, work: Work[T]) -> T:
    """Run `work` in a transaction and commit."""
    try:
        with conn.begin():
            return work(conn)
    except (DBAPIError, sqlite_driver.Error) as error:
        raise translated(error) from error


def look(conn: Connection, work: Work[T]) -> T:
    """Run `work`, which speaks to the driver and writes nothing, in a transaction of the driver."""
    driver: Any = conn.connection.driver_connection
    try:
        driver.execute("BEGIN").close()
        try:
            return work(conn)
        finally:
            driver.rollback()  # nothing was written
    except (DBAPIError, sqlite_driver.Error) as error:
        raise translated(error) from error


def despite_damage(conn: Connection, work: Work[T], how: Transact[T]) -> T:
    """Run `work`, which writes nothing. Where a text is no UTF-8, it is run once more, and such
    texts are bytes: their readers know what to show instead.
    """
    try:
        return how(conn, work)
    except (DBAPIError, sqlite_driver.Error) as error:
        if _NO_TEXT not in str(error):
            raise
    doubt()
    driver: Any = conn.connection.driver_connection
    driver.text_factory = _text_or_bytes
    try:
        return how(conn, work)
    finally:
        driver.text_factory = str


def _text_or_bytes(kept: bytes) -> str | bytes:
    try:
        return kept.decode()
    except UnicodeDecodeError:
        return kept


def transact_slowly(conn: Connection, work: Work[T]) -> T:
    """The same for long work that lets others run: its large commit is synced in a thread."""

    def worked(conn: Connection) -> T:
        done = work(conn)
        driver: Any = conn.connection.driver_connection
        # SQLAlchemy's own commit then finds nothing left to do.
        await_only(in_a_thread(driver.commit))
        return done

    return transact(conn, worked)


async def in_a_thread(work: Callable[[], None]) -> None:
    """Run `work` in a thread, to its end, also when this task is cancelled: a connection is used by
    one thread at a time, and the cancelled task goes on to use the connection.
    """
    working = asyncio.get_running_loop().run_in_executor(_COMMITS, work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


def translated(error: Exception) -> Exception:
    """The error as Conflict or Unavailable where the error is about the database."""
    raw = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(raw, sqlite_driver.IntegrityError) and "UNIQUE constraint" in str(raw):
        return Conflict(str(raw))
    if isinstance(raw, sqlite_driver.OperationalError) and str(raw).startswith(_LACKING):
        return OtherSchema(str(raw))
    fault = _FAULTS.get(getattr(raw, "sqlite_errorcode", 0) & 0xFF)
    return fault(str(raw)) if fault is not None else error
