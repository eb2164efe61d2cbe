"""Behind a pooler in transaction mode: every transaction meets another backend, and leaves nothing.

The pooler of these tests is our own (entrepot.testing.pooler); `make test-pooler` runs more of the
suite behind Debian's PgBouncer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, insert
from tests.factories import open_shop

from entrepot.store import schema
from entrepot.store.engines import postgres, postgres_pools, sql
from entrepot.store.engines.postgres import PostgresDatabase, Undurable
from entrepot.store.keeping import migrate
from entrepot.store.writing.writes import Writes
from entrepot.testing.pooler import Pooler
from entrepot.testing.postgres import Postgres

WAYS = ("write", "write_guarded", "write_long", "read", "read_one", "read_long")
_BACKEND = "SELECT pg_backend_pid(), current_setting('application_name')"


@pytest.fixture
async def database(
    fresh_database: Callable[[str], str], pooler: Pooler
) -> AsyncIterator[PostgresDatabase]:
    pooler.begin_anew()
    opened = PostgresDatabase(fresh_database("pooled"), 4)
    yield opened
    await opened.close()
    assert pooler.faults == []
    assert pooler.left_behind() == []


def settings_of(conn: Connection) -> list[Any]:
    names = ("synchronous_commit", "enable_seqscan", "plan_cache_mode", "jit")
    asked = ", ".join(f"current_setting('{name}')" for name in names)
    [found] = sql.fetch(conn, f"SELECT {asked}", ())
    return list(found)


@pytest.mark.parametrize("way", WAYS)
async def test_each_transaction_meets_another_backend(database: PostgresDatabase, way: str) -> None:
    await database.read(settings_of)
    met = [
        (await getattr(database, way)(lambda conn: sql.fetch(conn, _BACKEND, ())))[0]
        for _ in range(4)
    ]
    assert all(before[0] != after[0] for before, after in pairwise(met))
    assert {named for _, named in met} == {"entrepot"}


@pytest.mark.parametrize("way", WAYS)
async def test_what_a_transaction_needs_is_set_in_it(database: PostgresDatabase, way: str) -> None:
    assert await getattr(database, way)(settings_of) == ["on", "off", "force_generic_plan", "off"]


async def test_only_what_can_be_made_again_is_not_synced(
    database: PostgresDatabase, fresh_database: Callable[[str], str]
) -> None:
    direct = PostgresDatabase(fresh_database("postgres"), 4)
    try:
        for way in (database, direct):
            for _ in range(2):
                assert (await way.write_unsynced(settings_of))[:2] == ["off", "off"]
                assert (await way.write(settings_of))[0] == "on"
    finally:
        await direct.close()


async def test_a_statement_that_fails_undoes_all_of_its_transaction(
    database: PostgresDatabase,
) -> None:
    def twice(conn: Connection) -> None:
        for _ in range(2):
            conn.execute(insert(schema.locations).values(org=1, id=b"l" * 16, name="Main"))

    with pytest.raises(sql.Conflict):
        await database.write_guarded(twice)
    count = "SELECT count(*) FROM locations"
    assert await database.read(lambda conn: sql.fetch(conn, count, ())[0][0]) == 0


@pytest.mark.parametrize("way", ["write", "write_guarded"])
async def test_rows_are_written_and_read_without_types_of_a_session(
    database: PostgresDatabase, way: str
) -> None:
    columns = tuple(column.name for column in schema.customer_names.columns)
    rows = [(1, "email", f"{number}", b"c" * 16) for number in range(3)]

    def work(conn: Connection) -> None:
        writes = Writes()
        writes.insert(schema.customer_names, columns, rows)
        writes.run(conn)

    await getattr(database, way)(work)
    keys = {row[:3] for row in rows}
    found = await database.read_one(
        lambda conn: sql.select(conn, schema.customer_names, columns[:3], keys, columns)
    )
    assert sorted(map(tuple, found)) == rows


async def test_a_database_is_migrated_through_a_pooler(
    empty_database: Callable[[str], str], pooler: Pooler
) -> None:
    pooler.begin_anew()
    patient = PostgresDatabase(empty_database("pooled"), 4, patient=True)
    await migrate.upgrade(patient)
    assert await migrate.revision(patient) == migrate.head()
    assert (await patient.read(settings_of))[1:3] == ["on", "auto"]
    await patient.close()
    assert pooler.faults == []
    assert pooler.left_behind() == []


@pytest.mark.parametrize(("way", "pooled"), [("direct", False), ("pooled", True)])
async def test_a_pooler_is_found_out(
    fresh_database: Callable[[str], str], way: str, pooled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ways_to", postgres_pools.ways_to)  # as if nothing was known
    database = PostgresDatabase(fresh_database(way), 4)
    kinds = await database.write(lambda conn: type(sql.sql_of(conn)).__name__)
    assert kinds == ("PooledSql" if pooled else "PostgresSql")
    await database.close()


async def test_a_pooler_that_is_denied_is_misused(
    fresh_database: Callable[[str], str], pooler: Pooler
) -> None:
    """The pooler of these tests sees what a direct connection does and a pooled one must not."""
    database = PostgresDatabase(fresh_database("pooled"), 2, pooler="no")
    for _ in range(4):
        with suppress(Exception):  # what fails first is chance
            await database.write(open_shop)
    await database.close()
    told = " ".join(pooler.faults)
    pooler.begin_anew()
    for fault in ("startup parameter synchronous_commit", "pg_temp", "a prepared statement with"):
        assert fault in told


@pytest.mark.parametrize("way", ["pooled", "direct"])
async def test_a_role_that_does_not_wait_for_the_disk_is_not_served(
    fresh_database: Callable[[str], str], postgres: Postgres, way: str
) -> None:
    """Direct connections ask for durable commits when they begin; a pooler keeps its own ones."""
    url = fresh_database(way)
    name = url.rpartition("/")[2]
    postgres.sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    database = PostgresDatabase(url, 4)
    if way == "direct":
        await database.see_to_durability()
    else:
        with pytest.raises(
            Undurable, match=r"synchronous_commit is off for the role postgres, .*;"
        ):
            await database.see_to_durability()
    assert await database.write_guarded(settings_of) == ["on", "off", "force_generic_plan", "off"]
    await database.close()
