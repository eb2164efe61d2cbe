"""Connections, and the orders that they told. Nothing here writes."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection as Conn
from sqlalchemy import and_, select

from entrepot.core.integrations import Connection, ToldOrder
from entrepot.store import schema
from entrepot.store.question import asked_in

_connections, _told, _orgs = schema.connections.c, schema.told_orders.c, schema.organizations.c
_COLUMNS = [_connections[name] for name in schema.CONNECTIONS.columns]


class Connected(NamedTuple):
    """A connection, with the ids of its organization and tenant."""

    connection: Connection
    org_id: bytes
    tenant_id: bytes


def connected(conn: Conn, name: str) -> Connected | None:
    """The connection of this name, whichever organization has it; None where nobody has one."""
    its = _orgs.org == _connections.org
    statement = select(_orgs.id, _orgs.tenant_id, *_COLUMNS).join_from(
        schema.connections, schema.organizations, its
    )
    row = conn.execute(statement.where(_connections.name == name)).one_or_none()
    if row is None:
        return None
    org_id, tenant_id, *columns = row
    connection = schema.CONNECTIONS.readable_row(tuple(columns))
    return Connected(connection, bytes(org_id), bytes(tenant_id))


@asked_in("snapshot")
def connections(conn: Conn, org: int) -> list[Connection]:
    """All connections, oldest first: there are few."""
    statement = select(*_COLUMNS).where(_connections.org == org)
    rows = conn.execute(statement.order_by(_connections.org, _connections.id))
    return [schema.CONNECTIONS.readable_row(tuple(row)) for row in rows]


class Told(NamedTuple):
    """A connection, and what is known of an order that it tells: None where it is a new one."""

    connection: Connection
    order: ToldOrder | None


@asked_in("snapshot")
def told(conn: Conn, org: int, name: str, external_id: str) -> Told | None:
    """The connection of this name with the order of this id; None where there is no connection."""
    kept, its_order = schema.TOLD_ORDERS, and_(
        _told.org == _connections.org, _told.connection_id == _connections.id,
        _told.external_id == external_id,
    )  # fmt: skip
    statement = select(*_COLUMNS, *[_told[name_] for name_ in kept.columns]).join_from(
        schema.connections, schema.told_orders, its_order, isouter=True
    )
    its = and_(_connections.org == org, _connections.name == name)
    row = conn.execute(statement.where(its)).one_or_none()
    if row is None:
        return None
    own, order = tuple(row)[: len(_COLUMNS)], tuple(row)[len(_COLUMNS) :]
    connection = schema.CONNECTIONS.readable_row(own)
    return Told(connection, None if order[0] is None else kept.readable_row(order))


def rejected(conn: Conn, org: int, limit: int) -> list[tuple[str, ToldOrder]]:
    """Orders that could not be placed, each with the name of its connection; the newest first."""
    kept = schema.TOLD_ORDERS
    its = and_(_connections.org == _told.org, _connections.id == _told.connection_id)
    statement = select(_connections.name, *[_told[name] for name in kept.columns])
    statement = statement.join_from(schema.told_orders, schema.connections, its)
    statement = statement.where(_told.org == org, _told.order_id.is_(None))
    rows = conn.execute(statement.order_by(_told.updated_at.desc()).limit(limit))
    return [(name, kept.readable_row(tuple(columns))) for name, *columns in rows]
