"""Whether the book can be read at all: its pages and indexes, and on SQLite its values' types.

PostgreSQL enforces types by itself.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)

from entrepot.store import schema
from entrepot.store.engines.sql import sql_of
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.relations import check_relations

_FAULTS_MAX = 100
_STORED_AS = {BigInteger: "integer", SmallInteger: "integer", Boolean: "integer",
              LargeBinary: "blob"}  # fmt: skip
# Parts of a key that may be personal or secret.
UNTOLD = ("value", "digest", "term")

Sound = dict[str, ColumnElement[bool]]


def check_damage(asking: Asking) -> tuple[Sound, dict[str, int]]:
    """Look at the file and at each value's type. Gives, for the tables that have a value of a wrong
    type, the condition that leaves the rows with one out; and of tables whose rows were counted
    meanwhile, how many.
    """
    if sql_of(asking.conn).types_values:
        return {}, check_relations(asking)
    if asking.ask("the file", lambda: _pages(asking, str(_FAULTS_MAX))) is None:
        # Some damage ends SQLite's own look, which then goes by table.
        for table in schema.metadata.sorted_tables:
            asking.ask(f"the pages of {table.name}", lambda table=table: _pages(asking, table.name))  # type: ignore[misc]
    faulty: Sound = {}
    tables = schema.metadata.sorted_tables
    counts = asking.counts([_wrongly_typed(table) for table in tables]) or [1] * len(tables)
    for table in [table for table, count in zip(tables, counts, strict=True) if count]:
        found = asking.ask(f"the types of {table.name}", lambda table=table: _types(asking, table))  # type: ignore[misc]
        if found:
            faulty[table.name] = and_(*[_well_typed(column) for column in table.columns])
    return faulty, {}


def _pages(asking: Asking, what: str) -> bool:
    """SQLite's own look at pages, at the order of keys and at constraints. `what` is a table, or
    how many faults are told of all of them.
    """
    found = asking.conn.exec_driver_sql(f"PRAGMA quick_check({what})")
    for (told,) in found.all():
        if told == "ok":
            continue
        for line in str(told).splitlines():
            if line.strip("* ") and not line.startswith("*** in database"):
                asking.findings.add("DAMAGE", page=line)
    return True


def _well_typed(column: Any) -> ColumnElement[bool]:
    kind = func.typeof(column)
    fits = kind == _STORED_AS.get(type(column.type), "text")
    return or_(fits, kind == "null") if column.nullable else fits


def _types(asking: Asking, table: Table) -> int:
    """How many rows have a value of another type than its column's; each is reported."""
    count = 0
    for row in asking.found(_wrongly_typed(table)).mappings():
        asking.findings.add("DAMAGE", table=table.name, **_key(row))
        count += 1
    return count


@cache
def _wrongly_typed(table: Table) -> Select[Any]:
    """The first column of a wrong type and the key, of each row that has one. Composed once."""
    wrong = [(column, ~_well_typed(column)) for column in table.columns]
    first = case(*[(condition, literal(column.name)) for column, condition in wrong])
    keys = [func.quote(column).label(column.name) for column in table.primary_key.columns
            if column.name not in UNTOLD]  # fmt: skip
    return select(first.label("column"), *keys).where(or_(*[each for _, each in wrong]))


def _key(row: Any) -> dict[str, Any]:
    """The row's key, its ids as they are elsewhere: SQLite quotes a blob as X'...'."""
    told: dict[str, Any] = {"wrong_type": row["column"]}
    for name, quoted in row.items():
        if name != "column":
            text = str(quoted)
            told[name] = bytes.fromhex(text[2:-1]) if text.startswith("X'") else text.strip("'")
    return told
