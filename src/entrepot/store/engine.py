"""Opening the database, and running a function inside a transaction on it.

Store functions are plain ones over a SQLAlchemy Connection. SQLite runs them in place, on one
connection for writing and one for reading; PostgreSQL runs the very same ones over asyncpg. So
there is one colour of function, and one set of statements.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from entrepot.store.bulk import Conflict

T = TypeVar("T")
Snapshot: TypeAlias = Connection  # what readers outside the store are handed, and hand back
Work = Callable[[Connection], T]  # what runs inside a transaction

SQLITE_OLDEST = (3, 51, 3)  # older ones can corrupt a WAL database (study: WAL-reset bug)
_RETRY_STATES = {"40001", "40P01", "23505", "55P03"}


# Without an adapter the driver looks for adapting methods on every bytes, None and bool that it
# binds, which took two thirds of the time of an insert. These three give the same value back.
sqlite_driver.register_adapter(bytes, bytearray)
sqlite_driver.register_adapter(type(None), {}.get)
sqlite_driver.register_adapter(bool, int)


class Unavailable(Exception):
    """The database cannot be reached or did not answer; whether a write happened is not known."""


class Database(Protocol):
    """One order book's database. Both methods raise Conflict or Unavailable."""

    dialect: str

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction and commit it durably; roll back when it raises."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work` in one read-only snapshot."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...


class SqliteDatabase:
    """One file: WAL, every commit synced, one writer connection, writes begin immediately."""

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        if sqlite_driver.sqlite_version_info < SQLITE_OLDEST:
            found = sqlite_driver.sqlite_version
            raise RuntimeError(f"SQLite {found} can corrupt a WAL database; 3.51.3 or later needed")
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._writer = _sqlite_engine(path, "BEGIN IMMEDIATE")
        self._reader = _sqlite_engine(path, "BEGIN")
        self._write_conn: Connection | None = None
        self._read_conn: Connection | None = None

    async def write(self, work: Work[T]) -> T:
        """See Database. Runs in place: the commit's sync is short, a thread's hand-over is not."""
        if self._write_conn is None:
            self._write_conn = self._writer.connect()
        return _transact(self._write_conn, work)

    async def read(self, work: Work[T]) -> T:
        """See Database."""
        if self._read_conn is None:
            self._read_conn = self._reader.connect()
        return _transact(self._read_conn, work)

    async def close(self) -> None:
        """See Database."""
        for conn in (self._write_conn, self._read_conn):
            if conn is not None:
                conn.close()
        self._write_conn = self._read_conn = None
        self._writer.dispose()
        self._reader.dispose()


def _sqlite_engine(path: str, begin: str) -> Engine:
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
            "cache_size=-65536", "temp_store=MEMORY", "wal_autocheckpoint=4000",
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
    except DBAPIError as error:
        raise _translated(error) from error


# The write path looks rows up by whole keys; while a table is small or its statistics are old, the
# planner may prefer to scan it, and keeps that plan while the table grows.
_BY_INDEX = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}


class PostgresDatabase:
    """A PostgreSQL server through asyncpg, READ COMMITTED, two small pools of connections."""

    dialect = "postgresql"

    def __init__(self, url: str, pool_size: int = 5) -> None:
        self._writer = _postgres_engine(url, max(1, pool_size // 2), _BY_INDEX)
        self._reader = _postgres_engine(url, pool_size, {}).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def write(self, work: Work[T]) -> T:
        """See Database."""
        return await _in_transaction(self._writer, work)

    async def read(self, work: Work[T]) -> T:
        """See Database."""
        return await _in_transaction(self._reader, work)

    async def close(self) -> None:
        """See Database."""
        await self._writer.dispose()
        await self._reader.dispose()


def _postgres_engine(url: str, pool_size: int, session: dict[str, str]) -> AsyncEngine:
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        connect_args={
            "timeout": 10,
            "command_timeout": 30,
            "server_settings": {
                "application_name": "entrepot", "synchronous_commit": "on", **session,
            },
        },
    )  # fmt: skip


async def _in_transaction(engine: AsyncEngine, work: Work[T]) -> T:
    try:
        async with engine.begin() as conn:
            return await conn.run_sync(work)
    except DBAPIError as error:
        raise _translated(error) from error
    except (OSError, TimeoutError, NoFreeConnection) as error:
        raise Unavailable(str(error)) from error


def _translated(error: DBAPIError) -> Exception:
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    if state in _RETRY_STATES:
        return Conflict(_first_line(error))
    if isinstance(error, IntegrityError) and "UNIQUE constraint" in str(error.orig):
        return Conflict(str(error.orig))
    if error.connection_invalidated or (state is None and "locked" in str(error.orig)):
        return Unavailable(str(error.orig))
    if state is not None and state[:2] in ("08", "57", "53"):
        return Unavailable(str(error.orig))
    return error


def _first_line(error: DBAPIError) -> str:
    """What the database says, without the values of the row that PostgreSQL tells below it."""
    return str(error.orig).partition("\n")[0]


def open_database(url: str, pool_size: int = 5) -> Database:
    """The database behind a URL: `sqlite:///path` or `postgresql://user:password@host:port/name`."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed.database or ":memory:")
    if parsed.get_backend_name() == "postgresql":
        return PostgresDatabase(url, pool_size)
    raise ValueError(f"{parsed.get_backend_name()} is no database that Entrepot speaks to")
