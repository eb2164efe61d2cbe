"""The rows of a book as portable data, at the schema that made them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Boolean, Connection, LargeBinary, column, insert, table
from sqlalchemy.engine import make_url

# Table by table: its columns, which of them hold bytes or truth values, and the rows.
Rows = dict[str, dict[str, Any]]
_NOT_ROWS = ("alembic_version",)
# A SQLite file counts its commits in a row of `installation`, which belongs to that file alone.
_COUNTER = "commits"


def of_file(path: Path) -> Rows:
    """All rows of an SQLite book, in the order of their keys."""
    found: Rows = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as book:
        for name, kinds, keys in _tables(book):
            rows = book.execute(f"SELECT * FROM {name} ORDER BY {', '.join(keys)}").fetchall()
            found[name] = {
                "columns": list(kinds),
                "bytes": [one for one, kind in kinds.items() if kind.startswith("BLOB")],
                "truths": [one for one, kind in kinds.items() if kind.startswith("BOOL")],
                "rows": [[_plain(value) for value in row] for row in rows if row[0] != _COUNTER],
            }
    return found


def _tables(book: sqlite3.Connection) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Each table with the types of its columns, and its key."""
    names = book.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    for (name,) in names.fetchall():
        if name in _NOT_ROWS or name.startswith("sqlite_"):
            continue
        columns = book.execute(f"PRAGMA table_info({name})").fetchall()
        keys = [one[1] for one in sorted(columns, key=lambda one: one[5]) if one[5]]
        yield name, {one[1]: one[2].upper() for one in columns}, keys


async def copy(path: Path, url: str) -> None:
    """Copy all rows of an SQLite book into a PostgreSQL book of the same schema."""
    told = make_url(url)
    into = await asyncpg.connect(
        host=told.host, port=told.port, user=told.username, database=told.database
    )
    # Rows come table by table: what they refer to may come later.
    await into.execute("SET session_replication_role = replica")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as book:
        for name, kinds, _ in _tables(book):
            await into.execute(f"DELETE FROM {name}")
            truths = [at for at, kind in enumerate(kinds.values()) if kind.startswith("BOOL")]
            found = (_typed_row(row, truths) for row in book.execute(f"SELECT * FROM {name}"))
            listed = (row for row in found if row[0] != _COUNTER)
            await into.copy_records_to_table(name, records=listed, columns=list(kinds))
    await into.execute("ANALYZE")
    await into.close()


def _typed_row(row: tuple[Any, ...], truths: list[int]) -> tuple[Any, ...]:
    if not truths:
        return row
    typed = list(row)
    for at in truths:
        typed[at] = None if row[at] is None else bool(row[at])
    return tuple(typed)


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _typed(name: str, told: dict[str, Any]) -> Any:
    if name in told["bytes"]:
        return column(name, LargeBinary)
    return column(name, Boolean) if name in told["truths"] else column(name)


def insert_all(conn: Connection, rows: Rows) -> None:
    """Insert them into a book that has the same schema and no rows."""
    for name, told in rows.items():
        if not told["rows"]:
            continue
        columns = [_typed(one, told) for one in told["columns"]]
        read = [_reader(one, told) for one in told["columns"]]
        values = [
            {one.name: make(value) for one, make, value in zip(columns, read, row, strict=True)}
            for row in told["rows"]
        ]
        conn.execute(insert(table(name, *columns)), values)


def _reader(name: str, told: dict[str, Any]) -> Any:
    def read(value: Any) -> Any:
        if value is None:
            return None
        if name in told["bytes"]:
            return bytes.fromhex(value)
        return bool(value) if name in told["truths"] else value

    return read
