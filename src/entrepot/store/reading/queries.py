"""Reading the book for the dialects: one order, or a page of them. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection

from entrepot.core import facets
from entrepot.core.order import Customer, Line, Order
from entrepot.core.order_filter import OrderFilter
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import NamedBy, Row, Select, Statement
from entrepot.store.question import asked_in
from entrepot.store.reading import lists, span_walk, waiting
from entrepot.store.schema import readable

__all__ = [
    "OrderFilter", "Page", "customers", "newest_with_reasons", "numbered", "order_and_customer",
    "order_by_id", "order_with_reason", "page", "page_with_customers", "page_with_reasons",
    "with_ids",
]  # fmt: skip

_NOTHING = OrderFilter()
_NUMBER = schema.ORDERS.columns.index("number")
_ID = ("org", "id")
_WHO_ORDERED = NamedBy(0, ("org", "customer_id"))


class Page(NamedTuple):
    """Some orders, newest first, and how many match in all."""

    orders: list[Order]
    total: int


@asked_in("one statement")
def order_by_id(conn: Connection, org: int, order_id: bytes) -> Order | None:
    """The order with its lines, or None; of PostgreSQL it asks one statement."""
    found, lines = sql.select_all(conn, _whole(org, order_id))
    return _joined(found, lines)[0] if found else None


@asked_in("one statement")
def order_with_reason(conn: Connection, org: int, order_id: bytes, now: int) -> Order | None:
    """The order as `order_by_id` finds it; where nobody works on its step, its reason says so."""
    found = order_by_id(conn, org, order_id)
    return found and waiting.with_reasons(conn, [found], now)[0]


@asked_in("snapshot")
def newest_with_reasons(conn: Connection, org: int, now: int, *, limit: int, offset: int) -> Page:
    """A page of all orders, with reasons as `order_with_reason` has them."""
    found = page(conn, org, _NOTHING, limit=limit, offset=offset)
    return found._replace(orders=waiting.with_reasons(conn, found.orders, now))


@asked_in("long")
def page_with_reasons(
    conn: Connection, org: int, wanted: OrderFilter, now: int, *, limit: int, offset: int
) -> Page:
    """The page as `page` finds it, with reasons as `order_with_reason` has them."""
    found = page(conn, org, wanted, limit=limit, offset=offset)
    return found._replace(orders=waiting.with_reasons(conn, found.orders, now))


@asked_in("long")
def page_with_customers(
    conn: Connection, org: int, wanted: OrderFilter, *, limit: int, offset: int
) -> tuple[Page, dict[bytes, Customer]]:
    """The page as `page` finds it, and its customers as `customers` finds them."""
    found = page(conn, org, wanted, limit=limit, offset=offset)
    return found, customers(conn, org, found.orders)


@asked_in("one statement")
def order_and_customer(
    conn: Connection, org: int, order_id: bytes
) -> tuple[Order, Customer | None] | None:
    """The order with its lines, and who ordered, None for the organization's guest; None without
    the order. Of PostgreSQL it asks one statement.
    """
    found, lines, guests, theirs = sql.select_all(
        conn,
        [
            *_whole(org, order_id),
            Select(schema.organizations, ("org",), {(org,)}, ("guest_id",)),
            Select(schema.customers, _ID, set(), schema.CUSTOMERS.columns, named_by=_WHO_ORDERED),
        ],
    )
    if not found:
        return None
    [order] = _joined(found, lines)
    nobody = order.customer_id == guests[0][0] or not theirs
    return order, None if nobody else schema.CUSTOMERS.readable_row(theirs[0])


def _whole(org: int, order_id: bytes) -> list[Select]:
    return [
        Select(schema.orders, _ID, {(org, order_id)}, schema.ORDERS.columns),
        Select(schema.order_lines, ("org", "order_id"), {(org, order_id)}, schema.LINES.columns),
    ]


def page(conn: Connection, org: int, wanted: OrderFilter, *, limit: int, offset: int) -> Page:
    """A page of the organization's orders, newest first, and the exact total."""
    if wanted == _NOTHING:
        total = span_walk.newest(conn, org)
        # Numbers have no gaps, so that a place in the list is a number.
        newest = total - offset
        found = _between(conn, org, newest - limit + 1, newest) if newest > 0 else []
        return Page(_listed(conn, found), total)
    numbers, total = lists.find(conn, org, wanted, limit, offset)
    return Page(numbered(conn, org, numbers), total)


def numbered(conn: Connection, org: int, numbers: Iterable[int]) -> list[Order]:
    """The organization's orders with these numbers and their lines, newest first."""
    keys: set[tuple[Any, ...]] = {(org, number) for number in numbers}
    found = sql.select(conn, schema.orders, ("org", "number"), keys, schema.ORDERS.columns)
    found.sort(key=lambda row: -row[_NUMBER])
    return _listed(conn, found)


def with_ids(conn: Connection, org: int, ids: Iterable[bytes]) -> list[Order]:
    """The organization's orders with these ids and their lines, in no order."""
    keys: set[tuple[Any, ...]] = {(org, id_) for id_ in ids}
    return _with_lines(conn, sql.select(conn, schema.orders, _ID, keys, schema.ORDERS.columns))


@lru_cache
def _columns() -> str:
    return ", ".join(f'o."{column}"' for column in schema.ORDERS.columns)


def _between(conn: Connection, org: int, first: int, last: int) -> list[Row]:
    """The orders of these numbers, both ends among them, newest first."""
    statement = Statement(conn)
    condition = f"o.org = {statement.mark(org)} AND o.number >= {statement.mark(first)}"
    condition += f" AND o.number <= {statement.mark(last)}"
    return statement.fetch(
        f"SELECT {_columns()} FROM orders AS o WHERE {condition} ORDER BY o.number DESC"
    )


def customers(conn: Connection, org: int, orders: Iterable[Order]) -> dict[bytes, Customer]:
    """Customers of these orders of one organization, by id, without the organization's guest."""
    keys: set[tuple[Any, ...]] = {(org, order.customer_id) for order in orders}
    guests, found = sql.select_all(
        conn,
        [
            Select(schema.organizations, ("org",), {(org,)}, ("guest_id",)),
            Select(schema.customers, _ID, keys, schema.CUSTOMERS.columns),
        ],
    )
    guest = guests[0][0] if guests else None
    return {row[1]: schema.CUSTOMERS.readable_row(row) for row in found if row[1] != guest}


def _listed(conn: Connection, found: list[Row]) -> list[Order]:
    """The orders of these rows, without those that are damaged so that no word is true of them."""
    listed = []
    for one in _with_lines(conn, found):
        if (damaged := facets.unknown(one.facets)) is None:
            listed.append(one)
        else:
            readable.tell("orders", damaged, {"org": one.org, "id": one.id.hex()})
    return listed


def _with_lines(conn: Connection, found: list[Row]) -> list[Order]:
    keys: set[tuple[Any, ...]] = {(row[0], row[1]) for row in found}
    return _joined(
        found, sql.select(conn, schema.order_lines, ("org", "order_id"), keys, schema.LINES.columns)
    )


def _joined(found: list[Row], theirs: list[Row]) -> list[Order]:
    lines: dict[bytes, list[Line]] = {}
    line_of = schema.LINES.readable_row
    for row in theirs:
        _, order_id, line = line_of(row)
        lines.setdefault(order_id, []).append(line)
    order = schema.ORDERS.readable_row
    return [
        order(row, tuple(sorted(lines.get(row[1], ()), key=lambda line: line.number)))
        for row in found
    ]
