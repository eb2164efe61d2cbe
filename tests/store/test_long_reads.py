"""A read that takes long holds up nobody, and one that does not is not handed to another thread."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest
from sqlalchemy import Connection, text

from entrepot.store.engine import Database

SECONDS = 60.0
FIRST = 2_000_000
COUNTING = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n{}) SELECT count(*) FROM n"
)
LONG = COUNTING.format(f" WHERE i < {FIRST}")
ENDLESS = COUNTING.format("")


def _ask(statement: str, conn: Connection) -> tuple[int, int]:
    """The answer of the statement, and the thread that asked."""
    return int(conn.execute(text(statement)).scalar_one()), threading.get_ident()


async def test_a_long_read_is_answered(database: Database) -> None:
    assert (await database.read_long(partial(_ask, LONG)))[0] == FIRST
    # And again, on the connection that gave it up.
    assert (await database.read_long(partial(_ask, LONG)))[0] == FIRST
    assert (await database.read(partial(_ask, LONG)))[0] == FIRST


async def test_a_short_read_stays_in_its_thread_however_often_it_is_asked(
    database: Database,
) -> None:
    short = COUNTING.format(" WHERE i < 100")
    for _ in range(200):
        assert await database.read_long(partial(_ask, short)) == (100, threading.get_ident())


async def test_what_a_read_raises_is_raised(database: Database) -> None:
    asked = []

    def broken(_conn: Connection) -> None:
        asked.append(True)
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        await database.read_long(broken)
    assert len(asked) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_writing_and_reading_go_on_beside_a_long_read(database: Database) -> None:
    home, begun, gate = threading.get_ident(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def long(conn: Connection) -> tuple[int, int]:
        if threading.get_ident() != home:
            loop.call_soon_threadsafe(begun.set)
            assert gate.wait(SECONDS)
        return _ask(LONG, conn)

    reading = asyncio.create_task(database.read_long(long))
    async with asyncio.timeout(SECONDS):
        await begun.wait()
    assert (await database.read(partial(_ask, "SELECT 5")))[0] == 5
    assert await database.read_long(partial(_ask, "SELECT 6")) == (6, home)
    await database.write(lambda conn: conn.execute(text("CREATE TABLE beside (n INTEGER)")))
    assert not reading.done()
    gate.set()
    found, asked_in = await reading
    assert (found, asked_in == home) == (FIRST, False)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_closing_breaks_off_a_long_read(database: Database) -> None:
    home, begun = threading.get_ident(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless(conn: Connection) -> tuple[int, int]:
        if threading.get_ident() != home:
            loop.call_soon_threadsafe(begun.set)
        return _ask(ENDLESS, conn)

    reading = asyncio.create_task(database.read_long(endless))
    async with asyncio.timeout(SECONDS):
        await begun.wait()
        await database.close()
        with pytest.raises(Exception, match="interrupted"):
            await reading
