"""Payments with their operations, of the orders whose steps are claimed or shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from entrepot.core.kinds import Key
from entrepot.core.payment import Operation, Payment
from entrepot.store import schema
from entrepot.store.engines import sql

_BY_ORDER = ("org", "order_id")


class OfOrder:
    """The payments of one order, and the operations on them, in no order."""

    def __init__(self) -> None:
        self.payments: list[Payment] = []
        self.operations: list[Operation] = []


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
