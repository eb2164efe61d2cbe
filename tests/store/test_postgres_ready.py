"""Each refusal of a PostgreSQL server: readiness says 503 and which, the log its own sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from tests import postgres_refusing as refusing
from tests.postgres_refusing import Refusing

from entrepot.pages import pages
from entrepot.settings import Settings
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.outage import PROVE_SECONDS
from entrepot.store.keeping import migrate
from entrepot.testing.postgres import Postgres


@pytest.fixture
def url(fresh_database: Callable[[str], str]) -> str:
    return fresh_database("direct").replace("postgres:postgres@", "postgres@")


class Looking:
    """A server's database, and what its readiness page and its log say of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._clock = 1000.0
        for outage in (database.reading, database.writing):
            outage._monotonic = lambda: self._clock

    async def ready(self) -> tuple[int, str | None, list[Any]]:
        """The page's status, the database as the page calls it, and the lines of the log."""
        self._clock += PROVE_SECONDS + 1
        with capture_logs() as lines:
            status, _, body = await pages(self.database, Settings())["/health/ready"]()
        return status, msgspec.json.decode(body).get("database"), lines

    async def refused(self, which: str, says: str) -> None:
        """The page says which, and one line of the log has the sentence."""
        status, database, lines = await self.ready()
        assert (status, database) == (503, which)
        [line] = [one for one in lines if one["event"] == "database.unavailable"]
        assert says in line["why"]
        assert "asyncpg" not in line["why"]
        assert "\n" not in line["why"]
        status, database, lines = await self.ready()
        assert (status, database, lines) == (503, which, []), "the same is not told again"


@asynccontextmanager
async def looking(url: str) -> AsyncIterator[Looking]:
    database = open_database(url, 4)
    await database.begin_serving()
    try:
        yield Looking(database)
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("refuse", "says"),
    [
        (refusing.no_database, "does not exist"),
        (refusing.no_role, 'role "nobody" does not exist'),
        (refusing.no_login, "is not permitted to log in"),
        (refusing.wrong_password, "password authentication failed"),
        (refusing.tls_demanded, "no encryption"),
        (refusing.no_tls_to_be_had, "rejected SSL upgrade"),
        (refusing.no_line_in_pg_hba, "pg_hba.conf rejects connection"),
        (refusing.too_many_of_the_role, "too many connections for role"),
        (refusing.too_many_of_the_database, "too many connections for database"),
        (refusing.connections_not_allowed, "not currently accepting connections"),
        (refusing.unknown_host, "Name or service not known"),
        (refusing.closed_port, "Connection refused"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
async def test_a_server_that_lets_nobody_in_is_not_reachable(
    postgres: Postgres, url: str, refuse: Refusing, says: str
) -> None:
    async with looking(refuse(postgres, url)) as server:
        await server.refused("not reachable", says)


async def test_a_role_that_may_not_write_is_not_writable(postgres: Postgres, url: str) -> None:
    postgres.sql(f"REVOKE TEMPORARY ON DATABASE {refusing.name_of(url)} FROM PUBLIC")
    role = refusing.role_for(postgres, url)
    async with looking(refusing.as_role(url, role)) as server:
        await server.refused("not writable", "permission denied to create temporary tables")


async def test_a_role_that_may_not_read_is_not_reachable(postgres: Postgres, url: str) -> None:
    role = f"stranger_{refusing.name_of(url)}"
    postgres.sql(f"CREATE ROLE {role} LOGIN")
    async with looking(refusing.as_role(url, role)) as server:
        await server.refused("not reachable", "permission denied for table")


@pytest.mark.parametrize(
    ("table", "which"), [("alembic_version", "not reachable"), ("installation", "not writable")]
)
async def test_a_statement_that_takes_too_long_is_told_as_such(
    url: str, table: str, which: str
) -> None:
    async with refusing.held_up(url, table), looking(url) as server:
        await server.refused(which, "canceling statement due to statement timeout")


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    server = Postgres(durable=False)
    server.start()
    yield server
    server.stop()


async def test_a_standby_is_not_writable_and_a_server_that_is_gone_is_not_reachable(
    own_postgres: Postgres,
) -> None:
    async with looking(own_postgres.create()) as server:
        await migrate.upgrade(server.database)
        assert await server.ready() == (200, "postgresql", [])
        # In a thread, so that the loop sees its connections end, as a server's does.
        await asyncio.to_thread(own_postgres.become_a_standby)
        await server.refused("not writable", "in a read-only transaction")
        await asyncio.to_thread(own_postgres.crash)
        await server.refused("not reachable", "Connection refused")
        await asyncio.to_thread(own_postgres.become_the_primary)
        status, _, lines = await server.ready()
        assert status == 200
        assert {one["event"] for one in lines} == {"database.back"}
        assert {one["doing"] for one in lines} == {"reading", "writing"}
