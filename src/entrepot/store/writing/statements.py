"""The statements of changes on either engine; each text is made once.

SQLite's statement takes the values of one row. PostgreSQL's reads from `{}`, which becomes its
arrays.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Table

from entrepot.store.engines import sql
from entrepot.store.engines.sqlite_sql import insert_values


class Given(NamedTuple):
    """Columns that PostgreSQL fills with what the part `name` returned for the row's organization.

    In the expressions that part is `k`. A row that is inserted is `new`, by its columns' names.
    """

    name: str
    columns: tuple[tuple[str, str], ...]  # column, expression


Statements = tuple[str, str, tuple[str, ...]]


@lru_cache(maxsize=512)
def insert_sql(
    table: Table, columns: tuple[str, ...], given: Given | None
) -> tuple[Statements, bool]:
    """The insert of such rows on SQLite and on PostgreSQL, and the types of its arrays; and whether
    these are all columns of the table, in order.
    """
    names = ", ".join(f'"{c}"' for c in columns)
    head = f"INSERT INTO {table.name} ({names})"
    rows_sql = "SELECT * FROM {}"
    if given is not None:
        filled = dict(given.columns)
        values = ", ".join([filled.get(c, f'new."{c}"') for c in columns])
        rows_sql = f"SELECT {values} FROM {{}} AS new({names}) {_joined(given, 'new.org')}"
    statements = (
        insert_values(table.name, columns),
        f"{head} {rows_sql}",
        sql.postgres_types(table, columns),
    )
    return statements, columns == tuple(column.name for column in table.columns)


def _joined(given: Given, org: str) -> str:
    return f"JOIN {given.name} AS k ON k.org = {org}"


@lru_cache(maxsize=512)
def update_sql(
    table: Table, sets: tuple[str, ...], keys: tuple[str, ...], given: Given | None
) -> Statements:
    """The update of `sets` by `keys` on either engine, and the types of its arrays."""
    names = (*sets, *keys)
    filled = dict(given.columns) if given else {}
    sqlite_sets = ", ".join(f'"{c}" = ?' for c in sets)
    aliases = ", ".join(f"v{i}" for i in range(len(names)))
    pg_sets = ", ".join(f'"{c}" = {filled.get(c, f"v.v{i}")}' for i, c in enumerate(sets))
    pg_keys = _match(table, keys, len(sets))
    join = f" {_joined(given, f'v.v{len(sets)}')}" if given else ""
    rows_sql = f"FROM {{}} AS v({aliases}){join} WHERE {pg_keys}{'' if given else ' RETURNING 1'}"
    return (
        f"UPDATE {table.name} SET {sqlite_sets} WHERE {_sqlite_keys(table, keys)}",
        f"UPDATE {table.name} AS t SET {pg_sets} {rows_sql}",
        sql.postgres_types(table, names),
    )


@lru_cache(maxsize=512)
def delete_sql(table: Table, keys: tuple[str, ...], guarded: bool) -> Statements:
    """The delete by `keys` on either engine, and the types of its arrays."""
    aliases, match = sql.by_keys(keys)[0], _match(table, keys)
    deletion = f"DELETE FROM {table.name} AS t USING {{}} AS v({aliases}) WHERE {match}"
    return (
        f"DELETE FROM {table.name} WHERE {_sqlite_keys(table, keys)}",
        f"{deletion} RETURNING 1" if guarded else deletion,
        sql.postgres_types(table, keys),
    )


@lru_cache(maxsize=512)
def expect_sql(table: Table, keys: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The lock of the rows with such keys on PostgreSQL, and the types of its arrays."""
    aliases, match = sql.by_keys(keys)[0], _match(table, keys)
    return (
        f"SELECT 1 FROM {{}} AS v({aliases}) JOIN {table.name} AS t ON {match} FOR UPDATE OF t",
        sql.postgres_types(table, keys),
    )


def _match(table: Table, keys: tuple[str, ...], first: int = 0) -> str:
    """The condition on PostgreSQL that a row `t` is the one meant. A guard may be NULL."""
    same = ["IS NOT DISTINCT FROM" if table.c[c].nullable else "=" for c in keys]
    named = zip(keys, same, strict=True)
    return " AND ".join(f't."{c}" {is_} v.v{i}' for i, (c, is_) in enumerate(named, first))


def _sqlite_keys(table: Table, keys: tuple[str, ...]) -> str:
    return " AND ".join(f'"{c}" {"IS" if table.c[c].nullable else "="} ?' for c in keys)
