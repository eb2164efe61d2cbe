"""A transaction that takes long lets others run meanwhile, and is a transaction all the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, text

from entrepot import pace
from entrepot.pace import breathe
from entrepot.store.engines import sqlite_sql
from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.writing import writes


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


async def test_many_rows_are_written_before_the_commit(
    database: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their pages are not all kept in memory; afterwards as much is kept as before."""
    monkeypatch.setattr(sqlite_sql, "_SMALL_CACHE_KIB", 64)
    table = Table("t", MetaData(), Column("n", Integer))
    journal = tmp_path / "book.db-wal"

    def kept(conn: Connection) -> int:
        found: int = conn.execute(text("PRAGMA cache_size")).scalar_one()
        return found

    def grown(conn: Connection, rows: int) -> tuple[int, int]:
        before = kept(conn), journal.stat().st_size
        made = writes.Writes()
        made.insert(table, ("n",), [(n * 100_000 + rows,) for n in range(rows)])
        made.run(conn)
        assert kept(conn) == before[0]
        return before[1], journal.stat().st_size

    before, after = await database.write(lambda conn: grown(conn, 20_000))
    assert before == after
    before, after = await database.write(lambda conn: grown(conn, 20_001))
    assert after > before


async def test_a_large_commit_waits_for_no_thread_of_other_work(database: SqliteDatabase) -> None:
    """Names that are looked up, or files that are synced, may have all threads of the loop."""
    others, loop = threading.Event(), asyncio.get_running_loop()
    working = [loop.run_in_executor(None, others.wait) for _ in range(40)]
    writing = asyncio.create_task(database.write_long(many))
    done, _ = await asyncio.wait({writing}, timeout=5)
    others.set()
    await asyncio.gather(*working)
    assert await writing == 100
    assert done, "it was written while the others had all threads"
