"""An order book on a PostgreSQL server: READ COMMITTED through asyncpg, in two pools."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from entrepot.pace import sliced
from entrepot.store import schema
from entrepot.store.engine import POOL_DEFAULT, T, Work
from entrepot.store.engines.outage import Damaged, LogFault, NoRoom, Outage, Unavailable
from entrepot.store.engines.postgres_sql import DIRECT, row_types
from entrepot.store.engines.sql import Conflict, speaking

# A process writes three batches at a time, the pipeline's, everybody else's and one more of arrays;
# beside them the pipeline claims jobs and retention removes what is old.
_WRITERS_MAX = 4
_STATEMENT_SECONDS = 30.0
_CONNECT_SECONDS = 10.0
_PLANS_SECONDS_MIN, _PLANS_SECONDS_MAX = 0.25, 60.0
_RETRY_STATES = {"40001", "40P01", "23505", "55P03"}
# What PostgreSQL says of itself and not of a statement: classes, and states of other classes.
_FAULTS: dict[str, type[Unavailable]] = {
    "08": Unavailable, "28": Unavailable, "3D": Unavailable,  # connection, authorization, database
    "53": Unavailable, "57": Unavailable,  # resources, an operator's act: starting, stopping
    "58": NoRoom, "53100": NoRoom,  # input and output, disk full
    "25006": Unavailable, "42501": Unavailable,  # only reads are allowed here, not allowed
    "40003": Unavailable,  # whether the statement was completed is not known
    "XX001": Damaged, "XX002": Damaged,  # data, index
}  # fmt: skip
_TOUCH = (
    "INSERT INTO installation (name, value) VALUES ('written', ''::bytea) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
# What asyncpg raises where no server has refused anything: it is in a state that it did not expect,
# the connection is closed or busy, or a plan has to be made anew after a change of the schema.
_DRIVER_GAVE_UP = (
    asyncpg.InternalClientError, asyncpg.InterfaceError, asyncpg.InvalidCachedStatementError,
)  # fmt: skip
# Orders are looked up by keys and lists go by indexes; while a table is small or its statistics are
# old, the planner may prefer to scan it, and keeps that plan while the table grows.
_BY_INDEX = {
    "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
    # So there is one plan for each statement, which need not be made again and again. It is made
    # for any values, and starting workers for what it then expects takes longer than what there is.
    "plan_cache_mode": "force_generic_plan", "jit": "off", "max_parallel_workers_per_gather": "0",
}  # fmt: skip


class PostgresDatabase:
    """A PostgreSQL server through asyncpg, READ COMMITTED: up to `pool_size` connections, at least
    one for writing and one for reading.
    """

    dialect = "postgresql"

    def __init__(self, url: str, pool_size: int = POOL_DEFAULT, *, patient: bool = False) -> None:
        self.reading, self.writing = Outage("reading"), Outage("writing")
        writing = min(max(1, pool_size // 2), _WRITERS_MAX)
        self.side_by_side = writing
        seconds = None if patient else _STATEMENT_SECONDS
        self._writer = _postgres_engine(url, writing, seconds, _BY_INDEX)
        # What takes its time goes through whole tables, each of its statements once.
        reading = {} if patient else _BY_INDEX
        self._reader = _postgres_engine(url, max(1, pool_size - writing), seconds, reading)

        @event.listens_for(self._writer.sync_engine, "connect")
        def _set_up(connection: Any, _record: Any) -> None:
            connection.run_async(lambda driver: driver.execute(row_types(schema.metadata)))

        for engine in (self._writer, self._reader):
            event.listen(engine.sync_engine, "checkout", _still_open)
            event.listen(engine.sync_engine, "checkout", _plan_anew)

    async def write(self, work: Work[T]) -> T:
        """See Database."""
        return await _in_transaction(self._writer, "BEGIN", work, self.writing)

    async def write_guarded(self, work: Work[T]) -> T:
        """See Database."""
        return await _in_transaction(self._writer, None, work, self.writing)

    async def write_long(self, work: Work[T]) -> T:
        """See Database. Every transaction lets others run here."""
        return await self.write_guarded(work)

    async def read(self, work: Work[T]) -> T:
        """See Database."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        return await _in_transaction(self._reader, begin, work, self.reading)

    async def read_one(self, work: Work[T]) -> T:
        """See Database."""
        return await _in_transaction(self._reader, None, work, self.reading)

    async def read_long(self, work: Work[T]) -> T:
        """See Database."""
        return await self.read(work)

    async def prove_writing(self) -> None:
        """See Database."""
        await self.write_guarded(lambda conn: conn.exec_driver_sql(_TOUCH).close())

    async def look_at_files(self) -> None:
        """See Database. The files are the server's own."""

    async def log_faults(self) -> list[LogFault]:
        """See Database. PostgreSQL does not start without its log."""
        return []

    async def accept_loss(self) -> list[LogFault]:
        """See Database."""
        return []

    async def begin_serving(self) -> None:
        """See Database. Several servers may."""
        self.reading.tells = self.writing.tells = True

    async def close(self) -> None:
        """See Database."""
        await self._writer.dispose()
        await self._reader.dispose()


