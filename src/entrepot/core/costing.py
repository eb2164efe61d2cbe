"""What stock is worth, exactly: layers of goods that came in, and the cost of goods that leave.

An amount here is an integer of ten-thousandths of the currency's major unit. Goods that come in are
worth their unit cost times their quantity, rounded half to even, once. Goods that leave take their
share, and the rest stays. So the value that came in is the value that left and the value that is
there, to the last unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from entrepot.core.kinds import Key, Kind, by
from entrepot.core.quantity import ONE, Quantity
from entrepot.core.stock_settings import DEFAULT_COSTING

# Decimal places of a cost and of a value.
PLACES: Final = 4
# The most that a unit costs, and the most that a shelf is worth; beyond that, what comes in adds
# nothing to its value.
COST_MAX: Final = 10**15
VALUE_MAX: Final = 10**18
WAC, FIFO = "WAC", "FIFO"
OPENING, ADJUSTMENT, SALE, RETURN = "opening", "adjustment", "sale", "return"
KINDS = (ADJUSTMENT, SALE, RETURN, OPENING)
# In the place of a location: all locations together.
EVERYWHERE: Final = bytes(16)


class VariantCost(NamedTuple):
    """What a unit of a variant cost when that was told last. All its costs are in one currency."""

    org: int
    variant_id: bytes
    currency: str
    unit_cost: int
    updated_at: int


class Layer(NamedTuple):
    """Goods of a shelf that came in together, the oldest with the lowest number."""

    org: int
    variant_id: bytes
    location_id: bytes
    number: int
    quantity: Quantity
    value: int


class ShelfValue(NamedTuple):
    """How much of a variant at a location was valued, and what it is worth in the currency of the
    variant's costs. `layers` is how many layers it ever had.
    """

    org: int
    variant_id: bytes
    location_id: bytes
    quantity: Quantity = Quantity(0)
    value: int = 0
    layers: int = 0


class Movement(NamedTuple):
    """A movement of goods with what it changed of the value, by the event that told of it.

    `place` tells movements of one event apart.
    """

    org: int
    variant_id: bytes
    location_id: bytes
    number: int  # of the event
    place: int
    kind: str
    method: str
    delta: Quantity
    value: int
    order_id: bytes | None = None
    line_id: bytes | None = None


class LineCost(NamedTuple):
    """What of an order's line is out, and what it cost when it left."""

    org: int
    order_id: bytes
    line_id: bytes
    quantity: Quantity
    value: int


class ValueTotal(NamedTuple):
    """What all shelves of a location are worth in a currency; or those of all locations."""

    org: int
    location_id: bytes
    currency: str
    value: str  # an integer, as text: it has no bound


class Costing(NamedTuple):
    """How far an organization's log was valued, and the method from there on."""

    org: int
    reached: int = 0  # the number of an event
    method: str = DEFAULT_COSTING
    version: int = 0


_SHELF = ("org", "variant_id", "location_id")
VARIANT_COSTS: Kind[Key, VariantCost] = Kind(
    "variant's cost", VariantCost, by(VariantCost, "org", "variant_id"),
    guard=("unit_cost", "updated_at"),
)  # fmt: skip
LAYERS: Kind[tuple[int, bytes, bytes, int], Layer] = Kind(
    "layer of stock", Layer, by(Layer, *_SHELF, "number"), group=by(Layer, *_SHELF)
)
SHELF_VALUES: Kind[tuple[int, bytes, bytes], ShelfValue] = Kind(
    "value of a shelf", ShelfValue, by(ShelfValue, *_SHELF)
)
MOVEMENTS: Kind[tuple[int, bytes, bytes, int, int], Movement] = Kind(
    "valued movement", Movement, by(Movement, *_SHELF, "number", "place")
)
LINE_COSTS: Kind[tuple[int, bytes, bytes], LineCost] = Kind(
    "cost of a line", LineCost, by(LineCost, "org", "order_id", "line_id")
)
VALUE_TOTALS: Kind[tuple[int, bytes, str], ValueTotal] = Kind(
    "total of values", ValueTotal, by(ValueTotal, "org", "location_id", "currency")
)
COSTINGS: Kind[tuple[int], Costing] = Kind(
    "costing", Costing, lambda row: (row.org,), guard="version"
)


