"""Goods of an order leave: a shipment with its lines, and what follows for stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from entrepot.core import events, shipments
from entrepot.core.changes import Changes
from entrepot.core.decide import goods
from entrepot.core.facets import SHIPPED
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.order import Line, Order
from entrepot.core.quantity import NONE, Quantity, json_number, text
from entrepot.core.refusal import Reason, refuse
from entrepot.core.returns import RETURN_LINES, ReturnLine
from entrepot.core.shipments import (
    SHIPMENT_LINES,
    SHIPMENTS,
    Carriage,
    Parcel,
    Part,
    Parts,
    Shipment,
    ShipmentLine,
)


class Load(NamedTuple):
    """Goods that leave together: how much of each line, with which carrier, and when (microseconds
    UTC).
    """

    parts: Parts
    carriage: Carriage
    at: int


def gone_of(order: Order, facts: Facts, changes: Changes) -> dict[bytes, Quantity]:
    """How much of each line has left, as these changes leave it."""
    known = facts.group(SHIPMENT_LINES, (order.org, order.id))
    made = [row for row in changes.of(SHIPMENT_LINES) if row.order_id == order.id]
    return shipments.gone(order, [*known, *made])


def shipments_of(order: Order, facts: Facts, changes: Changes) -> list[Shipment]:
    """The order's shipments, as these changes leave them."""
    known = {one.number: one for one in facts.group(SHIPMENTS, (order.org, order.id))}
    known.update((one.number, one) for one in changes.of(SHIPMENTS) if one.order_id == order.id)
    return list(known.values())


def parcel(order: Order, shipment: Shipment, facts: Facts, changes: Changes) -> Parcel:
    """A shipment of the order with its lines, as these changes leave them."""
    known = facts.group(SHIPMENT_LINES, (order.org, order.id))
    its = [row for row in (*known, *changes.of(SHIPMENT_LINES)) if row.order_id == order.id]
    return Parcel(shipment, tuple([row for row in its if row.number == shipment.number]))


def arrive(order: Order, facts: Facts, changes: Changes) -> None:
    """A word says that the goods arrived, or are lost: so are the shipments that were on their way,
    at the time of the order.
    """
    at = order.delivered_at or facts.now
    for one in shipments_of(order, facts, changes):
        if order.facets.fulfilment == "delivered" != one.state:
            changes.of(SHIPMENTS).put(one.delivered(max(at, one.shipped_at)))
        elif order.facets.fulfilment == "lost" and one.state == "sent":
            changes.of(SHIPMENTS).put(one.lost())


def lines_back(order: Order, facts: Facts, changes: Changes) -> list[ReturnLine]:
    """The lines of the order's returns, as these changes leave them."""
    known = facts.group(RETURN_LINES, (order.org, order.id))
    rows = {(row.number, row.line_id): row for row in known}
    made = [row for row in changes.of(RETURN_LINES) if row.order_id == order.id]
    rows.update(((row.number, row.line_id), row) for row in made)
    return list(rows.values())


def back_of(order: Order, facts: Facts, changes: Changes) -> dict[bytes, Quantity]:
    """How much of each line is back, as these changes leave it."""
    return shipments.summed([row for row in lines_back(order, facts, changes) if row.is_back])


def parts(told: tuple[Part, ...], order: Order, there: Parts, where: str) -> dict[bytes, Quantity]:
    """The parts that were told, by line. `there` is how much there can be, `where` what it is.

    Refused: no line, an unknown line or a line twice, no quantity, and more than there is.
    """
    quantities = {line.id: line.quantity for line in order.lines}
    found: dict[bytes, Quantity] = {}
    if not told:
        raise refuse(Reason.INVALID, "names no line", "lines")
    for part in told:
        line_id, quantity, field = part.line_id, part.quantity, part.where or None
        if line_id not in quantities:
            raise refuse(Reason.UNKNOWN_LINE, field=field)
        name = f"line {dashed(line_id)}"
        if line_id in found:
            raise refuse(Reason.INVALID, f"{name} is named twice", field)
        if quantity <= 0:
            raise refuse(Reason.INVALID, f"{name}: must be more than 0", field)
        if quantity > there.get(line_id, 0):
            most, ordered = text(there.get(line_id, NONE)), text(quantities[line_id])
            sentence = f"{name}: {most} of {ordered} are {where}, {text(quantity)} wanted"
            raise refuse(Reason.ILLEGAL_MOVE, sentence, field)
        found[line_id] = quantity
    return found


def as_told(parts: Parts) -> dict[str, Any]:
    """Quantities by the ids of their lines, as an event tells them."""
    return {dashed(line_id): json_number(quantity) for line_id, quantity in parts.items()}


def is_in_parts(order: Order, facts: Facts) -> bool:
    """Whether a part of the order left with a shipment, and another part has not."""
    partly = order.managed and order.facets.fulfilment == "partially_shipped"
    return partly and bool(facts.group(SHIPMENTS, (order.org, order.id)))


def hold_to_shipped(
    order: Order, lines: Iterable[Line], where: Mapping[bytes, str], facts: Facts, changes: Changes
) -> None:
    """Refuse lines that are below what was shipped of them. `where`: their paths in the body."""
    wanted = {line.id: line.quantity for line in lines}
    for line_id, shipped in gone_of(order, facts, changes).items():
        told = wanted.get(line_id, NONE)
        if told < shipped:
            sentence = f"line {dashed(line_id)}: {text(shipped)} were shipped, {text(told)} wanted"
            raise refuse(Reason.ILLEGAL_MOVE, sentence, where.get(line_id))


def send(order: Order, load: Load, source: str, facts: Facts, changes: Changes) -> Order:
    """Goods leave with one shipment. The order stands already where it does after that.

    Stock moves, and the event tells the lines.
    """
    parts, carriage, at = load
    key = (order.org, order.id)
    number = len(shipments_of(order, facts, changes)) + 1
    changes.of(SHIPMENTS).put(Shipment(*key, number, *carriage, at, facts.new_id()))
    changes.of(SHIPMENT_LINES).put_all(
        ShipmentLine(*key, number, line_id, quantity) for line_id, quantity in parts.items()
    )
    goods.ship(order, facts, changes, parts)
    detail: dict[str, Any] = {name: said for name, said in carriage._asdict().items() if said}
    detail |= {"shipment": number, "lines": as_told(parts)}
    order, shipped = events.happened(order, events.GOODS_SHIPPED, facts, source, detail)
    changes.events.append(shipped)
    return order


def send_the_rest(
    before: Order, after: Order, source: str, facts: Facts, changes: Changes
) -> Order:
    """A word says that the goods are gone: all that is left leaves.

    Goods that need no shipping are gone when the order is completed, without a shipment.
    """
    if after.facets.fulfilment in SHIPPED:
        parts = shipments.left(before, gone_of(before, facts, changes))
        carriage = Carriage(tracking_url=after.tracking_url)
        at = after.shipped_at or facts.now
        load = Load(parts, carriage, at)
        return send(after, load, source, facts, changes) if parts else after
    if goods.ship(after, facts, changes):
        after, taken = events.happened(after, events.STOCK_SHIPPED, facts, source)
        changes.events.append(taken)
    return after
