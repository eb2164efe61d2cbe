"""Connections to a PostgreSQL server, directly or through a pooler.

A direct connection is Entrepot's own for as long as it is open: what is set stays set, statements
are prepared once, and types of whole rows are made once, when they are first needed. Behind a
pooler (PgBouncer in transaction mode) each transaction may meet another backend, which other
programs use as well. There every statement stands in a transaction, which sets by SET LOCAL what it
needs, and leaves nothing behind (docs/adr/0032).

The pools are SQLAlchemy's plain ones over asyncpg, and are used within a greenlet. The asynchronous
ones would load the object mapper, which nothing here uses: 38 modules and 4 MB.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.util import await_only, greenlet_spawn

from entrepot.store import schema
from entrepot.store.engines.postgres_sql import DIRECT, POOLED, POOLED_GUARDED
from entrepot.store.engines.postgres_types import MADE, know_arrays, make_types, row_type
from entrepot.store.engines.sql import Sql, driver_of, speaking

_STATEMENT_SECONDS = 30.0
_CONNECT_SECONDS = 10.0
POOL_SECONDS = 10  # whoever needs a connection waits so long for a free one
# A connection that nobody used for so long has to answer first. The pool's last ones rest often.
_REST_SECONDS, _ANSWER_SECONDS = 60.0, 3.0
_USED = "used"
_PLANS_SECONDS_MIN, _PLANS_SECONDS_MAX = 0.25, 60.0
_NAMED = {"application_name": "entrepot"}
_DURABLE, _UNSYNCED = {"synchronous_commit": "on"}, {"synchronous_commit": "off"}
# Orders are looked up by keys and lists go by indexes; while a table is small or its statistics are
# old, the planner may prefer to scan it, and keeps that plan while the table grows.
_BY_INDEX = {
    "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
    # One generic plan for each statement saves planning again and again. Generic plans expect too
    # many rows, so compiling (JIT) and parallel workers would cost more than they save: off.
    "plan_cache_mode": "force_generic_plan", "jit": "off", "max_parallel_workers_per_gather": "0",
}  # fmt: skip


class Way(NamedTuple):
    """A way to run transactions: the pool of its connections, and the statement that begins it.

    Without such a statement each statement is a transaction of its own. `sql` speaks to the
    connection, if that differs from the pool's other transactions.
    """

    pool: Engine
    begin: str | None
    sql: Sql | None = None


class Ways(NamedTuple):
    """The ways of one server: see Database for each."""

    write: Way
    write_unsynced: Way
    write_guarded: Way
    read: Way
    read_one: Way
    bare: Way
    """A transaction of the writer that sets nothing: what it goes by is what the server says."""

    async def close(self) -> None:
        """Let the connections go."""
        for pool in {self.write.pool, self.read.pool}:
            await greenlet_spawn(pool.dispose)


class Sizes(NamedTuple):
    """Connections of either pool at most. A `patient` one waits for each statement as long as it
    takes, and lets PostgreSQL read as it likes.
    """

    writing: int
    reading: int
    patient: bool


async def ways_to(url: str, sizes: Sizes, pooler: str) -> Ways:
    """How the server behind a URL is worked with. Raises the driver's errors.

    `pooler`: `yes` and `no` say whether one stands between, `auto` has it found out.
    """
    if pooler == "no":
        return _direct(url, sizes)
    pooled = _pooled(url, sizes)
    try:
        if pooler == "yes" or await greenlet_spawn(_is_another_backend, pooled.read.pool):
            return pooled
    except BaseException:
        await pooled.close()
        raise
    await pooled.close()
    return _direct(url, sizes)


def _is_another_backend(pool: Engine) -> bool:
    """Whether the process that answers is another one than the one that greeted: a pooler greets
    with a number of its own.
    """
    with pool.connect() as conn:
        driver = driver_of(conn)
        await_only(driver.execute("BEGIN"))
        answering = await_only(driver.fetchval("SELECT pg_backend_pid()"))
        await_only(driver.execute("ROLLBACK"))
        return bool(answering != driver.get_server_pid())


def _pool(url: str, size: int, engine: Sql, connect: dict[str, Any]) -> Engine:
    made = create_engine(
        _address(url),
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        # The connection that worked last is the warmest: few orders need few of them.
        pool_use_lifo=True,
        execution_options=speaking(engine),
        # Transactions are begun and ended by hand, so that the driver may be used directly.
        isolation_level="AUTOCOMMIT",
        connect_args=connect,
    )
    event.listen(made, "connect", _know_arrays)
    event.listen(made, "checkout", _still_open)
    return made


def _direct(url: str, sizes: Sizes) -> Ways:
    def pool(size: int, session: dict[str, str]) -> Engine:
        connect = {
            **_patience(sizes),
            # A batch's statement is long, and prepared once for each set of tables it writes.
            "statement_cache_size": 512,
            "max_cacheable_statement_size": 0,
            "max_cached_statement_lifetime": 0,
            "server_settings": {**_NAMED, **_DURABLE, **session},
        }
        made = _pool(url, size, DIRECT, connect)
        event.listen(made, "checkout", _plan_anew)
        return made

    writer = pool(sizes.writing, _BY_INDEX)
    # Long reads go through whole tables, and send each of their statements once.
    reader = pool(sizes.reading, {} if sizes.patient else _BY_INDEX)

    @event.listens_for(writer, "connect")
    def _set_up(connection: Any, record: Any) -> None:
        # Others are made when they are needed. This one fails where types cannot be made, or where
        # nothing can be written: no such connection is kept.
        first = row_type(schema.idempotency_keys.name)
        connection.run_async(lambda driver: make_types(driver, {first}))
        record.info[MADE] = {first}

    return Ways(
        Way(writer, "BEGIN"), Way(writer, _begin("BEGIN", _UNSYNCED)), Way(writer, None),
        Way(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), Way(reader, None),
        Way(writer, "BEGIN"),
    )  # fmt: skip


def _pooled(url: str, sizes: Sizes) -> Ways:
    connect = {
        **_patience(sizes),
        # Statements have no name: a named one may be another client's on this backend.
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: "",
        "async_creator_fn": _connected,
    }
    writer, reader = [_pool(url, size, POOLED, connect) for size in (sizes.writing, sizes.reading)]
    writing = _begin("BEGIN", _DURABLE | _BY_INDEX)
    session = {} if sizes.patient else _BY_INDEX
    return Ways(
        Way(writer, writing), Way(writer, _begin("BEGIN", _UNSYNCED | _BY_INDEX)),
        Way(writer, writing, POOLED_GUARDED),
        Way(reader, _begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", session)),
        Way(reader, _begin("BEGIN READ ONLY", session)),
        Way(writer, "BEGIN"),
    )  # fmt: skip


def _begin(begin: str, session: dict[str, str]) -> str:
    """Begins a transaction and sets what it needs, which ends with it; in one round trip."""
    settings = [f"SET LOCAL {name} = '{value}'" for name, value in (_NAMED | session).items()]
    return "; ".join([begin, *settings])


async def _connected(*arguments: Any, **named: Any) -> Any:
    """A new connection that leaves nothing behind when it asks for a type."""
    made: Any = await asyncpg.connect(*arguments, **named)
    # Before the driver asks for a type it would turn `jit` off for the session, and on again.
    made._server_caps = made._server_caps._replace(jit=False)  # noqa: SLF001 - there is no setting
    return made


def _address(url: str) -> Any:
    return make_url(url).set(drivername="postgresql+asyncpg")


def _patience(sizes: Sizes) -> dict[str, Any]:
    seconds = None if sizes.patient else _STATEMENT_SECONDS
    return {"timeout": _CONNECT_SECONDS, "command_timeout": seconds}


def _know_arrays(connection: Any, _record: Any) -> None:
    know_arrays(connection.driver_connection)


def _still_open(connection: Any, record: Any, _proxy: Any) -> None:
    """Have the pool open another one in place of a connection that the server has closed, or that
    does not answer after a rest: a firewall forgets a connection at rest, and says so to nobody.
    """
    driver, now = connection.driver_connection, time.monotonic()
    rested = now - record.info.get(_USED, now)
    record.info[_USED] = now
    if rested > _REST_SECONDS:
        with suppress(Exception):
            connection.run_async(lambda driver: driver.execute("SELECT", timeout=_ANSWER_SECONDS))
            return
        driver.terminate()
    if driver.is_closed():
        raise DisconnectionError


def _plan_anew(connection: Any, record: Any, _proxy: Any) -> None:
    """Drop the plans that were made for smaller tables: on an empty table every index looks good.

    The interval doubles each time, because tables double in size ever more slowly.
    """
    now = time.monotonic()
    wait, due = record.info.get("plans", (_PLANS_SECONDS_MIN, now + _PLANS_SECONDS_MIN))
    if now >= due:
        wait = min(2 * wait, _PLANS_SECONDS_MAX)
        due = now + wait
        connection.run_async(lambda driver: driver.execute("DISCARD PLANS"))
    record.info["plans"] = (wait, due)
