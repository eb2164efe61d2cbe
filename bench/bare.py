"""The bare database: rows written through its driver alone, with the settings that Entrepot uses.

Several ways for each engine, and the fastest one is the yardstick, so that it is no easy one.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import asyncpg
import pysqlite3
import uuid_utils
import uvloop
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from bench.sample import Batch, Rows
from entrepot.store.engines import sqlite as product
from entrepot.store.engines import wal

assert product  # whose adapters make the bare driver faster too

PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000",
    "cache_size=-32768", "temp_store=MEMORY", f"wal_autocheckpoint={wal.PAGES}",
)  # fmt: skip
VALUES_AT_ONCE = 900
Way = Callable[[str, Iterator[Batch], float], float]


def sqlite(url: str) -> Any:
    """A connection to the file, set as the product sets its own."""
    connection = pysqlite3.connect(
        url.removeprefix("sqlite:///"), isolation_level=None, cached_statements=512
    )
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def executemany(url: str, batches: Iterator[Batch], seconds: float) -> float:
    """Batches a second on SQLite: one prepared statement a table, run for each row."""
    statements: dict[str, str] = {}

    def write(connection: Any, table: Table, rows: Rows) -> None:
        connection.executemany(statements.setdefault(table.name, _marked(table, 1)), rows)

    return _on_sqlite(url, batches, seconds, write)


def value_lists(url: str, batches: Iterator[Batch], seconds: float) -> float:
    """Batches a second on SQLite: statements of as many rows as they hold."""

    def write(connection: Any, table: Table, rows: Rows) -> None:
        size = max(1, VALUES_AT_ONCE // len(table.columns))
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            values = list(itertools.chain.from_iterable(some))
            connection.execute(_marked(table, len(some)), values)

    return _on_sqlite(url, batches, seconds, write)


def _on_sqlite(
    url: str, batches: Iterator[Batch], seconds: float, write: Callable[[Any, Table, Rows], None]
) -> float:
    count, used = 0, 0.0
    with closing(sqlite(url)) as connection:
        for batch in batches:
            begun = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            for table, rows in batch:
                write(connection, table, rows)
            connection.execute("COMMIT")
            count, used = count + 1, used + time.perf_counter() - begun
            if used >= seconds:
                break
    return count / used


def _marked(table: Table, rows: int) -> str:
    marks = "(" + ", ".join("?" * len(table.columns)) + ")"
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES {', '.join([marks] * rows)}"


def unnest(url: str, batches: Iterator[Batch], seconds: float) -> float:
    """Batches a second on PostgreSQL: one prepared statement a table, with an array a column."""
    return uvloop.run(_on_postgres(url, batches, seconds, _unnested, _columns))


def whole_rows(url: str, batches: Iterator[Batch], seconds: float) -> float:
    """Batches a second on PostgreSQL: one prepared statement a table, with one array of rows.

    The rows have a type of the connection's own: a table's columns stand in the order in which
    migrations added them, and not in the order of the schema.
    """
    return uvloop.run(_on_postgres(url, batches, seconds, _of_rows, lambda rows: [rows], _row_type))


def pipelined(url: str, batches: Iterator[Batch], seconds: float) -> float:
    """Batches a second on PostgreSQL: one prepared statement a table, its rows pipelined."""
    return uvloop.run(_on_postgres(url, batches, seconds, _numbered, None))


async def _on_postgres(
    url: str,
    batches: Iterator[Batch],
    seconds: float,
    statement: Callable[[Table], str],
    arguments: Callable[[Rows], list[Any]] | None,
    before: Callable[[Table], str] | None = None,
) -> float:
    """`arguments` are a statement's for all rows of a table; without it, each row has its own.

    `before` makes what the statement of a table needs, once a connection.
    """
    connection = await asyncpg.connect(url, server_settings={"synchronous_commit": "on"})
    prepared: dict[str, Any] = {}
    count, used = 0, 0.0
    try:
        for batch in batches:
            told = [(table.name, arguments(rows) if arguments else rows) for table, rows in batch]
            for table, _ in batch:
                if table.name not in prepared:
                    if before is not None:
                        await connection.execute(before(table))
                    prepared[table.name] = await connection.prepare(statement(table))
            begun = time.perf_counter()
            async with connection.transaction():
                for name, rows in told:
                    if arguments:
                        await prepared[name].fetch(*rows)
                    else:
                        await prepared[name].executemany(rows)
            count, used = count + 1, used + time.perf_counter() - begun
            if used >= seconds:
                break
    finally:
        await connection.close()
    return count / used


def _columns(rows: Rows) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _unnested(table: Table) -> str:
    dialect = postgresql.dialect()
    arrays = ", ".join(
        f"${at}::{column.type.compile(dialect)}[]" for at, column in enumerate(table.columns, 1)
    )
    return f"INSERT INTO {table.name} ({_names(table)}) SELECT * FROM unnest({arrays})"


def _of_rows(table: Table) -> str:
    rows = f"unnest($1::pg_temp.sent_{table.name}[])"
    return f"INSERT INTO {table.name} ({_names(table)}) SELECT * FROM {rows}"


def _row_type(table: Table) -> str:
    dialect = postgresql.dialect()
    columns = ", ".join(
        f'"{column.name}" {column.type.compile(dialect)}' for column in table.columns
    )
    return f"CREATE TYPE pg_temp.sent_{table.name} AS ({columns})"


def _numbered(table: Table) -> str:
    marks = ", ".join(f"${at}" for at in range(1, len(table.columns) + 1))
    return f"INSERT INTO {table.name} ({_names(table)}) VALUES ({marks})"


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def commit_milliseconds(engine: str, url: str, commits: int) -> float:
    """p50 of one row inserted and committed, nothing else at work; on a fresh, empty database."""
    if engine == "sqlite":
        return statistics.median(_commits_on_sqlite(url, commits))
    return statistics.median(uvloop.run(_commits_on_postgres(url, commits)))


_LONE = "CREATE TABLE lone (id {} PRIMARY KEY, body TEXT NOT NULL){}"


def _commits_on_sqlite(url: str, commits: int) -> list[float]:
    taken = []
    with closing(sqlite(url)) as connection:
        connection.execute(_LONE.format("BLOB", " WITHOUT ROWID"))
        for _ in range(commits):
            row = (uuid_utils.uuid7().bytes, "x" * 200)
            begun = time.perf_counter()
            connection.execute("INSERT INTO lone VALUES (?, ?)", row)
            taken.append((time.perf_counter() - begun) * 1e3)
    return taken


async def _commits_on_postgres(url: str, commits: int) -> list[float]:
    taken = []
    connection = await asyncpg.connect(url, server_settings={"synchronous_commit": "on"})
    try:
        await connection.execute(_LONE.format("bytea", ""))
        insert = await connection.prepare("INSERT INTO lone VALUES ($1, $2)")
        for _ in range(commits):
            begun = time.perf_counter()
            await insert.fetch(uuid_utils.uuid7().bytes, "x" * 200)
            taken.append((time.perf_counter() - begun) * 1e3)
    finally:
        await connection.close()
    return taken


WAYS: dict[str, dict[str, Way]] = {
    "sqlite": {"executemany": executemany, "lists of VALUES": value_lists},
    "postgres": {
        "unnest": unnest, "unnest of rows": whole_rows, "executemany, pipelined": pipelined,
    },
}  # fmt: skip
