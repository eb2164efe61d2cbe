"""Opening a database: what cannot be used is told in a sentence, which the command line prints."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, inspect

from entrepot.cli import session
from entrepot.store.engine import Unavailable
from entrepot.store.engines import postgres_pools, sql
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.postgres import PostgresDatabase
from entrepot.store.keeping import migrate
from entrepot.store.verify.opening import read_only


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://somebody:secret@host/name"])
def test_what_is_no_database_is_a_sentence_without_a_password(url: str) -> None:
    with pytest.raises(RuntimeError, match="database") as raised:
        open_database(url)
    assert "secret" not in str(raised.value)


async def test_a_role_that_may_not_make_temporary_types(
    empty_database: Callable[[str], str],
) -> None:
    url = empty_database("direct")
    address, _, name = url.rpartition("/")
    poor = f"poor_{name}"

    def make(conn: Connection) -> None:
        conn.exec_driver_sql(f"CREATE ROLE {poor} LOGIN")
        conn.exec_driver_sql(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")

    owners = PostgresDatabase(url)
    await owners.write(make)
    await owners.close()
    theirs = PostgresDatabase(f"postgresql://{poor}@{address.partition('@')[2]}/{name}")
    with pytest.raises(Unavailable, match="temporary"):
        await migrate.upgrade(theirs)
    await theirs.close()


def slowly(conn: Connection) -> int:
    found: int = sql.fetch(conn, "SELECT 7 FROM pg_sleep(1)", ())[0][0]
    return found


def test_the_command_line_waits_as_long_as_a_large_book_takes(
    fresh_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTREPOT_DATABASE_URL", fresh_database("direct"))
    monkeypatch.setattr(postgres_pools, "_STATEMENT_SECONDS", 0.1)
    assert session.on_book(lambda database: database.read(slowly)) == 7


async def test_the_server_does_not_wait_for_ever(
    fresh_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_pools, "_STATEMENT_SECONDS", 0.1)
    database = open_database(fresh_database("direct"))
    with pytest.raises(Unavailable, match="in time"):
        await database.read(slowly)
    await database.close()


def test_plans_are_made_anew_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan made while a table was empty must not be kept for what the table becomes."""
    now, made = 0.0, []
    monkeypatch.setattr(postgres_pools.time, "monotonic", lambda: now)
    connection = SimpleNamespace(run_async=lambda _: made.append(now))
    record = SimpleNamespace(info={})
    for tenths in range(20_000):
        now = tenths / 10
        postgres_pools._plan_anew(connection, record, None)
    assert made[:6] == [0.3, 0.8, 1.8, 3.8, 7.8, 15.8]
    gaps = [round(after - before, 1) for before, after in pairwise(made)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 60


async def test_a_files_name_is_meant_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "50%20 of a book #1.db"
    database = open_database(f"sqlite:///{path}")
    try:
        await migrate.upgrade(database)
    finally:
        await database.close()
    assert path.exists()
    assert read_only(path, lambda conn: inspect(conn).has_table("orders"))
