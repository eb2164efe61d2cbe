"""Differences between the two databases, as one object an engine.

A function of the store takes a connection, and gets the object by `sql_of`. No other code asks
which engine it is. SQLite's object is in sqlite_sql.py, PostgreSQL's in postgres_sql.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from sqlalchemy import BigInteger, Boolean, Connection, LargeBinary, SmallInteger, Table
from sqlalchemy import Select as Question

Row = tuple[Any, ...]

_POSTGRES_TYPE = {
    BigInteger: "bigint",
    SmallInteger: "smallint",
    Boolean: "boolean",
    LargeBinary: "bytea",
}
_SQL = "sql"  # the execution option of a connection that names its object


class Conflict(Exception):
    """Rows were not as this batch had read them: somebody else was faster. The batch runs again."""


class NamedBy(NamedTuple):
    """Keys of a select, taken from columns of the rows that an earlier select finds."""

    select: int  # which of the selects, from 0
    columns: tuple[str, ...]


class Select(NamedTuple):
    """Rows to read: the rows whose `keys` are among `wanted`. `lock` takes row locks, in key order.

    `few` means that few rows are expected, however many are wanted. With `named_by` the rows of
    another select, a small one, name the keys; then nothing is `wanted` and nothing is locked.
    """

    table: Table
    keys: tuple[str, ...]
    wanted: set[Row]
    columns: tuple[str, ...]
    lock: bool = False
    few: bool = False
    named_by: NamedBy | None = None


class Lock(NamedTuple):
    """A statement that locks rows: those named by the last `arrays` arrays of a Write."""

    statement: str
    arrays: int


class Write(NamedTuple):
    """Rows of one table for one kind of change, with the statement on both engines.

    - `postgres` reads from `{}`, which becomes its arrays of columns, of the types `arrays`.
    - `whole` rows have all columns of the table, in order.
    - A `guarded` change has to find every row, and returns each.
    - A `late` change is done after all others but the named ones.
    - The rows that a change with a `name` returns can be read by other changes.
    - A change with a `lock` first locks its rows by that statement, like a guarded one, and is done
      last.
    - A `plain` change reads nothing of the others, and can be divided.
    - Whole rows of a `sparse` table are mostly NULL.
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
    whole: bool = False


