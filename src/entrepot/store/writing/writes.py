"""Set-based writing: insert, update under a guard, delete, gathered and then written at once.

SQLite takes one statement after another, by executemany. PostgreSQL takes them together, as parts
of one statement over arrays, so that a batch that locks nothing needs no transaction around it.
Whole rows go there as values of a type of the connection's own: one array of rows costs half of
what an array for each column does, on either side (docs/adr/0012).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any, NamedTuple, overload

from sqlalchemy import Connection, Table
from sqlalchemy.util import await_only

from entrepot.pace import breathe, paced
from entrepot.store.reading import bulk
from entrepot.store.reading.bulk import Conflict, Row
from entrepot.store.writing.statements import (
    Given,
    Lock,
    delete_sql,
    expect_sql,
    insert_sql,
    update_sql,
)

# What a guard that found too few rows fails with: the text of a number that is none.
_GUARD_FAILED = "22P02"
_MEANWHILE = "changed meanwhile"
# Rows that SQLite writes before others have their turn, where the work is done in slices.
_ROWS_AT_ONCE = 500
# Rows of one flush beyond which SQLite keeps few pages in memory meanwhile, and how many KiB.
_ROWS_MANY, _SMALL_CACHE_KIB = 20_000, 4_096
# So many rows are worth a look at which of their columns are empty.
_SPARSE_ROWS = 8
# Rows of one flush that PostgreSQL takes in one statement. Of more, the driver would turn all into
# bytes in one go, and others would wait for that.
_ROWS_TOGETHER = 4_000


class Rows(Sequence[Row]):
    """Rows that are made of their keys only when they are written, so that not all are there at
    once."""

    __slots__ = ("_keys", "_make")

    def __init__(self, keys: Sequence[Any], make: Callable[[Any], Row]) -> None:
        self._keys, self._make = keys, make

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return list(map(self._make, self._keys[at]))
        return self._make(self._keys[at])

    def __iter__(self) -> Iterator[Row]:
        return map(self._make, paced(self._keys))


class Write(NamedTuple):
    """One table's rows of one kind of change, with its statement on both engines.

    `postgres` reads from `{}`, which becomes its arrays, of the types `arrays`: of columns, or one
    of whole rows. A `guarded` write has to find every row, and returns each; a `late` one is done
    when all but the named ones are. What one with a `name` returns, others can read by it. One with
    a `lock` takes its rows by that first, as a guarded one, and is done last. A `plain` one reads
    nothing of the others, and can be divided. Whole rows of a `sparse` table are mostly NULL.
    """

    table: str
    sqlite: str | None
    postgres: str
    arrays: tuple[str, ...]
    rows: Sequence[Row]
    guarded: bool = False
    late: bool = False
    apart: bool = False
    name: str | None = None
    lock: Lock | None = None
    plain: bool = False
    sparse: Table | None = None


class Writes:
    """What a flush has to write, gathered first.

    On PostgreSQL each part sees the book as it was before all of them: rows that may stand in place
    of changed ones are kept `apart`. Guarded parts are done first, in the order they came in; then
    what came before the first named one, late ones, the named ones, and the others.
    """

    def __init__(self) -> None:
        self._listed: list[Write] = []

    def add(self, write: Write) -> None:
        """One more, with a statement of its own."""
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
            statements = insert_sql(table, columns, given)
            write = Write(
                table.name, *statements, rows, apart=apart, plain=given is None,
                sparse=table if sparse else None,
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
        """Update rows (values of `sets`, then of `keys`). The keys hold the guard, such as the
        version that was read: `run` raises Conflict when any row is not there as named. For `given`
        see `insert`; the first key is the organization then. PostgreSQL locks the rows before it
        does the part that gives, so that who waits for a row holds nothing of that part's.
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
        if bulk.is_sqlite(conn):
            many = sum([len(write.rows) for write in listed]) > _ROWS_MANY
            with _small_cache(conn) if many else nullcontext():
                _one_by_one(conn, listed)
            return {}
        now, later = _split(listed)
        if sum([len(write.rows) for write in listed]) > _ROWS_TOGETHER:
            return _by_slices(conn, now, later)
        if not later:
            return _together(conn, now)
        with bulk.one_transaction(conn):
            return {**_together(conn, now), **_together(conn, later)}


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


@contextmanager
def _small_cache(conn: Connection) -> Iterator[None]:
    """Have SQLite write pages before the commit, where it would keep them all: the rows themselves
    take memory enough.
    """
    driver = bulk.driver_of(conn)
    [usual] = driver.execute("PRAGMA cache_size").fetchone()
    driver.execute(f"PRAGMA cache_size=-{_SMALL_CACHE_KIB}").close()
    try:
        yield
    finally:
        driver.execute(f"PRAGMA cache_size={usual}").close()


def _one_by_one(conn: Connection, listed: list[Write]) -> None:
    driver = bulk.driver_of(conn)
    for write in listed:
        if write.sqlite is None:
            continue
        changed = 0
        for start in range(0, len(write.rows), _ROWS_AT_ONCE):
            rows = write.rows[start : start + _ROWS_AT_ONCE]
            if write.sparse is not None and len(rows) >= _SPARSE_ROWS:
                statement, rows = _without_nulls(write.sparse, rows)
                changed += driver.executemany(statement, rows).rowcount
            else:
                changed += driver.executemany(write.sqlite, rows).rowcount
            breathe()
        if write.guarded and changed != len(write.rows):
            raise Conflict(f"{write.table}: rows {_MEANWHILE}")


