"""SQLite's log is copied beside the commits, and begins again from its start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, text
from tests.pipeline.conftest import eventually

from entrepot.store.engines import wal
from entrepot.store.engines.sqlite import SqliteDatabase

PAGES = 40


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal, "PAGES", PAGES)
    monkeypatch.setattr(wal, "COMMITS_BETWEEN_LOOKS", 4)


def write(number: int, conn: Connection) -> None:
    if number == 0:
        conn.execute(text("CREATE TABLE t (n INTEGER, what BLOB)"))
    conn.execute(text("INSERT INTO t VALUES (:n, zeroblob(20000))"), {"n": number})


def log_of(path: Path) -> tuple[int, int]:
    """How many pages the log holds, and how many of them are copied."""
    connection = sqlite_driver.connect(path)
    try:
        _, pages, copied = connection.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
    finally:
        connection.close()
    return pages, copied


async def test_the_log_stays_short_while_orders_come(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    database = SqliteDatabase(str(path))
    longest = 0
    for number in range(400):
        await database.write(lambda conn, n=number: write(n, conn))
        copying = database._checkpoints._copying
        if copying is not None:
            await asyncio.wait([copying])
            await asyncio.sleep(0)
        longest = max(longest, log_of(path)[0])
    # 400 commits of five pages and more went through a log of at most a few hundred.
    assert PAGES <= longest < 8 * PAGES
    await database.close()
    connection = sqlite_driver.connect(path)
    assert connection.execute("SELECT count(*), sum(n) FROM t").fetchone() == (400, 79_800)
    connection.close()


async def test_what_is_written_while_the_log_is_copied_is_copied_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book.db"
    database = SqliteDatabase(str(path))
    loop, begun, go_on = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    real = wal.Checkpoints._copy

    def held_up(self: Any) -> None:
        real(self)
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

    monkeypatch.setattr(wal.Checkpoints, "_copy", held_up)
    number = 0
    while not begun.is_set():
        await database.write(lambda conn, n=number: write(n, conn))
        await asyncio.sleep(0)
        number += 1
    for later in range(number, number + 3):
        await database.write(lambda conn, n=later: write(n, conn))
    pages, done = log_of(path)
    # The log began anew if all of it was copied.
    assert done < pages
    go_on.set()

    async def copied() -> bool:
        pages, done = log_of(path)
        return pages == done > 0

    await eventually(copied)
    await database.close()


async def test_a_log_that_cannot_be_copied_stops_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book.db"
    database = SqliteDatabase(str(path))
    tried: list[int] = []

    def broken(self: Any) -> None:
        tried.append(1)
        raise sqlite_driver.OperationalError("disk I/O error")

    monkeypatch.setattr(wal.Checkpoints, "_copy", broken)
    for number in range(60):
        await database.write(lambda conn, n=number: write(n, conn))
        await asyncio.sleep(0)

    async def tried_again() -> bool:
        await database.write(lambda conn: write(1000, conn))
        return len(tried) > 2

    await eventually(tried_again)
    found = await database.read(lambda conn: conn.execute(text("SELECT max(n) FROM t")).scalar())
    assert found == 1000
    await database.close()
