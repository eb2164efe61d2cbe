"""How PostgreSQL is spoken to: a round of reading is one statement, and so is a flush.

Keys and rows go there as arrays. A flush is one statement whose parts are the changes of the
tables, so that a batch that locks nothing needs no transaction around it. Rows to write go there as
values of a type of the connection's own: one array of rows costs half of what an array for each
column does, on either side (docs/adr/0012). Behind a pooler no connection has a type of its own,
and every statement stands in a transaction (docs/adr/0032).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table
from sqlalchemy import Select as Question
from sqlalchemy.util import await_only

from entrepot.pace import breathe
from entrepot.store.engines import sql
from entrepot.store.engines.postgres_types import part_type, row_type, see_to_types
from entrepot.store.engines.sql import Conflict, Lock, NamedBy, Row, Select, Write
from entrepot.store.engines.sqlite_sql import one_by_one

_KEYS_SENT = 2_000  # of more, the driver turns all into bytes in one go
# Rows inside an array cost more to take than plain ones, a round trip costs more than few of them.
_SMALL = 48
# Rows of a single column go as an array of values.
_COLUMNS_MIN = 2
# The error of a guard that found too few rows: the text of a number that is none.
_GUARD_FAILED = "22P02"
_MEANWHILE = "changed meanwhile"
# A statement takes at most this many rows of a flush. The driver turns all rows of a statement into
# bytes at once, and other requests would wait for that; so more rows go in slices of the second
# size.
_ROWS_TOGETHER, _ROWS_AT_ONCE = 4_000, 500


# As the catalogue keeps them. PostgreSQL would take two thirds longer to tell them in its language.
# NOT NULL is told with the columns.
_SCHEMA_TEXT = """
    WITH t AS (SELECT oid, relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p'))
    SELECT 'c', t.relname, string_agg(
        concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attnotnull), ',' ORDER BY a.attnum)
    FROM t JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    GROUP BY t.relname
    UNION ALL SELECT 'i', t.relname, string_agg(
        concat_ws(' ', n.relname, i.indisunique, i.indisprimary, i.indkey, i.indnkeyatts,
            md5(i.indpred::text), md5(i.indexprs::text)), ',' ORDER BY n.relname)
    FROM t JOIN pg_index AS i ON i.indrelid = t.oid JOIN pg_class AS n ON n.oid = i.indexrelid
    GROUP BY t.relname
    UNION ALL SELECT 'o', t.relname, string_agg(
        concat_ws(' ', o.conname, o.contype, o.conkey, md5(o.conbin::text)), ',' ORDER BY o.conname)
    FROM t JOIN pg_constraint AS o ON o.conrelid = t.oid AND o.contype <> 'n'
    GROUP BY t.relname ORDER BY 1, 2
