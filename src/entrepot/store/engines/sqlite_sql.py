"""How SQLite is spoken to: one statement after another, each straight through its driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy import Select as Question

from entrepot.pace import breathe
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Conflict, Row, Select, Write

_KEYS_AT_ONCE = 256
# Rows that are written before others have their turn, where the work is done in slices.
_ROWS_AT_ONCE = 500
# Rows of one flush beyond which few pages are kept in memory meanwhile, and how many KiB.
_ROWS_MANY, _SMALL_CACHE_KIB = 20_000, 4_096
# From this many rows on, it is worth looking which of their columns are empty.
_SPARSE_ROWS = 8


class SqliteSql:
    """See Sql. The writer is alone from the beginning of its transaction."""

    fence = ""
    numbers_first = True
    alone = True
    survives_errors = True
    types_values = False
    schema_text = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    own_file = True

    def mark(self, number: int) -> str:
        """See Sql."""
        return f"?{number}"

    def ranges(self, mark: Callable[[Any], str], ranges: Sequence[tuple[int, int]]) -> str:
        """See Sql."""
        pairs = ", ".join(f"({mark(low)}, {mark(high)})" for low, high in ranges)
        return f"(SELECT column1 AS low, column2 AS high FROM (VALUES {pairs})) AS r"

    def joined(self, table: str, alias: str, condition: str) -> str:
        """See Sql. CROSS keeps the order of the two."""
        return f"CROSS JOIN {table} AS {alias} ON {condition.format(alias)}"

    def by_index(self, name: str) -> str:
        """See Sql."""
        return f" INDEXED BY {name}"

    def skip_locked(self, statement: Question[Any]) -> Question[Any]:
        """See Sql. There is one writer."""
        return statement

    def locks(self, conn: Connection) -> bool:  # noqa: ARG002 - as the other engine's
        """See Sql. SQLite has one writer, so every row that it reads is as good as locked."""
        return True

    def one_transaction(self, conn: Connection) -> AbstractContextManager[None]:  # noqa: ARG002
        """See Sql. A transaction is always under way."""
        return nullcontext()

    def fetch(self, conn: Connection, statement: str, parameters: Row) -> list[Row]:
        """See Sql."""
        found: list[Row] = sql.driver_of(conn).execute(statement, parameters).fetchall()
        return found

    def select(self, conn: Connection, one: Select) -> list[Row]:
        """See Sql."""
        if len(one.wanted) == 1:
            [key] = one.wanted
            return self.fetch(conn, select_by_keys(one.table, one.keys, one.columns, 1), key)
        rows: list[Row] = []
        listed, width = list(one.wanted), len(one.keys)
        # A NULL matches nothing. The driver looks for an adapter of each None, but not of an
        # integer.
        nothing: Row = (None, *(0,) * (width - 1))
        for start in range(0, len(listed), _KEYS_AT_ONCE):
            chunk = listed[start : start + _KEYS_AT_ONCE]
            size = 1 << (len(chunk) - 1).bit_length()
            # Padding with keys that match nothing keeps the number of different statements small.
            padded = chunk + [nothing] * (size - len(chunk))
            statement = select_by_keys(one.table, one.keys, one.columns, size)
            parameters = tuple(chain.from_iterable(padded))
            rows.extend(self.fetch(conn, statement, parameters))
            breathe()
        return rows

    def select_all(self, conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
        """See Sql."""
        return one_by_one(self, conn, selects)

    def run(self, conn: Connection, listed: list[Write]) -> dict[str, list[Row]]:
        """See Sql. The counters that give numbers were read before."""
        many = sum([len(write.rows) for write in listed])
        if many <= _ROWS_MANY:
            _run(conn, listed)
            return {}
        with _small_cache(conn):
            _run(conn, listed)
        return {}


def one_by_one(engine: sql.Sql, conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
    """The rows of each select, read one select after another."""
    found: list[list[Row]] = []
    for one in selects:
        if one.named_by is not None:
            index, columns = one.named_by
            at = [selects[index].columns.index(column) for column in columns]
            wanted = {tuple([row[i] for i in at]) for row in found[index]}
            found.append(engine.select(conn, one._replace(wanted=wanted)))
        else:
            found.append(engine.select(conn, one))
    return found


@lru_cache(maxsize=1024)
def select_by_keys(table: Table, keys: tuple[str, ...], columns: tuple[str, ...], size: int) -> str:
    """The statement that reads the rows of this many keys."""
    if size == 1:
        match = " AND ".join(f't."{key}" = ?' for key in keys)
        found = f"{table.name} AS t{_index_of(table, keys)}"
        return f"SELECT {sql.names_of(columns)} FROM {found} WHERE {match}"
    aliases, match = sql.by_keys(keys)
    row = "(" + ", ".join("?" * len(keys)) + ")"
    # CROSS JOIN keeps the planner from scanning the table and probing the list.
    return (
        f"WITH v({aliases}) AS (VALUES {', '.join([row] * size)}) "
        f"SELECT {sql.names_of(columns)} FROM v CROSS JOIN {table.name} AS t"
        f"{_index_of(table, keys)} WHERE {match}"
    )


def _index_of(table: Table, keys: tuple[str, ...]) -> str:
    """Names the index that begins with these columns, where the primary key does not.

    Without statistics SQLite would rather go through all rows of an organization, by the key.
    """
    wanted, size = set(keys), len(keys)
    if set(table.primary_key.columns.keys()[:size]) == wanted:
        return ""
    for index in sorted(table.indexes, key=lambda one: str(one.name)):
        whole = index.dialect_options["sqlite"]["where"] is None
        if whole and set(index.columns.keys()[:size]) == wanted:
            return f" INDEXED BY {index.name}"
    return ""


@lru_cache(maxsize=512)
def insert_values(table: str, columns: tuple[str, ...]) -> str:
    """Inserts a row, its values in the order of the columns."""
    names, marks = ", ".join(f'"{c}"' for c in columns), ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"


@contextmanager
def _small_cache(conn: Connection) -> Iterator[None]:
    """Have SQLite write pages before the commit, where it would keep them all: the rows themselves
    take memory enough.
    """
    driver = sql.driver_of(conn)
    [usual] = driver.execute("PRAGMA cache_size").fetchone()
    driver.execute(f"PRAGMA cache_size=-{_SMALL_CACHE_KIB}").close()
    try:
        yield
    finally:
        driver.execute(f"PRAGMA cache_size={usual}").close()


def _run(conn: Connection, listed: list[Write]) -> None:
    execute = sql.driver_of(conn).executemany
    for write in listed:
        statement, rows = write.sqlite, write.rows
        if statement is None:
            continue
        many = len(rows)
        if many > _ROWS_AT_ONCE:
            changed = sum([_executed(execute, write, statement, its) for its in _slices(rows)])
        elif many >= _SPARSE_ROWS:
            changed = _executed(execute, write, statement, rows)
        else:
            changed = execute(statement, rows).rowcount
            breathe()
        if write.guarded and changed != many:
            raise Conflict(f"{write.table}: rows changed meanwhile")


def _slices(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield rows[start : start + _ROWS_AT_ONCE]


def _executed(
    execute: Callable[..., Any], write: Write, statement: str, rows: Sequence[Row]
) -> int:
    """Write many rows; how many there were. Others may have their turn afterwards."""
    if write.sparse is not None:
        statement, rows = _without_nulls(write.sparse, rows)
    changed: int = execute(statement, rows).rowcount
    breathe()
    return changed


def _without_nulls(table: Table, rows: Sequence[Row]) -> tuple[str, Sequence[Row]]:
    """The insert of these whole rows, without the columns that are NULL in all of them.

    The driver takes longer to bind a NULL than to bind a text.
    """
    many = len(rows)
    columns = list(zip(*rows, strict=True))
    told = [at for at, column in enumerate(columns) if column.count(None) < many]
    names = table.columns.keys()
    statement = insert_values(table.name, tuple([names[at] for at in told]))
    return statement, list(zip(*[columns[at] for at in told], strict=True))


SQLITE = SqliteSql()
