"""Connections that PostgreSQL cuts off: who uses one is told, and none is lost to the pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from entrepot.store.engine import Unavailable
from entrepot.store.engines import sql
from entrepot.store.engines.postgres import PostgresDatabase
from entrepot.store.keeping import migrate

POOL = 4
CUTS = 3 * POOL
_CUT_OFF = "SELECT pg_terminate_backend(pg_backend_pid())"
_CUT_OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


@pytest_asyncio.fixture
async def database(fresh_database: Callable[[str], str]) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(fresh_database("direct"), POOL)
    await migrate.upgrade(opened)
    yield opened
    await opened.close()


def said(statement: str) -> Callable[[Connection], Any]:
    return lambda conn: sql.fetch(conn, statement, ())[0][0]


@pytest.mark.parametrize("way", ["write", "write_guarded", "read", "read_one", "read_long"])
async def test_who_is_cut_off_is_told_and_the_next_one_is_served(
    database: PostgresDatabase, way: str
) -> None:
    run = getattr(database, way)
    for _ in range(CUTS):
        with pytest.raises(Unavailable):
            await run(said(_CUT_OFF))
        assert await run(said("SELECT 7")) == 7
    assert await database.read(said(_SESSIONS)) <= POOL


async def test_connections_cut_off_while_nobody_used_them_are_opened_anew(
    database: PostgresDatabase,
) -> None:
    for _ in range(CUTS):
        closed = asyncio.Event()
        idle = await database.read(sql.driver_of)
        idle.add_termination_listener(lambda _, closed=closed: closed.set())
        await database.write(said(_CUT_OTHERS))
        await asyncio.wait_for(closed.wait(), 20)
        assert await database.read(said("SELECT 7")) == 7
    assert await database.read(said(_SESSIONS)) <= POOL
