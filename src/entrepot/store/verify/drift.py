"""Whether tables, columns, indexes and constraints are those that this program describes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Inspector, Table, UniqueConstraint, inspect
from sqlalchemy.types import TypeEngine

from entrepot.store import schema
from entrepot.store.verify.asking import Asking


def check_schema(asking: Asking) -> None:
    """Report each table, column, index and constraint that is missing or is another one."""
    found = asking.ask("the schema", lambda: inspect(asking.conn))
    if found is None:
        return
    there = asking.ask("the tables", lambda: set(found.get_table_names())) or set()
    for table in schema.metadata.sorted_tables:
        if table.name not in there:
            asking.findings.add("SCHEMA", missing_table=table.name)
            continue
        asking.ask(f"the schema of {table.name}", lambda table=table: _look(asking, found, table))  # type: ignore[misc]


def _look(asking: Asking, found: Inspector, table: Table) -> None:
    for fault, name in (
        *_columns(found, table), *_key(found, table), *_indexes(found, table),
        *_constraints(found, table),
    ):  # fmt: skip
        asking.findings.add("SCHEMA", table=table.name, **{fault: name})


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
