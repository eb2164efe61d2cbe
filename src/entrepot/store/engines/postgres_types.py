"""Types of PostgreSQL that a connection knows without asking: arrays, and rows of our tables.

asyncpg knows no type of an array when it connects. It asks the server for each one that a statement
takes or gives, by a query through its catalogue that takes the server longer than most statements
of Entrepot do. Numbers of the types that come with PostgreSQL are the same in every database.
Numbers of types that a connection makes are asked by the names of the types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.util import await_only

from entrepot.store import schema
from entrepot.store.engines import sql

# A connection's `info` keeps the types of rows that the connection has, and whether it is making
# types, or has made some in a transaction that has not ended.
MADE, UNDECIDED = "row types", "row types undecided"
# The number of each type, and that of its array: pg_type.dat of PostgreSQL's sources.
_BUILT_IN = {
    "boolean": (16, 1000), "bytea": (17, 1001), "bigint": (20, 1016), "smallint": (21, 1005),
    "integer": (23, 1007), "text": (25, 1009), "oid": (26, 1028), "record": (2249, 2287),
}  # fmt: skip
# A type of whole rows is named by their table. The name of any other type of rows has a letter for
# each column: `row_byt` has a bigint, a bytea and a text.
_WHOLE, _PART = "_row", "row_"
_LETTERS = {
    "boolean": "o", "bytea": "y", "bigint": "b", "smallint": "s", "integer": "i", "text": "t",
}  # fmt: skip
_TYPES = {letter: type_ for type_, letter in _LETTERS.items()}
# Asks for the numbers of types that a connection has made.
NUMBERS_OF_TYPES = """
    SELECT typname, oid, typarray FROM pg_type
    WHERE typnamespace = pg_my_temp_schema() AND typname = ANY($1::text[])
"""


def _told(number: int, schema_name: str, name: str, **more: Any) -> dict[str, Any]:
    """A type as asyncpg has it told."""
    nothing = {"basetype": None, "elemtype": None, "elemdelim": None, "range_subtype": None}
    named = {"oid": number, "ns": schema_name, "name": name, "kind": b"b", "attrtypoids": None}
    return nothing | named | more


def _array(number: int, schema_name: str, of: int, name: str) -> dict[str, Any]:
    its = {"elemtype": of, "elemtype_name": name, "elemdelim": ","}
    return _told(number, schema_name, f"_{name}", **its)


_ARRAYS = [_array(array, "pg_catalog", one, name) for name, (one, array) in _BUILT_IN.items()]


def know_arrays(driver: Any) -> None:
    """From now on a connection knows the arrays of the types that Entrepot's columns have."""
    _tell(driver, _ARRAYS)


def _tell(driver: Any, types: Iterable[Mapping[str, Any]]) -> None:
    driver._protocol.get_settings().register_data_types(types)  # noqa: SLF001 - no other way


def row_type(table: str) -> str:
    """The name of the type that whole rows of a table have on a connection that has made it."""
    return f"pg_temp.{table}{_WHOLE}"


def part_type(types: Sequence[str]) -> str:
    """The name of the type that rows with columns of these types have, whatever their table."""
    return f"pg_temp.{_PART}{''.join([_LETTERS[type_] for type_ in types])}"


@lru_cache(maxsize=512)
def made_by(name: str) -> str:
    """The statement that makes a type of rows."""
    columns = ", ".join([f'"{column}" {type_}' for column, type_ in _columns(name)])
    return f"CREATE TYPE {name} AS ({columns})"


def _columns(name: str) -> list[tuple[str, str]]:
    """The names and types of the columns of a type of rows."""
    plain = name.removeprefix("pg_temp.")
    if plain.startswith(_PART):
        letters = plain.removeprefix(_PART)
        return [(f"v{at}", _TYPES[letter]) for at, letter in enumerate(letters)]
    its = schema.metadata.tables[plain.removesuffix(_WHOLE)]
    names = [column.name for column in its.columns]
    return list(zip(names, sql.postgres_types(its, names), strict=True))


async def make_types(driver: Any, names: Iterable[str]) -> None:
    """Make these types of rows, on a connection that has none of them."""
    listed = {name.removeprefix("pg_temp."): name for name in sorted(names)}
    await driver.execute("; ".join([made_by(name) for name in listed.values()]))
    for plain, number, array in await driver.fetch(NUMBERS_OF_TYPES, list(listed)):
        columns = _columns(plain)
        attributes = {
            "kind": b"c",
            "attrnames": [column for column, _ in columns],
            "attrtypoids": [_BUILT_IN[type_][0] for _, type_ in columns],
        }
        its = _told(number, "pg_temp", plain, **attributes)
        _tell(driver, [its, _array(array, "pg_temp", number, plain)])


def see_to_types(conn: Connection, names: set[str]) -> None:
    """Make the types of rows of these names that the connection lacks.

    PostgreSQL takes 26 ms to make all types, and most connections need a few of them.
    """
    made: set[str] = conn.info[MADE]
    lacking = names - made
    if not lacking:
        return
    driver = sql.driver_of(conn)
    conn.info[UNDECIDED] = True
    await_only(make_types(driver, lacking))
    made |= lacking
    if not driver.is_in_transaction():
        del conn.info[UNDECIDED]