def _without_nulls(table: Table, rows: Sequence[Row]) -> tuple[str, Sequence[Row]]:
    """The insert of these whole rows, without the columns that none of them has.

    The driver takes longer to bind a NULL than to bind a text.
    """
    many = len(rows)
    columns = list(zip(*rows, strict=True))
    told = [at for at, column in enumerate(columns) if column.count(None) < many]
    names = table.columns.keys()
    statement, _, _ = insert_sql(table, tuple([names[at] for at in told]), None)
    return statement, list(zip(*[columns[at] for at in told], strict=True))


def _split(listed: list[Write]) -> tuple[list[Write], list[Write]]:
    """What can be written in one statement, and what has to follow in another."""
    before = {write.table for write in listed if not write.apart}
    later = [write for write in listed if write.apart and write.table in before]
    if not later:
        return listed, later
    return [write for write in listed if not (write.apart and write.table in before)], later


def _by_slices(conn: Connection, now: list[Write], later: list[Write]) -> dict[str, list[Row]]:
    """The same in one transaction of several statements, none of which has very many rows.

    Guards come first here too, and what gives out numbers last: locks are taken in one order.
    """
    found: dict[str, list[Row]] = {}
    with bulk.one_transaction(conn):
        for listed in (now, later):
            guards = [w for w in listed if w.guarded and not (w.late or w.name or w.lock)]
            large = [w for w in listed if w.plain and len(w.rows) > _ROWS_AT_ONCE]
            done = {id(write) for write in (*guards, *large)}
            _together(conn, guards)
            for write in large:
                for start in range(0, len(write.rows), _ROWS_AT_ONCE):
                    rows = write.rows[start : start + _ROWS_AT_ONCE]
                    _together(conn, [write._replace(rows=rows)])
                    breathe()
            found |= _together(conn, [write for write in listed if id(write) not in done])
    return found


def _together(conn: Connection, listed: list[Write]) -> dict[str, list[Row]]:
    if not listed:
        return {}
    parts = [
        _Part(w.postgres, w.arrays, w.table, w.guarded, w.late, w.name, w.lock) for w in listed
    ]
    statement = _composed(tuple(parts))
    arrays: list[Sequence[Any]] = []
    for write in listed:
        if len(write.arrays) == 1:
            arrays.append(list(write.rows))
        else:
            arrays.extend(zip(*write.rows, strict=True))
    try:
        found = await_only(bulk.driver_of(conn).fetchrow(statement, *arrays))
    except Exception as error:
        if getattr(error, "sqlstate", None) == _GUARD_FAILED and _MEANWHILE in str(error):
            raise Conflict(str(error).partition(": ")[2]) from error
        raise
    named = [write.name for write in listed if write.name]
    return dict(zip(named, found[-len(named) :], strict=True)) if named else {}


class _Part(NamedTuple):
    """What of a Write its statement is made of."""

    change: str
    types: tuple[str, ...]
    table: str
    guarded: bool
    late: bool
    name: str | None
    lock: Lock | None


@lru_cache(maxsize=512)
def _composed(parts: tuple[_Part, ...]) -> str:
    """One statement that does what each part does, fails where a guarded one found too few rows,
    and selects what the named ones returned.
    """
    said: list[str] = []
    locks: list[str] = []
    guards: list[str] = []
    before: list[str] = []
    late_guards: list[str] = []
    named: list[str] = []
    place = 0
    first_named = next((at for at, part in enumerate(parts) if part.name), 0)
    for number, (change, types, table, guarded, late, name, lock) in enumerate(parts):
        part, statement = name or f"w{number}", change
        if number < first_named and not guarded:
            # Looked at, so that it is done by then: a named part may lock what others wait for.
            statement = f"{statement} RETURNING 1"
            before.append(f"(SELECT count(*) FROM {part})")
        arrays = [f"${place + i}::{type_}[]" for i, type_ in enumerate(types, 1)]
        if lock:
            keys = _unnest(arrays[-lock.arrays :])
            said.append(f"l{number} AS ({lock.statement.format(keys)})")
        said.append(f"{part} AS ({statement.format(_unnest(arrays))})")
        if guarded:
            guard = _guard(f"l{number}" if lock else part, table, f"cardinality({arrays[0]})")
            (locks if lock else late_guards if late else guards).append(guard)
        if name:
            named.append(f"(SELECT array_agg(ROW({name}.*)) FROM {name})")
        place += len(types)
    looked_at = [*locks, *guards, *before, *late_guards, *named]
    return f"WITH {', '.join(said)} SELECT {', '.join(looked_at)}"


def _unnest(arrays: Sequence[str]) -> str:
    return f"unnest({', '.join(arrays)})"


def _guard(part: str, table: str, wanted: str) -> str:
    # A statement of its own cannot be undone from outside any more once it has ended, so it has to
    # fail by itself; every PostgreSQL can do that by reading a number where there is none.
    failed = f"CAST('{table}: rows {_MEANWHILE}, found ' || count(*) AS bigint)"
    return f"(SELECT CASE WHEN count(*) = {wanted} THEN 0 ELSE {failed} END FROM {part})"
