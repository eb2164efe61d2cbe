"""An order book in one SQLite file: short work in place on the event loop, long reads in a thread.

There is one connection for writing, one for reading and one for long reads.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from entrepot.pace import in_slices
from entrepot.store.engine import T, Work
from entrepot.store.engines.book_log import TOUCH, BookLog
from entrepot.store.engines.outage import LogFault, NoRoom, Outage, Unavailable
from entrepot.store.engines.private_files import make_file, readable_by_others
from entrepot.store.engines.sqlite_connections import (
    LONG_CACHE_KIB,
    SQLITE_OLDEST,
    WRITER_CACHE_KIB,
    engine_of,
)
from entrepot.store.engines.sqlite_transactions import (
    Transact,
    despite_damage,
    look,
    transact,
    transact_slowly,
    translated,
)
from entrepot.store.engines.waits import Waits
from entrepot.store.engines.wal import Checkpoints
from entrepot.telemetry import log

# SQLite calls our progress handler every 1,000 steps of its virtual machine. After 40 calls, about
# a millisecond, a read moves to a thread. (SQLite counts a statement's steps over all its runs.)
_STEPS, _SHORT = 1_000, 40
_STEPS_CLOSING = 1_000_000  # between two looks of a long read at whether the database is closing


# More than what a few orders take.
_TAKE_ROOM = "INSERT OR REPLACE INTO installation (name, value) VALUES ('room', zeroblob(262144))"
_GIVE_ROOM = "DELETE FROM installation WHERE name = 'room'"


class SqliteDatabase:
    """A book in one file: WAL, each commit synced, one writer connection, BEGIN IMMEDIATE."""

    dialect = "sqlite"
    side_by_side = 1

    def __init__(self, path: str) -> None:
        if sqlite_driver.sqlite_version_info < SQLITE_OLDEST:
            found = sqlite_driver.sqlite_version
            raise RuntimeError(f"SQLite {found} can corrupt a WAL database; 3.51.3 or later needed")
        self.reading, self.writing = Outage("reading"), Outage("writing")
        # SQLite keeps a book's other files beside the file that a link leads to.
        self._file = Path(os.path.realpath(path)) if path != ":memory:" else None
        self.log = BookLog(self._file) if self._file else None
        self._writer = engine_of(path, "BEGIN IMMEDIATE", WRITER_CACHE_KIB)
        self._reader = engine_of(path, "BEGIN")
        self._long_reader = engine_of(path, "BEGIN", LONG_CACHE_KIB)
        self._long_reads = ThreadPoolExecutor(1, "long-reads")
        self._checkpoints = Checkpoints(path, self._copy_log) if self.log else None
        self._write_conn: Connection | None = None
        # Held while a long transaction lets others run; short ones run at one go.
        self._slow_write = asyncio.Lock()
        self._read_conn: Connection | None = None
        self._long_conn: Connection | None = None
        self._closing = False
        self._waits = Waits()

    @property
    def waited_seconds(self) -> float:
        """See Database. The event loop stands still meanwhile."""
        return self._waits.seconds

    async def write(self, work: Work[T]) -> T:
        """See Database."""
        return await self._write_next(work)

    async def write_unsynced(self, work: Work[T]) -> T:
        """See Database."""
        async with self._slow_write:
            return self._write(work, self._unsynced)

    async def write_guarded(self, work: Work[T]) -> T:
        """See Database. SQLite's writer is alone anyway."""
        return await self._write_next(work)

    async def _write_next(self, work: Work[T]) -> T:
        if not self._slow_write.locked():
            return self._write_in_place(work)
        async with self._slow_write:
            return self._write_in_place(work)

    def _write_in_place(self, work: Work[T]) -> T:
        with self._waits:
            return self._write(work, self._synced)

    async def write_long(self, work: Work[T]) -> T:
        """See Database."""
        async with self._slow_write:
            return await in_slices(self._write, work, self._synced_slowly)

    def _write(self, work: Work[T], how: Transact[T]) -> T:
        # In place: the commit's sync is short, a thread's hand-over is not.
        try:
            done = how(self._writing(), work)
        except Unavailable as error:
            self.writing.failed(error)
            raise
        self.writing.worked()
        return done

    def _writing(self) -> Connection:
        if self.log is not None and self.log.lost is not None:
            raise self.log.lost
        if self._write_conn is None:
            self._write_conn = self._connected(self._writer)
        return self._write_conn

    def _synced(self, conn: Connection, work: Work[T], how: Transact[T] = transact) -> T:
        if self.log is None:
            return how(conn, work)
        driver: Any = conn.connection.driver_connection
        try:
            done = how(conn, partial(_counted, self.log, driver, work))
        except BaseException:
            _roll_back(driver)
            self.log.rolled_back()
            raise
        self.log.committed(driver)
        if self._checkpoints is not None:
            self._checkpoints.committed(driver)
        return done

    def _synced_slowly(self, conn: Connection, work: Work[T]) -> T:
        return self._synced(conn, work, transact_slowly)

    def _unsynced(self, conn: Connection, work: Work[T]) -> T:
        """A transaction that is not counted: the mark tells of durable commits alone."""
        driver: Any = conn.connection.driver_connection
        driver.execute("PRAGMA synchronous=NORMAL").close()
        try:
            done = transact(conn, work)
        except BaseException:
            _roll_back(driver)
            raise
        finally:
            driver.execute("PRAGMA synchronous=FULL").close()
        if self._checkpoints is not None:
            self._checkpoints.committed(driver)
        return done

    def _connected(self, engine: Engine) -> Connection:
        try:
            if self._file is not None:
                make_file(self._file)
            conn = engine.connect()
        except OSError as error:
            raise Unavailable(f"{error.filename}: {error.strerror}") from error
        except (DBAPIError, sqlite_driver.Error) as error:
            raise translated(error) from error
        if self.log is not None:
            self.log.opened()
        return conn

    async def read(self, work: Work[T]) -> T:
        """See Database."""
        return self._read(self._reading, work)

    async def read_one(self, work: Work[T]) -> T:
        """See Database. The work speaks to the driver: SQLAlchemy takes longer to begin and to end
        a transaction than SQLite takes to read an order.
        """
        return self._read(self._reading, work, look)

    def _read(
        self,
        connection: Callable[[], Connection],
        work: Work[T],
        how: Transact[T] = transact,
    ) -> T:
        try:
            done = despite_damage(connection(), work, how)
        except Unavailable as error:
            self.reading.failed(error)
            raise
        self.reading.worked()
        return done

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
            self._read_conn = self._connected(self._reader)
        return self._read_conn

    def _read_long(self, work: Work[T]) -> T:
        return self._read(self._reading_long, work)

    def _reading_long(self) -> Connection:
        if self._long_conn is None:
            self._long_conn = self._connected(self._long_reader)
            driver: Any = self._long_conn.connection.driver_connection
            driver.set_progress_handler(lambda: self._closing, _STEPS_CLOSING)
        return self._long_conn

    async def prove_writing(self) -> None:
        """See Database. The counter of commits is what is written."""
        if isinstance(self.writing.error, NoRoom):
            # In two transactions: what one makes and removes is never written.
            await self.write(lambda conn: conn.exec_driver_sql(_TAKE_ROOM).close())
            await self.write(lambda conn: conn.exec_driver_sql(_GIVE_ROOM).close())
            self.writing.worked(proven=True)
        else:
            await self.write(lambda conn: conn.exec_driver_sql(TOUCH).close())

    async def clock(self) -> int | None:
        """See Database. The one server of a file has the clock of its machine."""
        return None

    async def begin_serving(self) -> None:
        """See Database."""
        self.reading.tells = self.writing.tells = True
        if self.log is None:
            return
        await self.prove_writing()
        if readable_by_others(self.log.book):
            log.warning("book.readable_by_others", path=str(self.log.book), remedy="chmod 600")
        assert self._write_conn is not None, "something was written"
        try:
            self.log.begin_serving(self._write_conn.connection.driver_connection)
        except sqlite_driver.Error as error:
            raise translated(error) from error

    async def accept_loss(self) -> list[LogFault]:
        """See Database."""
        if self.log is None:
            return []
        accept = self.log.accept_loss
        return await self.write(lambda conn: accept(conn.connection.driver_connection))

    async def look_at_files(self) -> None:
        """See Database."""
        if self.log is None or self._write_conn is None or self._slow_write.locked():
            return  # a long transaction commits in a thread; the next look follows it
        try:
            if self.log.lost is not None:
                raise self.log.lost
            self.log.look(self._write_conn.connection.driver_connection)
        except Unavailable as error:
            self.writing.failed(error)
            raise

    def _copy_log(self, writer: Any) -> None:
        # A long transaction lets others run, and commits in a thread: the log is copied later.
        if self.log is not None and not self._slow_write.locked():
            self.log.copy(writer)

    async def see_to_durability(self) -> None:
        """See Database. Every connection to the file is told to sync each commit."""

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
        if self.log is not None:
            self.log.close()


def _roll_back(driver: Any) -> None:
    """End the transaction that a COMMIT may have left open when it failed."""
    if driver.in_transaction:
        driver.execute("ROLLBACK").close()


def _counted(book_log: BookLog, driver: Any, work: Work[T], conn: Connection) -> T:
    """Do the work, and count the commit if something was written."""
    before = driver.total_changes
    done = work(conn)
    if driver.total_changes != before:
        book_log.count(driver)
    return done