def share(value: int, part: int, whole: int) -> int:
    """The part of a value that belongs to a part of its quantity, rounded half to even."""
    units, rest = divmod(value * part, whole)
    if 2 * rest > whole or (2 * rest == whole and units % 2):
        units += 1
    return units


def worth(unit_cost: int, quantity: int) -> int:
    """What so much costs."""
    return share(unit_cost, quantity, ONE)


def merged(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """A layer in the place of several: the oldest one's number, and all that they have."""
    listed = tuple(layers)
    if len(listed) <= 1:
        return listed
    quantity = sum([one.quantity for one in listed])
    value = sum([one.value for one in listed])
    return (listed[0]._replace(quantity=Quantity(quantity), value=value),)


class Shelf:
    """A shelf while movements are valued, one after the other."""

    def __init__(self, value: ShelfValue, layers: Iterable[Layer]) -> None:
        self.value = value
        self.layers = tuple(sorted(layers, key=lambda one: one.number))

    def come(self, quantity: Quantity, value: int, method: str) -> int:
        """Goods come in that are worth so much. Returns by how much the shelf is worth more.

        If more had left than was there, goods that make up for that are gone already: their part of
        the value is not on the shelf.
        """
        missing = min(quantity, max(0, -self.value.quantity))
        stays = Quantity(quantity - missing)
        value = min(value - share(value, missing, quantity), VALUE_MAX - self.value.value)
        if not stays:
            value = 0
        made = self.value.layers
        if stays:
            made += 1
            org, variant_id, location_id, *_ = self.value
            self._add(Layer(org, variant_id, location_id, made, stays, value), method)
        self._moved(quantity, value, made)
        return value

    def _add(self, layer: Layer, method: str) -> None:
        last = self.layers[-1] if self.layers else None
        alike = last is not None and last.value * layer.quantity == layer.value * last.quantity
        if method == WAC:
            self.layers = merged((*self.layers, layer))
        elif alike and last is not None:
            self.layers = (*self.layers[:-1], *merged((last, layer)))
        else:
            self.layers = (*self.layers, layer)

    def leave(self, quantity: Quantity, method: str) -> int:
        """Goods leave: the oldest first, or at the average. Returns what they cost.

        Units beyond the stock on hand leave at no cost: nobody knows yet what they are worth.
        """
        if method == WAC:
            self.layers = merged(self.layers)
        cost, left = 0, int(quantity)
        while left and self.layers:
            first, *rest = self.layers
            taken = min(left, first.quantity)
            part = share(first.value, taken, first.quantity)
            cost, left = cost + part, left - taken
            kept = first._replace(
                quantity=Quantity(first.quantity - taken), value=first.value - part
            )
            self.layers = (kept, *rest) if kept.quantity else tuple(rest)
        self._moved(Quantity(-quantity), -cost, self.value.layers)
        return cost

    def _moved(self, delta: int, value: int, made: int) -> None:
        known = self.value
        self.value = known._replace(
            quantity=Quantity(known.quantity + delta), value=known.value + value, layers=made
        )


def sent(known: LineCost, quantity: int, cost: int) -> LineCost:
    """The line's cost after more of it left."""
    return known._replace(quantity=Quantity(known.quantity + quantity), value=known.value + cost)


def back(known: LineCost, quantity: int) -> tuple[LineCost, int]:
    """The line's cost after some of it came back, and what that had cost when it left."""
    came = min(quantity, known.quantity)
    value = share(known.value, came, known.quantity) if came else 0
    rest = known._replace(quantity=Quantity(known.quantity - came), value=known.value - value)
    return rest, value
