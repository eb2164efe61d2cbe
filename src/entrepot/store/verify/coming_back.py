"""Goods that came back: returns, the goods that had left, the ledger and facets agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, not_, or_, select

from entrepot.core.facets import SHIPPED
from entrepot.store import schema
from entrepot.store.verify.leaving import empty, misnumbered, more_of_a_line_than, summed
from entrepot.store.verify.statements import Check, differing

_orders, _lines, _entries = schema.orders.c, schema.order_lines.c, schema.stock_entries.c
_shipments, _returns, _back = schema.shipments.c, schema.returns.c, schema.return_lines.c


def checks() -> Iterator[Check]:
    """All of them."""
    mine = and_(
        _returns.org == _back.org, _returns.order_id == _back.order_id,
        _returns.number == _back.number,
    )  # fmt: skip
    # Goods that the shop does not take back stay where they are.
    back = summed(
        schema.return_lines, "back", not_(exists().where(mine, _returns.state == "refused"))
    )
    yield Check("RETURNED_SUM", _more_than_left(back))
    yield Check("RETURNED_SUM", _restocked_without_entry())
    yield Check("RETURNS", _false_stand())
    yield Check("RETURNS", _false_state(mine))
    yield Check("RETURNS", misnumbered(schema.returns))
    yield Check("RETURNS", empty(schema.returns, schema.return_lines))


def _more_than_left(back: Subquery) -> Any:
    """Orders that left before shipments were kept left whole."""
    sent = summed(schema.shipment_lines, "shipped")
    has_shipments = exists().where(
        _shipments.org == _lines.org, _shipments.order_id == _lines.order_id
    )
    left = case((has_shipments, func.coalesce(sent.c.shipped, 0)), else_=_lines.quantity)
    of_line, sent_of = (
        and_(one.c.org == _lines.org, one.c.order_id == _lines.order_id, one.c.line_id == _lines.id)
        for one in (back, sent)
    )
    return (
        select(_lines.org, _lines.order_id, _lines.id.label("line_id"), left.label("shipped"),
               back.c.back)
        .select_from(schema.order_lines.join(back, of_line).outerjoin(sent, sent_of))
        .where(back.c.back > left)
    )  # fmt: skip


def _restocked_without_entry() -> Any:
    same = and_(
        _lines.org == _back.org, _lines.order_id == _back.order_id, _lines.id == _back.line_id
    )
    restocked = (
        select(_back.org, _lines.variant_id, _back.location_id, _back.quantity.label("n"))
        .join_from(schema.return_lines, schema.order_lines, same)
        .where(_back.location_id.is_not(None))
    )
    entered = select(
        _entries.org, _entries.variant_id, _entries.location_id, (-_entries.delta).label("n")
    ).where(_entries.kind == "return")
    return differing("restocked_without_entry", restocked, entered)


def _false_stand() -> Any:
    """Orders with returns that do not stand where their returns brought them.

    A word may have told that more is back. A return that is refused says nothing of its order.
    """
    something_out = more_of_a_line_than(schema.return_lines, _back.restocked.is_not(None))
    mine = and_(_returns.org == _orders.org, _returns.order_id == _orders.id)
    is_back = exists().where(mine, _returns.state == "received")
    stands = or_(
        _orders.returns == "returned",
        and_(_orders.returns == "partial", something_out),
        and_(_orders.returns == "requested", not_(is_back)),
    )
    out = _orders.fulfilment.in_((*sorted(SHIPPED), "partially_shipped"))
    its_return = exists().where(mine, _returns.state != "refused")
    return select(
        _orders.org, _orders.id.label("order_id"), _orders.fulfilment, _orders.returns
    ).where(its_return, not_(and_(_orders.managed, out, stands)))


def _false_state(mine: ColumnElement[bool]) -> Any:
    """Lines whose goods came though their return was not received, and the other way round."""
    came, received = _back.restocked.is_not(None), _returns.state == "received"
    agrees = or_(and_(came, received), not_(or_(came, received)))
    return (
        select(_back.org, _back.order_id, _back.number, _back.line_id, _returns.state)
        .join_from(schema.return_lines, schema.returns, mine)
        .where(not_(agrees))
    )
