"""Commits that wait for no disk: what a loss of power takes, and what the mark of a book says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.store.lost_log import NAME, faults_of, killed, note, notes, served

from entrepot.store.engines.sqlite import SqliteDatabase

pytestmark = pytest.mark.usefixtures("exact_marks")
_FULL, _NORMAL = 2, 1


def syncing(conn: Connection) -> int:
    """How often SQLite syncs: `_FULL` at each commit."""
    return int(conn.exec_driver_sql("PRAGMA synchronous").scalar_one())


async def test_a_loss_of_power_takes_the_unsynced_commits_alone(
    folder: Path, tmp_path: Path
) -> None:
    database = await served(folder / NAME, 2)
    await database.write(note)
    durable = killed(folder, tmp_path / "durable").parent
    await database.write_unsynced(note)
    await database.write(lambda _: None)  # writes nothing, and so syncs nothing
    book = killed(folder, tmp_path / "lost")
    assert notes(killed(folder, tmp_path / "kept")) == 4, "a process that ends loses nothing"
    shutil.copyfile(durable / f"{NAME}-wal", book.parent / f"{NAME}-wal")
    assert await faults_of(book) == []
    assert notes(book) == 3
    # The next commit that is synced takes the others along: to lose one of them is a loss.
    await database.write(note)
    book = killed(folder, tmp_path / "torn")
    shutil.copyfile(durable / f"{NAME}-wal", book.parent / f"{NAME}-wal")
    [fault] = await faults_of(book)
    assert (fault.kind, fault.missing) == ("commits_missing", 1)
    await database.close()


async def test_every_other_commit_is_synced(folder: Path) -> None:
    database = await served(folder / NAME, 1)

    def fails(conn: Any) -> None:
        note(conn)
        raise ZeroDivisionError

    for way in (database.write, database.write_guarded, database.write_long):
        assert await database.write_unsynced(syncing) == _NORMAL
        assert await way(syncing) == _FULL
        with pytest.raises(ZeroDivisionError):
            await database.write_unsynced(fails)
        assert await way(syncing) == _FULL
    await database.close()
    assert notes(folder / NAME) == 1


async def test_a_book_in_memory_has_nothing_to_sync() -> None:
    database = SqliteDatabase(":memory:")
    assert await database.write_unsynced(lambda _: 1) == 1
    await database.close()
