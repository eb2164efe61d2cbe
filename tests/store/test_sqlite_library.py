"""SQLite takes no locks of a connection: so no two threads may use the same one at a time."""

from __future__ import annotations

import asyncio
import ctypes
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pysqlite3 import _sqlite3
from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import text

from entrepot.store.engines import sqlite_transactions
from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.engines.sqlite_library import set_for_one_thread_a_connection

TOO_LATE = """
from pysqlite3 import dbapi2
open_before = dbapi2.connect(":memory:")
from entrepot.store.engines.sqlite_library import set_for_one_thread_a_connection
assert not set_for_one_thread_a_connection()
assert open_before.execute("SELECT 7").fetchone() == (7,)
open_before.close()
assert set_for_one_thread_a_connection()
"""


def memory_used() -> int:
    used = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
    used.restype = ctypes.c_longlong
    return int(used())


def test_memory_is_not_counted() -> None:
    connection = sqlite_driver.connect(":memory:")
    connection.execute("CREATE TABLE t (n)").close()
    assert memory_used() == 0
    connection.close()


def test_a_library_in_use_is_left_as_it_is() -> None:
    subprocess.run([sys.executable, "-c", TOO_LATE], check=True)


def test_a_library_that_hides_its_functions_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _path: object())
    assert not set_for_one_thread_a_connection()


async def test_a_commit_in_a_thread_has_the_connection_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committing, go_on = asyncio.Event(), asyncio.Event()

    async def gated(commit: Callable[[], None]) -> None:
        committing.set()
        await go_on.wait()
        commit()

    monkeypatch.setattr(sqlite_transactions, "in_a_thread", gated)
    database = SqliteDatabase(str(tmp_path / "book.db"))
    assert database.log is not None
    await database.write(lambda conn: conn.execute(text("CREATE TABLE t (n)")))
    used: list[str] = []
    monkeypatch.setattr(database.log, "look", lambda _: used.append("look"))
    monkeypatch.setattr(database.log, "copy", lambda _: used.append("copy"))

    insert = text("INSERT INTO t VALUES (1)")
    long = asyncio.create_task(database.write_long(lambda conn: conn.execute(insert)))
    await committing.wait()
    await database.look_at_files()
    database._copy_log(None)
    assert used == []
    go_on.set()
    await long
    await database.look_at_files()
    database._copy_log(None)
    assert used == ["look", "copy"]
    await database.close()


async def test_a_commit_that_is_told_to_stop_ends_before_the_connection_is_used_again() -> None:
    begun, ended = threading.Event(), threading.Event()

    def commit() -> None:
        begun.set()
        ended.wait()

    working = asyncio.create_task(sqlite_transactions.in_a_thread(commit))
    await asyncio.to_thread(begun.wait)
    working.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    had_ended = working.done()
    ended.set()
    assert not had_ended
    with pytest.raises(asyncio.CancelledError):
        await working
