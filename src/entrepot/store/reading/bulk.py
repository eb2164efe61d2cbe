"""Set-based reading by keys, and the way around SQLAlchemy to the driver.

Each statement is composed once from the table's own definition and goes straight to the driver.
These and the ones of store/writing/statements.py are the hot path's only statements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Connection, LargeBinary, SmallInteger, Table
from sqlalchemy.util import await_only

from entrepot.pace import breathe

Row = tuple[Any, ...]

_KEYS_AT_ONCE = 256
_KEYS_SENT = 2_000  # to PostgreSQL: of more, the driver turns all into bytes in one go
# Rows inside an array cost more to take than plain ones, a round trip costs more than few of them.
_SMALL = 48
_POSTGRES_TYPE = {
    BigInteger: "bigint",
    SmallInteger: "smallint",
    Boolean: "boolean",
    LargeBinary: "bytea",
}


class Conflict(Exception):
    """Rows were not as this batch had read them: somebody else was faster. The batch runs again."""


def driver_of(conn: Connection) -> Any:
    """The driver's own connection, in the same transaction: SQLAlchemy's way to it costs as much
    as the statement."""
    return conn.connection.driver_connection


def is_sqlite(conn: Connection) -> bool:
    """Which of the two engines speaks."""
    return conn.dialect.name == "sqlite"


def in_transaction(conn: Connection) -> bool:
    """Whether locks that are taken now are held until a commit. On SQLite they always are."""
    return is_sqlite(conn) or bool(driver_of(conn).is_in_transaction())


@contextmanager
def one_transaction(conn: Connection) -> Iterator[None]:
    """What is written inside is committed together: at the end, unless a transaction is under way.

    Whoever opened the connection rolls back when something fails.
    """
    alone = not in_transaction(conn)
    if alone:
        await_only(driver_of(conn).execute("BEGIN"))
    yield
    if alone:
        await_only(driver_of(conn).execute("COMMIT"))


def postgres_types(table: Table, columns: Sequence[str]) -> tuple[str, ...]:
    """The types of these columns as PostgreSQL calls them."""
    return tuple(_POSTGRES_TYPE.get(type(table.c[column].type), "text") for column in columns)


def by_keys(keys: Sequence[str]) -> tuple[str, str]:
    """The names of the columns of `v`, a list of keys, and the condition that joins it to `t`."""
    aliases = ", ".join(f"v{i}" for i in range(len(keys)))
    return aliases, " AND ".join(f't."{c}" = v.v{i}' for i, c in enumerate(keys))


def _names(columns: tuple[str, ...]) -> str:
    """Columns of `t`; what stands in brackets is asked of the row as it is."""
    return ", ".join(c if c.startswith("(") else f't."{c}"' for c in columns)


@lru_cache(maxsize=1024)
def _select_sqlite(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], size: int) -> str:
    names = _names(columns)
    aliases, match = by_keys(keys)
    row = "(" + ", ".join("?" * len(keys)) + ")"
    # CROSS JOIN keeps the planner from scanning the table and probing the list.
    return (
        f"WITH v({aliases}) AS (VALUES {', '.join([row] * size)}) "
        f"SELECT {names} FROM v CROSS JOIN {table.name} AS t WHERE {match}"
    )


@lru_cache(maxsize=512)
def _select_postgres(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], lock: bool, place: int = 0
) -> str:
    """`place` parameters come before this statement's own."""
    types = enumerate(postgres_types(table, keys), place + 1)
    arrays = ", ".join(f"${i}::{type_}[]" for i, type_ in types)
    order = ", ".join(f't."{c}"' for c in keys)
    tail = f" ORDER BY {order} FOR UPDATE OF t" if lock else ""
    return _select_from(f"unnest({arrays})", table, keys, columns) + tail


