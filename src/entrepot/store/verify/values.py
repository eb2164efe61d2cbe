"""Whether each value is one that its column can have.

SQLite is asked for the types of values, for the conditions of its tables and whether texts are
UTF-8; PostgreSQL enforces these by itself. Both are asked whether a text that has to be JSON is
JSON, whether a word or a number of decimal places is one of its list, and whether a calendar has a
time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

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
from entrepot.store.schema.table import is_time
from entrepot.store.verify.asking import Asking

_VERSION, _ASKS_JSON = "SHOW server_version_num", 160_000
_STORED_AS = {BigInteger: "integer", SmallInteger: "integer", Boolean: "integer",
              LargeBinary: "blob"}  # fmt: skip
_TRUE: ColumnElement[bool] = literal_column("true")
# Parts of a key that may be personal or secret.
_UNTOLD = ("value", "digest", "term")
_UNLISTED = "unlisted "  # before the name of a column with a value that is none of its list

# The first and the last microsecond of the years that a time can be written in, 1 and 9999.
_TIME_MIN, _TIME_MAX = -62_135_596_800_000_000, 253_402_300_799_999_999

# The condition of the rows of a table that can be read, by the table's name.
Sound = dict[str, ColumnElement[bool]]
# What is wrong with a row, by the name of the column or of the condition that says it.
_Wrong = tuple[str, ColumnElement[bool]]


class _Engine(NamedTuple):
    """How an engine is asked: which values of a table keep a row from being read, and whether keys
    are quoted, because their values may be of any type.
    """

    unreadable: Callable[[Table], list[_Wrong]]
    quotes: bool


def check_values(asking: Asking) -> Sound:
    """Report each row with a value that its column cannot have. Gives, for the tables with a row
    that cannot be read, the condition of the other rows.
    """
    engine = _engine(asking)
    tables = [one for one in schema.metadata.sorted_tables if _wrong(one, engine)]
    counts = asking.counts([_faulty_rows(table, engine) for table in tables]) or [1] * len(tables)
    sound: Sound = {}
    for table in [table for table, count in zip(tables, counts, strict=True) if count]:
        work = partial(_report, asking, table, engine)
        found = asking.ask(f"the values of {table.name}", work)
        unreadable = engine.unreadable(table)
        if found and unreadable:
            sound[table.name] = and_(
                *[func.coalesce(not_(wrong), _TRUE) for _, wrong in unreadable]
            )
    return sound


def _engine(asking: Asking) -> _Engine:
    if not sql_of(asking.conn).types_values:
        driver: Any = asking.conn.connection.driver_connection
        driver.create_function("is_utf8", 1, _decodes, deterministic=True)
        return _SQLITE
    version = asking.ask("the version", lambda: asking.conn.exec_driver_sql(_VERSION).scalar())
    return _POSTGRES if version is not None and int(version) >= _ASKS_JSON else _POSTGRES_BEFORE_16


def _report(asking: Asking, table: Table, engine: _Engine) -> int:
    """How many rows have a faulty value; each is reported with its key."""
    count = 0
    for row in asking.found(_faulty_rows(table, engine)).mappings():
        named = {name: value for name, value in row.items() if name != "column"}
        key = {name: _unquoted(text) for name, text in named.items()} if engine.quotes else named
        asking.findings.add("DAMAGE", table=table.name, **_fault(row["column"], table), **key)
        count += 1
    return count


def _fault(named: str, table: Table) -> dict[str, str]:
    """What is wrong with a row, by the name of a column or of a condition."""
    if named.startswith(_UNLISTED):
        return {"unknown_value": named.removeprefix(_UNLISTED)}
    return {"wrong_type" if named in table.columns else "kept_out_by": named}


def _unquoted(quoted: Any) -> bytes | str:
    """A value as it is elsewhere: SQLite quotes a blob as X'...'."""
    text = str(quoted)
    return bytes.fromhex(text[2:-1]) if text.startswith("X'") else text.strip("'")


@cache
def _faulty_rows(table: Table, engine: _Engine) -> Select[Any]:
    """What is wrong first with each faulty row, and the row's key. Composed once."""
    wrong = _wrong(table, engine)
    first = case(*[(condition, literal(name)) for name, condition in wrong])
    own = [column for column in table.primary_key.columns if column.name not in _UNTOLD]
    keys = own or [table.c.org, table.c.id]
    told = [func.quote(one).label(one.name) for one in keys] if engine.quotes else keys
    return select(first.label("column"), *told).where(or_(*[each for _, each in wrong]))


