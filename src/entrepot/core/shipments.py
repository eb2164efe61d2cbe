"""Goods that leave: the shipments of an order, and what of each line is on the way or left.

A shipment is called by its order and its number, 1, 2, 3 ... within the order; and by an id, for
whoever names it outside of its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from entrepot.core.facets import SHIPPED, Facets
from entrepot.core.kinds import Kind, by
from entrepot.core.order import Order
from entrepot.core.quantity import Quantity

Parts = Mapping[bytes, Quantity]  # how much of each line, by the line's id

ShipmentKey = tuple[int, bytes, int]  # organization, order, number
ShipmentLineKey = tuple[int, bytes, int, bytes]  # organization, order, number, line


# The states of a shipment: each with its meaning, and the states that may follow.
STATES: dict[str, str] = {
    "sent": "The goods left the shop, and nobody has said that they arrived.",
    "delivered": "The goods arrived.",
    "lost": "The goods got lost on their way.",
}
STATE_MOVES: dict[str, frozenset[str]] = {
    "sent": frozenset({"delivered", "lost"}),
    "delivered": frozenset(),
    "lost": frozenset({"delivered"}),
}


class Part(NamedTuple):
    """How much of a line is meant. `where` is the path in the sender's body, for refusals."""

    line_id: bytes
    quantity: Quantity
    where: str = ""


class Carriage(NamedTuple):
    """The carrier of goods, and how they are followed on their way."""

    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class Shipment(NamedTuple):
    """Goods of one order that left together, at `shipped_at`, and arrived at `delivered_at`
    (microseconds UTC). `state` is one of STATES.
    """

    org: int
    order_id: bytes
    number: int
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    shipped_at: int
    id: bytes
    state: str = "sent"
    delivered_at: int | None = None

    def delivered(self, at: int) -> Shipment:
        """The shipment as its goods arrived at this time."""
        return self._replace(state="delivered", delivered_at=at)

    def lost(self) -> Shipment:
        """The shipment as its goods got lost."""
        return self._replace(state="lost", delivered_at=None)


class ShipmentLine(NamedTuple):
    """How much of a line left with a shipment. A line without stock leaves like any other."""

    org: int
    order_id: bytes
    number: int  # the shipment's
    line_id: bytes
    quantity: Quantity


class Parcel(NamedTuple):
    """A shipment with its lines."""

    shipment: Shipment
    lines: tuple[ShipmentLine, ...]


SHIPMENTS: Kind[ShipmentKey, Shipment] = Kind(
    "shipment", Shipment, by(Shipment, "org", "order_id", "number"),
    group=by(Shipment, "org", "order_id"),
)  # fmt: skip
SHIPMENT_LINES: Kind[ShipmentLineKey, ShipmentLine] = Kind(
    "shipment line", ShipmentLine, by(ShipmentLine, "org", "order_id", "number", "line_id"),
    group=by(ShipmentLine, "org", "order_id"),
)  # fmt: skip


class Quantified(Protocol):
    """A row that has so much of a line."""

    @property
    def line_id(self) -> bytes:
        """The line."""
        ...

    @property
    def quantity(self) -> Quantity:
        """How much of it."""
        ...


def summed(rows: Iterable[Quantified]) -> dict[bytes, Quantity]:
    """The sum of each line over several shipments, or several returns."""
    sums: dict[bytes, Quantity] = {}
    for row in rows:
        sums[row.line_id] = Quantity(sums.get(row.line_id, 0) + row.quantity)
    return sums


def gone(order: Order, rows: Iterable[ShipmentLine]) -> dict[bytes, Quantity]:
    """How much of each line has left, by the order's shipments.

    An order that left before shipments were kept has none: it left whole.
    """
    sums = summed(rows)
    if not sums and order.facets.fulfilment in SHIPPED:
        return {line.id: line.quantity for line in order.lines if line.quantity > 0}
    return sums


def left(order: Order, has_left: Parts) -> dict[bytes, Quantity]:
    """How much of each line has not left; lines of which nothing is left are not in it."""
    rest = {line.id: Quantity(line.quantity - has_left.get(line.id, 0)) for line in order.lines}
    return {line_id: quantity for line_id, quantity in rest.items() if quantity > 0}


def arrived(facets: Facets, sent: Iterable[Shipment]) -> Facets:
    """The facets of an order by the states of its shipments: where nothing is left and nothing is
    on its way any more, the order is delivered; or lost, if goods of it are.
    """
    states = {one.state for one in sent}
    if facets.fulfilment not in SHIPPED or not states or "sent" in states:
        return facets
    return facets._replace(fulfilment="lost" if "lost" in states else "delivered")


def shipped(facets: Facets, *, whole: bool) -> Facets:
    """The facets of an order once goods of it left: all of them, or a part.

    If somebody told that goods that left are further on their way, they stay there.
    """
    if not whole:
        return facets._replace(fulfilment="partially_shipped")
    return facets if facets.fulfilment in SHIPPED else facets._replace(fulfilment="in_transit")
