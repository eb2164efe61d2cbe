"""A transaction that takes long lets others run meanwhile, and is a transaction all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from entrepot import pace
from entrepot.pace import breathe
from entrepot.store.sqlite import SqliteDatabase


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(str(tmp_path / "book.db"))
    await opened.write(lambda conn: conn.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)")))
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def _each_breath_is_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SLICE_SECONDS", 0.0)


def insert(conn: Connection, number: int) -> None:
    conn.execute(text("INSERT INTO t VALUES (:n)"), {"n": number})


def many(conn: Connection) -> int:
    for number in range(100):
        insert(conn, number)
        breathe()
    return 100


def written(conn: Connection) -> list[int]:
    return list(conn.execute(text("SELECT n FROM t ORDER BY n")).scalars())


async def test_others_read_while_it_writes_and_see_nothing_of_it(database: SqliteDatabase) -> None:
    long = asyncio.create_task(database.write_long(many))
    seen = []
    while not long.done():
        seen.append(await database.read(written))
        await asyncio.sleep(0)
    assert await long == 100
    assert len(seen) > 50
    assert [] in seen
    assert all(found in ([], list(range(100))) for found in seen)
    assert await database.read(written) == list(range(100))


@pytest.mark.parametrize("way", ["write", "write_guarded", "write_long"])
async def test_others_write_after_it_and_not_into_it(database: SqliteDatabase, way: str) -> None:
    order: list[str] = []

    def broken(conn: Connection) -> None:
        many(conn)
        order.append("long")
        raise ValueError("nothing of it stays")

    def short(conn: Connection) -> None:
        order.append("short")
        insert(conn, 7)

    long = asyncio.create_task(database.write_long(broken))
    for _ in range(5):
        await asyncio.sleep(0)
    await getattr(database, way)(short)
    with pytest.raises(ValueError, match="nothing of it stays"):
        await long
    assert order == ["long", "short"]
    assert await database.read(written) == [7]


async def test_it_is_durable_when_it_is_done(database: SqliteDatabase, tmp_path: Path) -> None:
    await database.write_long(many)
    other = SqliteDatabase(str(tmp_path / "book.db"))
    assert len(await other.read(written)) == 100
    await other.close()


async def test_many_at_once_come_one_after_another(database: SqliteDatabase) -> None:
    def next_number(conn: Connection) -> None:
        last = conn.execute(text("SELECT count(*) FROM t")).scalar_one()
        breathe()
        insert(conn, last)

    ways = [database.write_long, database.write, database.write_guarded] * 10
    await asyncio.gather(*[way(next_number) for way in ways])
    assert await database.read(written) == list(range(30))
