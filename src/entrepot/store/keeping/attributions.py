"""Crediting orders to origins: the part of the reader of the log that attributes orders.

What an order is credited to follows from the order and the touches of its contact, as they now are.
A touch that was recorded late changes the credits of the orders behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from entrepot.core.attributing import UNSOLD, Attribution, credited
from entrepot.core.organization import OrganizationSettings
from entrepot.core.touches import Touch
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.writing.list_tallies import ATTRIBUTIONS, NO_KEY, Counted
from entrepot.store.writing.writes import Writes

_BY_ORDER, _BY_CONTACT = ("org", "order_id"), ("org", "customer_id")
_ORDER = ("id", "created_at", "made_at", "stage")
_WINDOW = "SELECT attribution_days FROM organization_settings WHERE org = $1"
# A touch of a contact with more orders looks at the orders that were made since the touch.
ORDERS_FEW = 500


class Owned(NamedTuple):
    """An order of a contact, and the days before it in which touches count."""

    order_id: bytes
    customer_id: bytes
    window_days: int


def window(conn: Connection, org: int) -> int:
    """The window that the organization chose, in days."""
    found = sql.fetch(conn, _WINDOW, (org,))
    return int(found[0][0]) if found else OrganizationSettings(org).attribution_days


def owned_by(conn: Connection, org: int, touched: Mapping[bytes, int]) -> list[Owned]:
    """The orders of these contacts, each touched at a time, that the reader knows and that the
    touch may be credited with. A contact of few orders has all of them here.
    """
    wanted: set[sql.Row] = {(org, one) for one in touched}
    counted = sql.select(conn, schema.contacts, ("org", "id"), wanted, ("id", "orders"))
    many = {bytes(id_): orders for id_, orders in counted if orders > ORDERS_FEW}
    found = _known(conn, _BY_CONTACT, {(org, one) for one in touched.keys() - many.keys()})
    for contact, orders in sorted(many.items()):
        found += _made_since(conn, org, contact, touched[contact], orders)
    return found


def _made_since(conn: Connection, org: int, contact: bytes, at: int, orders: int) -> list[Owned]:
    """The orders of a contact who has so many that were made at a time or later, or all where the
    organization has had more since. Times of an organization's orders rise with their numbers.
    """
    c, o = schema.order_counters.c, schema.orders.c
    newest = int(conn.execute(select(c.orders).where(c.org == org)).scalar_one())
    # The number of the first order that was made then.
    first, behind = 1, newest + 1
    while first < behind:
        middle = (first + behind) // 2
        made = select(o.created_at).where(o.org == org, o.number >= middle)
        if conn.execute(made.order_by(o.org, o.number).limit(1)).scalar_one() < at:
            first = middle + 1
        else:
            behind = middle
    if newest - first >= orders:
        return _known(conn, _BY_CONTACT, {(org, contact)})
    later = select(o.id, o.customer_id).where(o.org == org, o.number >= first)
    its = {(org, bytes(id_)) for id_, customer in conn.execute(later) if customer == contact}
    return [one for one in _known(conn, _BY_ORDER, its) if one.customer_id == contact]


def _known(conn: Connection, by: tuple[str, ...], wanted: set[sql.Row]) -> list[Owned]:
    rows = sql.select(conn, schema.contact_orders, by, wanted, Owned._fields)
    return [Owned(bytes(order_id), bytes(contact), days) for order_id, contact, days in rows]


def credit(  # noqa: PLR0913, PLR0917 - what is known, and where it is written
    conn: Connection, org: int, writes: Writes, counted: Counter[Counted], owned: list[Owned],
    gone: set[bytes], now: int,
) -> None:  # fmt: skip
    """Write the credits of these orders, and take those of orders away that nobody has."""
    ids = {one.order_id for one in owned}
    keys: set[sql.Row] = {(org, id_) for id_ in ids | gone}
    kept = schema.ATTRIBUTIONS
    key_of, rows = kept.kind.key, sql.select(conn, kept.table, _BY_ORDER, keys, kept.columns)
    before = {key_of(one): one for one in map(kept.from_row, rows)}
    after = {key_of(one): one for one in _credited(conn, org, owned, now)}
    new = [after[key] for key in sorted(after.keys() - before.keys())]
    lost = [before[key] for key in sorted(before.keys() - after.keys())]
    both = [(before[key], after[key]) for key in sorted(before.keys() & after.keys())]
    changed = [
        (old, one._replace(created_at=old.created_at)) for old, one in both
        if old != one._replace(created_at=old.created_at)
    ]  # fmt: skip
    writes.delete(kept.table, kept.key, list(map(key_of, lost)))
    rest = [(*kept.values(one), *key_of(one)) for _, one in changed]
    writes.update(kept.table, kept.sets, kept.key, rest)
    writes.insert(kept.table, kept.columns, list(map(kept.to_row, new)))
    for one, by in (
        *[(one, 1) for one in new], *[(one, -1) for one in lost],
        *[(old, -1) for old, _ in changed], *[(one, 1) for _, one in changed],
    ):  # fmt: skip
        _count(counted, one, by)


def _credited(conn: Connection, org: int, owned: list[Owned], now: int) -> list[Attribution]:
    wanted: set[sql.Row] = {(org, one.customer_id) for one in owned}
    kept = schema.TOUCHES
    found = sql.select(conn, kept.table, _BY_CONTACT, wanted, kept.columns)
    touches: dict[bytes, list[Touch]] = {}
    for touch in map(kept.from_row, found):
        touches.setdefault(touch.customer_id, []).append(touch)
    touched = {one.order_id: one for one in owned if one.customer_id in touches}
    keys: set[sql.Row] = {(org, id_) for id_ in touched}
    credits_: list[Attribution] = []
    for id_, created_at, made_at, stage in sql.select(
        conn, schema.orders, ("org", "id"), keys, _ORDER
    ):
        if stage in UNSOLD:
            continue
        at = created_at if made_at is None else min(made_at, created_at)
        its = touched[bytes(id_)]
        met = touches[its.customer_id]
        credits_ += credited(org, its.order_id, at, its.window_days, met, now)
    return credits_


def _count(counted: Counter[Counted], one: Attribution, by: int) -> None:
    org, at = one.org, one.created_at
    for word in ("", one.type, one.origin, f"{one.type} {one.origin}"):
        counted[org, ATTRIBUTIONS, word, NO_KEY, at] += by
    for word in ("", one.type):
        counted[org, ATTRIBUTIONS, word, one.origin_id, at] += by
