"""Finding the money that payment services hold, order by order: the reading of a slow walk."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from entrepot.core import lapsing
from entrepot.core.facets import ENDED
from entrepot.core.payment import full_payments
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.keeping.retention import Sweep
from entrepot.store.schema.payments import LIVE
from entrepot.store.writing import payments

_operations = schema.payment_operations.c
# Stages without a sale. Of a deleted order the core says whether it was one.
_OFF = ENDED - {"deleted"}


class HeldMoney(NamedTuple):
    """An order whose money a service holds, and since when, in microseconds."""

    order_id: bytes
    payment: int  # the payment's number
    service: str
    since: int


def statement(org: int, after: bytes, limit: int) -> Select[Any]:
    """The next authorisations of an organization that hold money or may do so, by their orders."""
    at = _operations
    found = select(at.order_id, at.payment, at.state, at.created_at)
    found = found.where(at.org == org, LIVE, at.order_id > after)
    return found.order_by(at.org, at.order_id).limit(limit)


def read(conn: Connection, sweep: Sweep, limit: int) -> tuple[list[HeldMoney], bytes, bool]:
    """The next slice of the walk: the orders with money that is held, of which nobody was told yet;
    where the walk goes on; and whether it is at its end.

    A hold counts from the moment at which its authorisation was written down: its service cannot
    have begun the hold earlier.
    """
    found = conn.execute(statement(sweep.org, sweep.reached, limit)).all()
    ended = len(found) < limit
    reached = b"" if ended else bytes(found[-1].order_id)
    # A slice may end within an order: all of its payments are read below.
    wanted: set[tuple[Any, ...]] = {
        (sweep.org, bytes(one.order_id)) for one in found if one.state == "done"
    }
    columns = ("id", "managed", "stage", "payment", "sender_words")
    orders = sql.select(conn, schema.orders, ("org", "id"), wanted, columns)
    running = {
        bytes(id_): sender_words
        for id_, managed, stage, payment, sender_words in orders
        if managed and stage not in _OFF and payment in lapsing.HOLDING
    }
    paid = payments.of_orders(conn, {(sweep.org, one) for one in running})
    held = [
        HeldMoney(order_id, one.payment.number, one.payment.service, one.authorisation.created_at)
        for order_id, sender_words in running.items()
        for one in full_payments(paid[sweep.org, order_id].payments,
                                 paid[sweep.org, order_id].operations)
        if one.held and not lapsing.is_told(sender_words, one.payment.number)
    ]  # fmt: skip
    return sorted(held), reached, ended
