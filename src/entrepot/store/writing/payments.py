"""Payments with their operations, of the orders whose steps are claimed or shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, select

from entrepot.core.kinds import Key
from entrepot.core.payment import Operation, Payment
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.schema.payments import RUNNING

_BY_ORDER = ("org", "order_id")


class OfOrder:
    """The payments of one order, and the operations on them, in no order."""

    def __init__(self) -> None:
        self.payments: list[Payment] = []
        self.operations: list[Operation] = []


def order_of_running(conn: Connection, org: int, service: str, reference: str) -> bytes | None:
    """The order of a payment whose outcome a service says later, by the service's reference."""
    if "\x00" in reference or any("\ud800" <= c <= "\udfff" for c in service + reference):
        return None
    paid, asked = schema.payments.c, schema.payment_operations.c
    its = and_(paid.org == asked.org, paid.order_id == asked.order_id, paid.number == asked.payment)
    found = (
        select(asked.order_id)
        .join_from(schema.payment_operations, schema.payments, its)
        .where(RUNNING, asked.org == org, asked.provider_reference == reference)
        .where(paid.service == service)
        .limit(2)
    )
    listed = [bytes(order_id) for (order_id,) in conn.execute(found)]
    # A reference that is of two payments says nothing.
    return listed[0] if len(listed) == 1 else None


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
