"""Taking goods of an order back, to a shelf or not: those of a return, or unannounced ones."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import paid_back
from entrepot.core.changes import Changes
from entrepot.core.decide import returning, sending
from entrepot.core.decide.capture import paid_order, units_of
from entrepot.core.decide.refund import Refund, give
from entrepot.core.decide.returning import Place
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult
from entrepot.core.returns import RETURNS, FullReturn, Return, ReturnLine
from entrepot.core.shipments import Part


class ReceiveReturn(NamedTuple):
    """The goods of a return came. With `restock` they lie on a shelf again: that of `location_id`,
    or of each line's own. Else they are scrapped. With `refund` what they cost is given back.
    """

    org: int
    source: str
    return_id: bytes
    restock: bool = True
    location_id: bytes | None = None
    refund: bool = False


class TakeBack(NamedTuple):
    """Goods of an order come back now that nobody announced. Without `lines`: all that left, is not
    back and is not waited for by a return. `restock` and `location_id` as in ReceiveReturn.
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
    _of_shelf(command, needs)


def wants_to_receive(command: ReceiveReturn, needs: Needs) -> None:
    """The whole order that has the return; and the shelf, as above."""
    needs.returns.add((command.org, command.return_id))
    _of_shelf(command, needs)


def _of_shelf(command: TakeBack | ReceiveReturn, needs: Needs) -> None:
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
    place = Place(command.restock, command.location_id)
    returning.can_come_back(order)
    returning.has_place(order, place, facts)
    changes = Changes(facts)
    out = returning.out_of(order, facts, changes)
    parts = out if command.lines is None else sending.parts(command.lines, order, out, "out")
    if not parts:
        raise refuse(Reason.ILLEGAL_MOVE, returning.none_is_out(order, facts, changes))
    key = (order.org, order.id)
    number = len(facts.group(RETURNS, key)) + 1
    made = Return(*key, number, None, facts.new_id(), "requested", None, facts.now)
    lines = [ReturnLine(*key, number, line_id, quantity) for line_id, quantity in parts.items()]
    came = FullReturn(made, tuple(lines))
    order = returning.receive(order, came, place, command.source, facts, changes)
    return returning.decided(order, number, facts, changes)


def receive(command: ReceiveReturn, facts: Facts) -> Decision:
    """Record that the goods of a return came, and put on the shelf what is sold again.

    A return that was received in the same way stays as it is. Refused: an unknown return or
    location, a return that was received otherwise or refused, a refund of more than is left of what
    was taken, and as in `take_back`.
    """
    order, one = returning.found(command.org, command.return_id, facts)
    place = Place(command.restock, command.location_id)
    changes = Changes(facts)
    came = returning.full(order, one, facts, changes)
    as_before = all(_is_at(row, place) for row in came.lines)
    if one.state == "received" and as_before and command.refund <= (one.refunded_units is not None):
        return Decision(changes, OrderResult(order, back=came))
    returning.may_become(one, "received")
    returning.can_come_back(order)
    returning.has_place(order, place, facts)
    if command.refund:
        order = _with_refund(command, order, came, facts, changes)
    else:
        order = returning.receive(order, came, place, command.source, facts, changes)
    return returning.decided(order, one.number, facts, changes)


def _is_at(row: ReturnLine, place: Place) -> bool:
    """Whether goods that came lie where they are told to; what nobody counts lies anywhere."""
    located = place.location_id is None or row.location_id in (None, place.location_id)
    return row.restocked == place.restock and located


def _with_refund(
    command: ReceiveReturn, order: Order, came: FullReturn, facts: Facts, changes: Changes
) -> Order:
    """The order as its goods came, and as what they cost is asked back; goods that cost nothing
    came, and nothing is given back for them.
    """
    funds = paid_order(order.org, order.id, facts)[1]
    parts = {row.line_id: row.quantity for row in came.lines}
    cost, left = paid_back.cost_of(order, funds, parts), funds.refundable
    units = units_of(cost, funds, left, "left of what was taken", "refund") if cost.units else 0
    came = came._replace(one=came.one._replace(refunded_units=units))
    place = Place(command.restock, command.location_id)
    order = paid_back.noted(order, parts)
    order = returning.receive(order, came, place, command.source, facts, changes)
    if not units:
        return order
    told = {"return": came.one.number, "lines": sending.as_told(parts)}
    return give(order, funds, Refund(units, command.source, told), facts, changes)
