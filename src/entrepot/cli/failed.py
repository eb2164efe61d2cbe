"""`entrepot orders --failed`: orders that failed, with the reason of each."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from entrepot.cli.lines import printable
from entrepot.cli.session import on_book, organization
from entrepot.core import ids, shown
from entrepot.core.order import Order
from entrepot.core.order_filter import OrderFilter
from entrepot.core.shown import moment
from entrepot.store import accounts
from entrepot.store.reading import queries

_FAILED = OrderFilter(stages=("failed",))


def show_failed(org: str | None, limit: int, *, as_json: bool) -> None:
    """Print up to `limit` of them, newest first, of one organization or of each in turn."""

    def work(conn: Connection) -> list[Order]:
        mine = accounts.organizations(conn) if org is None else [organization(conn, org)]
        found: list[Order] = []
        for one in mine:
            room = limit - len(found)
            if room:
                found += queries.page(conn, one.org, _FAILED, limit=room, offset=0).orders
        return found

    found = on_book(lambda book: book.read_long(work), must_exist=True)
    if as_json:
        print(json.dumps([described(order) for order in found]))
        return
    for order in found:
        why = shown.reason(order)
        print(printable(f"{order.org}  {ids.dashed(order.id)}  #{order.number}  {why}"))
    if not found:
        print("no order has failed")


def described(order: Order) -> dict[str, Any]:
    """A failed order for programs; times are UTC."""
    return {
        "org": order.org,
        "order_id": ids.dashed(order.id),
        "number": order.number,
        "state": "failed",
        "placed_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "reason": shown.reason(order),
    }
