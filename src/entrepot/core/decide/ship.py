"""Shipping goods of an order: all that is left, or a part."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import held, shipments, unpaid
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing, moves, sending
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.organization import SETTINGS
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult
from entrepot.core.shipments import SHIPMENTS, Carriage, Part

# Characters.
_LENGTHS = {"carrier": 200, "tracking_number": 200, "tracking_url": 2_000}

# Why nothing of an order that another system runs leaves from here.
LEAVE_ELSEWHERE = "the goods of a mirrored order leave from elsewhere"


class ShipOrder(NamedTuple):
    """Goods of an order leave now, with one shipment. Without `lines` all that is left leaves."""

    org: int
    source: str
    order_id: bytes
    lines: tuple[Part, ...] | None = None
    carriage: Carriage = Carriage()


def wants(command: ShipOrder, needs: Needs) -> None:
    """The whole order, and what its organization chose."""
    needs.whole_order(command.org, command.order_id)
    needs.moving.add((command.org, command.order_id))
    needs.of(SETTINGS).add((command.org,))


def ship(command: ShipOrder, facts: Facts) -> Decision:
    """Record the shipment, and take what leaves from the shelves.

    The order is partly shipped while something is left, and on its way once all has left. Its
    tracking address is the first that was told. Refused: an unknown order or line, an order that
    another system runs, that is held or does not stand where goods leave, more of a line than is
    left.
    """
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    for name, text in command.carriage._asdict().items():
        if text and len(text) > _LENGTHS[name]:
            sentence = f"must not be longer than {_LENGTHS[name]:,} characters"
            raise refuse(Reason.INVALID, sentence, name)
    if not order.managed:
        raise refuse(Reason.ILLEGAL_MOVE, LEAVE_ELSEWHERE)
    if held.is_held(order):
        raise refuse(Reason.ILLEGAL_MOVE, held.refusal(order))
    if unpaid.is_unpaid(order):
        raise refuse(Reason.ILLEGAL_MOVE, unpaid.REFUSAL)
    changes = Changes(facts)
    left = shipments.left(order, sending.gone_of(order, facts, changes))
    parts = left if command.lines is None else sending.parts(command.lines, order, left, "left")
    if not parts:
        raise refuse(Reason.ILLEGAL_MOVE, "all goods of the order have left")
    facets, stood = shipments.shipped(order.facets, whole=parts == left), order.facets
    order, end = moves.on_the_way(order, facets, command.source, "", facts, changes)
    order = moves.dated(moves.stand(order, end), stood, facts)
    if order.tracking_url is None and command.carriage.tracking_url is not None:
        order = order.changed(tracking_url=command.carriage.tracking_url)
    load = sending.Load(parts, command.carriage, facts.now)
    order = sending.send(order, load, command.source, facts, changes)
    capturing.goods_left(order, facts, changes)
    changes.orders.put(order)
    [made] = changes.of(SHIPMENTS)
    return Decision(changes, OrderResult(order, sending.parcel(order, made, facts, changes)))
