"""Orders that may become one: whom the log says was confirmed, with the buyer's other orders.

Nothing here writes. A buyer's orders are found in the contacts, so that the log is read as far as
the reader of the contacts has come.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from entrepot.core import events, merging
from entrepot.core.order import Order
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.keeping.retention import CONTACTS, SWEEP, Sweep
from entrepot.store.reading import queries

MERGING = "merging"  # the kind of sweep
# The newest orders of a buyer among which another order is looked for.
ORDERS_MAX = 100
_events, _owned, _chosen = (
    schema.events.c, schema.contact_orders.c, schema.organization_settings.c
)  # fmt: skip
# After these events an order may become one with another order.
_WAITING = (events.ORDER_CONFIRMED, events.ORDER_RELEASED)

# Asked twice a second, also while nothing happens.
_BEHIND = (
    f"SELECT o.org, {', '.join(f's.{name}' for name in SWEEP[2:])} "
    "FROM organization_settings AS o "
    f"JOIN sweeps AS c ON c.org = o.org AND c.kind = '{CONTACTS}' "
    f"LEFT JOIN sweeps AS s ON s.org = o.org AND s.kind = '{MERGING}' "
    "WHERE o.org > $1 AND o.merging_since IS NOT NULL "
    "AND (s.reached_at IS NULL OR c.reached_at > s.reached_at) ORDER BY o.org LIMIT $2"
)


def behind(conn: Connection, after_org: int, limit: int) -> list[Sweep]:
    """The places from which to read, of organizations that merge orders, and whose contacts' reader
    is ahead of this one.
    """
    found = sql.fetch(conn, _BEHIND, (after_org, limit))
    return [
        Sweep(org, MERGING) if row[0] is None else Sweep(org, MERGING, *row) for org, *row in found
    ]


def begins(conn: Connection, org: int, after: int) -> int:
    """The number behind which the log is to be read. Events from before the organization had its
    orders merged are passed over: it may have millions. Their times rise with their numbers.
    """
    since = _since(conn, org)
    if since is None or not _is_before(conn, org, after, since):
        return after
    low, high = after, _told_contacts(conn, org)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _is_before(conn, org, middle, since) else (low, middle)
    return low


def _is_before(conn: Connection, org: int, number: int, since: int) -> bool:
    """Whether the first event behind a number is from before a time."""
    e = _events
    its = select(e.at).where(e.org == org, e.number > number).order_by(e.org, e.number).limit(1)
    at = conn.execute(its).scalar()
    return at is not None and at < since


def _since(conn: Connection, org: int) -> int | None:
    """When the organization last chose to have its orders merged, if it does."""
    chosen = select(_chosen.merging_since).where(_chosen.org == org)
    since = conn.execute(chosen).scalar()
    return None if since is None else int(since)


def _told_contacts(conn: Connection, org: int) -> int:
    """How far the reader of the contacts has come."""
    contacts = schema.sweeps.c
    told = select(contacts.reached_at).where(contacts.org == org, contacts.kind == CONTACTS)
    return int(conn.execute(told).scalar_one())


def confirmed(conn: Connection, org: int, after: int, limit: int) -> tuple[list[bytes], int]:
    """Orders that the next `limit` events confirmed or released, in their order, and the number of
    the last event that was looked at.
    """
    last = min(_told_contacts(conn, org), after + limit)
    statement = select(_events.subject_id).where(
        _events.org == org, _events.number > after, _events.number <= last,
        _events.type.in_(_WAITING),
    )  # fmt: skip
    found = conn.execute(statement.order_by(_events.org, _events.number))
    return list(dict.fromkeys(bytes(row[0]) for row in found)), last


def pair(conn: Connection, org: int, order_id: bytes) -> tuple[Order, Order] | None:
    """The order with another one of its buyer with which it may be one, the older one first."""
    since = _since(conn, org)
    order = queries.order_by_id(conn, org, order_id)
    if order is None or merging.stays_alone(order, since) is not None:
        return None
    its = select(_owned.order_id).where(
        _owned.org == org, _owned.customer_id == order.customer_id, _owned.order_id != order_id
    )
    newest = conn.execute(its.order_by(_owned.order_id.desc()).limit(ORDERS_MAX))
    others = queries.with_ids(conn, org, [bytes(row[0]) for row in newest])
    return merging.pair(order, others, since)