def _wrong(table: Table, engine: _Engine) -> list[_Wrong]:
    return [*engine.unreadable(table), *_unlisted(table)]


def _unlisted(table: Table) -> list[_Wrong]:
    """Columns with a word that is none of their list, with JSON of another kind, with places that
    no amount has, or with a time that no calendar has.

    Such a row can be read, so that the rest of the audit looks at it as well.
    """
    found: list[_Wrong] = []
    for column in table.columns:
        if words := column.info.get("words"):
            listed = ", ".join([f"'{one}'" for one in words])
            strange: ColumnElement[bool] = literal_column(f"({column.name} NOT IN ({listed}))")
            found.append((_UNLISTED + column.name, strange))
        elif begins := column.info.get("begins"):
            kinds = ", ".join([f"'{one}'" for one in sorted(begins)])
            known = f"(substr({column.name}, 1, 1) NOT IN ({kinds}))"
            strange = func.coalesce(literal_column(known), literal_column("false"))
            found.append((_UNLISTED + column.name, strange))
        elif "places" in column.info:
            known = f"({column.name} NOT BETWEEN 0 AND {SCALE_MAX})"
            strange = func.coalesce(literal_column(known), literal_column("false"))
            found.append((_UNLISTED + column.name, strange))
        elif is_time(column.name):
            known = f"({column.name} NOT BETWEEN {_TIME_MIN} AND {_TIME_MAX})"
            strange = func.coalesce(literal_column(known), literal_column("false"))
            found.append((_UNLISTED + column.name, strange))
    return found


def _not_json(table: Table) -> list[_Wrong]:
    """Columns that hold no JSON, although they have to: PostgreSQL keeps JSON as text, for the sake
    of its digits.
    """
    return [
        (column.name, literal_column(f"({column.name} IS NOT NULL AND {column.name} IS NOT JSON)"))
        for column in table.columns
        if column.info.get("json")
    ]


def _wrong_type_or_kept_out(table: Table) -> list[_Wrong]:
    typed = [(column.name, not_(_well_typed(column))) for column in table.columns]
    return [*typed, *_kept_out(table)]


def _well_typed(column: Any) -> ColumnElement[bool]:
    kind = func.typeof(column)
    fits = kind == _stored_as(column)
    if isinstance(column.type, Boolean):
        fits = and_(fits, column.in_((literal_column("0"), literal_column("1"))))
    elif column.info.get("json"):
        fits = and_(fits, func.json_valid(column) == literal_column("1"), _is_utf8(column))
    elif _stored_as(column) == "text":
        fits = and_(fits, _is_utf8(column))
    return or_(fits, kind == "null") if column.nullable else fits


def _decodes(text: bytes | None) -> bool:
    try:
        (text or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _stored_as(column: Any) -> str:
    return _STORED_AS.get(type(column.type), "text")


def _is_utf8(column: Any) -> ColumnElement[bool]:
    """Most texts are ASCII, which costs no look at their bytes."""
    name = column.name
    return literal_column(f"({name} NOT GLOB '*[^ -~]*' OR is_utf8(CAST({name} AS BLOB)))")


def _kept_out(table: Table) -> list[_Wrong]:
    """What the table's own conditions keep out, by the conditions' names.

    SQLite looks at them when a row is written. A connection that only reads does not know them, so
    its own look at the file says nothing of them.
    """
    checks = [one for one in table.constraints if isinstance(one, CheckConstraint)]
    names = sorted((str(one.name), str(one.sqltext)) for one in checks)
    return [(name, not_(literal_column(f"({condition})"))) for name, condition in names]


_SQLITE = _Engine(_wrong_type_or_kept_out, quotes=True)
_POSTGRES = _Engine(_not_json, quotes=False)
# Before version 16 PostgreSQL cannot be asked whether a text is JSON.
_POSTGRES_BEFORE_16 = _Engine(lambda _: [], quotes=False)
