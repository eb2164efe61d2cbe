"""A lost or refusing PostgreSQL is Unavailable in all of asyncpg's ways; a bad statement is not."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from structlog.testing import capture_logs

from entrepot.pages import pages
from entrepot.settings import Settings
from entrepot.store.engines import postgres, readiness, sql
from entrepot.store.engines.outage import Damaged, NoRoom, Unavailable
from entrepot.store.engines.postgres import PostgresDatabase
from entrepot.store.engines.sql import Conflict
from entrepot.testing.postgres import Postgres

WAYS = ("write", "write_guarded", "read", "read_one", "read_long")


@pytest.fixture
def url(fresh_database: Callable[[str], str]) -> str:
    return fresh_database("direct")


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(url, 4)
    await opened.begin_serving()
    yield opened
    await opened.close()


def raising(error: BaseException, *, lost: bool = False) -> Callable[[Connection], Any]:
    """Work that fails so; `lost`: after the connection has gone."""

    def work(conn: Connection) -> None:
        if lost:
            sql.driver_of(conn).terminate()
        raise error

    return work


# Errors that asyncpg, asyncio and uvloop are known to raise when a connection breaks.
LOST: list[tuple[BaseException, bool]] = [
    (asyncpg.InternalClientError("got result for unknown protocol state 3"), False),
    (asyncpg.exceptions.ProtocolError("unexpected message"), False),
    (asyncpg.InterfaceError("connection is closed"), False),
    (asyncpg.InterfaceError("cannot perform operation: another operation is in progress"), False),
    (asyncpg.ConnectionDoesNotExistError("connection was closed in the middle"), False),
    (asyncpg.exceptions.ConnectionFailureError("server closed the connection"), False),
    (asyncpg.exceptions.OutdatedSchemaCacheError("cached plan"), False),
    (asyncpg.InvalidCachedStatementError("cached statement plan is invalid"), False),
    (ConnectionResetError(errno.ECONNRESET, "reset"), False),
    (BrokenPipeError(errno.EPIPE, "pipe"), False),
    (OSError(errno.EHOSTUNREACH, "no route"), False),
    (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
    (TimeoutError(), False),
    (EOFError("unexpected end"), False),
    (NoFreeConnection("QueuePool limit reached"), False),
    (RuntimeError("unable to perform operation on <TCPTransport>; the handler is closed"), True),
    (AttributeError("'NoneType' object has no attribute 'write'"), True),
    (asyncpg.UniqueViolationError("seen before the connection broke"), True),
]


@pytest.mark.parametrize(("error", "lost"), LOST, ids=lambda one: str(one)[:40])
async def test_a_lost_connection_is_unavailable(
    database: PostgresDatabase, error: BaseException, lost: bool
) -> None:
    for way in WAYS:
        with pytest.raises(Unavailable) as raised:
            await getattr(database, way)(raising(error, lost=lost))
        assert str(raised.value)
        assert "\n" not in str(raised.value)
        found = await getattr(database, way)(lambda conn: sql.fetch(conn, "SELECT 7", ())[0][0])
        assert found == 7, "the next one is served"


def test_the_driver_s_own_states_are_no_sentence() -> None:
    inner = asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in")
    wrapped = AsyncAdapt_asyncpg_dbapi.Error(f"{type(inner)}: {inner}")
    wrapped.__cause__ = inner
    for error in (inner, wrapped, DBAPIError("SELECT", (), wrapped)):
        told = postgres._translated(error, is_lost=True)
        assert isinstance(told, Unavailable)
        assert str(told) == "the connection to the database was lost in the middle of an operation"


def test_a_pool_without_a_free_connection_is_no_server_that_is_away() -> None:
    told = postgres._translated(NoFreeConnection("QueuePool limit ... sqlalche.me/e/3o7r"))
    assert isinstance(told, Unavailable)
    assert str(told) == (
        "no connection to the database was free for 10 s; ENTREPOT_DATABASE_POOL says how many "
        "a process has"
    )


def refusing(state: str) -> Callable[[Connection], Any]:
    """Work that the server itself refuses with this state."""

    def work(conn: Connection) -> None:
        conn.exec_driver_sql(
            f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = 'state {state}', "
            "DETAIL = 'a value of a row'; END $$"
        )

    return work


STATES = [
    *((state, Unavailable) for state in (
        "57P03",  # starting up, shutting down, in recovery
        "57P01", "57P02", "57014", "57P05",  # ended by an operator, after a crash, cancelled, idle
        "53300", "53200", "53000", "53400",  # connections, memory, resources, a configured limit
        "08000", "08006", "08P01", "25006", "28000", "28P01", "3D000", "40003", "42501",
    )),
    *((state, NoRoom) for state in ("53100", "58030", "58000", "58P01")),
    *((state, Damaged) for state in ("XX001", "XX002")),
]  # fmt: skip


@pytest.mark.parametrize(("state", "kind"), STATES)
async def test_what_the_server_says_of_itself_is_unavailable(
    database: PostgresDatabase, state: str, kind: type[Unavailable]
) -> None:
    with pytest.raises(Unavailable) as raised:
        await database.write(refusing(state))
    assert type(raised.value) is kind
    assert str(raised.value) == f"state {state}"


@pytest.mark.parametrize(
    ("work", "kind"),
    [
        *((refusing(state), Conflict) for state in ("40001", "40P01", "23505", "55P03")),
        *((refusing(state), DBAPIError) for state in ("22001", "23502", "23514", "42601", "XX000")),
        (lambda conn: conn.execute(text("SELECT 1 / 0")), DBAPIError),
        (raising(RuntimeError("a fault of the program")), RuntimeError),
        (raising(AttributeError("a fault of the program")), AttributeError),
        (raising(ValueError("a fault of the program")), ValueError),
    ],
)
async def test_what_is_wrong_with_a_statement_is_not_the_database_s_fault(
    database: PostgresDatabase, work: Callable[[Connection], Any], kind: type[Exception]
) -> None:
    for way in WAYS:
        with pytest.raises(kind):
            await getattr(database, way)(work)
    assert database.writing.error is None
    assert database.reading.error is None


# --------------------------------------------------------------- what the server does not allow


def ordinary(url: str, postgres: Postgres, name: str) -> str:
    """The URL for a role that has no special rights but owns everything in the database."""
    role = f"{name}_{url.rpartition('/')[2]}"
    postgres.sql(f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_data, pg_write_all_data")
    return f"postgresql://{role}@{url.partition('@')[2]}"


def nobody_may_connect(postgres: Postgres, url: str) -> str:
    postgres.sql(f"ALTER DATABASE {url.rpartition('/')[2]} ALLOW_CONNECTIONS false")
    return "not currently accepting connections"


def no_connection_is_left(postgres: Postgres, url: str) -> str:
    role = url.partition("//")[2].partition("@")[0]
    postgres.sql(f"ALTER ROLE {role} CONNECTION LIMIT 0")
    return "too many connections for role"


def the_role_may_not_log_in(postgres: Postgres, url: str) -> str:
    role = url.partition("//")[2].partition("@")[0]
    postgres.sql(f"ALTER ROLE {role} NOLOGIN")
    return "is not permitted to log in"


@pytest.mark.parametrize(
    "act",
    [nobody_may_connect, no_connection_is_left, the_role_may_not_log_in],
    ids=lambda one: one.__name__,
)
async def test_a_server_that_lets_nobody_in_is_unavailable(
    postgres: Postgres, url: str, act: Callable[[Postgres, str], str]
) -> None:
    theirs = ordinary(url, postgres, act.__name__[:12])
    sentence = act(postgres, theirs)
    database = PostgresDatabase(theirs, 4)
    for way in WAYS:
        with pytest.raises(Unavailable, match=sentence):
            await getattr(database, way)(lambda conn: sql.fetch(conn, "SELECT 7", ()))
    status, _, body = await pages(database, Settings())["/health/ready"]()
    assert (status, body) == (503, b'{"status":"not ready","database":"not reachable"}')
    await database.close()


@pytest.mark.parametrize(
    ("replaced", "by", "sentence"),
    [("entrepot_", "nowhere_", "does not exist"), ("postgres@", "nobody@", "does not exist"),
     ("127.0.0.1", "no-such-host.invalid", "cannot be reached: ")],
)  # fmt: skip
async def test_what_is_not_there_is_a_sentence(
    url: str, replaced: str, by: str, sentence: str
) -> None:
    theirs = url.replace("postgres:postgres@", "postgres@").replace(replaced, by)
    database = PostgresDatabase(theirs, 4)
    with pytest.raises(Unavailable, match=sentence) as raised:
        await database.read(lambda conn: sql.fetch(conn, "SELECT 7", ()))
    assert "Unknown error" not in str(raised.value)
    assert "asyncpg" not in str(raised.value)
    await database.close()


async def test_a_database_that_only_reads_is_not_writable(
    postgres: Postgres, url: str, database: PostgresDatabase
) -> None:
    clock = [1000.0]
    database.writing._monotonic = lambda: clock[0]
    database.writing.worked()
    name = url.rpartition("/")[2]
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    postgres.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    postgres.sql(cut)
    with capture_logs() as logs:
        for way in ("write", "write_guarded"):
            with pytest.raises(Unavailable):
                await getattr(database, way)(_touched)
        clock[0] += 60
        assert await readiness.fault(database) == "not writable"
        postgres.sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        postgres.sql(cut)
        clock[0] += 1.1
        assert await readiness.fault(database) is None
    assert [one["event"] for one in logs][:: len(logs) - 1] == [
        "database.unavailable", "database.back",
    ]  # fmt: skip
    assert all(one["why"].endswith("in a read-only transaction") for one in logs[:-1])


def _touched(conn: Connection) -> None:
    conn.exec_driver_sql("UPDATE installation SET value = value")
