"""A SQLite book as a server leaves it when it is killed, and ways of losing a part of it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, text

from entrepot.store.engines.outage import LogFault
from entrepot.store.engines.sqlite import SqliteDatabase

NAME = "entrepot.db"
CHANGES = 12
FILES = (NAME, f"{NAME}-mark", f"{NAME}-wal")


def note(conn: Connection) -> None:
    """A change of a few pages, as an order makes them."""
    for _ in range(3):
        conn.execute(
            text("INSERT INTO installation VALUES ('note-' || hex(randomblob(8)), zeroblob(3000))")
        )


def notes(path: Path) -> int:
    """How many changes the book at a path has, as SQLite reads it."""
    with closing(sqlite_driver.connect(path)) as book:
        found = book.execute("SELECT count(*) FROM installation WHERE name LIKE 'note-%'")
        return int(found.fetchone()[0]) // 3


def killed(folder: Path, into: Path, files: tuple[str, ...] = FILES) -> Path:
    """The book as `kill -9` leaves it now: its files as the system has them. The new path."""
    into.mkdir(exist_ok=True)
    for name in files:
        if (folder / name).exists():
            shutil.copyfile(folder / name, into / name)
    return into / NAME


async def faults_of(path: Path) -> list[LogFault]:
    """The faults of the log that a new process finds."""
    database = SqliteDatabase(str(path))
    try:
        return await log_faults(database)
    finally:
        await database.close()


async def log_faults(database: SqliteDatabase) -> list[LogFault]:
    """The faults of the log that a database finds; nothing is written."""
    log = database.log
    assert log is not None
    if removed := log.removed():
        return removed
    marked = log.mark.read()
    return await database.read(lambda conn: log.faults(conn.connection.driver_connection, marked))


async def served(path: Path, changes: int) -> SqliteDatabase:
    """A serving database with so many changes since its start."""
    database = SqliteDatabase(str(path))
    await database.begin_serving()
    for _ in range(changes):
        await database.write(note)
    return database
