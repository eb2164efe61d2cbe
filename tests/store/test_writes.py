"""The changes of a flush are written as one, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.engines import postgres_sql, sql, sqlite_sql
from entrepot.store.engines.sql import Conflict
from entrepot.store.writing import writes
from entrepot.store.writing.writes import Writes

COLUMNS = ("org", "kind", "value", "customer_id")
KEY = ("org", "kind", "value")
names = schema.customer_names


@pytest.fixture(params=["at once", "in slices"], autouse=True)
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large flush does what a small one does."""
    if request.param == "in slices":
        monkeypatch.setattr(postgres_sql, "_ROWS_TOGETHER", 0)
        monkeypatch.setattr(postgres_sql, "_ROWS_AT_ONCE", 1)
        monkeypatch.setattr(postgres_sql, "_KEYS_SENT", 1)
        monkeypatch.setattr(sqlite_sql, "_ROWS_AT_ONCE", 1)
        monkeypatch.setattr(sqlite_sql, "_ROWS_MANY", 0)


def row(value: str, customer: bytes = b"c" * 16) -> tuple[Any, ...]:
    return (1, "email", value, customer)


async def written(database: Database, *fills: Callable[[Writes], None]) -> list[tuple[str, bytes]]:
    """The rows of the table after each of these flushes."""

    def work(conn: Connection) -> None:
        for fill in fills:
            made = Writes()
            fill(made)
            made.run(conn)

    await database.write(work)
    statement = select(names.c.value, names.c.customer_id).order_by(names.c.value)
    return await database.read(lambda conn: [tuple(one) for one in conn.execute(statement)])


async def test_several_changes_of_one_table_are_written_together(database: Database) -> None:
    def first(writes: Writes) -> None:
        writes.insert(names, COLUMNS, [row("a"), row("b"), row("c")])

    def second(writes: Writes) -> None:
        writes.delete(names, KEY, [(1, "email", "a")])
        writes.update(names, ("customer_id",), KEY, [(b"d" * 16, 1, "email", "b")])
        writes.insert(names, COLUMNS, [row("e")])
        writes.insert(schema.locations, ("org", "id", "name"), [(1, b"l" * 16, "Main")])

    found = await written(database, first, second)
    assert found == [("b", b"d" * 16), ("c", b"c" * 16), ("e", b"c" * 16)]
    there = await database.read(lambda conn: conn.execute(select(schema.locations.c.name)).all())
    assert len(there) == 1


async def test_a_row_may_stand_where_another_went(database: Database) -> None:
    def first(writes: Writes) -> None:
        writes.insert(names, COLUMNS, [row("a")])

    def second(writes: Writes) -> None:
        writes.delete(names, KEY, [(1, "email", "a")])
        writes.insert(names, COLUMNS, [row("a", b"n" * 16)], apart=True)

    assert await written(database, first, second) == [("a", b"n" * 16)]


@pytest.mark.parametrize("there", [True, False])
async def test_a_missing_row_is_a_conflict_and_nothing_is_written(
    database: Database, there: bool
) -> None:
    def fill(writes: Writes) -> None:
        writes.insert(names, COLUMNS, [row("a")])
        writes.delete(names, KEY, [(1, "email", "gone")], guarded=not there)
        if there:
            writes.update(names, ("customer_id",), KEY, [(b"d" * 16, 1, "email", "gone")])

    with pytest.raises(Conflict, match="customer_names"):
        await written(database, fill)
    assert await written(database) == []


async def test_what_is_not_guarded_may_be_missing(database: Database) -> None:
    def fill(writes: Writes) -> None:
        writes.delete(names, KEY, [(1, "email", "gone")], guarded=False)
        writes.insert(names, COLUMNS, [row("a")], apart=True)

    assert await written(database, fill) == [("a", b"c" * 16)]


async def test_a_key_that_is_there_already_is_a_conflict(database: Database) -> None:
    with pytest.raises(Conflict):
        await written(database, lambda writes: writes.insert(names, COLUMNS, [row("a"), row("a")]))


async def test_reading_by_more_keys_than_go_into_one_statement(database: Database) -> None:
    values = [f"{number:04}" for number in range(700)]

    def work(conn: Connection) -> list[Any]:
        writes.insert(conn, names, COLUMNS, [row(value) for value in values])
        wanted = {(1, "email", value) for value in [*values, "nobody"]}
        return sql.select(conn, names, KEY, wanted, ("value",))

    found = await database.write(work)
    assert sorted(one[0] for one in found) == values


