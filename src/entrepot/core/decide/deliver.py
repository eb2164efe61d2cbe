"""A shipment arrives, or gets lost; with the last one the order does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from entrepot.core import events, shipments
from entrepot.core.changes import Changes
from entrepot.core.decide import moves, sending, times
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult
from entrepot.core.shipments import SHIPMENTS, STATE_MOVES, Shipment


class DeliverShipment(NamedTuple):
    """The goods of a shipment arrived `at` this time (microseconds UTC); else they arrive now."""

    org: int
    source: str
    shipment_id: bytes
    at: int | None = None


class LoseShipment(NamedTuple):
    """The goods of a shipment got lost on their way."""

    org: int
    source: str
    shipment_id: bytes


def wants(command: DeliverShipment | LoseShipment, needs: Needs) -> None:
    """The whole order that has the shipment."""
    needs.shipments.add((command.org, command.shipment_id))


def deliver(command: DeliverShipment, facts: Facts) -> Decision:
    """Record that a shipment arrived. The order is delivered once all goods left and arrived.

    A shipment that arrived already stays as it is. Refused: an unknown shipment, a second time of
    arrival, a time before the goods left or more than a day ahead.
    """
    order, before = _found(command, facts)
    changes = Changes(facts)
    if before.state == "delivered":
        if command.at is not None and not times.same(command.at, before.delivered_at):
            raise refuse(Reason.ILLEGAL_MOVE, "the shipment arrived already", "at")
        return Decision(changes, OrderResult(order, sending.parcel(order, before, facts, changes)))
    if command.at is None:
        at = max(facts.now, before.shipped_at)
    else:
        at = command.at
        times.hold_arrival(at, before.shipped_at, facts, "at")
    detail: dict[str, Any] = {"shipment": before.number, "at": at}
    return _moved(order, before.delivered(at), command.source, detail, facts, changes)


def lose(command: LoseShipment, facts: Facts) -> Decision:
    """Record that a shipment got lost. The order is lost with it, once no other is on its way.

    A lost shipment stays as it is. Refused: an unknown shipment, one that arrived.
    """
    order, before = _found(command, facts)
    changes = Changes(facts)
    if before.state == "lost":
        return Decision(changes, OrderResult(order, sending.parcel(order, before, facts, changes)))
    if "lost" not in STATE_MOVES[before.state]:
        raise refuse(Reason.ILLEGAL_MOVE, f"a {before.state} shipment cannot become lost")
    detail: dict[str, Any] = {"shipment": before.number}
    return _moved(order, before.lost(), command.source, detail, facts, changes)


def _found(command: DeliverShipment | LoseShipment, facts: Facts) -> tuple[Order, Shipment]:
    key = facts.by_shipment.get((command.org, command.shipment_id))
    shipment = facts.of(SHIPMENTS).get(key) if key else None
    order = facts.orders.get((shipment.org, shipment.order_id)) if shipment else None
    if shipment is None or order is None:
        raise refuse(Reason.UNKNOWN_SHIPMENT)
    return order, shipment


def _moved(
    order: Order,
    shipment: Shipment,
    source: str,
    detail: dict[str, Any],
    facts: Facts,
    changes: Changes,
) -> Decision:
    """The order with its shipment in another state, and what follows for the order."""
    changes.of(SHIPMENTS).put(shipment)
    its = sending.shipments_of(order, facts, changes)
    before, after = order, shipments.arrived(order.facets, its)
    order, end = moves.on_the_way(order, after, source, "", facts, changes)
    order = moves.dated(moves.stand(order, end), before.facets, facts)
    if end.fulfilment == "delivered" != before.facets.fulfilment:
        if before.delivered_at is None or times.planned(before.delivered_at, facts):
            order = order.changed(delivered_at=_last_arrival(its))
    type_ = events.GOODS_DELIVERED if shipment.state == "delivered" else events.GOODS_LOST
    order, event = events.happened(order, type_, facts, source, detail)
    changes.events.append(event)
    changes.orders.put(order)
    return Decision(changes, OrderResult(order, sending.parcel(order, shipment, facts, changes)))


def _last_arrival(its: Iterable[Shipment]) -> int | None:
    return max((one.delivered_at for one in its if one.delivered_at is not None), default=None)
