"""Set-based writing: insert, update under a guard, delete, gathered and then written at once.

SQLite takes one statement after another, PostgreSQL all of them together as parts of one statement
(engines/sqlite_sql.py, engines/postgres_sql.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from sqlalchemy import Connection, Table

from entrepot.pace import paced
from entrepot.store.engines.sql import Lock, Row, Write, sql_of
from entrepot.store.writing.statements import (
    Given,
    delete_sql,
    expect_sql,
    insert_sql,
    update_sql,
)

# Fewer rows than these are made at once: to make them piece by piece takes longer.
_FEW = 500


def made(of: Sequence[Any], make: Callable[[Any], Row]) -> Sequence[Row]:
    """The rows that `make` gives for the values or keys `of`."""
    return list(map(make, of)) if len(of) <= _FEW else _Made(of, make)


class _Made(Sequence[Row]):
    """Rows that are made of their values, or of their keys, only when they are written, so that not
    all are there at once.
    """

    __slots__ = ("_make", "_of")

    def __init__(self, of: Sequence[Any], make: Callable[[Any], Row]) -> None:
        self._of, self._make = of, make

    def __len__(self) -> int:
        return len(self._of)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return list(map(self._make, self._of[at]))
        return self._make(self._of[at])

    def __iter__(self) -> Iterator[Row]:
        return map(self._make, paced(self._of))


class Writes:
    """The changes of a flush, gathered before they are written.

    On PostgreSQL each part sees the book as it was before all parts: rows that may replace changed
    rows are kept `apart`. Order of execution:

    1. guarded parts, in the order in which they were added
    2. unguarded parts that were added before the first named part
    3. late parts
    4. named parts
    5. the rest
    """

    def __init__(self) -> None:
        self._listed: list[Write] = []

    def add(self, write: Write) -> None:
        """Add a change with a statement of its own."""
        if write.rows:
            self._listed.append(write)

    def insert(
        self,
        table: Table,
        columns: tuple[str, ...],
        rows: Sequence[Row],
        *,
        apart: bool = False,
        given: Given | None = None,
        sparse: bool = False,
    ) -> None:
        """Insert rows, each in the order of `columns`; `apart` from changes of the same table that
        make place for them. SQLite takes all values from the rows, PostgreSQL not what is `given`.
        Whole rows that are mostly NULL are `sparse`.
        """
        if rows:
            statements, whole = insert_sql(table, columns, given)
            write = Write(
                table.name, *statements, rows, apart=apart, plain=given is None,
                sparse=table if sparse else None, whole=whole,
            )  # fmt: skip
            self._listed.append(write)

    def update(
        self,
        table: Table,
        sets: tuple[str, ...],
        keys: tuple[str, ...],
        rows: Sequence[Row],
        *,
        given: Given | None = None,
    ) -> None:
        """Update rows (values of `sets`, then of `keys`).

        The keys hold the guard, such as the version that was read: `run` raises Conflict when any
        row is not there as named. For `given` see `insert`; the first key is the organization then.
        PostgreSQL locks the rows before it does the part that gives, so a batch that waits for a
        row holds no row of that part.
        """
        if rows:
            statements = update_sql(table, sets, keys, given)
            lock = Lock(expect_sql(table, keys)[0], len(keys)) if given else None
            write = Write(table.name, *statements, rows, guarded=True, lock=lock)
            self._listed.append(write)

    def delete(
        self, table: Table, keys: tuple[str, ...], rows: Sequence[Row], *, guarded: bool = True
    ) -> None:
        """Delete rows by key and guard. `run` raises Conflict when any is not there, unless not
        `guarded`.
        """
        if rows:
            statements = delete_sql(table, keys, guarded)
            self._listed.append(Write(table.name, *statements, rows, guarded=guarded))

    def expect(self, table: Table, keys: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Write nothing, but have `run` raise Conflict when a row is not there as its keys say.

        If it is, it stays so until the commit. SQLite's writer is alone from the beginning.
        """
        if rows:
            statements = (None, *expect_sql(table, keys))
            self._listed.append(Write(table.name, *statements, rows, guarded=True))

    def run(self, conn: Connection) -> dict[str, list[Row]]:
        """Write it all: what the named parts returned, on PostgreSQL. Raises Conflict."""
        listed, self._listed = self._listed, []
        return sql_of(conn).run(conn, listed)


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