def _postgres_engine(
    url: str, pool_size: int, seconds: float | None, session: dict[str, str]
) -> AsyncEngine:
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        execution_options=speaking(DIRECT),
        # Transactions are begun and ended below, so that the driver may be used directly as well.
        isolation_level="AUTOCOMMIT",
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": seconds,
            # A batch's statement is long, and prepared once for each set of tables it writes to.
            "statement_cache_size": 512,
            "max_cacheable_statement_size": 0,
            "max_cached_statement_lifetime": 0,
            "server_settings": {
                "application_name": "entrepot", "synchronous_commit": "on", **session,
            },
        },
    )  # fmt: skip


def _still_open(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool open another one in place of a connection that the server has closed."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


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


async def _in_transaction(
    engine: AsyncEngine, begin: str | None, work: Work[T], outage: Outage
) -> T:
    """Between `begin` and COMMIT; without one, each statement of `work` is a transaction."""
    try:
        result = await _done(engine, begin, work)
    except Unavailable as error:
        outage.failed(error)
        raise
    outage.worked()
    return result


async def _done(engine: AsyncEngine, begin: str | None, work: Work[T]) -> T:
    is_lost = True  # until there is a connection
    try:
        async with engine.connect() as conn:
            driver: Any = (await conn.get_raw_connection()).driver_connection
            is_lost = False
            try:
                if begin is not None:
                    await driver.execute(begin)
                with sliced:
                    result = await conn.run_sync(work)
                if begin is not None:
                    await driver.execute("COMMIT")
            except BaseException:
                # Whatever is raised on a connection that is lost, the loss is the reason.
                is_lost = driver.is_closed()
                await _undo(conn, driver)
                raise
            return result
    except Exception as error:
        told = _translated(error, is_lost=is_lost)
        if told is error:
            raise
        raise told from error


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return error.strerror or str(error)
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


def _translated(error: Exception, *, is_lost: bool = False) -> Exception:
    """The error as the rest of the server knows it; itself where it is not the database's.

    `is_lost`: there is no connection any more.
    """
    raw: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig else error
    # SQLAlchemy wraps the driver's exception once more, and puts its class before its text.
    if isinstance(raw.__cause__, asyncpg.PostgresError | asyncpg.InterfaceError | OSError):
        raw = raw.__cause__
    # What the database says, without the values of the row that it tells below it.
    sentence = str(raw).partition("\n")[0]
    state = getattr(raw, "sqlstate", None) or ""
    if state in _RETRY_STATES and not is_lost:
        return Conflict(sentence)
    fault = _FAULTS.get(state) or _FAULTS.get(state[:2])
    if fault is not None:
        return fault(sentence)
    if isinstance(raw, OSError | EOFError | TimeoutError | NoFreeConnection):
        return Unavailable(f"the database cannot be reached: {_why(raw)}")
    if is_lost or isinstance(raw, _DRIVER_GAVE_UP):
        return Unavailable(
            f"the connection to the database was lost: {sentence or type(raw).__name__}"
        )
    return error
