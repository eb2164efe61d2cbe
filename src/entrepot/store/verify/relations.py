"""Whether PostgreSQL can read each table and each index, and whether they hold the same rows.

`amcheck` looks where the database has it and the role may call it. Elsewhere the rows of a table
are counted by its pages and by each of its indexes: a page that cannot be read fails the count, and
one that was lost or emptied makes it differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection

from entrepot.store import schema
from entrepot.store.verify.asking import Asking

K = TypeVar("K")

_INDEXES: Final = """
    SELECT t.relname, i.relname, i.oid, pg_get_expr(x.indpred, x.indrelid),
        (SELECT string_agg(
            coalesce(quote_ident(a.attname), pg_get_indexdef(i.oid, k.n::integer, true)),
            ', ' ORDER BY k.n)
         FROM unnest(x.indkey) WITH ORDINALITY AS k(number, n)
         LEFT JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.number
         WHERE k.n <= x.indnkeyatts)
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


def check_relations(asking: Asking) -> dict[str, int]:
    """Look at every table and index of the book, each by itself.

    Gives how many rows the tables have that were counted by their pages.
    """
    conn = asking.conn
    found = asking.ask("the indexes", lambda: conn.exec_driver_sql(_INDEXES).all())
    tables = [table.name for table in schema.metadata.sorted_tables]
    indexes = [index for index in (_Index(*row) for row in found or ()) if index.table in tables]
    amcheck = asking.ask("amcheck", lambda: conn.exec_driver_sql(_AMCHECK).scalar())
    if amcheck is None:
        return _compare(asking, tables, indexes)
    for table in tables:
        _look(asking, table, [index for index in indexes if index.table == table], amcheck)
    return {}


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


def _compare(asking: Asking, tables: Iterable[str], indexes: Iterable[_Index]) -> dict[str, int]:
    """By counting: each index must find as many rows as the table's pages have."""
    parts = dict.fromkeys([
        *[(table, None) for table in tables], *[(one.table, one.condition) for one in indexes],
    ])  # fmt: skip
    by_pages = _counts(asking, _BY_PAGES, [
        (part, f"the pages of {part[0]}", f"SELECT 1 FROM {part[0]}{_where(part[1])}")
        for part in parts
    ])  # fmt: skip
    # In the order of its keys, which nothing else gives without a sort.
    by_index = _counts(asking, _BY_INDEX, [
        (
            one, f"the index {one.name}",
            f"SELECT 1 FROM {one.table}{_where(one.condition)} ORDER BY {one.keys} OFFSET 0",
        )
        for one in indexes
    ])  # fmt: skip
    for index, count in by_index.items():
        there = by_pages.get((index.table, index.condition))
        if there is not None and count != there:
            asking.findings.add(
                "DAMAGE", table=index.table, index=index.name, rows_by_index=count,
                rows_by_pages=there,
            )  # fmt: skip
    return {table: count for (table, condition), count in by_pages.items() if condition is None}


def _counts(
    asking: Asking, without: Iterable[str], asked: Sequence[tuple[K, str, str]]
) -> dict[K, int]:
    """How many rows each statement gives, planned without these ways of reading; nothing for those
    that cannot be asked, which are reported. The statements are asked at once where all of them can
    be.
    """
    with _planned(asking.conn, without):
        counts: Sequence[int | None] | None = asking.counts(
            [statement for _, _, statement in asked]
        )
        if counts is None:
            counts = [
                asking.ask(what, lambda one=one: _count(asking.conn, one))  # type: ignore[misc]
                for _, what, one in asked
            ]
    found = zip(asked, counts, strict=True)
    return {key: count for (key, _, _), count in found if count is not None}


def _where(condition: str | None) -> str:
    return f" WHERE {condition}" if condition else ""


@contextmanager
def _planned(conn: Connection, without: Iterable[str]) -> Iterator[None]:
    """Statements inside are planned without these ways of reading."""
    for setting in without:
        conn.exec_driver_sql(f"SET LOCAL {setting} = off")
    yield
    for setting in without:
        conn.exec_driver_sql(f"SET LOCAL {setting} = DEFAULT")


def _count(conn: Connection, statement: str) -> int:
    return int(conn.exec_driver_sql(f"SELECT count(*) FROM ({statement}) AS r").scalar_one())


def _first(conn: Connection, statement: str) -> Any:
    return conn.exec_driver_sql(statement).scalar()
