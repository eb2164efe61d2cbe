"""The book that is filled, driven by its bare driver: reading, bulk writing, plain statements.

Statements mark their values ?1, ?2 ...; nothing here is synced before `finish`.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import pysqlite3

from bench.fill_copy import Row
from entrepot.store import schema

_CACHE_KIB = 2_000_000


class Book(Protocol):
    """One order book, open for filling."""

    def rows(self, table: str) -> list[Row]:
        """Every row of a table, its columns in the schema's order."""
        ...

    def write(self, table: str, rows: list[Row]) -> None:
        """Add rows to a table, their columns in the schema's order."""
        ...

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement; the rows that it gives, if it gives any."""
        ...

    def begin(self) -> None:
        """Begin a transaction."""
        ...

    def commit(self) -> None:
        """End it."""
        ...

    def finish(self) -> None:
        """Leave the book on disk as one that has grown in its own time, and let go of it."""
        ...


def _columns(table: str) -> list[str]:
    return [column.name for column in schema.metadata.tables[table].columns]


def _select(table: str) -> str:
    return f"SELECT {', '.join(_columns(table))} FROM {table}"


class SqliteBook:
    """See Book. No journal and no sync while it is filled: who kills the filling starts anew."""

    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("sqlite:///")
        self._conn = pysqlite3.connect(self._path, isolation_level=None)
        for pragma in (
            "journal_mode=DELETE", "journal_mode=OFF", "synchronous=OFF",
            f"cache_size=-{_CACHE_KIB}", "temp_store=MEMORY", "locking_mode=EXCLUSIVE",
        ):  # fmt: skip
            self._conn.execute(f"PRAGMA {pragma}").close()

    def rows(self, table: str) -> list[Row]:
        """See Book."""
        return [list(row) for row in self._conn.execute(_select(table))]

    def write(self, table: str, rows: list[Row]) -> None:
        """See Book."""
        columns = _columns(table)
        marks = ", ".join("?" * len(columns))
        self._conn.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """See Book."""
        found: list[tuple[Any, ...]] = self._conn.execute(statement, values).fetchall()
        return found

    def begin(self) -> None:
        """See Book."""
        self._conn.execute("BEGIN")

    def commit(self) -> None:
        """See Book."""
        self._conn.execute("COMMIT")

    def finish(self) -> None:
        """See Book."""
        self._conn.close()
        with closing(pysqlite3.connect(self._path)) as conn:
            conn.execute("PRAGMA journal_mode=WAL").close()
        with Path(self._path).open("rb+") as file:
            os.fsync(file.fileno())


class PostgresBook:
    """See Book. Rows come in by COPY."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.Runner()
        self._conn: Any = self._loop.run(asyncpg.connect(url, command_timeout=3_600))
        self.run("SET synchronous_commit = off")

    def rows(self, table: str) -> list[Row]:
        """See Book."""
        return [list(row) for row in self.run(_select(table))]

    def write(self, table: str, rows: list[Row]) -> None:
        """See Book."""
        self._loop.run(
            self._conn.copy_records_to_table(table, records=rows, columns=_columns(table))
        )

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """See Book."""
        found = self._loop.run(self._conn.fetch(statement.replace("?", "$"), *values))
        return [tuple(row) for row in found]

    def begin(self) -> None:
        """See Book."""
        self.run("BEGIN")

    def commit(self) -> None:
        """See Book."""
        self.run("COMMIT")

    def finish(self) -> None:
        """See Book. Statistics and visibility as autovacuum leaves them, and no checkpoint due."""
        self.run("VACUUM (ANALYZE)")
        self.run("CHECKPOINT")
        self._loop.run(self._conn.close())
        self._loop.close()


def open_book(url: str) -> Book:
    """The book at this URL; no server may be running on it."""
    return SqliteBook(url) if url.startswith("sqlite") else PostgresBook(url)