def _select_from(source: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> str:
    names = _names(columns)
    aliases, match = by_keys(keys)
    return f"SELECT {names} FROM {source} AS v({aliases}) JOIN {table.name} AS t ON {match}"


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
    if not is_sqlite(conn):
        return _select_by_arrays(conn, _select_postgres(table, keys, columns, lock), wanted, lock)
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
        breathe()
    return rows


def _select_by_arrays(conn: Connection, statement: str, wanted: set[Row], lock: bool) -> list[Row]:
    if len(wanted) <= _KEYS_SENT:
        return fetch(conn, statement, tuple(zip(*wanted, strict=True)))
    rows: list[Row] = []
    listed = sorted(wanted) if lock else list(wanted)
    for start in range(0, len(listed), _KEYS_SENT):
        arrays = tuple(zip(*listed[start : start + _KEYS_SENT], strict=True))
        rows.extend(fetch(conn, statement, arrays))
        breathe()
    return rows


class NamedBy(NamedTuple):
    """What the rows of an earlier one of several selects have in some of its columns."""

    place: int
    columns: tuple[str, ...]


class Select(NamedTuple):
    """Rows to read: those whose `keys` are among `wanted`; `lock` as in `select`.

    `few` rows are expected of some, however many are wanted. Where the keys are `named_by` the rows
    of another select, which is a small one, nothing is `wanted`, and nothing locked.
    """

    table: Table
    keys: tuple[str, ...]
    wanted: set[Row]
    columns: tuple[str, ...]
    lock: bool = False
    few: bool = False
    named_by: NamedBy | None = None


def select_all(conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
    """What each of these finds. PostgreSQL is asked once for all that are small."""
    small = [_is_small(one) for one in selects]
    if is_sqlite(conn) or sum(small) < 2:
        return _one_by_one(conn, selects)
    together = [(at, one) for at, one in enumerate(selects) if small[at]]
    parts = [(at, s.table, s.keys, s.columns, s.lock, s.named_by) for at, s in together]
    arrays = [column for _, one in together for column in zip(*one.wanted, strict=True)]
    [found] = fetch(conn, _select_together(tuple(parts)), tuple(arrays))
    lists = iter(found)
    return [
        (next(lists) or []) if is_small else select(conn, *one[:4], lock=one.lock)
        for one, is_small in zip(selects, small, strict=True)
    ]


def _is_small(one: Select) -> bool:
    small = one.few or len(one.wanted) <= _SMALL
    return one.named_by is not None or (bool(one.wanted) and small)


def _one_by_one(conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
    found: list[list[Row]] = []
    for one in selects:
        wanted = one.wanted
        if one.named_by is not None:
            place, columns = one.named_by
            at = [selects[place].columns.index(column) for column in columns]
            wanted = {tuple([row[i] for i in at]) for row in found[place]}
        found.append(select(conn, one.table, one.keys, wanted, one.columns, lock=one.lock))
    return found


_Part = tuple[int, Table, tuple[str, ...], tuple[str, ...], bool, NamedBy | None]


@lru_cache(maxsize=512)
def _select_together(parts: tuple[_Part, ...]) -> str:
    said: list[str] = []
    place = 0
    for at, table, keys, columns, lock, named_by in parts:
        if named_by is None:
            text = _select_postgres(table, keys, columns, lock, place)
            place += len(keys)
        else:
            named = ", ".join(f'"{column}"' for column in named_by.columns)
            source = f"(SELECT DISTINCT {named} FROM s{named_by.place})"
            text = _select_from(source, table, keys, columns)
        said.append(f"s{at} AS MATERIALIZED ({text})")
    rows = ", ".join(f"(SELECT array_agg(ROW(s{at}.*)) FROM s{at})" for at, *_ in parts)
    return f"WITH {', '.join(said)} SELECT {rows}"


def fetch(conn: Connection, statement: str, parameters: Row) -> list[Row]:
    """The driver's own rows: they need no conversion, and no row object around them."""
    driver = driver_of(conn)
    found: list[Row]
    if is_sqlite(conn):
        found = driver.execute(statement, parameters).fetchall()
    else:
        found = await_only(driver.fetch(statement, *parameters))
    return found
