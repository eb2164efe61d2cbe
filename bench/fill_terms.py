"""Terms of the orders of a filled book, as the walk that keeps them would have made them."""

from __future__ import annotations

from typing import Any

from bench.fill_book import Book
from entrepot.core.order_terms import COLUMNS, Said, terms_of
from entrepot.store.reading.order_terms import SEARCH

AT_ONCE = 5_000
_ORDERS = (
    f"SELECT org, number, id, {', '.join(COLUMNS)} FROM orders "
    "WHERE number > ?1 AND number <= ?2 ORDER BY org, number"
)
_SKUS = (
    "SELECT l.order_id, l.sku FROM orders AS o JOIN order_lines AS l "
    "ON l.org = o.org AND l.order_id = o.id WHERE o.number > ?1 AND o.number <= ?2"
)
_REACHED = (
    "INSERT INTO sweeps (org, kind, fence, leased_until, ended_at, horizon, reached_at, reached) "
    "SELECT c.org, ?4, 1, 0, 0, ?1, ?2, ?3 FROM order_counters AS c"
)


def fill(book: Book, orders: int, events: int) -> None:
    """Keep the terms of all orders. The walk has then come to the last of both."""
    book.begin()
    book.run("DELETE FROM order_terms")
    book.run("DELETE FROM sweeps WHERE kind = ?1", SEARCH)
    book.run(_REACHED, orders, events, b"", SEARCH)
    book.commit()
    for first in range(0, orders, AT_ONCE):
        skus: dict[bytes, list[Any]] = {}
        for order_id, sku in book.run(_SKUS, first, first + AT_ONCE):
            skus.setdefault(bytes(order_id), []).append(sku)
        rows = [
            (org, number, term)
            for org, number, id_, *told in book.run(_ORDERS, first, first + AT_ONCE)
            for term in terms_of(Said(*told), skus.get(bytes(id_), ()))
        ]
        book.begin()
        book.write("order_terms", sorted(rows))
        book.commit()
