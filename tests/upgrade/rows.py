"""The rows of a book as portable data, at the schema that made them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Connection, LargeBinary, column, insert, table

# Table by table: its columns, which of them hold bytes or truth values, and the rows.
Rows = dict[str, dict[str, Any]]
_NOT_ROWS = ("alembic_version",)
# A SQLite file counts its commits in a row of `installation`, which belongs to that file alone.
_COUNTER = "commits"


def of_file(path: Path) -> Rows:
    """All rows of an SQLite book, in the order of their keys."""
    found: Rows = {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as book:
        names = book.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (name,) in names.fetchall():
            if name in _NOT_ROWS or name.startswith("sqlite_"):
                continue
            columns = book.execute(f"PRAGMA table_info({name})").fetchall()
            kinds = {one[1]: one[2].upper() for one in columns}
            keys = [one[1] for one in sorted(columns, key=lambda one: one[5]) if one[5]]
            rows = book.execute(f"SELECT * FROM {name} ORDER BY {', '.join(keys)}").fetchall()
            found[name] = {
                "columns": list(kinds),
                "bytes": [one for one, kind in kinds.items() if kind.startswith("BLOB")],
                "truths": [one for one, kind in kinds.items() if kind.startswith("BOOL")],
                "rows": [[_plain(value) for value in row] for row in rows if row[0] != _COUNTER],
            }
    return found


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
