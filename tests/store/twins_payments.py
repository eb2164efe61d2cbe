"""Payments, and the notifications of their services, among twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select

from entrepot.store import schema
from entrepot.store.reading import booked, claims, notices
from entrepot.store.writing import paying, payments

Ids = dict[str, bytes]
ORG = 1


def _payment_names(conn: Connection) -> list[str]:
    """The names of the organization's payments; those of its twins have the same names."""
    asked, paid = schema.payment_operations.c, schema.payments.c
    names = [row[0] for row in conn.execute(select(asked.key).where(asked.org == ORG))]
    references = conn.execute(select(paid.reference).where(paid.org == ORG))
    return [*names, *[row[0] for row in references]]


# Questions about payments, by the function's module and name.
ASKED_PAYMENTS: dict[str, Callable[[Connection, Ids], Any]] = {
    "booked.known_names": lambda conn, _: [
        sorted(booked.known_names(conn, ORG, service, _payment_names(conn)))
        for service in ("sandbox", "theirs")
    ],
    "claims.pays_another": lambda conn, _: [
        claims.pays_another(conn, ORG, "stripe", name, b"o" * 16) for name in _payment_names(conn)
    ],
    "notices.bodies": lambda conn, _: [notices.bodies(conn, ORG, "stripe", ["pi_1"])],
    "notices.of_money": lambda conn, _: [notices.of_money(conn, ORG, "stripe", ["pi_1"], 0)],
    "notices.of_disputes": lambda conn, _: [notices.of_disputes(conn, ORG, "stripe", ["pi_1"])],
    "notices.page_since": lambda conn, _: [notices.page_since(conn, ORG, "stripe", (0, "", ""))],
    "notices.unheard": lambda conn, _: [notices.unheard(conn, ORG, "stripe", ["pi_1"])],
    "paying.stand_with": lambda conn, _: [
        sorted(paying.stand_with(conn, ORG, "stripe", name, most))
        for name in _payment_names(conn)
        for most in (None, 100)
    ],
    "payments.order_of_moved": lambda conn, _: payments.order_of_moved(
        conn, ORG, "sandbox", "ref-moved"
    ),
    "payments.order_of_running": lambda conn, _: payments.order_of_running(
        conn, ORG, "sandbox", "ref-waits"
    ),
    "payments.order_standing_with": lambda conn, _: [
        payments.order_standing_with(conn, ORG, "stripe", name) for name in _payment_names(conn)
    ],
    "payments.order_without_money": lambda conn, _: [
        payments.order_without_money(conn, ORG, "sandbox", name) for name in _payment_names(conn)
    ],
}
