"""Connections against their events, and the orders that they told against the orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, and_, func, literal, not_, select, tuple_

from entrepot.core import events
from entrepot.store import schema
from entrepot.store.verify.statements import Check

_connections, _told, _orders = schema.connections.c, schema.told_orders.c, schema.orders.c


def checks() -> Iterator[Check]:
    """All of them."""
    for broken in (_untold(), _of_others(), _forgotten()):
        yield Check("CONNECTIONS", broken)


def _untold() -> Select[Any]:
    """Connections of which another number of events is kept than their version says."""
    e = schema.events.c
    its = and_(
        e.org == _connections.org, e.subject_id == _connections.id, e.subject == events.CONNECTION
    )
    kept = select(func.count()).where(its).correlate(schema.connections).scalar_subquery()
    told = select(_connections.org, _connections.id.label("connection_id"), _connections.version)
    return told.where(_connections.version != kept)


def _of_others() -> Select[Any]:
    """Orders that were placed for a connection, and that another system runs."""
    its = and_(_orders.org == _told.org, _orders.id == _told.order_id)
    told = select(_told.org, _told.order_id, _told.external_id)
    found = told.join_from(schema.told_orders, schema.orders, its)
    return found.where(_orders.managed.is_(False))


def _forgotten() -> Select[Any]:
    """Orders that a connection told, and that it would place once more: nothing says that it told
    them.
    """
    # The told orders are listed once: no index would find the row of each order.
    placed = select(_told.org, _told.order_id).where(_told.order_id.is_not(None))
    key = literal("unified:") + _connections.name + ":" + _orders.external_id
    its = and_(_connections.org == _orders.org, _orders.idempotency_key == key)
    found = select(_orders.org, _orders.id.label("order_id"), _orders.external_id)
    found = found.join_from(schema.connections, schema.orders, its)
    return found.where(_orders.managed, not_(tuple_(_orders.org, _orders.id).in_(placed)))
