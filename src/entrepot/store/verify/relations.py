"""Whether PostgreSQL can read each table and each index, and whether they hold the same rows.

`amcheck` looks where the database has it and the role may call it. Elsewhere the rows of a table
are counted by its pages and by each of its indexes: a page that cannot be read fails the count, and
one that was lost or emptied makes it differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from entrepot.store import schema
from entrepot.store.verify.asking import Asking

_INDEXES: Final = """
    SELECT t.relname, i.relname, i.oid, pg_get_expr(x.indpred, x.indrelid),
        (SELECT string_agg(pg_get_indexdef(i.oid, n, true), ', ' ORDER BY n)
         FROM generate_series(1, x.indnkeyatts) AS n)
    FROM pg_index AS x
    JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_class AS t ON t.oid = x.indrelid
    WHERE t.relnamespace = current_schema()::regnamespace ORDER BY 1, 2
"""
# The schema that amcheck is in, where every one of its functions may be called.
_AMCHECK: Final = """
    SELECT quote_ident(n.nspname) FROM pg_extension AS e
    JOIN pg_namespace AS n ON n.oid = e.extnamespace
    JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname IN ('bt_index_check', 'verify_heapam')
    WHERE e.extname = 'amcheck' AND has_schema_privilege(n.oid, 'USAGE') GROUP BY 1
    HAVING bool_and(has_function_privilege(p.oid, 'EXECUTE'))
    AND count(DISTINCT p.proname) = 2
"""
_BY_PAGES: Final = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")
_BY_INDEX: Final = ("enable_seqscan", "enable_bitmapscan", "enable_sort")


class _Index(NamedTuple):
    table: str
    name: str
    oid: int
    condition: str | None  # of a partial one
    keys: str


def check_relations(asking: Asking) -> None:
    """Look at every table and index of the book, each by itself."""
    conn = asking.conn
    found = asking.ask("the indexes", lambda: conn.exec_driver_sql(_INDEXES).all())
    indexes = [_Index(*row) for row in found or ()]
    amcheck = asking.ask("amcheck", lambda: conn.exec_driver_sql(_AMCHECK).scalar())
    for table in schema.metadata.sorted_tables:
        own = [index for index in indexes if index.table == table.name]
        if amcheck is None:
            _count(asking, table.name, own)
        else:
            _look(asking, table.name, own, amcheck)


def _look(asking: Asking, table: str, indexes: Iterable[_Index], amcheck: str) -> None:
    """By amcheck: the pages of the table, and every row of it in every index."""

    def heap() -> None:
        statement = f"SELECT blkno, msg FROM {amcheck}.verify_heapam('{table}')"
        for block, why in asking.conn.exec_driver_sql(statement).all():
            asking.findings.add("DAMAGE", table=table, page=block, why=why)

    asking.ask(f"the pages of {table}", heap)
    for index in indexes:
        statement = f"SELECT {amcheck}.bt_index_check({index.oid}, true)"
        asking.ask(f"the index {index.name}", lambda asked=statement: _first(asking.conn, asked))  # type: ignore[misc]


def _count(asking: Asking, table: str, indexes: Iterable[_Index]) -> None:
    """By counting: each index must find as many rows as the table's pages have."""
    by_pages: dict[str | None, int | None] = {}
    for condition in dict.fromkeys([None, *(index.condition for index in indexes)]):
        statement = f"SELECT count(*) FROM {table}{_where(condition)}"
        by_pages[condition] = asking.ask(
            f"the pages of {table}",
            lambda asked=statement: _first(asking.conn, asked, _BY_PAGES),  # type: ignore[misc]
        )
    for index in indexes:
        # In the order of its keys, which nothing else gives without a sort.
        rows = f"SELECT 1 FROM {table}{_where(index.condition)} ORDER BY {index.keys} OFFSET 0"
        statement = f"SELECT count(*) FROM ({rows}) AS r"
        count = asking.ask(
            f"the index {index.name}",
            lambda asked=statement: _first(asking.conn, asked, _BY_INDEX),  # type: ignore[misc]
        )
        there = by_pages[index.condition]
        if count is not None and there is not None and count != there:
            asking.findings.add(
                "DAMAGE", table=table, index=index.name, rows_by_index=count, rows_by_pages=there
            )


def _where(condition: str | None) -> str:
    return f" WHERE {condition}" if condition else ""


def _first(conn: Connection, statement: str, without: tuple[str, ...] = ()) -> Any:
    """The first value of what a statement gives, planned without these ways of reading."""
    for setting in without:
        conn.exec_driver_sql(f"SET LOCAL {setting} = off")
    found = conn.exec_driver_sql(statement).scalar()
    for setting in without:
        conn.exec_driver_sql(f"SET LOCAL {setting} = DEFAULT")
    return found
