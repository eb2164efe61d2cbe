"""An audit asks nothing that would read an empty table first, and misses nothing by that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Select, func, select, union_all
from tests.store.altered_book import Book, loosen

from entrepot.store import schema
from entrepot.store.verify import _checks
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.needed import needed_by
from entrepot.store.verify.report import Findings

ORDERS, LINES, LEVELS = schema.orders, schema.order_lines, schema.stock_levels
_JOINED = ORDERS.c.id == LINES.c.order_id


@pytest.fixture(scope="module")
def book(fresh_database: Callable[[str], str]) -> Iterator[Book]:
    made = Book(fresh_database("sqlite"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("statement", "needed"),
    [
        (select(ORDERS.c.id), "orders"),
        (select(ORDERS.alias("o").c.id), "orders"),
        (select(ORDERS.c.id).where(_JOINED), "order_lines orders"),
        (select(ORDERS.c.id).join(LINES, _JOINED), "order_lines orders"),
        (select(ORDERS.c.id).outerjoin(LINES, _JOINED), "orders"),
        (select(ORDERS.c.id).outerjoin(LINES, _JOINED, full=True), ""),
        (select(select(ORDERS.c.id).subquery().c.id), "orders"),
        (select(union_all(select(ORDERS.c.id), select(LINES.c.id)).subquery().c.id), ""),
        (select(ORDERS.c.id).where(~select(LINES.c.id).where(_JOINED).exists()), "orders"),
        (select(func.count()).select_from(ORDERS), ""),
        (select(func.sum(ORDERS.c.number) + 1).group_by(ORDERS.c.org), "orders"),
        (select(ORDERS.c.id).having(func.count() == 0), ""),
        (select(select(func.count().label("n")).select_from(ORDERS).subquery().c.n), ""),
    ],
    ids=str,
)
def test_tables_are_needed_whose_rows_a_statement_cannot_do_without(
    statement: Select[Any], needed: str
) -> None:
    assert needed_by(statement) == set(needed.split())


def test_a_check_finds_nothing_without_a_row_of_a_table_that_it_needs(book: Book) -> None:
    """In a book in which each table but one has rows."""
    checks = [(one, needed_by(one.broken)) for one in _checks()]
    assert sum(bool(needed) for _, needed in checks) > 200
    for table in set().union(*[needed for _, needed in checks]):

        def without(conn: Connection, table: str = table) -> list[int] | None:
            loosen(conn, table)
            book.do(conn, f"DELETE FROM {table}")
            asked = [one.broken for one, needed in checks if table in needed]
            return Asking(conn, Findings()).counts(asked)

        counts = book.see(without)
        assert counts, table
        assert not any(counts), table