"""


class PostgresSql:
    """See Sql. `own_types`: connections make types of rows, and know which they have."""

    fence = " OFFSET 0"
    numbers_first = False
    alone = False
    survives_errors = False
    types_values = True
    schema_text = _SCHEMA_TEXT
    own_file = False

    def __init__(self, *, own_types: bool) -> None:
        self._own_types = own_types

    def mark(self, number: int) -> str:
        """See Sql."""
        return f"${number}"

    def ranges(self, mark: Callable[[Any], str], ranges: Sequence[tuple[int, int]]) -> str:
        """See Sql."""
        lows, highs = (mark(list(ends)) for ends in zip(*ranges, strict=True))
        return f"unnest({lows}::bigint[], {highs}::bigint[]) AS r(low, high)"

    def joined(self, table: str, alias: str, condition: str) -> str:
        """See Sql. OFFSET keeps the condition inside."""
        its = f"SELECT i.* FROM {table} AS i WHERE {condition.format('i')}{self.fence}"
        return f"CROSS JOIN LATERAL ({its}) AS {alias}"

    def by_index(self, name: str) -> str:  # noqa: ARG002 - as the other engine's
        """See Sql."""
        return ""

    def skip_locked(self, statement: Question[Any]) -> Question[Any]:
        """See Sql."""
        return statement.with_for_update(skip_locked=True)

    def locks(self, conn: Connection) -> bool:
        """See Sql. A lock outside of a transaction is let go at once."""
        return bool(sql.driver_of(conn).is_in_transaction())

    def one_transaction(self, conn: Connection) -> AbstractContextManager[None]:
        """See Sql."""
        return _one_transaction(conn)

    def fetch(self, conn: Connection, statement: str, parameters: Row) -> list[Row]:
        """See Sql."""
        found: list[Row] = await_only(sql.driver_of(conn).fetch(statement, *parameters))
        return found

    def select(self, conn: Connection, one: Select) -> list[Row]:
        """See Sql."""
        table, keys, wanted, columns, lock, *_ = one
        if not wanted:
            return []
        statement = select_by_keys(table, keys, columns, lock)
        if len(wanted) <= _KEYS_SENT:
            return self.fetch(conn, statement, tuple(zip(*wanted, strict=True)))
        rows: list[Row] = []
        listed = sorted(wanted) if lock else list(wanted)
        for start in range(0, len(listed), _KEYS_SENT):
            arrays = tuple(zip(*listed[start : start + _KEYS_SENT], strict=True))
            rows.extend(self.fetch(conn, statement, arrays))
            breathe()
        return rows

    def select_all(self, conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
        """See Sql."""
        small = [is_small(one) for one in selects]
        if sum(small) < 2:
            return one_by_one(self, conn, selects)
        together = [(at, one) for at, one in enumerate(selects) if small[at]]
        parts = [(at, s.table, s.keys, s.columns, s.lock, s.named_by) for at, s in together]
        arrays = [column for _, one in together for column in zip(*one.wanted, strict=True)]
        [found] = self.fetch(conn, select_together(tuple(parts)), tuple(arrays))
        lists = iter(found)
        return [
            (next(lists) or []) if is_small else self.select(conn, one)
            for one, is_small in zip(selects, small, strict=True)
        ]

    def run(self, conn: Connection, listed: list[Write]) -> dict[str, list[Row]]:
        """See Sql."""
        now, later = split(listed)
        if sum([len(write.rows) for write in listed]) > _ROWS_TOGETHER:
            return self._by_slices(conn, now, later)
        if not later:
            return self._together(conn, now)
        with self.one_transaction(conn):
            return {**self._together(conn, now), **self._together(conn, later)}

    def _by_slices(
        self, conn: Connection, now: list[Write], later: list[Write]
    ) -> dict[str, list[Row]]:
        """The same in one transaction of several statements, none with very many rows.

        Guards come first here too, and changes that give out numbers last: locks are taken in one
        order.
        """
        found: dict[str, list[Row]] = {}
        with self.one_transaction(conn):
            for listed in (now, later):
                guards = [w for w in listed if w.guarded and not (w.late or w.name or w.lock)]
                large = [w for w in listed if w.plain and len(w.rows) > _ROWS_AT_ONCE]
                done = {id(write) for write in (*guards, *large)}
                self._together(conn, guards)
                for write in large:
                    for start in range(0, len(write.rows), _ROWS_AT_ONCE):
                        rows = write.rows[start : start + _ROWS_AT_ONCE]
                        self._together(conn, [write._replace(rows=rows)])
                        breathe()
                found |= self._together(conn, [write for write in listed if id(write) not in done])
        return found

    def _together(self, conn: Connection, listed: list[Write]) -> dict[str, list[Row]]:
        if not listed:
            return {}
        parts = self.parts(listed)
        statement = composed(parts)
        if self._own_types:
            see_to_types(conn, {part.types[0] for part in parts if part.rows})
        arrays: list[Sequence[Any]] = []
        for write, part in zip(listed, parts, strict=True):
            if part.rows:
                arrays.append(list(write.rows))
            else:
                arrays.extend(zip(*write.rows, strict=True))
        try:
            found = await_only(sql.driver_of(conn).fetchrow(statement, *arrays))
        except Exception as error:
            if getattr(error, "sqlstate", None) == _GUARD_FAILED and _MEANWHILE in str(error):
                raise Conflict(str(error).partition(": ")[2]) from error
            raise
        named = [write.name for write in listed if write.name]
        return dict(zip(named, found[-len(named) :], strict=True)) if named else {}

    def parts(self, listed: list[Write]) -> tuple[_Part, ...]:
        """The parts of which the statement of these changes is composed."""
        return tuple([
            _Part(
                w.postgres, w.arrays if type_ is None else (type_,), w.table, w.guarded, w.late,
                w.name, w.lock, 0 if type_ is None else len(w.arrays),
            )
            for w in listed for type_ in (self._one_type(w),)
        ])  # fmt: skip

    def _one_type(self, write: Write) -> str | None:
        """The type of the rows where they go as one array of rows; else an array a column goes."""
        if not self._own_types or len(write.arrays) < _COLUMNS_MIN:
            return None
        return row_type(write.table) if write.whole else part_type(write.arrays)


class PooledSql(PostgresSql):
    """See Sql. Behind a pooler every statement stands in a transaction: in `guarded` ones nothing
    is locked when it is read.
    """

    def __init__(self, *, guarded: bool) -> None:
        super().__init__(own_types=False)
        self._guarded = guarded

    def locks(self, conn: Connection) -> bool:  # noqa: ARG002 - as the other engine's
        """See Sql."""
        return not self._guarded


DIRECT = PostgresSql(own_types=True)
POOLED, POOLED_GUARDED = PooledSql(guarded=False), PooledSql(guarded=True)


@contextmanager
def _one_transaction(conn: Connection) -> Iterator[None]:
    driver = sql.driver_of(conn)
    alone = not driver.is_in_transaction()
    if alone:
        await_only(driver.execute("BEGIN"))
    yield
    if alone:
        await_only(driver.execute("COMMIT"))


@lru_cache(maxsize=512)
def select_by_keys(
    table: Table, keys: tuple[str, ...], columns: tuple[str, ...], lock: bool, before: int = 0
) -> str:
    """Reads the rows of some keys. `place` parameters come before this statement's own."""
    types = enumerate(sql.postgres_types(table, keys), before + 1)
    arrays = ", ".join(f"${i}::{type_}[]" for i, type_ in types)
    order = ", ".join(f't."{c}"' for c in keys)
    tail = f" ORDER BY {order} FOR UPDATE OF t" if lock else ""
    return _select_from(f"unnest({arrays})", table, keys, columns) + tail


