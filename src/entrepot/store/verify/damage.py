"""Whether the book can be read at all: its pages and indexes, and on SQLite its values' types and
the conditions of its tables.

PostgreSQL enforces both by itself.
"""

from __future__ import annotations

from functools import cache, partial
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

from entrepot.core.money import SCALE_MAX
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
_UNKNOWN = "unknown "  # before the name of a column with a value that is none of its list
# What is wrong, by the name of the column or of the condition that says it.
_Wrong = tuple[str, ColumnElement[bool]]


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
    asks_json = version is not None and int(version) >= _ASKS_JSON
    faulty: Sound = {}
    tables = [one for one in schema.metadata.sorted_tables if _strange(one, asks_json=asks_json)]
    asked = [_holding_strange(table, asks_json) for table in tables]
    counts = asking.counts(asked) or [1] * len(tables)
    for table in [table for table, count in zip(tables, counts, strict=True) if count]:
        work = partial(_told, asking, table, asks_json)
        found = asking.ask(f"the values of {table.name}", work)
        wrong = _not_json(table) if asks_json else []
        if found and wrong:
            faulty[table.name] = and_(*[not_(each) for _, each in wrong])
    return faulty


def _not_json(table: Table) -> list[_Wrong]:
    return [
        (column.name, literal_column(f"({column.name} IS NOT NULL AND {column.name} IS NOT JSON)"))
        for column in table.columns
        if column.info.get("json")
    ]


def _unheard(table: Table) -> list[_Wrong]:
    """Columns with a word that is none of their list, or with places that no amount has.

    Such a row can be read, so that the rest of the audit looks at it as well.
    """
    found: list[_Wrong] = []
    for column in table.columns:
        if words := column.info.get("words"):
            listed = ", ".join([f"'{one}'" for one in words])
            strange: ColumnElement[bool] = literal_column(f"({column.name} NOT IN ({listed}))")
            found.append((_UNKNOWN + column.name, strange))
        elif "places" in column.info:
            known = f"({column.name} NOT BETWEEN 0 AND {SCALE_MAX})"
            strange = func.coalesce(literal_column(known), literal_column("false"))
            found.append((_UNKNOWN + column.name, strange))
    return found


def _strange(table: Table, *, asks_json: bool) -> list[_Wrong]:
    return [*(_not_json(table) if asks_json else ()), *_unheard(table)]


@cache
def _holding_strange(table: Table, asks_json: bool) -> Select[Any]:
    """The first column that holds no JSON or nothing of its list, and the key, of each row that has
    one.
    """
    return _with_first(_strange(table, asks_json=asks_json), table)


def _with_first(wrong: list[_Wrong], table: Table) -> Select[Any]:
    first = case(*[(condition, literal(name)) for name, condition in wrong])
    keys = [column for column in table.primary_key.columns if column.name not in UNTOLD]
    return select(first.label("column"), *keys).where(or_(*[each for _, each in wrong]))


def _told(asking: Asking, table: Table, asks_json: bool) -> int:
    count = 0
    for row in asking.found(_holding_strange(table, asks_json)).mappings():
        key = {name: value for name, value in row.items() if name != "column"}
        asking.findings.add("DAMAGE", table=table.name, **_fault(row["column"], table), **key)
        count += 1
    return count


def _fault(named: str, table: Table) -> dict[str, str]:
    """What is wrong with a row, by the name of a column or of a condition."""
    if named.startswith(_UNKNOWN):
        return {"unknown_value": named.removeprefix(_UNKNOWN)}
    return {"wrong_type" if named in table.columns else "kept_out_by": named}


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


def _kept_out(table: Table) -> list[_Wrong]:
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
    wrong += [*_kept_out(table), *_unheard(table)]
    first = case(*[(condition, literal(name)) for name, condition in wrong])
    keys = [func.quote(column).label(column.name) for column in table.primary_key.columns
            if column.name not in UNTOLD]  # fmt: skip
    return select(first.label("column"), *keys).where(or_(*[each for _, each in wrong]))


def _key(row: Any, table: Table) -> dict[str, Any]:
    """The row's key, its ids as they are elsewhere: SQLite quotes a blob as X'...'."""
    told: dict[str, Any] = {**_fault(row["column"], table)}
    for name, quoted in row.items():
        if name != "column":
            text = str(quoted)
            told[name] = bytes.fromhex(text[2:-1]) if text.startswith("X'") else text.strip("'")
    return told
