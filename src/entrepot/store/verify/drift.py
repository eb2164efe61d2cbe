"""Whether tables, columns, indexes and constraints are those that this program describes."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from sqlalchemy import CheckConstraint, Connection, Inspector, Table, UniqueConstraint, inspect
from sqlalchemy.types import TypeEngine

from entrepot.store import schema
from entrepot.store.engines.sql import sql_of
from entrepot.store.verify.asking import Asking

_Faults = list[dict[str, str]]
_KNOWN_MAX = 64
# What is wrong with a schema, by all that the database says of the schema. SQLAlchemy looks at each
# table by itself, which takes longer than all other questions to a small book.
_known: dict[Hashable, _Faults] = {}


def check_schema(asking: Asking) -> None:
    """Report each table, column, index and constraint that is missing or is another one."""
    stated = asking.ask("the schema", lambda: _stated(asking.conn))
    if stated is None:
        return
    faults = _known.get(stated)
    if faults is None:
        faults, whole = _looked(asking)
        if whole:
            if len(_known) == _KNOWN_MAX:
                _known.clear()
            _known[stated] = faults
    for fault in faults:
        asking.findings.add("SCHEMA", **fault)


def _stated(conn: Connection) -> Hashable:
    return tuple(map(tuple, conn.exec_driver_sql(sql_of(conn).schema_text)))


def _looked(asking: Asking) -> tuple[_Faults, bool]:
    """The faults of the tables that could be looked at, and whether all of them could be."""
    found = asking.ask("the schema", lambda: inspect(asking.conn))
    if found is None:
        return [], False
    there = asking.ask("the tables", lambda: set(found.get_table_names()))
    if there is None:
        return [], False
    faults: _Faults = []
    whole = True
    for table in schema.metadata.sorted_tables:
        if table.name not in there:
            faults.append({"missing_table": table.name})
            continue
        its = asking.ask(f"the schema of {table.name}", lambda table=table: _look(found, table))  # type: ignore[misc]
        faults += its or []
        whole = whole and its is not None
    return faults, whole


def _look(found: Inspector, table: Table) -> _Faults:
    told = (
        *_columns(found, table), *_key(found, table), *_indexes(found, table),
        *_constraints(found, table),
    )  # fmt: skip
    return [{"table": table.name, fault: name} for fault, name in told]


def _columns(found: Inspector, table: Table) -> list[tuple[str, str]]:
    there = {one["name"]: one for one in found.get_columns(table.name)}
    faults = [("extra_column", name) for name in sorted(there.keys() - set(table.c.keys()))]
    for column in table.columns:
        one = there.get(column.name)
        if one is None:
            faults.append(("missing_column", column.name))
        elif _kind(one["type"]) != _kind(column.type):
            faults.append(("another_type", column.name))
        elif bool(one["nullable"]) != bool(column.nullable) and not column.primary_key:
            faults.append(("may_be_null" if one["nullable"] else "never_null", column.name))
    return faults


def _kind(type_: TypeEngine[Any]) -> str:
    try:
        return type_.python_type.__name__
    except NotImplementedError:
        return str(type_)


def _key(found: Inspector, table: Table) -> list[tuple[str, str]]:
    wanted = [column.name for column in table.primary_key.columns]
    there = found.get_pk_constraint(table.name)["constrained_columns"]
    return [] if list(there) == wanted else [("another_key", ", ".join(there))]


def _indexes(found: Inspector, table: Table) -> list[tuple[str, str]]:
    there = {
        str(one["name"]): (list(one["column_names"]), bool(one["unique"]))
        for one in found.get_indexes(table.name)
        if "duplicates_constraint" not in one
    }
    faults = []
    for index in table.indexes:
        wanted = ([column.name for column in index.columns], bool(index.unique))
        one = there.get(str(index.name))
        if one != wanted:
            faults.append(("another_index" if one else "missing_index", str(index.name)))
    return sorted(faults)


def _constraints(found: Inspector, table: Table) -> list[tuple[str, str]]:
    checks = {str(one["name"]) for one in found.get_check_constraints(table.name)}
    unique = {str(one["name"]) for one in found.get_unique_constraints(table.name)}
    wanted = [
        (str(one.name), checks if isinstance(one, CheckConstraint) else unique)
        for one in table.constraints
        if isinstance(one, CheckConstraint | UniqueConstraint) and one.name is not None
    ]
    return sorted(("missing_constraint", name) for name, there in wanted if name not in there)