def _select_from(
    rows_sql: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]
) -> str:
    aliases, match = sql.by_keys(keys)
    names = sql.names_of(columns)
    return f"SELECT {names} FROM {rows_sql} AS v({aliases}) JOIN {table.name} AS t ON {match}"


def is_small(one: Select) -> bool:
    """Whether it is asked together with others."""
    small = one.few or len(one.wanted) <= _SMALL
    return one.named_by is not None or (bool(one.wanted) and small)


_Asked = tuple[int, Table, tuple[str, ...], tuple[str, ...], bool, NamedBy | None]


@lru_cache(maxsize=512)
def select_together(parts: tuple[_Asked, ...]) -> str:
    """The statement that reads the rows of every part, each part as one array of rows."""
    named: list[str] = []
    before = 0
    for at, table, keys, columns, lock, named_by in parts:
        if named_by is None:
            text = select_by_keys(table, keys, columns, lock, before)
            before += len(keys)
        else:
            keyed = ", ".join(f'"{column}"' for column in named_by.columns)
            rows_sql = f"(SELECT DISTINCT {keyed} FROM s{named_by.select})"
            text = _select_from(rows_sql, table, keys, columns)
        named.append(f"s{at} AS MATERIALIZED ({text})")
    rows = ", ".join(f"(SELECT array_agg(ROW(s{at}.*)) FROM s{at})" for at, *_ in parts)
    return f"WITH {', '.join(named)} SELECT {rows}"


def split(listed: list[Write]) -> tuple[list[Write], list[Write]]:
    """The changes that can be written in one statement, and those that need another statement after
    it.
    """
    before = {write.table for write in listed if not write.apart}
    later = [write for write in listed if write.apart and write.table in before]
    if not later:
        return listed, later
    return [write for write in listed if not (write.apart and write.table in before)], later


class _Part(NamedTuple):
    """The members of a Write that its statement is made of."""

    change: str
    types: tuple[str, ...]
    table: str
    guarded: bool
    late: bool
    name: str | None
    lock: Lock | None
    rows: int
    """The columns of the rows that go as one array; 0 where an array a column goes."""


@lru_cache(maxsize=512)
def composed(parts: tuple[_Part, ...]) -> str:
    """The statement that does every part, fails if a guarded part found too few rows, and selects
    the rows that named parts returned.
    """
    written: list[str] = []
    locks: list[str] = []
    guards: list[str] = []
    before: list[str] = []
    late_guards: list[str] = []
    named: list[str] = []
    taken = 0
    first_named = next((at for at, part in enumerate(parts) if part.name), 0)
    for number, (change, types, table, guarded, late, name, lock, rows) in enumerate(parts):
        part, statement = name or f"w{number}", change
        if number < first_named and not guarded:
            # Looked at, so that it is done by then: a named part may lock what others wait for.
            statement = f"{statement} RETURNING 1"
            before.append(f"(SELECT count(*) FROM {part})")
        arrays = [f"${taken + i}::{type_}[]" for i, type_ in enumerate(types, 1)]
        if lock:
            keys = _named(arrays, rows, lock.arrays)
            written.append(f"l{number} AS ({lock.statement.format(keys)})")
        written.append(f"{part} AS ({statement.format(_unnest(arrays))})")
        if guarded:
            guard = _guard(f"l{number}" if lock else part, table, f"cardinality({arrays[0]})")
            (locks if lock else late_guards if late else guards).append(guard)
        if name:
            named.append(f"(SELECT array_agg(ROW({name}.*)) FROM {name})")
        taken += len(types)
    looked_at = [*locks, *guards, *before, *late_guards, *named]
    return f"WITH {', '.join(written)} SELECT {', '.join(looked_at)}"


def _unnest(arrays: Sequence[str]) -> str:
    return f"unnest({', '.join(arrays)})"


def _named(arrays: Sequence[str], columns: int, count: int) -> str:
    """The last `count` columns alone, of an array of rows with `columns` or of arrays."""
    if not columns:
        return _unnest(arrays[-count:])
    last = ", ".join([f"r.v{at}" for at in range(columns - count, columns)])
    return f"(SELECT {last} FROM {_unnest(arrays)} AS r)"


def _guard(part: str, table: str, wanted: str) -> str:
    # A statement of its own cannot be undone from outside any more once it has ended, so it has to
    # fail by itself; every PostgreSQL can do that by reading a number where there is none.
    failed = f"CAST('{table}: rows {_MEANWHILE}, found ' || count(*) AS bigint)"
    return f"(SELECT CASE WHEN count(*) = {wanted} THEN 0 ELSE {failed} END FROM {part})"
