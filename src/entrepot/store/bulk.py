"""Set-based statements over a table: read by keys, insert, update under a guard, delete.

Each is composed once from the table's own definition and goes to the driver as it is: to SQLite by
executemany, to PostgreSQL as one statement over arrays. They are the hot path's only statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, LargeBinary, SmallInteger, Table

Row = tuple[Any, ...]

_KEYS_AT_ONCE = 256
_POSTGRES_TYPE = {
    BigInteger: "bigint",
    SmallInteger: "smallint",
    Boolean: "boolean",
    LargeBinary: "bytea",
}


class Conflict(Exception):
    """Rows were not as this batch had read them: somebody else was faster. The batch runs again."""


def _pg_type(table: Table, column: str) -> str:
    return _POSTGRES_TYPE.get(type(table.c[column].type), "text")


def _unnest(table: Table, columns: Sequence[str]) -> str:
    arrays = ", ".join(f"${i}::{_pg_type(table, c)}[]" for i, c in enumerate(columns, 1))
    return f"unnest({arrays})"


def _is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


def _run(conn: Connection, sqlite: str, postgres: str, rows: Sequence[Row]) -> int:
    if _is_sqlite(conn):
        return conn.exec_driver_sql(sqlite, list(rows)).rowcount
    arrays = tuple(list(column) for column in zip(*rows, strict=True))
    return conn.exec_driver_sql(postgres, arrays).rowcount


@lru_cache(maxsize=512)
def _insert_sql(table: Table, columns: tuple[str, ...]) -> tuple[str, str]:
    names = ", ".join(f'"{c}"' for c in columns)
    marks = ", ".join("?" * len(columns))
    head = f"INSERT INTO {table.name} ({names})"
    return f"{head} VALUES ({marks})", f"{head} SELECT * FROM {_unnest(table, columns)}"


def insert(conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows, each in the order of `columns`."""
    if rows:
        _run(conn, *_insert_sql(table, columns), rows)


@lru_cache(maxsize=512)
def _update_sql(table: Table, sets: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, str]:
    names = (*sets, *keys)
    sqlite_sets = ", ".join(f'"{c}" = ?' for c in sets)
    sqlite_keys = " AND ".join(f'"{c}" = ?' for c in keys)
    aliases = ", ".join(f"v{i}" for i in range(len(names)))
    pg_sets = ", ".join(f'"{c}" = v.v{i}' for i, c in enumerate(sets))
    pg_keys = " AND ".join(f't."{c}" = v.v{i}' for i, c in enumerate(keys, len(sets)))
    return (
        f"UPDATE {table.name} SET {sqlite_sets} WHERE {sqlite_keys}",
        (
            f"UPDATE {table.name} AS t SET {pg_sets} "
            f"FROM {_unnest(table, names)} AS v({aliases}) WHERE {pg_keys}"
        ),
    )


def update(
    conn: Connection,
    table: Table,
    sets: tuple[str, ...],
    keys: tuple[str, ...],
    rows: Sequence[Row],
) -> None:
    """Update rows (values of `sets`, then of `keys`). The keys hold the guard, such as the version
    that was read. Raises Conflict when any row is not there as named.
    """
    if rows and _run(conn, *_update_sql(table, sets, keys), rows) != len(rows):
        raise Conflict(f"{table.name}: rows changed meanwhile")


@lru_cache(maxsize=512)
def _delete_sql(table: Table, keys: tuple[str, ...]) -> tuple[str, str]:
    sqlite_keys = " AND ".join(f'"{c}" = ?' for c in keys)
    aliases = ", ".join(f"v{i}" for i in range(len(keys)))
    pg_keys = " AND ".join(f't."{c}" = v.v{i}' for i, c in enumerate(keys))
    return (
        f"DELETE FROM {table.name} WHERE {sqlite_keys}",
        (
            f"DELETE FROM {table.name} AS t USING {_unnest(table, keys)} AS v({aliases}) "
            f"WHERE {pg_keys}"
        ),
    )


def delete(
    conn: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Sequence[Row],
    *,
    guarded: bool = True,
) -> None:
    """Delete rows by key and guard. Raises Conflict when any is not there, unless not `guarded`."""
    if rows and _run(conn, *_delete_sql(table, keys), rows) != len(rows) and guarded:
        raise Conflict(f"{table.name}: rows went meanwhile")


@lru_cache(maxsize=1024)
def _select_sqlite(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], size: int) -> str:
    names = ", ".join(f't."{c}"' for c in columns)
    aliases = ", ".join(f"v{i}" for i in range(len(keys)))
    row = "(" + ", ".join("?" * len(keys)) + ")"
    match = " AND ".join(f't."{c}" = v.v{i}' for i, c in enumerate(keys))
    # CROSS JOIN keeps the planner from scanning the table and probing the list.
    return (
        f"WITH v({aliases}) AS (VALUES {', '.join([row] * size)}) "
        f"SELECT {names} FROM v CROSS JOIN {table.name} AS t WHERE {match}"
    )


@lru_cache(maxsize=512)
def _select_postgres(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], lock: bool
) -> str:
    names = ", ".join(f't."{c}"' for c in columns)
    aliases = ", ".join(f"v{i}" for i in range(len(keys)))
    match = " AND ".join(f't."{c}" = v.v{i}' for i, c in enumerate(keys))
    order = ", ".join(f't."{c}"' for c in keys)
    tail = f" ORDER BY {order} FOR UPDATE OF t" if lock else ""
    return (
        f"SELECT {names} FROM {_unnest(table, keys)} AS v({aliases}) "
        f"JOIN {table.name} AS t ON {match}{tail}"
    )


def select(
    conn: Connection,
    table: Table,
    keys: tuple[str, ...],
    wanted: set[Row],
    columns: tuple[str, ...],
    *,
    lock: bool = False,
) -> list[Row]:
    """Read the rows whose `keys` are among `wanted`; `lock` takes row locks, in sorted order."""
    if not wanted:
        return []
    if not _is_sqlite(conn):
        arrays = tuple(list(column) for column in zip(*wanted, strict=True))
        statement = _select_postgres(table, keys, columns, lock)
        return _fetch(conn, statement, arrays)
    rows: list[Row] = []
    listed = list(wanted)
    for start in range(0, len(listed), _KEYS_AT_ONCE):
        chunk = listed[start : start + _KEYS_AT_ONCE]
        size = 1 << (len(chunk) - 1).bit_length()
        # Padding with keys that match nothing keeps the number of different statements small.
        padded = chunk + [(None,) * len(keys)] * (size - len(chunk))
        statement = _select_sqlite(table, keys, columns, size)
        parameters = tuple(value for key in padded for value in key)
        rows.extend(_fetch(conn, statement, parameters))
    return rows


def _fetch(conn: Connection, statement: str, parameters: Row) -> list[Row]:
    """The driver's own rows: they need no conversion, and no row object around them."""
    result = conn.exec_driver_sql(statement, parameters)
    cursor: Any = result.cursor
    found: list[Row] = cursor.fetchall()
    result.close()
    return found
