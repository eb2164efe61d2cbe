"""Types of whole rows on PostgreSQL: a connection makes each of them before its first use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, select

from entrepot.store import schema
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.sql import driver_of
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
