"""An order book on a PostgreSQL server: READ COMMITTED through asyncpg, in two pools."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from contextlib import suppress
from typing import Any, Literal

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.util import await_only, greenlet_spawn

from entrepot.pace import sliced
from entrepot.store.engine import POOL_DEFAULT, T, Work
from entrepot.store.engines.outage import (
    Damaged,
    LogFault,
    NoRoom,
    OtherSchema,
    Outage,
    Unavailable,
)
from entrepot.store.engines.postgres_pools import POOL_SECONDS, Sizes, Way, Ways, ways_to
from entrepot.store.engines.postgres_types import UNDECIDED
from entrepot.store.engines.sql import Conflict, driver_of, speaking
from entrepot.store.engines.waits import Waits

# A process writes three batches at a time, the pipeline's, everybody else's and one more of arrays;
# beside them the pipeline claims jobs and retention removes what is old.
_WRITERS_MAX = 4
_RETRY_STATES = {"40001", "40P01", "23505", "55P03"}
# What PostgreSQL says of itself and not of a statement: classes, and states of other classes.
_FAULTS: dict[str, type[Unavailable]] = {
    "08": Unavailable, "28": Unavailable, "3D": Unavailable,  # connection, authorization, database
    "53": Unavailable, "57": Unavailable,  # resources, an operator's act: starting, stopping
    "58": NoRoom, "53100": NoRoom,  # input and output, disk full
    "25006": Unavailable, "42501": Unavailable,  # only reads are allowed here, not allowed
    "40003": Unavailable,  # whether the statement was completed is not known
    "XX001": Damaged, "XX002": Damaged,  # data, index
    "42P01": OtherSchema, "42703": OtherSchema,  # no such table, no such column
}  # fmt: skip
_TOUCH = (
    "INSERT INTO installation (name, value) VALUES ('written', ''::bytea) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
# Errors that asyncpg raises although no server refused anything: it is in a state that it did not
# expect, the connection is closed or busy, or a plan is made anew after a change of the schema.
_DRIVER_GAVE_UP = (
    asyncpg.InternalClientError, asyncpg.InterfaceError, asyncpg.InvalidCachedStatementError,
)  # fmt: skip

# SQLAlchemy's own text names its settings, and a page about them.
_ALL_IN_USE = (
    f"no connection to the database was free for {POOL_SECONDS} s; "
    "ENTREPOT_DATABASE_POOL says how many a process has"
)

_Kind = Literal["write", "write_unsynced", "write_guarded", "read", "read_one", "bare"]
_DURABLE = ("on", "remote_apply")


class Undurable(RuntimeError):
    """The server acknowledges commits before they are kept."""


class PostgresDatabase:
    """A PostgreSQL server through asyncpg, READ COMMITTED: up to `pool_size` connections, at least
    one for writing and one for reading.
    """

    dialect = "postgresql"

    def __init__(
        self,
        url: str,
        pool_size: int = POOL_DEFAULT,
        *,
        patient: bool = False,
        pooler: str = "auto",
    ) -> None:
        self.reading, self.writing = Outage("reading"), Outage("writing")
        writing = min(max(1, pool_size // 2), _WRITERS_MAX)
        self.side_by_side = writing
        self._url, self._pooler = url, pooler
        self._sizes = Sizes(writing, max(1, pool_size - writing), patient)
        self._ways: Ways | None = None
        self._waits = Waits()
        self._finding = asyncio.Lock()

    @property
    def waited_seconds(self) -> float:
        """See Database. The server may have the processors, or the disk, of this process."""
        return self._waits.seconds

    async def write(self, work: Work[T]) -> T:
        """See Database."""
        return await self._transact("write", work, self.writing)

    async def write_unsynced(self, work: Work[T]) -> T:
        """See Database."""
        return await self._transact("write_unsynced", work, self.writing)

    async def write_guarded(self, work: Work[T]) -> T:
        """See Database."""
        with self._waits:
            return await self._transact("write_guarded", work, self.writing)

    async def write_long(self, work: Work[T]) -> T:
        """See Database. Every transaction lets others run here."""
        return await self.write_guarded(work)

    async def read(self, work: Work[T]) -> T:
        """See Database."""
        return await self._transact("read", work, self.reading)

    async def read_one(self, work: Work[T]) -> T:
        """See Database."""
        return await self._transact("read_one", work, self.reading)

    async def read_long(self, work: Work[T]) -> T:
        """See Database."""
        return await self.read(work)

    async def _transact(self, kind: _Kind, work: Work[T], outage: Outage) -> T:
        try:
            ways = self._ways or await self._found()
            result: T = await greenlet_spawn(_done, getattr(ways, kind), work)
        except Unavailable as error:
            outage.failed(error)
            raise
        outage.worked()
        return result

    async def _found(self) -> Ways:
        """How this server is worked with, which the first connection to it finds out."""
        async with self._finding:
            if self._ways is None:
                try:
                    self._ways = await ways_to(self._url, self._sizes, self._pooler)
                except Exception as error:
                    raise _translated(error, is_lost=True) from error
            return self._ways

    async def prove_writing(self) -> None:
        """See Database."""
        await self.write_guarded(lambda conn: conn.exec_driver_sql(_TOUCH).close())

    async def look_at_files(self) -> None:
        """See Database. The files are the server's own."""

    async def accept_loss(self) -> list[LogFault]:
        """See Database. PostgreSQL does not start without its log."""
        return []

    async def clock(self) -> int | None:
        """See Database."""
        return await self._transact("read_one", _time, self.reading)

    async def begin_serving(self) -> None:
        """See Database. Several servers may."""
        self.reading.tells = self.writing.tells = True

    async def see_to_durability(self) -> None:
        """See Database. Asked in a transaction that sets nothing by itself."""
        durability, role = await self._transact("bare", _durability, self.writing)
        if durability not in _DURABLE:
            raise Undurable(
                f"synchronous_commit is {durability} for the role {role}, so that a crash of "
                "PostgreSQL could lose orders that were acknowledged; run "
                f'`ALTER ROLE "{role}" SET synchronous_commit = on`, have a pooler connect anew, '
                "and start again"
            )

    async def close(self) -> None:
        """See Database."""
        if self._ways is not None:
            await self._ways.close()


