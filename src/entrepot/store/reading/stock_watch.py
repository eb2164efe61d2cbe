"""What the watch over low stock reads: whose log went on, and which shelves its events moved."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, select

from entrepot.core import events
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Statement

_settings = schema.stock_settings.c
_events, _claims, _entries = schema.events.c, schema.reservations.c, schema.stock_entries.c
_back, _lines = schema.return_lines.c, schema.order_lines.c
# Events of an order after which another quantity is free on the shelves of its lines.
MOVING = frozenset({
    events.STOCK_RESERVED, events.STOCK_RELEASED, events.STOCK_SHIPPED, events.GOODS_RETURNED,
    events.ORDER_AMENDED,
})  # fmt: skip


# Events of a product by which variants of it may be deleted.
DELETING = frozenset({events.PRODUCT_UPDATED, events.PRODUCT_DELETED})


class Watched(NamedTuple):
    """An organization, and the number of the last event of its log that was looked at."""

    org: int
    number: int


class Moved(NamedTuple):
    """The last event that was looked at, and the shelves that events up to it may have moved."""

    number: int
    shelves: tuple[tuple[bytes, bytes], ...]  # variant, location


def due(conn: Connection, after_org: int, limit: int) -> list[Watched]:
    """The next `limit` organizations whose log has gone on since it was looked at.

    One statement, which is asked every second.
    """
    statement = Statement(conn)
    after, most = statement.mark(after_org), statement.mark(limit)
    rows = statement.fetch(
        "SELECT s.org, s.watched FROM stock_settings AS s "
        "JOIN order_counters AS c ON c.org = s.org "
        f"WHERE c.events > s.watched AND s.org > {after} ORDER BY s.org LIMIT {most}"
    )
    return [Watched(*row) for row in rows]


def moved(conn: Connection, org: int, after: int, limit: int) -> Moved:
    """The shelves that the next `limit` events behind `after` may have moved, and low shelves of
    variants that these events may have deleted.

    `after` 0 begins with the event of the organization's first settings.
    """
    begins = after or _first(conn, org)
    statement = (
        select(_events.number, _events.type, _events.subject, _events.subject_id)
        .where(_events.org == org, _events.number > begins)
        .order_by(_events.org, _events.number)
        .limit(limit)
    )
    found = conn.execute(statement).all()
    orders = {row.subject_id for row in found if row.type in MOVING}
    adjusted = {row.subject_id for row in found if row.type == events.STOCK_ADJUSTED}
    deleting = {row.subject_id for row in found if row.type in DELETING}
    back = {row.subject_id for row in found if row.type == events.GOODS_RETURNED}
    shelves = {
        *_claimed(conn, org, orders), *_adjusted(conn, org, adjusted), *_returned(conn, org, back),
        *_deleted(conn, org, deleting),
    }  # fmt: skip
    return Moved(found[-1].number if found else begins, tuple(sorted(shelves)))


def _first(conn: Connection, org: int) -> int:
    """The number of the event that told the organization's first settings."""
    its = and_(_events.org == _settings.org, _events.subject_id == _settings.id, _events.seq == 1)
    told = select(_events.number).join_from(schema.stock_settings, schema.events, its)
    number: int = conn.execute(told.where(_settings.org == org)).scalar_one()
    return number


def _claimed(conn: Connection, org: int, orders: set[bytes]) -> set[tuple[bytes, bytes]]:
    found = select(_claims.variant_id, _claims.location_id)
    return _shelves(conn, found.where(_claims.org == org, _claims.order_id.in_(sorted(orders))))


def _adjusted(conn: Connection, org: int, entries: set[bytes]) -> set[tuple[bytes, bytes]]:
    found = select(_entries.variant_id, _entries.location_id)
    return _shelves(conn, found.where(_entries.org == org, _entries.id.in_(sorted(entries))))


def _returned(conn: Connection, org: int, orders: set[bytes]) -> set[tuple[bytes, bytes]]:
    """The shelves to which goods of these orders came back."""
    its = and_(_lines.org == _back.org, _lines.order_id == _back.order_id,
               _lines.id == _back.line_id)  # fmt: skip
    found = select(_lines.variant_id, _back.location_id)
    found = found.join_from(schema.return_lines, schema.order_lines, its)
    found = found.where(_back.org == org, _back.order_id.in_(sorted(orders)))
    return _shelves(conn, found.where(_back.location_id.is_not(None)))


def _deleted(conn: Connection, org: int, products: set[bytes]) -> set[tuple[bytes, bytes]]:
    """The low shelves of deleted variants of these products."""
    keys: set[sql.Row] = {(org, product) for product in products}
    of_product = ("org", "item_id")
    found = sql.select(conn, schema.variants, of_product, keys, ("id", "deleted_at"))
    gone: set[sql.Row] = {(org, bytes(id_)) for id_, deleted_at in found if deleted_at is not None}
    of_variant, shelf = ("org", "variant_id"), ("variant_id", "location_id")
    low = sql.select(conn, schema.low_stock, of_variant, gone, shelf)
    return {(bytes(variant), bytes(location)) for variant, location in low}


def _shelves(conn: Connection, statement: Select[Any]) -> set[tuple[bytes, bytes]]:
    return {(bytes(variant), bytes(location)) for variant, location in conn.execute(statement)}
