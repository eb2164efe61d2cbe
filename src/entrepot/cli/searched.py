"""`entrepot orders --search`: the orders that a text means."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from entrepot.cli.lines import printable
from entrepot.cli.session import OperatorError, on_book, organization
from entrepot.clock import now
from entrepot.core import ids, shown
from entrepot.core.order import Order
from entrepot.core.order_filter import OrderFilter
from entrepot.core.shown import moment
from entrepot.store import accounts
from entrepot.store.reading import whole_orders

_PAGE = 200


def show_found(org: str | None, text: str, limit: int, *, as_json: bool) -> None:
    """Print up to `limit` of them, newest first, of one organization or of each in turn."""
    if not text.strip() or not text.isprintable():
        raise OperatorError("--search must be text, such as a name, a mailbox or a SKU")

    def work(conn: Connection) -> list[Order]:
        mine = accounts.organizations(conn) if org is None else [organization(conn, org)]
        found: list[Order] = []
        for one in mine:
            found += _found(conn, one.org, text, limit - len(found))
        return found

    found = on_book(lambda book: book.read_long(work), must_exist=True)
    if as_json:
        print(json.dumps([described(order) for order in found]))
        return
    for order in found:
        print(_line(order))
    if not found:
        print("no order is meant by this text; `entrepot orders --announced` lists those to come")


def _found(conn: Connection, org: int, text: str, limit: int) -> list[Order]:
    found: list[Order] = []
    before: int | None = None
    while len(found) < limit:
        wanted = OrderFilter(text=text, before=before)
        room = min(limit - len(found), _PAGE)
        page = whole_orders.page_behind(conn, org, wanted, now(), room)
        found += [one.order for one in page.orders]
        before = page.after
        if before is None:
            break
    return found


def _line(order: Order) -> str:
    stage, payment, *_ = order.facets
    line = f"{order.org}  {ids.dashed(order.id)}  #{order.number}  {stage}  payment {payment}"
    why = shown.reason(order)
    return printable(line if why is None else f"{line}  {why}")


def described(order: Order) -> dict[str, Any]:
    """An order that is meant, for programs; times are UTC."""
    return {
        "org": order.org,
        "order_id": ids.dashed(order.id),
        "number": order.number,
        "state": order.facets.stage,
        "payment": order.facets.payment,
        "reason": shown.reason(order),
        "placed_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
    }
