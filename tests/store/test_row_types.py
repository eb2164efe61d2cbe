"""Types of whole rows on PostgreSQL: a connection makes each of them before its first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, select
from tests.factories import open_shop

from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.postgres_types import _BUILT_IN, made_by, part_type
from entrepot.store.engines.sql import driver_of, fetch, postgres_types
from entrepot.store.writing.writes import Writes

HAVE = "SELECT typname FROM pg_type WHERE typtype = 'c' AND typnamespace = pg_my_temp_schema()"
FIRST = "idempotency_keys_row"


class Kept(Exception):
    """A write is undone."""


def writing(name: str, seen: set[int], *, fails: bool = False) -> Callable[[Connection], Any]:
    """Write one location, and tell by which backend and with which types."""

    def work(conn: Connection) -> set[str]:
        made = Writes()
        key = name.encode().ljust(16, b"0")
        made.insert(schema.locations, ("org", "id", "name"), [(1, key, name)])
        made.run(conn)
        seen.add(driver_of(conn).get_server_pid())
        if fails:
            raise Kept
        return set(conn.exec_driver_sql(HAVE).scalars())

    return work


@pytest.mark.parametrize("way", ["write", "write_guarded"])
async def test_a_type_is_made_before_its_first_use(
    fresh_database: Callable[[str], str], way: str
) -> None:
    database, seen = open_database(fresh_database("direct"), 2), set[int]()
    write = getattr(database, way)
    before = await database.write(lambda conn: set(conn.exec_driver_sql(HAVE).scalars()))
    assert before == {FIRST}
    for name in ("one", "two"):
        assert await write(writing(name, seen)) == {FIRST, "locations_row"}
    assert len(seen) == 1
    await database.close()


@pytest.mark.parametrize("way", ["write", "write_guarded"])
async def test_a_type_that_was_undone_is_made_again(
    fresh_database: Callable[[str], str], way: str
) -> None:
    database, seen = open_database(fresh_database("direct"), 2), set[int]()
    write = getattr(database, way)
    with pytest.raises(Kept):
        await write(writing("one", seen, fails=True))
    await write(writing("two", seen))
    # Nothing was undone outside of a transaction: the connection is used again.
    assert len(seen) == (2 if way == "write" else 1)
    with pytest.raises(Kept):
        await write(writing("three", seen, fails=True))
    await write(writing("four", seen))
    assert len(seen) == (2 if way == "write" else 1)
    names = await database.read(
        lambda conn: set(conn.execute(select(schema.locations.c.name)).scalars())
    )
    assert names - {"one", "three"} == {"two", "four"}
    await database.close()


def test_the_name_of_a_type_of_a_part_says_its_columns() -> None:
    name = part_type(("bigint", "bytea", "text", "boolean", "smallint"))
    assert name == "pg_temp.row_bytos"
    columns = '"v0" bigint, "v1" bytea, "v2" text, "v3" boolean, "v4" smallint'
    assert made_by(name) == f"CREATE TYPE {name} AS ({columns})"


def test_a_row_of_any_columns_of_a_table_has_a_type_with_a_name() -> None:
    for table in schema.metadata.sorted_tables:
        name = part_type(postgres_types(table, table.columns.keys()))
        # A longer one would be cut off, and be the name of other rows as well.
        assert len(name.removeprefix("pg_temp.")) <= 63, table.name


async def test_rows_of_a_part_of_the_columns_go_as_one_array(
    fresh_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, seen = open_database(fresh_database("direct"), 2), set[int]()
    for name in ("one", "two"):
        await database.write(writing(name, seen))
    sent: list[tuple[Any, ...]] = []
    fetchrow = asyncpg.Connection.fetchrow

    async def heard(self: Any, statement: str, *arrays: Any) -> Any:
        sent.append(arrays)
        return await fetchrow(self, statement, *arrays)

    monkeypatch.setattr(asyncpg.Connection, "fetchrow", heard)
    rows = [(new, 1, old.encode().ljust(16, b"0")) for old, new in (("one", "a"), ("two", "b"))]

    def change(conn: Connection) -> None:
        made = Writes()
        made.update(schema.locations, ("name",), ("org", "id"), rows)
        made.run(conn)

    await database.write_guarded(change)
    assert sent == [(rows,)]
    await database.close()


class Asked(Exception):
    """A connection asked the server for a type."""


@pytest.mark.parametrize("way", ["direct", "pooled"])
async def test_a_connection_asks_for_no_type(
    fresh_database: Callable[[str], str], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asks(_driver: Any, types: Any, _timeout: Any) -> None:
        raise Asked(types)

    monkeypatch.setattr(asyncpg.Connection, "_introspect_types", asks)
    database = open_database(fresh_database(way), 2)
    await database.write(open_shop)
    await database.write_guarded(writing("one", set()))
    [[found]] = await database.read(
        lambda conn: fetch(conn, "SELECT array_agg(ROW(name, org)) FROM locations", ())
    )
    assert ("one", 1) in map(tuple, found)
    await database.close()


async def test_numbers_of_types_are_those_of_the_server(
    fresh_database: Callable[[str], str],
) -> None:
    database = open_database(fresh_database("direct"), 2)
    asked = "SELECT oid, typarray FROM pg_type WHERE oid = $1::text::regtype"
    for name, numbers in _BUILT_IN.items():
        [found] = await database.read(lambda conn, name=name: fetch(conn, asked, (name,)))  # type: ignore[misc]
        assert tuple(found) == numbers, name
    await database.close()


async def test_rows_of_a_type_that_a_connection_made_are_read_by_their_columns(
    fresh_database: Callable[[str], str],
) -> None:
    database = open_database(fresh_database("direct"), 2)
    await database.write(writing("one", set()))
    names = [column.name for column in schema.locations.columns]
    asked = f"SELECT ROW({', '.join(['NULL'] * len(names))})::pg_temp.locations_row"
    [[row]] = await database.write(lambda conn: fetch(conn, asked, ()))
    assert list(row.keys()) == names
    await database.close()
