"""Contacts of a filled book, as the reader of the log would have made them from its orders."""

from __future__ import annotations

from typing import Any

from bench.fill_book import Book
from entrepot.core.contacts import terms_of
from entrepot.core.order import Customer
from entrepot.store import schema
from entrepot.store.writing import tallies
from entrepot.store.writing.list_tallies import CONTACTS, CONTACTS_UPDATED

AT_ONCE = 5_000
_TABLES = (
    "list_tallies",
    "contact_terms",
    "contact_orders",
    "contacts",
)
_ORDERS = (
    "INSERT INTO contact_orders (org, order_id, customer_id, window_days) "
    "SELECT o.org, o.id, o.customer_id, 30 "
    "FROM orders AS o JOIN organizations AS g ON g.org = o.org WHERE o.customer_id <> g.guest_id"
)
_CUSTOMERS = ", ".join(f"c.{name}" for name in Customer._fields)
_NEXT = (
    f"SELECT {_CUSTOMERS}, count(*), max(o.created_at), "
    "min(coalesce(o.channel, o.source_platform, o.origin)) "
    f"FROM (SELECT * FROM customers WHERE id > ?1 ORDER BY id LIMIT {AT_ONCE}) AS c "
    "JOIN contact_orders AS k ON k.org = c.org AND k.customer_id = c.id "
    "JOIN orders AS o ON o.org = k.org AND o.id = k.order_id "
    f"GROUP BY {_CUSTOMERS} ORDER BY c.id"
)
_TALLIES = (
    "INSERT INTO list_tallies (org, list, word, key, level, slot, counted) "
    "SELECT org, '{name}', '', ?1, {level}, {at} / {size}, count(*) FROM contacts "
    "GROUP BY org, {at} / {size}"
)
_LAST = "SELECT id FROM customers WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET {}"


def fill(book: Book, events: int) -> None:
    """Make the contacts of all orders. The reader has then come to the last of `events`."""
    book.begin()
    for table in _TABLES:
        book.run(f"DELETE FROM {table}")
    book.run(_ORDERS)
    book.run("UPDATE sweeps SET reached_at = ?1 WHERE kind = 'contacts'", events)
    book.commit()
    after: bytes | None = b""
    while after is not None:
        found = [_row(row) for row in book.run(_NEXT, after)]
        end = book.run(_LAST.format(AT_ONCE - 1), after)
        after = bytes(end[0][0]) if end else None
        _write(book, found)
    book.begin()
    tally(book)
    book.commit()


def tally(book: Book) -> None:
    """Count the contacts by their times."""
    for name, at in ((CONTACTS, "created_at"), (CONTACTS_UPDATED, "updated_at")):
        for level, size in enumerate(tallies.SLOTS):
            book.run(_TALLIES.format(name=name, level=level, at=at, size=size), b"")


def _row(row: tuple[Any, ...]) -> dict[str, Any]:
    who = Customer(*row[: len(Customer._fields)])
    orders, latest, source = row[len(Customer._fields) :]
    return {
        "org": who.org, "id": bytes(who.id), "created_at": who.created_at,
        "updated_at": max(who.updated_at, latest), "interacted_at": latest, "orders": orders,
        "source": source, "terms": terms_of(who),
    }  # fmt: skip


def _write(book: Book, found: list[dict[str, Any]]) -> None:
    columns = [column.name for column in schema.contacts.columns]
    terms = [
        (one["org"], term.encode(), one["id"])
        for one in found for term in one["terms"].split("\n") if term
    ]  # fmt: skip
    book.begin()
    if found:
        book.write("contacts", [tuple(one[name] for name in columns) for one in found])
    if terms:
        book.write("contact_terms", sorted(terms))
    book.commit()
