"""What looks for work twice a second costs next to nothing while there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, insert, text
from tests.asked import listen, plan_of
from tests.factories import open_shop

from entrepot.core.bulk_jobs import IMPORT
from entrepot.pipeline.bulk_jobs import BulkJobs
from entrepot.pipeline.deliveries import Deliveries
from entrepot.pipeline.following import Contacts, Following, Terms
from entrepot.pipeline.merging import Merging
from entrepot.pipeline.presence import Presence
from entrepot.pipeline.stock_watch import StockWatch
from entrepot.pipeline.walking import Walking
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines.postgres import PostgresDatabase
from entrepot.store.engines.sql import Row
from entrepot.store.reading import bulk_jobs

NOW = 10**15
NOBODY: Any = None
MANY = 2_000


def deliveries(database: Database) -> Walking:
    return Deliveries(database, NOBODY, NOBODY, NOBODY, now=lambda: NOW)


def jobs(database: Database) -> Walking:
    return BulkJobs(database, NOBODY, NOBODY, now=lambda: NOW)


def watch(database: Database) -> Walking:
    return StockWatch(database, NOBODY, now=lambda: NOW)


def contacts(database: Database) -> Walking:
    return Following(database, [Contacts(database, now=lambda: NOW)], now=lambda: NOW)


def terms(database: Database) -> Walking:
    return Following(database, [Terms(database, NOBODY)], now=lambda: NOW)


def merging(database: Database) -> Walking:
    return Following(database, [Merging(database, NOBODY, "polinate")], now=lambda: NOW)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements that were sent to PostgreSQL; a test empties the list."""
    heard: list[str] = []

    def listen_to(name: str) -> None:
        send = getattr(asyncpg.Connection, name)

        async def hearing(driver: Any, statement: str, *args: Any, **named: Any) -> Any:
            if statement != "DISCARD PLANS":
                heard.append(statement)
            return await send(driver, statement, *args, **named)

        monkeypatch.setattr(asyncpg.Connection, name, hearing)

    for one in ("execute", "fetch", "prepare"):
        listen_to(one)
    return heard


@pytest.mark.parametrize("made", [deliveries, jobs, watch, contacts, terms, merging])
async def test_a_look_that_finds_nothing_is_one_statement(
    fresh_database: Callable[[str], str], sent: list[str], made: Callable[[Database], Walking]
) -> None:
    database = PostgresDatabase(fresh_database("direct"), 2)
    walking = made(database)
    await walking.round()
    sent.clear()
    await walking.round()
    assert len(sent) == 1, sent
    await database.close()


async def test_a_beat_of_a_process_waits_for_no_disk(
    fresh_database: Callable[[str], str], sent: list[str]
) -> None:
    database = PostgresDatabase(fresh_database("direct"), 2)
    presence = Presence(database, 1, lambda: NOW, NOBODY)
    await presence.look()
    sent.clear()
    await presence.look()
    [begun] = [one for one in sent if one.startswith("BEGIN")]
    assert begun.endswith("SET LOCAL synchronous_commit = 'off'")
    await database.close()


def _filled(conn: Connection) -> None:
    """Jobs that are over, but for one."""
    org = open_shop(conn).org
    conn.execute(insert(schema.bulk_jobs), [
        {"org": org, "id": at.to_bytes(16, "big"), "type": IMPORT, "total": 1, "processed": 1,
         "state": "COMPLETED" if at else "PENDING", "failed": 0, "faults": "[]", "actor": "a",
         "leased_until": 0, "version": 1, "created_at": at, "updated_at": at}
        for at in range(MANY)
    ])  # fmt: skip
    if conn.dialect.name != "sqlite":  # nobody counts the rows of a book in SQLite
        conn.execute(text("ANALYZE"))


async def test_open_bulk_jobs_are_found_by_their_index(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.write(_filled)
    heard: list[tuple[str, Row]] = []
    with monkeypatch.context() as patch:
        listen(patch, lambda statement, values: heard.append((statement, values)))
        found = await database.read_one(lambda conn: bulk_jobs.due(conn, NOW, 9))
    assert [one.state for one in found] == ["PENDING"]
    [(statement, values)] = heard
    plan = await database.read(lambda conn: plan_of(conn, statement, values))
    assert "bulk_jobs_open" in plan
