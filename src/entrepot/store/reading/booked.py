"""The payments of an organization at one service, for an operator who compares them with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, select

from entrepot.core import ids
from entrepot.core.payment import FullPayment, full_payments
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.schema.payments import RUNNING
from entrepot.store.writing import payments

_NAMES = 500  # names that are looked for at a time
_PAGE = 2_000  # payments that are read with their operations at a time


class BookedPayment(NamedTuple):
    """A payment with its operations, its order's number, and the stage of the order."""

    order_number: int
    stage: str
    full: FullPayment


def booked_since(conn: Connection, org: int, service: str, since: int) -> list[BookedPayment]:
    """The payments at a service that were made since a time (microseconds UTC), oldest order
    first; and earlier ones that have an operation without an outcome.
    """
    paid, orders = schema.payments.c, schema.orders.c
    asked = schema.payment_operations.c
    its = and_(orders.org == paid.org, orders.id == paid.order_id)
    running = select(asked.order_id).where(RUNNING, asked.org == org)
    statement = (
        select(paid.order_id, paid.number, orders.number, orders.stage)
        .select_from(schema.payments.join(schema.orders, its))
        .where(paid.org == org, paid.service == service)
        .where((paid.created_at >= since) | paid.order_id.in_(running))
        .order_by(paid.order_id, paid.number)
    )
    rows = [(bytes(row[0]), row[1], row[2], row[3]) for row in conn.execute(statement)]
    found: list[BookedPayment] = []
    for start in range(0, len(rows), _PAGE):
        page = rows[start : start + _PAGE]
        keys: set[tuple[Any, ...]] = {(org, order_id) for order_id, *_ in page}
        of_orders = payments.of_orders(conn, keys)
        for order_id, number, order_number, stage in page:
            its_own = of_orders[org, order_id]
            full = full_payments(its_own.payments, its_own.operations)
            found += [
                BookedPayment(order_number, stage, one)
                for one in full
                if one.payment.number == number
            ]
    return found


def known_names(conn: Connection, org: int, service: str, names: Sequence[str]) -> set[str]:
    """Those of the names that a payment of the organization at a service is known by: references
    of the service, keys of operations, references of the client. Every payment is looked at.
    """
    paid, asked = schema.payments.c, schema.payment_operations.c
    of = and_(paid.org == asked.org, paid.order_id == asked.order_id, paid.number == asked.payment)
    both = schema.payment_operations.join(schema.payments, of)
    known: set[str] = set()
    for start in range(0, len(names), _NAMES):
        some = names[start : start + _NAMES]
        for column, tables in (
            (asked.provider_reference, both), (asked.key, both), (paid.reference, schema.payments),
        ):  # fmt: skip
            found = select(column).select_from(tables).where(paid.org == org, column.in_(some))
            known.update(row[0] for row in conn.execute(found.where(paid.service == service)))
    return known


def of_others(conn: Connection, orgs: Iterable[int], orders: Iterable[str]) -> set[str]:
    """Those of the orders, ids as UUID text, that are in the books of these organizations."""
    raw = [id_ for id_ in map(ids.spelled, orders) if id_ is not None]
    wanted: set[tuple[Any, ...]] = {(org, id_) for org in orgs for id_ in raw}
    if not wanted:
        return set()
    found = sql.select(conn, schema.orders, ("org", "id"), wanted, ("org", "id"))
    return {ids.dashed(bytes(row[1])) for row in found}


def services_of(conn: Connection, org: int) -> list[str]:
    """The services at which the organization has an account or payments, by name."""
    accounts, paid = schema.provider_accounts.c, schema.payments.c
    found = {row[0] for row in conn.execute(select(accounts.service).where(accounts.org == org))}
    made = select(paid.service).where(paid.org == org).distinct()
    return sorted(found | {row[0] for row in conn.execute(made)})
