"""Returns of an order: what can come back, what came, and what follows for the shelves."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events, lifecycle, returns
from entrepot.core.changes import Changes
from entrepot.core.decide import goods, moves, sending
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.order import Line, Order
from entrepot.core.quantity import NONE, ON_HAND_MAX, Quantity
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult
from entrepot.core.returns import (
    OPEN,
    RETURN_LINES,
    RETURNS,
    STATE_MOVES,
    FullReturn,
    Return,
    ReturnLine,
)

# Why nothing of an order that another system runs comes back here.
COME_BACK_ELSEWHERE = "the goods of a mirrored order come back elsewhere"


class Place(NamedTuple):
    """The place where goods that come back are put: a shelf, that of `location_id` or each line's
    own; or nowhere, where they are scrapped.
    """

    restock: bool = True
    location_id: bytes | None = None


class Happened(NamedTuple):
    """An event of a return to be: its type, who told it, and what else it says."""

    type: str
    source: str
    detail: dict[str, Any]


def returns_of(order: Order, facts: Facts, changes: Changes) -> dict[int, Return]:
    """The order's returns by number, as these changes leave them."""
    known = {one.number: one for one in facts.group(RETURNS, (order.org, order.id))}
    known.update((one.number, one) for one in changes.of(RETURNS) if one.order_id == order.id)
    return known


def full(order: Order, one: Return, facts: Facts, changes: Changes) -> FullReturn:
    """A return of the order with its lines, as these changes leave them."""
    its = [row for row in sending.lines_back(order, facts, changes) if row.number == one.number]
    return FullReturn(one, tuple(its))


def out_of(order: Order, facts: Facts, changes: Changes) -> dict[bytes, Quantity]:
    """How much of each line is out: it left, is not back, and no open return waits for it."""
    known = returns_of(order, facts, changes)
    awaited: dict[bytes, Quantity] = {}
    for row in sending.lines_back(order, facts, changes):
        if row.is_back or known[row.number].state in OPEN:
            awaited[row.line_id] = Quantity(awaited.get(row.line_id, NONE) + row.quantity)
    return {
        line_id: Quantity(quantity - awaited.get(line_id, 0))
        for line_id, quantity in sending.gone_of(order, facts, changes).items()
        if quantity > awaited.get(line_id, 0)
    }


def none_is_out(order: Order, facts: Facts, changes: Changes) -> str:
    """Why no goods of the order can be asked back, as a sentence."""
    open_ = [one for one in returns_of(order, facts, changes).values() if one.state in OPEN]
    if open_:
        return "an open return waits for all goods that are out: receive or refuse the return"
    return "no goods of the order are out"


def found(org: int, return_id: bytes, facts: Facts) -> tuple[Order, Return]:
    """The return that has this id, with its order. Refused: an unknown one."""
    key = facts.by_return.get((org, return_id))
    one = facts.of(RETURNS).get(key) if key else None
    order = facts.orders.get((one.org, one.order_id)) if one else None
    if one is None or order is None:
        raise refuse(Reason.UNKNOWN_RETURN)
    return order, one


def may_become(one: Return, state: str) -> None:
    """Refuse a state that cannot follow the return's own."""
    if state not in STATE_MOVES[one.state]:
        raise refuse(Reason.ILLEGAL_MOVE, f"a {one.state} return cannot become {state}")


def can_come_back(order: Order) -> None:
    """Refuse an order that another system runs, or whose goods cannot come back."""
    if not order.managed:
        raise refuse(Reason.ILLEGAL_MOVE, COME_BACK_ELSEWHERE)
    why_not = lifecycle.not_returnable(order.facets)
    if why_not is not None:
        raise refuse(Reason.ILLEGAL_MOVE, why_not)


def has_place(order: Order, place: Place, facts: Facts) -> None:
    """Refuse a shelf for scrapped goods, and a location that is not known."""
    if place.location_id is None:
        return
    if not place.restock:
        raise refuse(Reason.INVALID, "scrapped goods come back to no shelf", "location_id")
    if not facts.has_location(order.org, place.location_id):
        raise refuse(Reason.UNKNOWN_LOCATION, field="location_id")


def receive(
    order: Order, came: FullReturn, place: Place, source: str, facts: Facts, changes: Changes
) -> Order:
    """The goods of a return came: they are put where they belong, and the order follows."""
    one = came.one.moved("received", facts.now)
    changes.of(RETURNS).put(one)
    lines = {line.id: line for line in order.lines}
    for row in came.lines:
        shelved = _shelve(order, lines[row.line_id], row, place, facts, changes)
        changes.of(RETURN_LINES).put(shelved)
    back = sending.back_of(order, facts, changes)
    after = returns.returned(order.facets, order.lines, back)
    order, end = moves.on_the_way(order, after, source, "", facts, changes)
    parts = {row.line_id: row.quantity for row in came.lines}
    detail = {"return": one.number, "restocked": place.restock, "lines": sending.as_told(parts)}
    happened = Happened(events.GOODS_RETURNED, source, detail)
    return told(moves.stand(order, end), happened, facts, changes)


def told(order: Order, happened: Happened, facts: Facts, changes: Changes) -> Order:
    """The order with the event that tells what happened to a return of it."""
    type_, source, detail = happened
    order, event = events.happened(order, type_, facts, source, detail)
    changes.events.append(event)
    changes.orders.put(order)
    return order


def decided(order: Order, number: int, facts: Facts, changes: Changes) -> Decision:
    """The decision about this return of the order, as these changes leave both."""
    one = returns_of(order, facts, changes)[number]
    return Decision(changes, OrderResult(order, back=full(order, one, facts, changes)))


def _shelve(
    order: Order, line: Line, row: ReturnLine, place: Place, facts: Facts, changes: Changes
) -> ReturnLine:
    location = _shelf_of(line, order.org, place, facts)
    if location is not None:
        shelf = (order.org, line.variant_id, location)
        goods.put_back(shelf, row.quantity, order.id, facts, changes)
        level = changes.levels.get(shelf)
        if level is not None and level.on_hand > ON_HAND_MAX:
            sentence = f"line {dashed(line.id)}: more than can be counted"
            raise refuse(Reason.INVALID, sentence)
    return row._replace(restocked=place.restock, location_id=location)


def _shelf_of(line: Line, org: int, place: Place, facts: Facts) -> bytes | None:
    """The location at which returned goods of a line are counted; None if nobody counts them."""
    variant = facts.variants.get((org, line.variant_id))
    if not place.restock or variant is None or not variant.tracked:
        return None
    location = place.location_id or line.location_id
    if location is None:
        sentence = f"line {dashed(line.id)} has no shelf of its own: name a location"
        raise refuse(Reason.INVALID, sentence, "location_id")
    return location
