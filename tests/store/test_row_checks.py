"""The checks of a row cost SQLite no table of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, Table

from entrepot.store import schema
from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.store.keeping import migrate


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checks") / "book.db"


@pytest.mark.parametrize(
    "table", [one for one in schema.metadata.sorted_tables if one.constraints], ids=str
)
async def test_sqlite_makes_no_table_to_check_a_row(book: Path, table: Table) -> None:
    """`IN` with three words or more would make one for every row that is written."""
    database = SqliteDatabase(str(book))
    await migrate.upgrade(database)
    columns = [column.name for column in table.columns]
    named, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table.name} ({named}) VALUES ({marks})"

    def steps(conn: Connection) -> list[str]:
        found = conn.exec_driver_sql(f"EXPLAIN {statement}", tuple(None for _ in columns))
        return [row[1] for row in found]

    assert "OpenEphemeral" not in await database.read(steps)
    await database.close()
