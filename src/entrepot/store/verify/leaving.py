"""Goods that left: reservations, shipments, lines and facets agree.

Orders that left before shipments were kept have none, and are checked by their reservations alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Exists,
    Subquery,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)

from entrepot.core.facets import SHIPPED
from entrepot.store import schema
from entrepot.store.verify.statements import Check

_orders, _lines, _reservations = schema.orders.c, schema.order_lines.c, schema.reservations.c
_shipments = schema.shipments.c


def checks() -> Iterator[Check]:
    """All of them."""
    yield Check("SHIPPED_SUM", _disagreeing_state())
    sent = summed(schema.shipment_lines, "shipped")
    yield Check("SHIPPED_SUM", _other_than_shipments(sent))
    yield Check("SHIPPED_SUM", _more_than_ordered(sent))
    yield Check("SHIPMENTS", _false_stand())
    yield Check("SHIPMENTS", misnumbered(schema.shipments))
    yield Check("SHIPMENTS", _false_arrival())
    yield Check("SHIPMENTS", _early_arrival())
    yield Check("SHIPMENTS", empty(schema.shipments, schema.shipment_lines))


def summed(lines: Table, name: str, *of: ColumnElement[bool]) -> Subquery:
    """How much of each line left with shipments, or came back with returns; or of some of them."""
    line = (lines.c.org, lines.c.order_id, lines.c.line_id)
    n = func.sum(lines.c.quantity).label(name)
    return select(*line, n).where(*of).group_by(*line).subquery(f"of_{lines.name}")


def more_of_a_line_than(rows: Table, *of: ColumnElement[bool]) -> Exists:
    """Whether the order has a line of which more was ordered than these rows have.

    The sum is asked for line by line, by the order's key: a sum over all rows would be made anew
    for each order.
    """
    mine = select(func.coalesce(func.sum(rows.c.quantity), 0)).where(
        rows.c.org == _lines.org,
        rows.c.order_id == _lines.order_id,
        rows.c.line_id == _lines.id,
        *of,
    )
    return exists().where(
        _lines.org == _orders.org, _lines.order_id == _orders.id,
        _lines.quantity > mine.scalar_subquery(),
    )  # fmt: skip


def _disagreeing_state() -> Any:
    none, whole = _reservations.shipped == 0, _reservations.shipped == _reservations.quantity
    within = and_(_reservations.shipped >= 0, _reservations.shipped <= _reservations.quantity)
    agrees = case(
        (_reservations.state == "shipped", whole),
        (_reservations.state == "committed", not_(whole)),
        (_reservations.state == "released", literal(True)),
        else_=none,
    )
    return select(
        _reservations.org, _reservations.order_id, _reservations.line_id, _reservations.state,
        _reservations.quantity, _reservations.shipped,
    ).where(not_(and_(within, agrees)))  # fmt: skip


def _other_than_shipments(sent: Subquery) -> Any:
    same = and_(
        sent.c.org == _reservations.org, sent.c.order_id == _reservations.order_id,
        sent.c.line_id == _reservations.line_id,
    )  # fmt: skip
    has_shipments = exists().where(
        _shipments.org == _reservations.org, _shipments.order_id == _reservations.order_id
    )
    by_shipments = func.coalesce(sent.c.shipped, 0)
    return (
        select(
            _reservations.org, _reservations.order_id, _reservations.line_id,
            _reservations.shipped, by_shipments.label("by_shipments"),
        )
        .select_from(schema.reservations.outerjoin(sent, same))
        .where(has_shipments, _reservations.shipped != by_shipments)
    )  # fmt: skip


def _more_than_ordered(sent: Subquery) -> Any:
    same = and_(
        sent.c.org == _lines.org, sent.c.order_id == _lines.order_id, sent.c.line_id == _lines.id
    )
    return (
        select(_lines.org, _lines.order_id, _lines.id.label("line_id"), _lines.quantity,
               sent.c.shipped)
        .join_from(schema.order_lines, sent, same)
        .where(sent.c.shipped > _lines.quantity)
    )  # fmt: skip


def _false_stand() -> Any:
    """Orders with shipments that do not stand where their shipments brought them."""
    something_left = more_of_a_line_than(schema.shipment_lines)
    stands = or_(
        and_(_orders.fulfilment == "partially_shipped", something_left),
        and_(_orders.fulfilment.in_(sorted(SHIPPED)), not_(something_left)),
    )
    its_shipment = exists().where(_shipments.org == _orders.org, _shipments.order_id == _orders.id)
    return select(_orders.org, _orders.id.label("order_id"), _orders.fulfilment).where(
        its_shipment, or_(not_(_orders.managed), not_(stands))
    )


def _false_arrival() -> Any:
    """Orders that stand elsewhere than the states of their shipments say.

    Nothing is on its way of an order that is delivered or lost, and of others something is. A lost
    order has lost goods, and of a delivered one all goods arrived.
    """

    def has(*states: str) -> Exists:
        mine = and_(_shipments.org == _orders.org, _shipments.order_id == _orders.id)
        return exists().where(mine, _shipments.state.in_(states))

    agrees = case(
        (_orders.fulfilment == "delivered", not_(has("sent", "lost"))),
        (_orders.fulfilment == "lost", and_(has("lost"), not_(has("sent")))),
        (_orders.fulfilment.in_(sorted(SHIPPED)), has("sent")),
        else_=literal(True),
    )
    return select(_orders.org, _orders.id.label("order_id"), _orders.fulfilment).where(
        has("sent", "delivered", "lost"), not_(agrees)
    )


def _early_arrival() -> Any:
    """Shipments that arrived before they left; times are told to the millisecond."""
    return select(
        _shipments.org, _shipments.order_id, _shipments.number, _shipments.shipped_at,
        _shipments.delivered_at,
    ).where(_shipments.delivered_at / 1000 < _shipments.shipped_at / 1000)  # fmt: skip


def misnumbered(table: Table) -> Any:
    """Orders whose shipments or returns are not numbered 1, 2, 3 ..."""
    order, last = (table.c.org, table.c.order_id), func.max(table.c.number)
    return (
        select(*order, last.label("last_number"), func.count().label("rows"))
        .group_by(*order)
        .having(or_(last != func.count(), func.min(table.c.number) != 1))
    )


def empty(table: Table, lines: Table) -> Any:
    """Shipments or returns that have no lines."""
    one, its = table.c, lines.c
    its_line = exists().where(
        its.org == one.org, its.order_id == one.order_id, its.number == one.number
    )
    return select(one.org, one.order_id, one.number).where(not_(its_line))
