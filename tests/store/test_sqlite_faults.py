"""A fault of SQLite's files is Unavailable, in SQLite's own words; one of a statement is not."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs
from tests.store.lost_log import log_faults, note

from entrepot.pages import pages
from entrepot.settings import Settings
from entrepot.store.engines import readiness
from entrepot.store.engines.outage import Damaged, LogLost, NoRoom, Unavailable
from entrepot.store.engines.sole_server import AlreadyServed, sole_server
from entrepot.store.engines.sql import Conflict
from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.keeping import migrate


@pytest.fixture
def path(fresh_database: Callable[[str], str]) -> Path:
    return Path(fresh_database("sqlite").removeprefix("sqlite:///"))


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(str(path))
    await opened.begin_serving()
    yield opened
    await opened.close()


def driver_of(database: SqliteDatabase) -> Any:
    return database._write_conn.connection.driver_connection


def fill_the_disk(database: SqliteDatabase) -> Callable[[], Any]:
    """SQLite's own limit stands for the disk's end. How it goes away again is given back."""
    driver = driver_of(database)
    pages_now = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count = {pages_now}").close()
    return lambda: driver.execute("PRAGMA max_page_count = 1000000000").close()


def make_it_read_only(database: SqliteDatabase) -> Callable[[], Any]:
    driver = driver_of(database)
    driver.execute("PRAGMA query_only = ON").close()
    return lambda: driver.execute("PRAGMA query_only = OFF").close()


def hold_the_lock(database: SqliteDatabase) -> Callable[[], Any]:
    driver_of(database).execute("PRAGMA busy_timeout = 0").close()
    other = sqlite_driver.connect(database.log.book, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other.close


PASSING = [
    (fill_the_disk, NoRoom, "database or disk is full"),
    (make_it_read_only, Unavailable, "attempt to write a readonly database"),
    (hold_the_lock, Unavailable, "database is locked"),
]


def fills(conn: Connection) -> None:
    for _ in range(40):
        note(conn)


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"), PASSING, ids=lambda one: getattr(one, "__name__", None)
)
async def test_a_write_that_cannot_be_done_is_unavailable_and_goes_on_later(
    database: SqliteDatabase, fault: Any, kind: type[Exception], sentence: str
) -> None:
    clock = [1000.0]
    database.writing._monotonic = lambda: clock[0]
    lift = fault(database)
    for way in (database.write, database.write_guarded):
        with pytest.raises(Unavailable) as raised:
            await way(fills)
        assert type(raised.value) is kind
        assert str(raised.value) == sentence
    assert database.reading.error is None, "reading goes on"
    assert await migrate.revision(database) == migrate.head()
    assert await readiness.fault(database) == "not writable"
    status, _, body = await pages(database, Settings())["/health/ready"]()
    assert (status, body) == (503, b'{"status":"not ready","database":"not writable"}')
    lift()
    clock[0] += 1.1
    assert await readiness.fault(database) is None, "it proves that writing works again"
    await database.write(fills)
    assert (await pages(database, Settings())["/health/ready"]())[0] == 200


async def test_readiness_proves_writing_where_nobody_writes(database: SqliteDatabase) -> None:
    clock = [1000.0]
    database.writing._monotonic = lambda: clock[0]
    await database.write(note)
    make_it_read_only(database)
    assert await readiness.fault(database) is None, "a moment ago it could write"
    clock[0] += 60
    assert await readiness.fault(database) == "not writable"


async def test_a_disk_that_has_room_for_a_small_write_only_is_still_full(
    database: SqliteDatabase,
) -> None:
    clock = [1000.0]
    database.writing._monotonic = lambda: clock[0]
    lift = fill_the_disk(database)
    with pytest.raises(NoRoom):
        await database.write(fills)
    small = "UPDATE installation SET value = value"
    await database.write(lambda conn: conn.exec_driver_sql(small).close())
    clock[0] += 1.1
    assert await readiness.fault(database) == "not writable"
    lift()
    clock[0] += 1.1
    assert await readiness.fault(database) is None
    room = "SELECT count(*) FROM installation WHERE name = 'room'"
    assert await database.read(lambda conn: conn.exec_driver_sql(room).scalar()) == 0


async def test_readiness_writes_nothing_while_others_write(database: SqliteDatabase) -> None:
    await database.write(note)
    before = driver_of(database).total_changes
    for _ in range(5):
        assert await readiness.fault(database) is None
    assert driver_of(database).total_changes == before


async def test_a_lost_log_is_told_by_readiness(database: SqliteDatabase) -> None:
    await database.write(note)
    database.log.path.unlink()
    assert await readiness.fault(database) == "log lost"
    status, _, body = await pages(database, Settings())["/health/ready"]()
    assert (status, body) == (503, b'{"status":"not ready","database":"log lost"}')


async def test_damaged_pages_are_unavailable_and_readiness_remembers_them(path: Path) -> None:
    database = SqliteDatabase(str(path))
    await database.write(fills)
    await database.close()
    with path.open("r+b") as book:
        book.seek(4096)
        book.write(b"\xa5" * 400 * 4096)
    broken = SqliteDatabase(str(path))
    with pytest.raises(Damaged, match="malformed"):
        await broken.read(lambda conn: conn.execute(text("SELECT * FROM orders")).all())
    status, _, body = await pages(broken, Settings())["/health/ready"]()
    assert (status, body) == (503, b'{"status":"not ready","database":"damaged"}')
    await broken.close()


async def test_damage_that_was_seen_once_stays_told(database: SqliteDatabase) -> None:
    database.reading.failed(Damaged("database disk image is malformed"))
    database.reading.worked()
    await database.write(note)
    assert await readiness.fault(database) == "damaged"


def junk(path: Path) -> str:
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    return "file is not a database"


def a_folder(path: Path) -> str:
    path.mkdir()
    return "unable to open database file"


def a_log_that_is_a_folder(path: Path) -> str:
    path.with_name(f"{path.name}-wal").mkdir()
    return "disk I/O error"


def below_a_file(path: Path) -> str:
    path.parent.rmdir()
    path.parent.write_text("")
    return f"{path}: Not a directory"


@pytest.mark.parametrize(
    "make", [junk, a_folder, a_log_that_is_a_folder, below_a_file], ids=lambda one: one.__name__
)
async def test_what_cannot_be_opened_is_a_sentence(
    tmp_path: Path, make: Callable[[Path], str]
) -> None:
    path = tmp_path / "folder" / "book.db"
    path.parent.mkdir()
    sentence = make(path)
    for way in ("read", "read_one", "read_long", "write", "write_guarded"):
        database = SqliteDatabase(str(path))
        with pytest.raises(Unavailable) as raised:
            await getattr(database, way)(lambda conn: conn.execute(text("SELECT 1")).all())
        assert str(raised.value) == sentence
        await database.close()


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELEC 1", DBAPIError),
        ("SELECT * FROM nothing", DBAPIError),
        ("INSERT INTO installation VALUES (NULL, x'00')", DBAPIError),
        ("INSERT INTO installation SELECT name, value FROM installation", Conflict),
        ("INSERT INTO alembic_version VALUES ('0005'), ('0005')", Conflict),
    ],
)
async def test_what_is_wrong_with_a_statement_is_not_the_database_s_fault(
    database: SqliteDatabase, statement: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await database.write(lambda conn: conn.execute(text(statement)))
    assert database.writing.error is None


# ------------------------------------------------------------------------------ modes, and the lock


def modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


async def test_what_is_made_is_the_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "book.db"
    with sole_server(f"sqlite:///{path}"):
        database = SqliteDatabase(str(path))
        await migrate.upgrade(database)
        await database.begin_serving()
        names = [f"book.db{end}" for end in ("", "-mark", "-shm", "-wal")]
        assert modes(path.parent) == dict.fromkeys(names, 0o600)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.parents[1].stat().st_mode) == 0o700
        await database.close()


async def test_what_the_user_made_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    folder.chmod(0o750)
    (folder / "book.db").touch()
    (folder / "book.db").chmod(0o640)
    database = SqliteDatabase(str(folder / "book.db"))
    await migrate.upgrade(database)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert modes(folder)["book.db"] == modes(folder)["book.db-wal"] == 0o640
    with capture_logs() as logs:
        await database.begin_serving()
    assert [one["event"] for one in logs] == ["book.readable_by_others"]
    await database.close()


def test_the_second_server_is_refused_and_the_first_one_s_end_frees_the_book(path: Path) -> None:
    url = f"sqlite:///{path}"
    with sole_server(url):
        with pytest.raises(AlreadyServed, match="stop it"), sole_server(url):
            pass
        with pytest.raises(AlreadyServed), sole_server(f"sqlite:///{path.parent}/./{path.name}"):
            pass
        (path.parent / "link.db").symlink_to(path)
        with pytest.raises(AlreadyServed), sole_server(f"sqlite:///{path.parent}/link.db"):
            pass
        with sole_server(f"sqlite:///{path.parent}/other.db"):
            pass
    with sole_server(url):
        pass


async def test_commands_work_beside_a_server(database: SqliteDatabase, path: Path) -> None:
    with sole_server(f"sqlite:///{path}"):
        beside = SqliteDatabase(str(path))
        await beside.write(note)
        assert await log_faults(beside) == []
        await beside.close()
        await database.write(note)
        assert await log_faults(database) == []


async def test_a_log_removed_under_a_server_is_told_without_opening_the_book(path: Path) -> None:
    with sole_server(f"sqlite:///{path}"):
        database = SqliteDatabase(str(path))
        await database.begin_serving()
        database.log.path.unlink()
        beside = SqliteDatabase(str(path))
        [fault] = await log_faults(beside)
        assert fault.kind == "log_removed"
        assert beside._read_conn is None
        assert not database.log.path.exists()
        await beside.close()
        await database.close()
    beside = SqliteDatabase(str(path))
    assert await log_faults(beside) == []
    await beside.close()


async def test_a_refused_write_is_told_in_the_sentence_of_the_loss(path: Path) -> None:
    database = SqliteDatabase(str(path))
    await database.write(note)
    await database.close()
    with closing(sqlite_driver.connect(path, isolation_level=None)) as operator:
        operator.execute("UPDATE installation SET value = CAST('1' AS BLOB) WHERE name = 'commits'")
    again = SqliteDatabase(str(path))
    with pytest.raises(LogLost, match=r"lacks \d+ of its \d+ commits"):
        await again.write(note)
    assert isinstance(again.writing.error, LogLost)
    await again.close()
