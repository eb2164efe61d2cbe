"""Opening the database, and running a function inside a transaction on it.

Store functions are plain ones over a SQLAlchemy Connection. SQLite runs them in place, on one
connection for writing and one for reading, and long reads on a third one in a thread; PostgreSQL
runs the very same ones over asyncpg. So there is one colour of function, and one set of statements.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.pool import StaticPool

from entrepot.store import schema
from entrepot.store.bulk import Conflict
from entrepot.store.writes import row_types

# PostgreSQL's driver, and what SQLAlchemy needs for it, are imported where PostgreSQL is spoken.
if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from entrepot.store.wal import PAGES_MAX, Checkpoints

T = TypeVar("T")
Snapshot: TypeAlias = Connection  # what readers outside the store are handed, and hand back
Work = Callable[[Connection], T]  # what runs inside a transaction

POOL_DEFAULT = 8
# A process writes three batches at a time, the pipeline's, everybody else's and one more of arrays;
# beside them the pipeline claims jobs and retention removes what is old.
_WRITERS_MAX = 4
_PLANS_SECONDS_MIN, _PLANS_SECONDS_MAX = 0.25, 60.0
SQLITE_OLDEST = (3, 51, 3)  # older ones can corrupt a WAL database (study: WAL-reset bug)
# What a connection keeps of the file in memory; long reads go through more than they come back to.
_CACHE_KIB, _LONG_CACHE_KIB = 65_536, 16_384
# Steps of SQLite's machine after which it is asked whether to go on, and how often it may on the
# event loop: about a millisecond in all. (It counts a statement's steps over all its runs.)
_STEPS, _SHORT = 1_000, 40
_STEPS_CLOSING = 1_000_000  # between two looks of a long read at whether the database is closing
_RETRY_STATES = {"40001", "40P01", "23505", "55P03"}
_NOT_ALLOWED = "42501"


# Without an adapter the driver looks for adapting methods on every bytes, None and bool that it
# binds, which took two thirds of the time of an insert. These three give the same value back.
sqlite_driver.register_adapter(bytes, bytearray)
sqlite_driver.register_adapter(type(None), {}.get)
sqlite_driver.register_adapter(bool, int)


class Unavailable(Exception):
    """The database cannot be reached or did not answer; whether a write happened is not known."""


class Database(Protocol):
    """One order book's database. Reading and writing raise Conflict or Unavailable."""

    dialect: str
    side_by_side: int
    """How many transactions may write at the same time."""

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction and commit it durably; roll back when it raises."""
        ...

    async def write_guarded(self, work: Work[T]) -> T:
        """Run `work` like `write`; nothing that it reads needs to be locked or to be of one moment.

        It reads first and writes by one `Writes.run` at its end, where guards see that everything
        it went by is as it was read. On PostgreSQL that one statement is the transaction.
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` in one read-only snapshot."""
        ...

    async def read_one(self, work: Work[T]) -> T:
        """Run `work`, which asks one statement and so needs no snapshot around it."""
        ...

    async def read_long(self, work: Work[T]) -> T:
        """Like `read`, and may take its time: nothing waits for it but other long reads.

        `work` may be run twice.
        """
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...


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


# The write path looks rows up by whole keys; while a table is small or its statistics are old, the
# planner may prefer to scan it, and keeps that plan while the table grows.
_BY_INDEX = {
    "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
    # So there is one plan for each statement, which need not be made again and again.
    "plan_cache_mode": "force_generic_plan", "jit": "off",
}  # fmt: skip


class PostgresDatabase:
    """A PostgreSQL server through asyncpg, READ COMMITTED: up to `pool_size` connections, at least
    one for writing and one for reading.
    """

    dialect = "postgresql"

    def __init__(self, url: str, pool_size: int = POOL_DEFAULT) -> None:
        writing = min(max(1, pool_size // 2), _WRITERS_MAX)
        self.side_by_side = writing
        self._writer = _postgres_engine(url, writing, _BY_INDEX)
        self._reader = _postgres_engine(url, max(1, pool_size - writing), {})

        @event.listens_for(self._writer.sync_engine, "connect")
        def _set_up(connection: Any, _record: Any) -> None:
            connection.run_async(lambda driver: driver.execute(row_types(schema.metadata)))

        for engine in (self._writer, self._reader):
            event.listen(engine.sync_engine, "checkout", _plan_anew)

    async def write(self, work: Work[T]) -> T:
        """See Database."""
        return await _in_transaction(self._writer, "BEGIN", work)

    async def write_guarded(self, work: Work[T]) -> T:
        """See Database."""
        return await _in_transaction(self._writer, None, work)

    async def read(self, work: Work[T]) -> T:
        """See Database."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        return await _in_transaction(self._reader, begin, work)

    async def read_one(self, work: Work[T]) -> T:
        """See Database."""
        return await _in_transaction(self._reader, None, work)

    async def read_long(self, work: Work[T]) -> T:
        """See Database."""
        return await self.read(work)

    async def close(self) -> None:
        """See Database."""
        await self._writer.dispose()
        await self._reader.dispose()


def _postgres_engine(url: str, pool_size: int, session: dict[str, str]) -> AsyncEngine:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - see above

    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        # Transactions are begun and ended below, so that the driver may be used directly as well.
        isolation_level="AUTOCOMMIT",
        connect_args={
            "timeout": 10,
            "command_timeout": 30,
            # A batch's statement is long, and prepared once for each set of tables it writes to.
            "statement_cache_size": 512,
            "max_cacheable_statement_size": 0,
            "max_cached_statement_lifetime": 0,
            "server_settings": {
                "application_name": "entrepot", "synchronous_commit": "on", **session,
            },
        },
    )  # fmt: skip


def _plan_anew(connection: Any, record: Any, _proxy: Any) -> None:
    """Let go of plans that were made for smaller tables: on an empty one any index looks as good as
    the right one. Rarer and rarer, as what a connection sees doubles ever more slowly.
    """
    now = time.monotonic()
    wait, due = record.info.get("plans", (_PLANS_SECONDS_MIN, now + _PLANS_SECONDS_MIN))
    if now >= due:
        wait = min(2 * wait, _PLANS_SECONDS_MAX)
        due = now + wait
        connection.run_async(lambda driver: driver.execute("DISCARD PLANS"))
    record.info["plans"] = (wait, due)


async def _in_transaction(engine: AsyncEngine, begin: str | None, work: Work[T]) -> T:
    """Between `begin` and COMMIT; without one, each statement of `work` is a transaction."""
    import asyncpg  # noqa: PLC0415 - see above

    try:
        async with engine.connect() as conn:
            driver: Any = (await conn.get_raw_connection()).driver_connection
            try:
                if begin is not None:
                    await driver.execute(begin)
                result = await conn.run_sync(work)
                if begin is not None:
                    await driver.execute("COMMIT")
            except BaseException:
                await _undo(conn, driver)
                raise
            return result
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _translated(error) from error
    except (OSError, TimeoutError, NoFreeConnection) as error:
        raise Unavailable(f"the database cannot be reached: {_why(error)}") from error


def _why(error: Exception) -> str:
    # asyncio's own text names the number of the fault and not what it means.
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error) or "it did not answer in time"


async def _undo(conn: AsyncConnection, driver: Any) -> None:
    """Roll back; a connection that cannot is not used again."""
    with suppress(Exception):
        if not driver.is_closed():
            if driver.is_in_transaction():
                await driver.execute("ROLLBACK")
            return
    await conn.invalidate()


def _translated(error: Exception) -> Exception:
    raw = error.orig if isinstance(error, DBAPIError) and error.orig else error
    state = getattr(raw, "sqlstate", None)
    if state in _RETRY_STATES:
        return Conflict(_first_line(raw))
    if isinstance(raw, sqlite_driver.IntegrityError) and "UNIQUE constraint" in str(raw):
        return Conflict(str(raw))
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Unavailable(str(raw))
    if isinstance(raw, sqlite_driver.Error):
        return Unavailable(str(raw)) if "locked" in str(raw) else error
    if state is None and "clos" in str(raw):
        return Unavailable(str(raw))
    if state is not None and (state[:2] in ("08", "57", "53") or state == _NOT_ALLOWED):
        return Unavailable(str(raw))
    return error


def _first_line(error: BaseException) -> str:
    """What the database says, without the values of the row that PostgreSQL tells below it."""
    return str(error).partition("\n")[0]


def open_database(url: str, pool_size: int = POOL_DEFAULT) -> Database:
    """The database behind a URL: `sqlite:///path` or `postgresql://user:password@host:port/name`."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        # Not the text itself, which may hold a password.
        raise RuntimeError("the database's URL cannot be read as one") from error
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed.database or ":memory:")
    if parsed.get_backend_name() == "postgresql":
        return PostgresDatabase(url, pool_size)
    raise RuntimeError(f"{parsed.get_backend_name()} is no database that Entrepot speaks to")
