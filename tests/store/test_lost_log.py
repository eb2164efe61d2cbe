"""A book that lost its log, a part of it or itself says so; one that lost nothing says nothing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysqlite3 import dbapi2 as sqlite_driver
from tests.store.lost_log import CHANGES, FILES, NAME, faults_of, killed, note, notes, served

from entrepot.store.engines import book_log
from entrepot.store.engines.mark import Mark
from entrepot.store.engines.outage import LogLost
from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.keeping import migrate

pytestmark = pytest.mark.usefixtures("exact_marks")


@pytest.fixture
async def serving(folder: Path) -> AsyncIterator[SqliteDatabase]:
    database = await served(folder / NAME, CHANGES)
    yield database
    await database.close()


# ---------------------------------------------------------------------------- losses, and no losses


def delete_log(book: Path, _source: Path) -> None:
    (book.parent / f"{NAME}-wal").unlink()


def halve_log(book: Path, _source: Path) -> None:
    log = book.parent / f"{NAME}-wal"
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])


def cut_the_last_frame(book: Path, _source: Path) -> None:
    log = book.parent / f"{NAME}-wal"
    log.write_bytes(log.read_bytes()[:-1])


def flip_a_byte_in_the_log(book: Path, _source: Path) -> None:
    log = book.parent / f"{NAME}-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)


def flip_a_byte_in_the_log_s_head(book: Path, _source: Path) -> None:
    log = book.parent / f"{NAME}-wal"
    content = bytearray(log.read_bytes())
    content[16] ^= 0xFF  # of the salt, which is random
    log.write_bytes(content)


def zero_the_log(book: Path, _source: Path) -> None:
    log = book.parent / f"{NAME}-wal"
    log.write_bytes(bytes(log.stat().st_size))


def empty_the_log(book: Path, _source: Path) -> None:
    (book.parent / f"{NAME}-wal").write_bytes(b"")


def put_an_older_log_back(book: Path, source: Path) -> None:
    shutil.copyfile(source / "older" / f"{NAME}-wal", book.parent / f"{NAME}-wal")


def put_an_older_book_and_log_back(book: Path, source: Path) -> None:
    for name in (NAME, f"{NAME}-wal"):
        shutil.copyfile(source / "older" / name, book.parent / name)


def restore_an_older_backup(book: Path, source: Path) -> None:
    (book.parent / f"{NAME}-wal").unlink()
    shutil.copyfile(source / "older-backup.db", book)


def empty_the_book(book: Path, _source: Path) -> None:
    (book.parent / f"{NAME}-wal").unlink()
    book.write_bytes(b"")


def remove_the_book(book: Path, _source: Path) -> None:
    (book.parent / f"{NAME}-wal").unlink()
    book.unlink()


def remove_log_and_mark(book: Path, _source: Path) -> None:
    for name in (f"{NAME}-wal", f"{NAME}-mark"):
        (book.parent / name).unlink()


def zero_the_log_without_a_mark(book: Path, _source: Path) -> None:
    (book.parent / f"{NAME}-mark").unlink()
    zero_the_log(book, _source)


LOSSES: list[tuple[Callable[[Path, Path], None], str]] = [
    (delete_log, "commits_missing"),
    (halve_log, "commits_missing"),
    (cut_the_last_frame, "commits_missing"),
    (flip_a_byte_in_the_log, "commits_missing"),
    (flip_a_byte_in_the_log_s_head, "commits_missing"),
    (zero_the_log, "commits_missing"),
    (empty_the_log, "commits_missing"),
    (put_an_older_log_back, "commits_missing"),
    (put_an_older_book_and_log_back, "commits_missing"),
    (restore_an_older_backup, "commits_missing"),
    (empty_the_book, "commits_missing"),
    (remove_the_book, "commits_missing"),
    (remove_log_and_mark, "log_missing"),
    (zero_the_log_without_a_mark, "log_missing"),
]


@pytest.mark.parametrize(("lose", "kind"), LOSSES, ids=lambda one: getattr(one, "__name__", one))
async def test_a_loss_is_told_and_refused_until_it_is_accepted(
    folder: Path, tmp_path: Path, lose: Callable[[Path, Path], None], kind: str
) -> None:
    database = await served(folder / NAME, 2)
    backup(folder / NAME, folder / "older-backup.db")
    killed(folder, folder / "older")
    for _ in range(CHANGES):
        await database.write(note)
    book = killed(folder, tmp_path / "crashed")
    await database.close()
    lose(book, folder)

    for _ in range(2):  # looking changes nothing
        [fault] = await faults_of(book)
        assert fault.kind == kind
        assert fault.missing is None if kind == "log_missing" else fault.missing
        assert "--accept-loss" in fault.sentence

    again = SqliteDatabase(str(book))
    gone = lose in (empty_the_book, remove_the_book)
    for _ in range(2):
        with pytest.raises(LogLost) as raised:
            await (migrate.upgrade(again) if gone else again.prove_writing())
        assert str(raised.value) == fault.sentence
    await again.close()
    assert await faults_of(book) == [fault], "and a refused write leaves it as it is"

    accepting = SqliteDatabase(str(book))
    assert [one.kind for one in await accepting.accept_loss()] == [kind]
    await accepting.close()
    assert await faults_of(book) == []
    accepting = SqliteDatabase(str(book))
    await migrate.upgrade(accepting)
    await accepting.begin_serving()
    await accepting.write(note)
    await accepting.close()
    assert await faults_of(book) == []


def backup(book: Path, into: Path) -> None:
    with (
        closing(sqlite_driver.connect(book)) as source,
        closing(sqlite_driver.connect(into)) as copy,
    ):
        source.backup(copy)


def whole(folder: Path, into: Path) -> Path:
    return killed(folder, into)


def without_the_mark(folder: Path, into: Path) -> Path:
    return killed(folder, into, (NAME, f"{NAME}-wal"))


def with_the_shared_memory_too(folder: Path, into: Path) -> Path:
    return killed(folder, into, (*FILES, f"{NAME}-shm"))


def looked_at_by_another_program(folder: Path, into: Path) -> Path:
    book = killed(folder, into)
    notes(book)  # the last one to close it copies the log and removes it
    assert not (into / f"{NAME}-wal").exists()
    return book


def looked_at_by_another_program_without_a_mark(folder: Path, into: Path) -> Path:
    book = without_the_mark(folder, into)
    notes(book)
    return book


def moved_after_another_program_looked(folder: Path, into: Path) -> Path:
    book = looked_at_by_another_program(folder, into)
    book.rename(into / "elsewhere.db")
    return into / "elsewhere.db"


def repaired_by_hand(folder: Path, into: Path) -> Path:
    book = killed(folder, into)
    with closing(sqlite_driver.connect(book, isolation_level=None)) as operator:
        operator.execute("INSERT INTO installation VALUES ('by hand', x'00')")
    return book


def a_complete_backup(folder: Path, into: Path) -> Path:
    into.mkdir()
    backup(folder / NAME, into / "copy.db")
    return into / "copy.db"


def a_backup_over_the_last_one(folder: Path, into: Path) -> Path:
    book = a_complete_backup(folder, into)
    for _ in range(3):
        backup(folder / NAME, book)
    return book


def a_vacuumed_copy(folder: Path, into: Path) -> Path:
    into.mkdir()
    with closing(sqlite_driver.connect(folder / NAME, isolation_level=None)) as source:
        source.execute("VACUUM INTO ?", (str(into / "copy.db"),))
    return into / "copy.db"


def a_dump(folder: Path, into: Path) -> Path:
    book = a_complete_backup(folder, into)
    with (
        closing(sqlite3.connect(book)) as source,
        closing(sqlite_driver.connect(into / "dumped.db")) as copy,
    ):
        copy.executescript("\n".join(source.iterdump()))
    return into / "dumped.db"


def an_older_mark(folder: Path, into: Path) -> Path:
    """As after a loss of power: the mark is not synced with every commit."""
    book = killed(folder, into)
    mark = Mark(book)
    marked = mark.read()
    assert marked is not None
    mark.write(marked._replace(commits=marked.commits - CHANGES))
    mark.close()
    return book


def a_torn_mark(folder: Path, into: Path) -> Path:
    book = killed(folder, into)
    mark = into / f"{NAME}-mark"
    mark.write_bytes(mark.read_bytes()[:-20] + bytes(20))
    return book


def an_empty_mark(folder: Path, into: Path) -> Path:
    book = killed(folder, into)
    (into / f"{NAME}-mark").write_bytes(b"")
    return book


def the_mark_of_another_book(folder: Path, into: Path) -> Path:
    book = killed(folder, into)
    mark = Mark(book)
    marked = mark.read()
    assert marked is not None
    mark.write(marked._replace(book=b"\x07" * 16, commits=marked.commits + 1000))
    mark.close()
    return book


WHOLE: list[Callable[[Path, Path], Path]] = [
    whole, without_the_mark, with_the_shared_memory_too, looked_at_by_another_program,
    looked_at_by_another_program_without_a_mark, moved_after_another_program_looked,
    repaired_by_hand, a_complete_backup, a_backup_over_the_last_one, a_vacuumed_copy, a_dump,
    an_older_mark, a_torn_mark, an_empty_mark, the_mark_of_another_book,
]  # fmt: skip


@pytest.mark.parametrize("left", WHOLE, ids=lambda one: one.__name__)
async def test_nothing_is_told_of_a_book_that_lost_nothing(
    serving: SqliteDatabase, folder: Path, tmp_path: Path, left: Callable[[Path, Path], Path]
) -> None:
    book = left(folder, tmp_path / "left")
    for _ in range(2):
        assert await faults_of(book) == []
    again = await served(book, 3)
    await again.close()
    assert await faults_of(book) == []
    assert notes(book) == CHANGES + 3


@pytest.mark.parametrize("files", [(NAME,), (NAME, f"{NAME}-mark")], ids="+".join)
async def test_a_copy_of_the_book_without_its_log_is_told(
    serving: SqliteDatabase, folder: Path, tmp_path: Path, files: tuple[str, ...]
) -> None:
    book = killed(folder, tmp_path / "copy", files)
    book = book.rename(book.with_name("copied.db")) if len(files) == 1 else book
    assert [one.kind for one in await faults_of(book)] == [
        "log_missing" if len(files) == 1 else "commits_missing"
    ]
    assert notes(book) == 0, "and it looks complete"


async def test_a_book_that_was_closed_needs_no_log(
    serving: SqliteDatabase, folder: Path, tmp_path: Path
) -> None:
    await serving.close()
    assert not (folder / f"{NAME}-wal").exists()
    assert await faults_of(killed(folder, tmp_path / "copy", (NAME,))) == []


# ------------------------------------------------------------------------------ at every moment


@given(steps=st.lists(st.sampled_from(["write", "copy", "other", "close"]), max_size=12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_kill_at_any_moment_is_no_loss_and_a_lost_log_always_is_one(
    fresh_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[str],
) -> None:
    folder = Path(fresh_database("sqlite").removeprefix("sqlite:///")).parent
    database, written = await served(folder / NAME, 1), 1
    for step in steps:
        if step == "write":
            await database.write(note)
            written += 1
        elif step == "copy":
            driver: Any = database._write_conn.connection.driver_connection
            database.log.copy(driver)
        elif step == "other":
            other = SqliteDatabase(str(folder / NAME))
            await other.write(note)
            await other.close()
            written += 1
        else:
            await database.close()
            database = await served(folder / NAME, 0)
        book = killed(folder, tmp_path_factory.mktemp("killed"))
        assert await faults_of(book) == []
        assert notes(book) == written
        alone = killed(folder, tmp_path_factory.mktemp("alone"), (NAME, f"{NAME}-mark"))
        faults = await faults_of(alone)
        assert bool(faults) == (notes(alone) < written)
    await database.close()


@pytest.mark.parametrize("statement", ["_KEEP", "_COPY", "_UNSEAL"])
async def test_a_kill_or_a_backup_while_the_book_is_sealed_is_no_loss(
    serving: SqliteDatabase,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
) -> None:
    driver: Any = serving._write_conn.connection.driver_connection
    left: list[Path] = []

    class Watched:
        in_transaction = False

        def execute(self, said: str, values: tuple[Any, ...] = ()) -> Any:
            done = driver.execute(said, values)
            if said == getattr(book_log, statement):
                done.close()
                left.append(killed(folder, tmp_path / "killed"))
                left.append(a_complete_backup(folder, tmp_path / "copied"))
            return done

    serving.log.copy(Watched())
    for book in left:
        assert await faults_of(book) == []
        assert notes(book) == CHANGES
