"""Set-based statements over a table: read by keys, insert, update under a guard, delete.

Each is composed once from the table's own definition and goes straight to the driver: to SQLite by
executemany, to PostgreSQL over arrays. They are the hot path's only statements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Connection, LargeBinary, SmallInteger, Table
from sqlalchemy.util import await_only

Row = tuple[Any, ...]

_KEYS_AT_ONCE = 256
# Rows inside an array cost more to take than plain ones, a round trip costs more than few of them.
_SMALL = 48
_PLACE = re.compile(r"\$([0-9]+)")
_POSTGRES_TYPE = {
    BigInteger: "bigint",
    SmallInteger: "smallint",
    Boolean: "boolean",
    LargeBinary: "bytea",
}


class Conflict(Exception):
    """Rows were not as this batch had read them: somebody else was faster. The batch runs again."""


class Write(NamedTuple):
    """One table's rows of one kind of change, with its statement on both engines.

    `postgres` reads from `{}`, which becomes its arrays, of the types `arrays`. Where `guard` has
    a sentence, every row has to be found.
    """

    table: str
    sqlite: str
    postgres: str
    arrays: tuple[str, ...]
    rows: Sequence[Row]
    guard: str | None = None
    apart: bool = False


class Writes:
    """What a flush has to write, gathered first.

    SQLite takes one statement after another. PostgreSQL takes them together in one, where each sees
    the book as it was before: rows that may stand in place of changed ones are kept `apart`.
    """

    def __init__(self) -> None:
        self._listed: list[Write] = []

    def add(self, write: Write) -> None:
        """One more, with a statement of its own."""
        if write.rows:
            self._listed.append(write)

    def insert(
        self, table: Table, columns: tuple[str, ...], rows: Sequence[Row], *, apart: bool = False
    ) -> None:
        """Insert rows, each in the order of `columns`; `apart` from changes of the same table that
        make place for them.
        """
        if rows:
            statements = _insert_sql(table, columns)
            self._listed.append(Write(table.name, *statements, rows, apart=apart))

    def update(
        self, table: Table, sets: tuple[str, ...], keys: tuple[str, ...], rows: Sequence[Row]
    ) -> None:
        """Update rows (values of `sets`, then of `keys`). The keys hold the guard, such as the
        version that was read: `run` raises Conflict when any row is not there as named.
        """
        if rows:
            guard = f"{table.name}: rows changed meanwhile"
            self._listed.append(Write(table.name, *_update_sql(table, sets, keys), rows, guard))

    def delete(
        self, table: Table, keys: tuple[str, ...], rows: Sequence[Row], *, guarded: bool = True
    ) -> None:
        """Delete rows by key and guard. `run` raises Conflict when any is not there, unless not
        `guarded`.
        """
        if rows:
            guard = f"{table.name}: rows went meanwhile" if guarded else None
            self._listed.append(Write(table.name, *_delete_sql(table, keys), rows, guard))

    def run(self, conn: Connection) -> None:
        """Write it all. Raises Conflict."""
        listed, self._listed = self._listed, []
        if _is_sqlite(conn):
            driver = _driver(conn)
            for write in listed:
                changed = driver.executemany(write.sqlite, write.rows).rowcount
                if write.guard is not None and changed != len(write.rows):
                    raise Conflict(write.guard)
            return
        while listed:
            listed = _together(conn, listed)


def insert(conn: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """See Writes.insert; at once."""
    writes = Writes()
    writes.insert(table, columns, rows)
    writes.run(conn)


def update(
    conn: Connection,
    table: Table,
    sets: tuple[str, ...],
    keys: tuple[str, ...],
    rows: Sequence[Row],
) -> None:
    """See Writes.update; at once."""
    writes = Writes()
    writes.update(table, sets, keys, rows)
    writes.run(conn)


def delete(
    conn: Connection,
    table: Table,
    keys: tuple[str, ...],
    rows: Sequence[Row],
    *,
    guarded: bool = True,
) -> None:
    """See Writes.delete; at once."""
    writes = Writes()
    writes.delete(table, keys, rows, guarded=guarded)
    writes.run(conn)


def _together(conn: Connection, listed: list[Write]) -> list[Write]:
    """Run what can be run in one statement; the rest, for the next."""
    before = {write.table for write in listed if not write.apart}
    later = [write for write in listed if write.apart and write.table in before]
    now = [write for write in listed if not (write.apart and write.table in before)]
    statement = _composed(tuple((w.postgres, w.arrays, w.guard is not None) for w in now))
    arrays = [column for write in now for column in zip(*write.rows, strict=True)]
    counts = await_only(_driver(conn).fetchrow(statement, *arrays))
    guarded = [write for write in now if write.guard is not None]
    for write, count in zip(guarded, counts, strict=True):
        if count != len(write.rows):
            raise Conflict(str(write.guard))
    return later


@lru_cache(maxsize=512)
def _composed(parts: tuple[tuple[str, tuple[str, ...], bool], ...]) -> str:
    """One statement that does what each part does, and counts the rows of the guarded ones."""
    named: list[str] = []
    counts: list[str] = []
    place = 0
    for number, (statement, types, guarded) in enumerate(parts):
        arrays = ", ".join(f"${place + i}::{type_}[]" for i, type_ in enumerate(types, 1))
        place += len(types)
        returning = " RETURNING 1" if guarded else ""
        named.append(f"w{number} AS ({statement.format(f'unnest({arrays})')}{returning})")
        if guarded:
            counts.append(f"(SELECT count(*) FROM w{number})")
    return f"WITH {', '.join(named)} SELECT {', '.join(counts)}"


def _driver(conn: Connection) -> Any:
    """The driver's own connection, in the same transaction: SQLAlchemy's way to it costs as much
    as the statement."""
    return conn.connection.driver_connection


def _pg_type(table: Table, column: str) -> str:
    return _POSTGRES_TYPE.get(type(table.c[column].type), "text")


def _unnest(table: Table, columns: Sequence[str]) -> str:
    arrays = ", ".join(f"${i}::{_pg_type(table, c)}[]" for i, c in enumerate(columns, 1))
    return f"unnest({arrays})"


def _pg_types(table: Table, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(_pg_type(table, column) for column in columns)


def _is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


@lru_cache(maxsize=512)
def _insert_sql(table: Table, columns: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    names = ", ".join(f'"{c}"' for c in columns)
    marks = ", ".join("?" * len(columns))
    head = f"INSERT INTO {table.name} ({names})"
    return f"{head} VALUES ({marks})", f"{head} SELECT * FROM {{}}", _pg_types(table, columns)


@lru_cache(maxsize=512)
def _update_sql(
    table: Table, sets: tuple[str, ...], keys: tuple[str, ...]
) -> tuple[str, str, tuple[str, ...]]:
    names = (*sets, *keys)
    sqlite_sets = ", ".join(f'"{c}" = ?' for c in sets)
    sqlite_keys = " AND ".join(f'"{c}" = ?' for c in keys)
    aliases = ", ".join(f"v{i}" for i in range(len(names)))
    pg_sets = ", ".join(f'"{c}" = v.v{i}' for i, c in enumerate(sets))
    pg_keys = " AND ".join(f't."{c}" = v.v{i}' for i, c in enumerate(keys, len(sets)))
    return (
        f"UPDATE {table.name} SET {sqlite_sets} WHERE {sqlite_keys}",
        f"UPDATE {table.name} AS t SET {pg_sets} FROM {{}} AS v({aliases}) WHERE {pg_keys}",
        _pg_types(table, names),
    )


@lru_cache(maxsize=512)
def _delete_sql(table: Table, keys: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    sqlite_keys = " AND ".join(f'"{c}" = ?' for c in keys)
    aliases = ", ".join(f"v{i}" for i in range(len(keys)))
    pg_keys = " AND ".join(f't."{c}" = v.v{i}' for i, c in enumerate(keys))
    return (
        f"DELETE FROM {table.name} WHERE {sqlite_keys}",
        f"DELETE FROM {table.name} AS t USING {{}} AS v({aliases}) WHERE {pg_keys}",
        _pg_types(table, keys),
    )


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
        statement = _select_postgres(table, keys, columns, lock)
        return fetch(conn, statement, tuple(zip(*wanted, strict=True)))
    rows: list[Row] = []
    listed = list(wanted)
    for start in range(0, len(listed), _KEYS_AT_ONCE):
        chunk = listed[start : start + _KEYS_AT_ONCE]
        size = 1 << (len(chunk) - 1).bit_length()
        # Padding with keys that match nothing keeps the number of different statements small.
        padded = chunk + [(None,) * len(keys)] * (size - len(chunk))
        statement = _select_sqlite(table, keys, columns, size)
        parameters = tuple(value for key in padded for value in key)
        rows.extend(fetch(conn, statement, parameters))
    return rows


class Select(NamedTuple):
    """Rows to read: those whose `keys` are among `wanted`; `lock` as in `select`."""

    table: Table
    keys: tuple[str, ...]
    wanted: set[Row]
    columns: tuple[str, ...]
    lock: bool = False


def select_all(conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
    """What each of these finds. PostgreSQL is asked once for all that are small."""
    small = [one for one in selects if 0 < len(one.wanted) <= _SMALL]
    if _is_sqlite(conn) or len(small) < 2:
        return [select(conn, *one[:4], lock=one.lock) for one in selects]
    statement = _select_together(tuple((s.table, s.keys, s.columns, s.lock) for s in small))
    arrays = [column for one in small for column in zip(*one.wanted, strict=True)]
    [together] = fetch(conn, statement, tuple(arrays))
    found = iter(together)
    return [
        (next(found) or [])
        if 0 < len(one.wanted) <= _SMALL
        else select(conn, *one[:4], lock=one.lock)
        for one in selects
    ]


@lru_cache(maxsize=512)
def _select_together(
    parts: tuple[tuple[Table, tuple[str, ...], tuple[str, ...], bool], ...],
) -> str:
    named: list[str] = []
    place = 0
    for number, (table, keys, columns, lock) in enumerate(parts):
        text = _select_postgres(table, keys, columns, lock)
        # The parts' parameters follow one another.
        text = _PLACE.sub(partial(_moved_on, by=place), text)
        place += len(keys)
        named.append(f"s{number} AS MATERIALIZED ({text})")
    rows = ", ".join(f"(SELECT array_agg(ROW(s{i}.*)) FROM s{i})" for i in range(len(parts)))
    return f"WITH {', '.join(named)} SELECT {rows}"


def _moved_on(found: re.Match[str], by: int) -> str:
    return f"${int(found[1]) + by}"


def fetch(conn: Connection, statement: str, parameters: Row) -> list[Row]:
    """The driver's own rows: they need no conversion, and no row object around them."""
    driver = _driver(conn)
    found: list[Row]
    if _is_sqlite(conn):
        found = driver.execute(statement, parameters).fetchall()
    else:
        found = await_only(driver.fetch(statement, *parameters))
    return found