class Sql(Protocol):
    """How one engine is spoken to, and what it does otherwise than the other one."""

    fence: str
    """The text that keeps a subquery from being merged into the statement around it."""
    numbers_first: bool
    """Whether the organization's counter is raised before the batch's other rows are written, by a
    statement of its own: its writer is alone. Otherwise the one statement that writes them all
    raises it last, and gives the numbers and the time back."""
    alone: bool
    """Whether nobody else writes meanwhile, so that rows are still as they were read."""
    survives_errors: bool
    """Whether a transaction goes on after a statement of it has failed."""
    types_values: bool
    """Whether a column holds only values of its type. Otherwise an audit looks at each."""
    schema_text: str
    """A statement whose rows are other ones once a table, a column, an index or a constraint is."""
    own_file: bool
    """Whether a database is a file, which belongs to one program; else tables of others may stand
    beside the book's."""

    def mark(self, number: int) -> str:
        """The mark of a statement's parameter with this number, from 1. A mark may stand twice."""
        ...

    def ranges(self, mark: Callable[[Any], str], ranges: Sequence[tuple[int, int]]) -> str:
        """A source of rows `r(low, high)`, these ranges. `mark` takes a value of the statement."""
        ...

    def joined(self, table: str, alias: str, condition: str) -> str:
        """The join of the rows `alias` of a table that match a condition, which names them `{0}`.

        The planner does not go through this table first.
        """
        ...

    def by_index(self, name: str) -> str:
        """What stands behind a table of which an index that is no key of it is to be used.

        SQLite has no statistics of a book, and would take the primary key for its first column.
        """
        ...

    def skip_locked(self, statement: Question[Any]) -> Question[Any]:
        """The statement, so that it locks its rows and leaves out what somebody else holds."""
        ...

    def locks(self, conn: Connection) -> bool:
        """Whether rows that may change are locked when they are read, until the commit.

        Otherwise nothing is locked, and guards see while writing that nothing changed.
        """
        ...

    def one_transaction(self, conn: Connection) -> AbstractContextManager[None]:
        """Commit the writes inside together: at the end, unless a transaction is under way.

        The caller that opened the connection rolls back when something fails.
        """
        ...

    def fetch(self, conn: Connection, statement: str, parameters: Row) -> list[Row]:
        """The driver's own rows: they need no conversion, and no row object around them."""
        ...

    def select(self, conn: Connection, one: Select) -> list[Row]:
        """The rows of one select."""
        ...

    def select_all(self, conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
        """The rows of each select. PostgreSQL gets one statement for all small selects."""
        ...

    def run(self, conn: Connection, listed: list[Write]) -> dict[str, list[Row]]:
        """Write it all: what the named parts returned, where the engine returns it then.

        Raises Conflict.
        """
        ...


def sql_of(conn: Connection) -> Sql:
    """How this connection is spoken to."""
    spoken: Sql = conn.get_execution_options()[_SQL]
    return spoken


def speaking(sql: Sql) -> dict[str, Any]:
    """The execution options of connections that are spoken to like this."""
    return {_SQL: sql}


def select(
    conn: Connection,
    table: Table,
    keys: tuple[str, ...],
    wanted: set[Row],
    columns: tuple[str, ...],
    *,
    lock: bool = False,
) -> list[Row]:
    """The rows whose `keys` are among `wanted`; `lock` takes row locks, in key order."""
    return sql_of(conn).select(conn, Select(table, keys, wanted, columns, lock))


def select_all(conn: Connection, selects: Sequence[Select]) -> list[list[Row]]:
    """See Sql.select_all."""
    return sql_of(conn).select_all(conn, selects)


def fetch(conn: Connection, statement: str, parameters: Row) -> list[Row]:
    """See Sql.fetch."""
    return sql_of(conn).fetch(conn, statement, parameters)


def words(of: Iterable[str]) -> str:
    """Words of the core, such as the types of events, as they stand in the text of a statement."""
    return ", ".join([f"'{word}'" for word in of])


class Statement:
    """A statement's values, and the marks that stand for them in the engine's text."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.sql = sql_of(conn)
        self._values: list[Any] = []

    def mark(self, value: Any) -> str:
        """The mark of a value; it may stand in the text more than once."""
        self._values.append(value)
        return self.sql.mark(len(self._values))

    def fetch(self, text: str) -> list[Row]:
        """Run it; the driver's own rows."""
        return self.sql.fetch(self._conn, text, tuple(self._values))

    def scalar(self, text: str) -> int:
        """Run it; its one number."""
        return int(self.fetch(text)[0][0])


def driver_of(conn: Connection) -> Any:
    """The driver's own connection, in the same transaction: SQLAlchemy's way to it costs as much
    as the statement."""
    return conn.connection.driver_connection


def postgres_types(table: Table, columns: Sequence[str]) -> tuple[str, ...]:
    """The types of these columns as PostgreSQL calls them."""
    return tuple(_POSTGRES_TYPE.get(type(table.c[column].type), "text") for column in columns)


def by_keys(keys: Sequence[str]) -> tuple[str, str]:
    """The names of the columns of `v`, a list of keys, and the condition that joins it to `t`."""
    aliases = ", ".join(f"v{i}" for i in range(len(keys)))
    return aliases, " AND ".join(f't."{c}" = v.v{i}' for i, c in enumerate(keys))


def names_of(columns: tuple[str, ...]) -> str:
    """Columns of `t`; what stands in brackets is asked of the row as it is."""
    return ", ".join(c if c.startswith("(") else f't."{c}"' for c in columns)
