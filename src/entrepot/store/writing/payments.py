"""Payments with their operations, of the orders whose steps are claimed or shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from entrepot.core.facts import Facts
from entrepot.core.kinds import Key
from entrepot.core.needs import Needs
from entrepot.core.payment import Operation, Payment
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.schema.payments import MOVED, RUNNING, WITHOUT_MONEY
from entrepot.store.writing import paying

_BY_ORDER = ("org", "order_id")


_Named = tuple[int, str, str]  # an organization, a service, and the service's reference
_Find = Callable[[Connection, int, str, str], bytes | None]


class OfOrder:
    """The payments of one order, and the operations on them, in no order."""

    def __init__(self) -> None:
        self.payments: list[Payment] = []
        self.operations: list[Operation] = []


def find_named(conn: Connection, needs: Needs, facts: Facts) -> None:
    """Find the orders of payments by what their service calls them. An operation without an outcome
    comes before one that has its outcome.
    """
    _find(conn, needs.running, order_of_running, facts.by_reference, needs)
    needs.ending.update((named[0], id_) for named, id_ in facts.by_reference.items())
    known = facts.by_reference.keys()
    _find(conn, needs.without_money - known, order_without_money, facts.without_money, needs)
    _find(conn, needs.moved - known, order_of_moved, facts.moved, needs)
    _find(conn, needs.standing - known, order_standing_with, facts.standing, needs)


def _find(
    conn: Connection, named: set[_Named], find: _Find, found: dict[_Named, bytes], needs: Needs
) -> None:
    for one in named:
        order_id = find(conn, *one)
        if order_id is not None:
            found[one] = order_id
            needs.whole_order(one[0], order_id)
            needs.steps.add((one[0], order_id))


def order_of_running(conn: Connection, org: int, service: str, reference: str) -> bytes | None:
    """The order of a payment whose outcome a service says later, by the service's reference."""
    if not _is_readable(service, reference):
        return None
    asked = schema.payment_operations.c
    named = _orders_at(org, service).where(RUNNING, asked.provider_reference == reference).limit(2)
    listed = [bytes(order_id) for (order_id,) in conn.execute(named)]
    # A reference that is of two payments says nothing.
    return listed[0] if len(listed) == 1 else None


def order_without_money(conn: Connection, org: int, service: str, reference: str) -> bytes | None:
    """The newest order with a payment that came to nothing, by what the service calls the payment:
    its own reference, or our key where the service was told no more.
    """
    if not _is_readable(service, reference):
        return None
    asked = schema.payment_operations.c
    for name in (asked.provider_reference, asked.key):
        named = _orders_at(org, service).where(WITHOUT_MONEY, name == reference)
        newest = named.order_by(asked.order_id.desc()).limit(1)
        if (order_id := conn.execute(newest).scalar_one_or_none()) is not None:
            return bytes(order_id)
    return None


def order_of_moved(conn: Connection, org: int, service: str, reference: str) -> bytes | None:
    """The newest order with a capture or a refund that the service did, by the service's reference
    of it.
    """
    if not _is_readable(service, reference):
        return None
    asked = schema.payment_operations.c
    named = _orders_at(org, service).where(MOVED, asked.provider_reference == reference)
    newest = conn.execute(named.order_by(asked.order_id.desc()).limit(1)).scalar_one_or_none()
    return None if newest is None else bytes(newest)


def order_standing_with(conn: Connection, org: int, service: str, reference: str) -> bytes | None:
    """The newest live order with the payment of this reference."""
    if not _is_readable(service, reference):
        return None
    return max(paying.stand_with(conn, org, service, reference, paying.LOOKED_AT), default=None)


def _is_readable(*names: str) -> bool:
    return not any("\x00" in name or any("\ud800" <= c <= "\udfff" for c in name) for name in names)


def _orders_at(org: int, service: str) -> Select[Any]:
    """The orders of an organization with operations at this service."""
    paid, asked = schema.payments.c, schema.payment_operations.c
    its = and_(paid.org == asked.org, paid.order_id == asked.order_id, paid.number == asked.payment)
    orders = select(asked.order_id).join_from(schema.payment_operations, schema.payments, its)
    return orders.where(asked.org == org, paid.service == service)


def of_orders(conn: Connection, keys: set[tuple[Any, ...]]) -> dict[Key, OfOrder]:
    """The payments and operations of these orders, for orders that have a payment."""
    found: dict[Key, OfOrder] = {}
    kept = schema.PAYMENTS
    for row in sql.select(conn, kept.table, _BY_ORDER, keys, kept.columns):
        payment = kept.from_row(row)
        found.setdefault(payment[:2], OfOrder()).payments.append(payment)
    if found:
        paid: set[tuple[Any, ...]] = set(found)
        operations = schema.OPERATIONS
        for row in sql.select(conn, operations.table, _BY_ORDER, paid, operations.columns):
            operation = operations.from_row(row)
            found[operation[:2]].operations.append(operation)
    return found
