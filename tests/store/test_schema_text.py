"""What PostgreSQL tells of the schema, by which an audit knows whether it has seen the schema."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.sql import sql_of

CHANGES = (
    "CREATE TABLE more (id bigint)",
    "DROP TABLE sweeps",
    "ALTER TABLE sweeps ADD COLUMN more text",
    "ALTER TABLE sweeps RENAME COLUMN fence TO gate",
    "ALTER TABLE sweeps ALTER COLUMN fence TYPE text",
    "ALTER TABLE sweeps ALTER COLUMN fence DROP NOT NULL",
    "DROP INDEX jobs_due",
    "CREATE INDEX more ON jobs (run_at)",
    "DROP INDEX orders_number; CREATE INDEX orders_number ON orders (org, number)",
    "DROP INDEX jobs_due; CREATE INDEX jobs_due ON jobs (run_at)",
    "DROP INDEX jobs_due; CREATE INDEX jobs_due ON jobs (run_at) WHERE tries > 1",
    "ALTER TABLE stock_levels ADD CONSTRAINT more CHECK (org > 0)",
    "ALTER TABLE sweeps DROP CONSTRAINT sweeps_pkey",
    "ALTER TABLE stock_levels ADD CONSTRAINT more UNIQUE (org, variant_id, location_id)",
)


class Undone(Exception):
    """A change is undone."""


@pytest.fixture(scope="module")
def url(fresh_database: Callable[[str], str]) -> str:
    return fresh_database("direct")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = open_database(url, 2)
    yield opened
    await opened.close()


def told(conn: Connection) -> list[tuple[Any, ...]]:
    return list(map(tuple, conn.exec_driver_sql(sql_of(conn).schema_text)))


@pytest.mark.parametrize("change", CHANGES)
async def test_another_schema_has_another_text(database: Database, change: str) -> None:
    texts = []

    def work(conn: Connection) -> None:
        texts.append(told(conn))
        for statement in change.split("; "):
            conn.exec_driver_sql(statement)
        texts.append(told(conn))
        raise Undone

    with pytest.raises(Undone):
        await database.write(work)
    texts.append(await database.read(told))
    before, changed, after = texts
    assert before == after
    assert before != changed


async def test_a_check_of_another_condition_has_another_text(database: Database) -> None:
    texts = []

    def work(conn: Connection) -> None:
        for bound in (0, 1):
            added = f"ALTER TABLE sweeps ADD CONSTRAINT more CHECK (org > {bound})"
            conn.exec_driver_sql(added)
            texts.append(told(conn))
            conn.exec_driver_sql("ALTER TABLE sweeps DROP CONSTRAINT more")
        raise Undone

    with pytest.raises(Undone):
        await database.write(work)
    assert texts[0] != texts[1]
