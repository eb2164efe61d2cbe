"""Orders with all that hangs on them: payments, shipments, returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection

from entrepot.core.beside import Beside
from entrepot.core.kinds import Key
from entrepot.core.order import Order
from entrepot.core.order_filter import OrderFilter
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Select
from entrepot.store.question import asked_in
from entrepot.store.reading import keyset, queries, search, waiting

_KINDS: tuple[Any, ...] = (schema.PAYMENTS, schema.OPERATIONS, *schema.OF_SENT_ORDERS)
_BY_ORDER = ("org", "order_id")


class Whole(NamedTuple):
    """An order, with what hangs on it."""

    order: Order
    beside: Beside


class Page(NamedTuple):
    """Orders, newest first, and the number that the next page comes behind; None on the last."""

    orders: list[Whole]
    after: int | None


@asked_in("snapshot")
def whole_order(conn: Connection, org: int, order_id: bytes, now: int) -> Whole | None:
    """The order; where nobody works on its step, its reason says so."""
    found = queries.order_with_reason(conn, org, order_id, now)
    return None if found is None else _whole(conn, [found])[0]


@asked_in("long")
def page_behind(conn: Connection, org: int, wanted: OrderFilter, now: int, limit: int) -> Page:
    """The page of orders behind the filter's number, with reasons as `whole_order` has them."""
    look = keyset.find if wanted.text is None else search.find
    found = look(conn, org, wanted, limit)
    orders = queries.numbered(conn, org, found.numbers)
    return Page(_whole(conn, waiting.with_reasons(conn, orders, now)), found.after)


@asked_in("snapshot")
def numbered(conn: Connection, org: int, numbers: list[int], now: int) -> Page:
    """The orders with these numbers, as the last page of a list."""
    orders = queries.numbered(conn, org, numbers)
    return Page(_whole(conn, waiting.with_reasons(conn, orders, now)), None)


def _whole(conn: Connection, orders: list[Order]) -> list[Whole]:
    found = beside(conn, {(one.org, one.id) for one in orders if one.managed})
    return [Whole(one, found.get((one.org, one.id), Beside())) for one in orders]


def beside(conn: Connection, orders: Iterable[Key]) -> dict[Key, Beside]:
    """What hangs on each of these orders; orders on which nothing hangs are left out."""
    keys: set[tuple[Any, ...]] = set(orders)
    if not keys:
        return {}
    selects = [Select(kept.table, _BY_ORDER, keys, kept.columns) for kept in _KINDS]
    listed: dict[Key, list[list[Any]]] = {}
    for place, (kept, rows) in enumerate(
        zip(_KINDS, sql.select_all(conn, selects), strict=True)
    ):  # fmt: skip
        for row in sorted(map(kept.readable_row, rows), key=kept.kind.key):
            its = listed.setdefault((row.org, row.order_id), [[] for _ in _KINDS])
            its[place].append(row)
    return {key: Beside(*map(tuple, its)) for key, its in listed.items()}
