"""Whoever waits for PostgreSQL may go at any statement: the next one has no part of a transaction
that was left.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import Connection

from entrepot.store.engines import sql
from entrepot.store.engines.postgres import PostgresDatabase

# One connection for writing and one for reading: whoever comes next has the same one.
POOL = 2
READ = "SELECT count(*) FROM installation WHERE name = 'kept'"
WRITTEN = "INSERT INTO installation (name, value) VALUES ('kept', ''::bytea)"
# The statements at which the waiter goes, one after the other. SELECT alone asks the connection how
# its transaction stands. A server that was told in time does no BEGIN: nothing is rolled back.
LEFT_AT = [
    ["BEGIN"], [READ], ["COMMIT"],
    ["BEGIN", "SELECT"], ["BEGIN", "ROLLBACK"], [READ, "ROLLBACK"], ["COMMIT", "ROLLBACK"],
]  # fmt: skip


@pytest_asyncio.fixture
async def database(fresh_database: Callable[[str], str]) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(fresh_database("direct"), POOL)
    yield opened
    await opened.close()


@pytest.fixture
def left_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the statements begin at which the running task is cancelled once they are sent, in this
    order.
    """
    words: list[str] = []

    def leave_at(name: str) -> None:
        send = getattr(asyncpg.Connection, name)

        async def sent(driver: Any, statement: str, *args: Any, **named: Any) -> Any:
            if words and statement.startswith(words[0]):
                words.pop(0)
                task = asyncio.current_task()
                assert task is not None
                task.cancel()  # takes effect where the task first waits, which is for the answer
            return await send(driver, statement, *args, **named)

        monkeypatch.setattr(asyncpg.Connection, name, sent)

    leave_at("execute")
    leave_at("fetch")
    return words


def counted(conn: Connection) -> int:
    return int(sql.fetch(conn, READ, ())[0][0])


def written(conn: Connection) -> None:
    conn.exec_driver_sql(WRITTEN).close()


@pytest.mark.parametrize("words", LEFT_AT, ids=lambda words: "-".join(word[:8] for word in words))
@pytest.mark.parametrize("way", ["write", "write_unsynced", "read", "read_long"])
async def test_a_transaction_that_was_left_is_over(
    database: PostgresDatabase, left_at: list[str], way: str, words: list[str]
) -> None:
    await getattr(database, way)(counted)
    left_at += words
    with pytest.raises(asyncio.CancelledError):
        await getattr(database, way)(counted)
    assert len(left_at) < len(words)
    left_at.clear()
    assert await database.read_one(counted) == 0
    await database.write_guarded(written)
    assert await database.read_one(counted) == 1, "read from before the write, or not committed"