async def test_small_sets_are_read_together(database: Database) -> None:
    """On PostgreSQL by one statement: what is found must not depend on how many are asked for."""
    places = [(1, number.to_bytes(16), f"Shelf {number}") for number in range(80)]

    def work(conn: Connection) -> list[list[list[Any]]]:
        writes.insert(conn, names, COLUMNS, [row("a"), row("b")])
        writes.insert(conn, schema.locations, ("org", "id", "name"), places)
        by_id, some = ("org", "id"), {place[:2] for place in places[:3]}
        every = {place[:2] for place in places}
        return [
            [[tuple(one) for one in found] for found in sql.select_all(conn, selects)]
            for selects in (
                [
                    sql.Select(names, KEY, {(1, "email", "b")}, COLUMNS, lock=True),
                    sql.Select(names, KEY, {(1, "email", "nobody")}, COLUMNS),
                    sql.Select(schema.locations, by_id, set(), ("name",)),
                    sql.Select(schema.locations, by_id, every, ("name",)),
                    sql.Select(schema.locations, by_id, some, ("name", "id")),
                ],
                [sql.Select(schema.locations, by_id, some, ("name",))],
            )
        ]

    [[one, nobody, nothing, all_, three], [alone]] = await database.write(work)
    assert one == [row("b")]
    assert nobody == nothing == []
    assert sorted(all_) == sorted((place[2],) for place in places)
    assert sorted(three) == sorted((place[2], place[1]) for place in places[:3])
    assert sorted(alone) == sorted((place[2],) for place in places[:3])


@pytest.mark.parametrize("at", [0, 1])
async def test_what_one_finds_names_what_another_wants(database: Database, at: int) -> None:
    """On PostgreSQL in one statement, each of what is named once; the other one names nothing."""

    def work(conn: Connection) -> list[list[list[Any]]]:
        people = [b"1" * 16, b"1" * 16, b"2" * 16]
        rows = [row(value, person) for value, person in zip("abc", people, strict=True)]
        writes.insert(conn, names, COLUMNS, rows)
        places = [(1, b"1" * 16, "first"), (1, b"2" * 16, "second"), (1, b"3" * 16, "third")]
        writes.insert(conn, schema.locations, ("org", "id", "name"), places)
        naming = [
            sql.Select(names, KEY, {row(value)[:3] for value in values}, COLUMNS)
            for values in ("ab", "z")
        ]
        by = sql.NamedBy(at, ("org", "customer_id"))
        named = sql.Select(schema.locations, ("org", "id"), set(), ("name",), named_by=by)
        found = sql.select_all(conn, [*naming, named])
        return [[tuple(one) for one in rows] for rows in found]

    two, none, places = await database.write(work)
    assert (len(two), none) == (2, [])
    assert places == ([("first",)] if at == 0 else [])


@pytest.mark.parametrize("there", [True, False])
async def test_without_a_transaction_it_is_all_or_nothing(database: Database, there: bool) -> None:
    """A flush of two statements on PostgreSQL, the second of which may fail."""
    await written(database, lambda made: made.insert(names, COLUMNS, [row("a"), row("z")]))

    def work(conn: Connection) -> None:
        made = Writes()
        made.insert(schema.locations, ("org", "id", "name"), [(1, b"l" * 16, "Main")])
        made.delete(names, KEY, [(1, "email", "a")])
        made.insert(names, COLUMNS, [row("z" if there else "a", b"n" * 16)], apart=True)
        made.run(conn)

    if there:
        with pytest.raises(Conflict):
            await database.write_guarded(work)
    else:
        await database.write_guarded(work)
    kept = b"c" * 16 if there else b"n" * 16
    assert await written(database) == [("a", kept), ("z", b"c" * 16)]
    count = select(func.count()).select_from(schema.locations)
    assert await database.read(lambda conn: conn.execute(count).scalar_one()) == 1 - there


@pytest.mark.parametrize("guarded", [True, False])
async def test_a_guard_that_fails_undoes_its_statement(database: Database, guarded: bool) -> None:
    def work(conn: Connection) -> None:
        made = Writes()
        made.insert(names, COLUMNS, [row("a")])
        made.delete(schema.locations, ("org", "id"), [(1, b"gone")], guarded=guarded)
        made.run(conn)

    if guarded:
        with pytest.raises(Conflict, match="locations"):
            await database.write_guarded(work)
    else:
        await database.write_guarded(work)
    assert await written(database) == ([] if guarded else [("a", b"c" * 16)])


async def test_no_statement_of_a_large_flush_takes_all_of_its_rows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver turns the rows of a statement into bytes in one go, and nobody else has a turn."""
    monkeypatch.setattr(postgres_sql, "_ROWS_TOGETHER", 40)
    monkeypatch.setattr(postgres_sql, "_ROWS_AT_ONCE", 10)
    sizes: list[int] = []
    together = postgres_sql.PostgresSql._together

    def seen(self: Any, conn: Connection, listed: list[sql.Write]) -> Any:
        sizes.append(sum(len(one.rows) for one in listed))
        return together(self, conn, listed)

    monkeypatch.setattr(postgres_sql.PostgresSql, "_together", seen)
    values = [f"{number:03}" for number in range(95)]

    def fill(made: Writes) -> None:
        made.insert(names, COLUMNS, [row(value) for value in values])
        made.insert(schema.locations, ("org", "id", "name"), [(1, b"l" * 16, "Main")])
        made.update(schema.locations, ("name",), ("org", "id"), [])

    assert [value for value, _ in await written(database, fill)] == values
    assert max(sizes, default=0) <= 10
    assert sum(sizes) == (96 if sizes else 0)
