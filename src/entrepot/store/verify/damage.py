"""Whether the book can be read at all: its pages and indexes, and on SQLite its values' types and
the conditions of its tables.

PostgreSQL enforces both by itself.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    and_,
    case,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)

from entrepot.store import schema
from entrepot.store.engines.sql import sql_of
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.relations import check_relations

_FAULTS_MAX = 100
_VERSION, _ASKS_JSON = "SHOW server_version_num", 160_000
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
        counted = check_relations(asking)
        return _unreadable(asking), counted
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
            faulty[table.name] = and_(
                *[_well_typed(column) for column in table.columns],
                *[func.coalesce(not_(out), literal_column("1")) for _, out in _kept_out(table)],
            )
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


def _unreadable(asking: Asking) -> Sound:
    """PostgreSQL keeps types and conditions, but JSON is kept as text, for the sake of its digits.

    Before version 16 PostgreSQL cannot be asked whether a text is JSON.
    """
    version = asking.ask("the version", lambda: asking.conn.exec_driver_sql(_VERSION).scalar())
    if version is None or int(version) < _ASKS_JSON:
        return {}
    faulty: Sound = {}
    tables = [table for table in schema.metadata.sorted_tables if _not_json(table)]
    counts = asking.counts([_holding_no_json(table) for table in tables]) or [1] * len(tables)
    for table in [table for table, count in zip(tables, counts, strict=True) if count]:
        if asking.ask(f"the JSON of {table.name}", lambda table=table: _told(asking, table)):  # type: ignore[misc]
            faulty[table.name] = and_(*[not_(wrong) for _, wrong in _not_json(table)])
    return faulty


def _not_json(table: Table) -> list[tuple[str, ColumnElement[bool]]]:
    return [
        (column.name, literal_column(f"({column.name} IS NOT NULL AND {column.name} IS NOT JSON)"))
        for column in table.columns
        if column.info.get("json")
    ]


@cache
def _holding_no_json(table: Table) -> Select[Any]:
    """The first column that holds no JSON, and the key, of each row that has one."""
    wrong = _not_json(table)
    first = case(*[(condition, literal(name)) for name, condition in wrong])
    keys = [column for column in table.primary_key.columns if column.name not in UNTOLD]
    return select(first.label("column"), *keys).where(or_(*[each for _, each in wrong]))


def _told(asking: Asking, table: Table) -> int:
    count = 0
    for row in asking.found(_holding_no_json(table)).mappings():
        key = {name: value for name, value in row.items() if name != "column"}
        asking.findings.add("DAMAGE", table=table.name, wrong_type=row["column"], **key)
        count += 1
    return count


def _well_typed(column: Any) -> ColumnElement[bool]:
    kind = func.typeof(column)
    fits = kind == _STORED_AS.get(type(column.type), "text")
    if isinstance(column.type, Boolean):
        fits = and_(fits, column.in_((literal_column("0"), literal_column("1"))))
    elif column.info.get("json"):
        fits = and_(fits, func.json_valid(column) == literal_column("1"))
    return or_(fits, kind == "null") if column.nullable else fits


def _types(asking: Asking, table: Table) -> int:
    """How many rows have a value of another type than its column's, or one that the table's
    conditions keep out; each is reported.
    """
    count = 0
    for row in asking.found(_wrongly_typed(table)).mappings():
        asking.findings.add("DAMAGE", table=table.name, **_key(row, table))
        count += 1
    return count


def _kept_out(table: Table) -> list[tuple[str, ColumnElement[bool]]]:
    """What the table's own conditions keep out, by the conditions' names.

    SQLite looks at them when a row is written. A connection that only reads does not know them, so
    its own look at the file says nothing of them.
    """
    checks = [one for one in table.constraints if isinstance(one, CheckConstraint)]
    names = sorted((str(one.name), str(one.sqltext)) for one in checks)
    return [(name, not_(literal_column(f"({condition})"))) for name, condition in names]


@cache
def _wrongly_typed(table: Table) -> Select[Any]:
    """The first column of a wrong type, or the first condition that does not hold, and the key, of
    each row that has one. Composed once.
    """
    wrong = [(column.name, ~_well_typed(column)) for column in table.columns]
    wrong += _kept_out(table)
    first = case(*[(condition, literal(name)) for name, condition in wrong])
    keys = [func.quote(column).label(column.name) for column in table.primary_key.columns
            if column.name not in UNTOLD]  # fmt: skip
    return select(first.label("column"), *keys).where(or_(*[each for _, each in wrong]))


def _key(row: Any, table: Table) -> dict[str, Any]:
    """The row's key, its ids as they are elsewhere: SQLite quotes a blob as X'...'."""
    fault = "wrong_type" if row["column"] in table.columns else "kept_out_by"
    told: dict[str, Any] = {fault: row["column"]}
    for name, quoted in row.items():
        if name != "column":
            text = str(quoted)
            told[name] = bytes.fromhex(text[2:-1]) if text.startswith("X'") else text.strip("'")
    return told
