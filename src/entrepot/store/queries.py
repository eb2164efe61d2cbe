"""Reading the book for the dialects: one order, or a page of them. Nothing here writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from entrepot.core.order import Customer, Line, Order
from entrepot.store import bulk, rows, schema

_orders = schema.orders
_properties = schema.order_properties


class OrderFilter(NamedTuple):
    """Which orders a list wants; all that are set must hold. Times are microseconds, UTC."""

    created_after: int | None = None  # strictly
    updated_after: int | None = None  # strictly
    modified_after: int | None = None  # created or updated, strictly
    created_min: int | None = None  # inclusive
    created_max: int | None = None
    updated_min: int | None = None
    updated_max: int | None = None
    phase: str | None = None
    status: str | None = None
    property_path: str | None = None
    property_value: str | None = None
    property_exists: bool | None = None


class Page(NamedTuple):
    """Some orders, newest first, and how many match in all (None where nobody asked)."""

    orders: list[Order]
    total: int | None


def order_by_id(conn: Connection, org: int, order_id: bytes) -> Order | None:
    """The order with its lines, or None."""
    found = bulk.select(conn, _orders, ("org", "id"), {(org, order_id)}, rows.ORDER)
    return _with_lines(conn, found)[0] if found else None


def page(
    conn: Connection,
    org: int,
    wanted: OrderFilter,
    *,
    limit: int,
    offset: int,
    counted: bool,
) -> Page:
    """A page of the organization's orders, newest first."""
    where = and_(_orders.c.org == org, *_conditions(wanted))
    # Ids are UUIDv7, made in order of creation, so the primary key is the order of the list.
    statement = select(_orders).where(where).order_by(_orders.c.id.desc())
    found = [tuple(row) for row in conn.execute(statement.limit(limit).offset(offset))]
    total = None
    if counted:
        total = conn.execute(select(func.count()).select_from(_orders).where(where)).scalar_one()
    return Page(_with_lines(conn, found), total)


def customers(conn: Connection, wanted: set[tuple[int, bytes]]) -> dict[bytes, Customer]:
    """The customers of these keys, by id."""
    keys: set[tuple[Any, ...]] = set(wanted)
    found = bulk.select(conn, schema.customers, ("org", "id"), keys, rows.CUSTOMER)
    return {row[1]: rows.customer(row) for row in found}


def _with_lines(conn: Connection, found: list[rows.Row]) -> list[Order]:
    keys: set[tuple[Any, ...]] = {(row[0], row[1]) for row in found}
    lines: dict[bytes, list[Line]] = {}
    for row in bulk.select(conn, schema.order_lines, ("org", "order_id"), keys, rows.LINE):
        _, order_id, line = rows.line(row)
        lines.setdefault(order_id, []).append(line)
    return [
        rows.order(row, tuple(sorted(lines.get(row[1], ()), key=lambda line: line.number)))
        for row in found
    ]


def _conditions(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    c = _orders.c
    made, changed = c.created_at, c.updated_at
    comparisons: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.created_after, made.__gt__),
        (wanted.updated_after, changed.__gt__),
        (wanted.modified_after, lambda after: or_(made > after, changed > after)),
        (wanted.created_min, made.__ge__),
        (wanted.created_max, made.__le__),
        (wanted.updated_min, changed.__ge__),
        (wanted.updated_max, changed.__le__),
        (wanted.phase, c.polinate_phase.__eq__),
        (wanted.status, c.polinate_status.__eq__),
    )
    conditions = [compare(value) for value, compare in comparisons if value is not None]
    if wanted.property_path is not None:
        conditions.extend(_property_conditions(wanted))
    return conditions


def _property_conditions(wanted: OrderFilter) -> list[ColumnElement[bool]]:
    p, path = _properties.c, rows.indexed(wanted.property_path or "")
    there = and_(p.org == _orders.c.org, p.order_id == _orders.c.id, p.path == path)
    if wanted.property_value is not None:
        return [exists().where(there, p.value == rows.indexed("=" + wanted.property_value))]
    if wanted.property_exists is not None:
        found = exists().where(there)
        return [found if wanted.property_exists else ~found]
    return []
