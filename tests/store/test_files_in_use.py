"""Files of a book that are removed, replaced or cut under a server, and what its mark counts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import event
from tests.store.lost_log import CHANGES, NAME, faults_of, killed, note, notes, served

from entrepot.store.engines import book_log
from entrepot.store.engines.mark import Mark
from entrepot.store.engines.outage import LogLost

pytestmark = pytest.mark.usefixtures("exact_marks")


def unlink_the_log(folder: Path) -> None:
    (folder / f"{NAME}-wal").unlink()


def replace_the_log(folder: Path) -> None:
    (folder / f"{NAME}-wal").rename(folder / "away")
    shutil.copyfile(folder / "away", folder / f"{NAME}-wal")


def unlink_the_book(folder: Path) -> None:
    (folder / NAME).rename(folder / "away.db")


def replace_the_book(folder: Path) -> None:
    shutil.copyfile(folder / NAME, folder / "new.db")
    (folder / "new.db").replace(folder / NAME)


def cut_the_book(folder: Path) -> None:
    with (folder / NAME).open("r+b") as book:
        book.truncate(8 * 4096)


@pytest.mark.parametrize("act", [unlink_the_log, replace_the_log], ids=lambda one: one.__name__)
async def test_a_log_that_is_removed_under_a_server_stops_the_next_write_and_nothing_is_lost(
    folder: Path, tmp_path: Path, act: Callable[[Path], None]
) -> None:
    database = await served(folder / NAME, CHANGES)
    act(folder)
    for _ in range(2):
        with pytest.raises(LogLost, match="removed or replaced"):
            await database.write(note)
    # The commits of the removed log are in the book now, so a kill loses nothing.
    book = killed(folder, tmp_path / "killed", (NAME, f"{NAME}-mark"))
    assert await faults_of(book) == []
    assert notes(book) >= CHANGES
    await database.close()


@pytest.mark.parametrize(
    "act", [unlink_the_log, unlink_the_book, replace_the_book, cut_the_book],
    ids=lambda one: one.__name__,
)  # fmt: skip
async def test_readiness_sees_files_that_are_not_there_any_more(
    folder: Path, act: Callable[[Path], None]
) -> None:
    database = await served(folder / NAME, CHANGES)
    await database.look_at_files()
    act(folder)
    with pytest.raises(LogLost):
        await database.look_at_files()
    with pytest.raises(LogLost):
        await database.write(note)
    await database.close()


async def test_a_book_made_smaller_by_vacuum_is_no_loss(folder: Path) -> None:
    database = await served(folder / NAME, CHANGES)
    driver: Any = database._write_conn.connection.driver_connection
    database.log.copy(driver)
    await database.look_at_files()
    before = (folder / NAME).stat().st_size
    await database.write(
        lambda conn: conn.exec_driver_sql("DELETE FROM installation WHERE name LIKE 'note-%'")
    )
    with closing(sqlite_driver.connect(folder / NAME, isolation_level=None)) as operator:
        operator.execute("VACUUM")
        operator.execute("PRAGMA wal_checkpoint(PASSIVE)")
    assert (folder / NAME).stat().st_size < before
    await database.look_at_files()
    await database.write(note)
    await database.close()
    assert await faults_of(folder / NAME) == []


async def test_a_mark_that_is_removed_is_made_again(folder: Path) -> None:
    database = await served(folder / NAME, 1)
    (folder / f"{NAME}-mark").unlink()
    await database.look_at_files()
    await database.write(note)
    marked = Mark(folder / NAME).read()
    assert marked is not None
    assert marked.commits == database.log._commits
    await database.close()


async def test_a_write_that_changes_nothing_is_not_counted(folder: Path) -> None:
    database = await served(folder / NAME, 1)
    before = database.log._commits
    await database.write(lambda conn: conn.exec_driver_sql("SELECT 1").close())
    await database.write_guarded(lambda _: None)
    assert database.log._commits == before
    await database.write(note)
    assert database.log._commits == before + 1
    await database.close()


async def test_a_commit_that_fails_is_not_marked(folder: Path) -> None:
    database = await served(folder / NAME, 1)
    before = Mark(folder / NAME).read()

    def fails(conn: Any) -> None:
        note(conn)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(fails)
    assert Mark(folder / NAME).read() == before
    await database.write(note)
    after = Mark(folder / NAME).read()
    assert before is not None
    assert after == before._replace(commits=before.commits + 1)
    await database.close()


async def test_the_mark_is_never_ahead_of_a_commit_that_fails_at_its_end(
    folder: Path, tmp_path: Path
) -> None:
    database = await served(folder / NAME, 2)
    left: list[Path] = []

    def at_the_commit(_conn: Any) -> None:
        left.append(killed(folder, tmp_path / "killed"))
        raise ZeroDivisionError

    event.listen(database._writer, "commit", at_the_commit)
    before = Mark(folder / NAME).read()
    with pytest.raises(ZeroDivisionError):
        await database.write(note)
    event.remove(database._writer, "commit", at_the_commit)
    assert Mark(folder / NAME).read() == before
    assert await faults_of(left[0]) == []
    await database.write(note)
    await database.close()
    assert await faults_of(folder / NAME) == []
    assert notes(folder / NAME) == 3


async def test_while_commits_come_fast_the_mark_is_behind_for_a_moment_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_log, "SEEN_SECONDS", 3600.0)
    database = await served(folder / NAME, 2)
    before = Mark(folder / NAME).read()
    for _ in range(5):
        await database.write(note)
    assert Mark(folder / NAME).read() == before, "one system call for all of them"
    later = database.log._later
    assert later is not None
    later._run()
    after = Mark(folder / NAME).read()
    assert before is not None
    assert after is not None
    assert after.commits == database.log._commits > before.commits
    await database.write(note)
    await database.close()
    last = Mark(folder / NAME).read()
    assert last is not None
    assert (last.commits, last.serving) == (after.commits + 1, 0)


async def test_a_log_removed_while_commits_come_fast_is_seen_a_moment_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_log, "SEEN_SECONDS", 3600.0)
    database = await served(folder / NAME, 2)
    database.log.path.unlink()
    later = database.log._later
    assert later is not None
    later._run()
    with pytest.raises(LogLost):
        await database.write(note)
    await database.close()
    assert await faults_of(folder / NAME) == []