def _time(conn: Connection) -> int:
    """The server's time now, not that of a transaction's beginning."""
    asked = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    return int(conn.exec_driver_sql(asked).scalar_one())


def _durability(conn: Connection) -> tuple[str, str]:
    """The value of synchronous_commit, and the role that has the value."""
    asked = "SELECT current_setting('synchronous_commit'), current_user::text"
    durability, role = conn.exec_driver_sql(asked).one()
    return str(durability), str(role)


def _done(way: Way, work: Work[T]) -> T:
    """Between the way's beginning and COMMIT; without one, each statement is a transaction.

    One greenlet does all of a transaction. SQLAlchemy's asynchronous connection would take four,
    and a task.
    """
    pool, begin, spoken = way
    is_lost = True  # until there is a connection
    try:
        with pool.connect() as conn:
            if spoken is not None:
                conn.execution_options(**speaking(spoken))
            driver = driver_of(conn)
            is_lost = False
            try:
                if begin is not None:
                    await_only(driver.execute(begin))
                with sliced:
                    result = work(conn)
                if begin is not None:
                    await_only(driver.execute("COMMIT"))
                conn.info.pop(UNDECIDED, None)
            except BaseException as error:
                # If a connection is lost, the loss is the reason of every error on it.
                is_lost = driver.is_closed()
                _undo(conn, driver, is_told=isinstance(error, (Conflict, asyncpg.PostgresError)))
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
    if isinstance(error, ssl.SSLError):
        # Its number is of the library, and says something else among those of the system.
        return getattr(error, "verify_message", "") or error.reason or str(error)
    # asyncio's own text names the number of the fault and not what it means.
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error) or "it did not answer in time"


def _undo(conn: Connection, driver: Any, *, is_told: bool) -> None:
    """Roll back; a connection that cannot is not used again, nor one whose types may be gone.

    `is_told`: the server has answered, so that the driver knows how the transaction stands.
    """
    is_as_before = False
    try:
        with suppress(Exception):
            if not driver.is_closed():
                if not is_told and not driver.is_in_transaction():
                    # A BEGIN whose waiter has gone may still be done: whether it was is known once
                    # the connection answers again.
                    await_only(driver.execute("SELECT"))
                if driver.is_in_transaction():
                    await_only(driver.execute("ROLLBACK"))
                is_as_before = UNDECIDED not in conn.info
    finally:  # whoever waits for this may go as well
        if not is_as_before:
            conn.invalidate()


def _translated(error: Exception, *, is_lost: bool = False) -> Exception:
    """The error as the rest of the server knows it; itself where it is not the database's.

    `is_lost`: there is no connection any more.
    """
    raw: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig else error
    # SQLAlchemy wraps the driver's exception once more, and puts its class before its text.
    if isinstance(raw.__cause__, (asyncpg.PostgresError, OSError, *_DRIVER_GAVE_UP)):
        raw = raw.__cause__
    # The database's own sentence, without the values of the row in the lines below it.
    sentence = str(raw).partition("\n")[0]
    state = getattr(raw, "sqlstate", None) or ""
    if state in _RETRY_STATES and not is_lost:
        return Conflict(sentence)
    fault = _FAULTS.get(state) or _FAULTS.get(state[:2])
    if fault is not None:
        return fault(sentence)
    if isinstance(raw, NoFreeConnection):
        return Unavailable(_ALL_IN_USE)
    if isinstance(raw, OSError | EOFError | TimeoutError):
        return Unavailable(f"the database cannot be reached: {_why(raw)}")
    if isinstance(raw, asyncpg.InternalClientError):
        # Its text is of the driver's own states, and another one each time.
        return Unavailable("the connection to the database was lost in the middle of an operation")
    if is_lost or isinstance(raw, _DRIVER_GAVE_UP):
        return Unavailable(
            f"the connection to the database was lost: {sentence or type(raw).__name__}"
        )
    return error
