"""How PostgreSQL plans what is read: while it serves once, for any values; else as it likes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from entrepot.store.engines import sql
from entrepot.store.engines.postgres import PostgresDatabase
from entrepot.store.keeping import migrate
from entrepot.store.reading import queries

POOL = 2  # of which one reads
TIMES = 12
_PLANNED = (
    "SELECT sum(generic_plans), sum(custom_plans), current_setting('enable_seqscan') "
    "FROM pg_prepared_statements WHERE statement LIKE 'WITH s0 %'"
)


@pytest_asyncio.fixture(params=[False, True], ids=["serving", "patient"])
async def database(
    request: pytest.FixtureRequest, fresh_database: Callable[[str], str]
) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(fresh_database("direct"), POOL, patient=request.param)
    await migrate.upgrade(opened)
    yield opened
    await opened.close()


async def test_a_read_is_planned_once_unless_it_takes_its_time(
    database: PostgresDatabase, request: pytest.FixtureRequest
) -> None:
    patient = "patient" in request.node.name
    for _ in range(TIMES):
        found = await database.read_one(
            lambda conn: queries.order_and_customer(conn, org=1, order_id=b"o" * 16)
        )
        assert found is None
    [(generic, custom, scans)] = await database.read(lambda c: sql.fetch(c, _PLANNED, ()))
    assert generic + custom == TIMES
    assert (custom > 0, scans) == ((True, "on") if patient else (False, "off"))


async def test_no_workers_are_started_for_a_read_unless_it_takes_its_time(
    database: PostgresDatabase, request: pytest.FixtureRequest
) -> None:
    """A read of a millisecond would wait longer for workers; PostgreSQL is told to want some."""
    await database.read(lambda c: sql.fetch(c, "SET SESSION debug_parallel_query = on", ()))
    plan = await database.read(lambda c: sql.fetch(c, "EXPLAIN SELECT count(*) FROM orders", ()))
    gathered = any("Gather" in line[0] for line in plan)
    assert gathered is ("patient" in request.node.name)
