"""Taking goods of an order back: all that left, or a part, to a shelf or not."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events, lifecycle, returns
from entrepot.core.changes import Changes
from entrepot.core.decide import goods, moves, sending
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.needs import Needs
from entrepot.core.order import Line, Order
from entrepot.core.quantity import ON_HAND_MAX, Quantity
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult
from entrepot.core.returns import RETURN_LINES, RETURNS, Return, ReturnLine
from entrepot.core.shipments import Part, Parts


class TakeBack(NamedTuple):
    """Goods of an order come back now. Without `lines`: all that left and is not back.

    With `restock` they lie on a shelf again: that of `location_id`, or of each line's own. Else
    they are scrapped.
    """

    org: int
    source: str
    order_id: bytes
    lines: tuple[Part, ...] | None = None
    restock: bool = True
    location_id: bytes | None = None


def wants(command: TakeBack, needs: Needs) -> None:
    """The whole order; and the shelf that is named, with the stock of the order's variants."""
    needs.whole_order(command.org, command.order_id)
    if command.location_id is not None:
        needs.locations.add((command.org, command.location_id))
        needs.stocked_locations.add((command.org, command.location_id))


def take_back(command: TakeBack, facts: Facts) -> Decision:
    """Record the return, and put on the shelf what is sold again.

    Refused: an unknown order, line or location, an order that another system runs or whose goods
    cannot come back, more of a line than left, a shelf for scrapped goods, no shelf for others.
    """
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    _can_come_back(order, command, facts)
    changes = Changes(facts)
    back = sending.back_of(order, facts, changes)
    out = {
        line_id: Quantity(quantity - back.get(line_id, 0))
        for line_id, quantity in sending.gone_of(order, facts, changes).items()
        if quantity > back.get(line_id, 0)
    }
    parts = out if command.lines is None else sending.parts(command.lines, order, out, "out")
    if not parts:
        raise refuse(Reason.ILLEGAL_MOVE, "no goods of the order are out")
    back |= {
        line_id: Quantity(quantity + back.get(line_id, 0)) for line_id, quantity in parts.items()
    }
    after = returns.returned(order.facets, order.lines, back)
    order, end = moves.on_the_way(order, after, command.source, "", facts, changes)
    order = moves.stand(order, end)
    detail = _record(order, command, parts, facts, changes)
    order, event = events.happened(order, events.GOODS_RETURNED, facts, command.source, detail)
    changes.events.append(event)
    changes.orders.put(order)
    return Decision(changes, OrderResult(order))


def _can_come_back(order: Order, command: TakeBack, facts: Facts) -> None:
    if not order.managed:
        raise refuse(Reason.ILLEGAL_MOVE, "the goods of a mirrored order come back elsewhere")
    why_not = lifecycle.not_returnable(order.facets)
    if why_not is not None:
        raise refuse(Reason.ILLEGAL_MOVE, why_not)
    if command.location_id is None:
        return
    if not command.restock:
        raise refuse(Reason.INVALID, "scrapped goods come back to no shelf", "location_id")
    if not facts.has_location(command.org, command.location_id):
        raise refuse(Reason.UNKNOWN_LOCATION, field="location_id")


def _record(
    order: Order, command: TakeBack, parts: Parts, facts: Facts, changes: Changes
) -> dict[str, Any]:
    """Make the rows; the return as its event tells it."""
    key = (order.org, order.id)
    number = len(facts.group(RETURNS, key)) + 1
    changes.of(RETURNS).put(Return(*key, number, facts.now))
    for line in order.lines:
        quantity = parts.get(line.id)
        if not quantity:
            continue
        location = _shelf_of(line, command, facts)
        changes.of(RETURN_LINES).put(
            ReturnLine(*key, number, line.id, quantity, command.restock, location)
        )
        if location is not None:
            shelf = (order.org, line.variant_id, location)
            goods.put_back(shelf, quantity, order.id, facts, changes)
            level = changes.levels.get(shelf)
            if level is not None and level.on_hand > ON_HAND_MAX:
                sentence = f"line {dashed(line.id)}: more than can be counted"
                raise refuse(Reason.INVALID, sentence)
    told = sending.as_told(parts)
    return {"return": number, "restocked": command.restock, "lines": told}


def _shelf_of(line: Line, command: TakeBack, facts: Facts) -> bytes | None:
    """The location at which returned goods of a line are counted; None if nobody counts them."""
    variant = facts.variants.get((command.org, line.variant_id))
    if not command.restock or variant is None or not variant.tracked:
        return None
    location = command.location_id or line.location_id
    if location is None:
        sentence = f"line {dashed(line.id)} has no shelf of its own: name a location"
        raise refuse(Reason.INVALID, sentence, "location_id")
    return location
