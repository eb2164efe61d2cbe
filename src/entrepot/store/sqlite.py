"""An order book in one SQLite file: short work in place on the event loop, long reads in a thread.

There is one connection for writing, one for reading and one for long reads.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from entrepot.store.bulk import Conflict
from entrepot.store.engine import T, Unavailable, Work
from entrepot.store.wal import PAGES_MAX, Checkpoints

SQLITE_OLDEST = (3, 51, 3)  # older ones can corrupt a WAL database (study: WAL-reset bug)
# What a connection keeps of the file in memory; long reads go through more than they come back to.
_CACHE_KIB, _LONG_CACHE_KIB = 65_536, 16_384
# Steps of SQLite's machine after which it is asked whether to go on, and how often it may on the
# event loop: about a millisecond in all. (It counts a statement's steps over all its runs.)
_STEPS, _SHORT = 1_000, 40
_STEPS_CLOSING = 1_000_000  # between two looks of a long read at whether the database is closing

# Without an adapter the driver looks for adapting methods on every bytes, None and bool that it
# binds, which took two thirds of the time of an insert. These three give the same value back.
sqlite_driver.register_adapter(bytes, bytearray)
sqlite_driver.register_adapter(type(None), {}.get)
sqlite_driver.register_adapter(bool, int)


class SqliteDatabase:
    """One file: WAL, every commit synced, one writer connection, writes begin immediately."""

    dialect = "sqlite"
    side_by_side = 1

    def __init__(self, path: str) -> None:
        if sqlite_driver.sqlite_version_info < SQLITE_OLDEST:
            found = sqlite_driver.sqlite_version
            raise RuntimeError(f"SQLite {found} can corrupt a WAL database; 3.51.3 or later needed")
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._writer = _sqlite_engine(path, "BEGIN IMMEDIATE")
        self._reader = _sqlite_engine(path, "BEGIN")
        self._long_reader = _sqlite_engine(path, "BEGIN", _LONG_CACHE_KIB)
        self._long_reads = ThreadPoolExecutor(1, "long-reads")
        self._checkpoints = Checkpoints(path) if path != ":memory:" else None
        self._write_conn: Connection | None = None
        self._read_conn: Connection | None = None
        self._long_conn: Connection | None = None
        self._closing = False

    async def write(self, work: Work[T]) -> T:
        """See Database."""
        return self._write(work)

    async def write_guarded(self, work: Work[T]) -> T:
        """See Database. SQLite's writer is alone anyway."""
        return self._write(work)

    def _write(self, work: Work[T]) -> T:
        # In place: the commit's sync is short, a thread's hand-over is not.
        if self._write_conn is None:
            self._write_conn = self._writer.connect()
        done = _transact(self._write_conn, work)
        if self._checkpoints is not None:
            self._checkpoints.committed(self._write_conn.connection.driver_connection)
        return done

    async def read(self, work: Work[T]) -> T:
        """See Database."""
        return _transact(self._reading(), work)

    async def read_one(self, work: Work[T]) -> T:
        """See Database."""
        return _transact(self._reading(), work)

    async def read_long(self, work: Work[T]) -> T:
        """See Database. Begun in place, as most are short and a thread's hand-over is not; one that
        proves long is begun anew in the thread, where SQLite lets the event loop go on.
        """
        driver: Any = self._reading().connection.driver_connection
        left = _SHORT

        def give_up() -> bool:
            nonlocal left
            left -= 1
            return left < 0

        driver.set_progress_handler(give_up, _STEPS)
        try:
            return await self.read(work)
        except Exception:
            if left >= 0:
                raise
        finally:
            driver.set_progress_handler(None, 0)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._long_reads, self._read_long, work)

    def _reading(self) -> Connection:
        if self._read_conn is None:
            self._read_conn = self._reader.connect()
        return self._read_conn

    def _read_long(self, work: Work[T]) -> T:
        if self._long_conn is None:
            self._long_conn = self._long_reader.connect()
            driver: Any = self._long_conn.connection.driver_connection
            driver.set_progress_handler(lambda: self._closing, _STEPS_CLOSING)
        return _transact(self._long_conn, work)

    async def close(self) -> None:
        """See Database. A long read that still runs is broken off."""
        self._closing = True
        self._long_reads.shutdown(cancel_futures=True)
        if self._checkpoints is not None:
            await self._checkpoints.close()
        for conn in (self._write_conn, self._read_conn, self._long_conn):
            if conn is not None:
                conn.close()
        self._write_conn = self._read_conn = self._long_conn = None
        for engine in (self._writer, self._reader, self._long_reader):
            engine.dispose()


def _sqlite_engine(path: str, begin: str, cache_kib: int = _CACHE_KIB) -> Engine:
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        module=sqlite_driver,
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": 10,
                      "cached_statements": 512},
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000",
            f"cache_size=-{cache_kib}", "temp_store=MEMORY", f"wal_autocheckpoint={PAGES_MAX}",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return engine


def _transact(conn: Connection, work: Work[T]) -> T:
    try:
        with conn.begin():
            return work(conn)
    except (DBAPIError, sqlite_driver.Error) as error:
        raise _translated(error) from error


def _translated(error: Exception) -> Exception:
    raw = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if isinstance(raw, sqlite_driver.IntegrityError) and "UNIQUE constraint" in str(raw):
        return Conflict(str(raw))
    if isinstance(raw, sqlite_driver.Error) and "locked" in str(raw):
        return Unavailable(str(raw))
    return error
