"""Merging: several orders of one buyer for one day become one order, by rule.

An organization says since when its orders are merged; orders from before stay apart. The older
order takes the lines of the newer order. The newer order ends, keeps all that it has, and says
where its lines are. Money is never merged: an order with a payment stays apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from entrepot.core import properties as free
from entrepot.core.attributing import DAY
from entrepot.core.order import Line, Order
from entrepot.core.quantity import LINE_MAX, Quantity

NEVER, SAME_DAY = "never", "same_day"
# Whether orders are merged, and the sentence that the documents say of it.
MERGING: dict[str, str] = {
    NEVER: "Orders stay apart.",
    SAME_DAY: "Orders of one buyer for one day become one until somebody takes them in hand.",
}
NOTES_MAX = 10_000  # characters of the notes of two orders together
# Members that two orders must have in common: goods go to one place, for one buyer.
SHARED = (
    "customer_id", "origin", "currency", "delivery_address", "address", "membership_id",
    "integration_id", "channel", "source_platform", "sale_source", "metadata", "tracking_url",
)  # fmt: skip
# Members that two lines of one entry must have in common to become one line.
SHARED_OF_LINES = (
    "variant_id", "location_id", "sku", "title", "variant_title", "unit_of_measure", "currency",
    "price", "cost", "requires_shipping", "details", "properties",
)  # fmt: skip
_WAITING = frozenset({"unassigned", "accepted"})


class Alone(NamedTuple):
    """What keeps an order by itself, and whether it holds of an order."""

    says: str
    holds: Callable[[Order], Any]


# In this order: the first row that holds is said.
ALONE: tuple[Alone, ...] = (
    Alone("another system runs it", lambda o: not o.managed),
    Alone("it is not confirmed, or has ended", lambda o: o.facets.stage != "confirmed"),
    Alone("it has a payment",
          lambda o: o.facets.payment != "none" or o.payment_provider or o.payment_reference),
    Alone("its goods are packed or gone",
          lambda o: o.facets.fulfilment not in _WAITING or o.facets.returns != "none"),
    Alone("somebody has it in hand", lambda o: o.told_words or o.sender_words or o.parked),
    Alone("its goods have a time", lambda o: o.shipped_at or o.delivered_at),
    Alone("it says no day", lambda o: o.expected_at is None),
    Alone("it is taxed", lambda o: o.tax.units),
)  # fmt: skip


def stays_alone(order: Order, since: int | None) -> str | None:
    """Why the order is merged with no other order; None where it may be."""
    if since is None or order.created_at < since:
        return "it was there before orders were merged"
    return next((one.says for one in ALONE if one.holds(order)), None)


def apart(into: Order, other: Order, since: int | None) -> str | None:
    """Why two orders stay apart; None where the first order may take the second one's lines."""
    for order in (into, other):
        if (why := stays_alone(order, since)) is not None:
            return f"order #{order.number}: {why}"
    if into.id == other.id or into.number > other.number:
        return "the older order takes the lines of the newer order"
    for name in SHARED:
        if getattr(into, name) != getattr(other, name):
            return f"the orders have another {name}"
    if _day(into) != _day(other):
        return "the orders are for another day"
    if free.merged(*_properties(into, other)) != free.merged(*_properties(other, into)):
        return "the orders say different properties"
    if len(joined_notes(into, other) or "") > NOTES_MAX:
        return f"the notes have more than {NOTES_MAX} characters"
    return _lines_apart(into, other)


def _day(order: Order) -> int | None:
    """The day of UTC for which the order is."""
    return None if order.expected_at is None else order.expected_at // DAY


def _properties(first: Order, second: Order) -> tuple[dict[str, Any], dict[str, Any]]:
    return free.parse(first.properties or "{}"), free.parse(second.properties or "{}")


def _lines_apart(into: Order, other: Order) -> str | None:
    its = {line.entry_id: line for line in into.lines}
    for line in other.lines:
        same = its.get(line.entry_id)
        if same is None:
            continue
        for name in SHARED_OF_LINES:
            if getattr(same, name) != getattr(line, name):
                return f"lines of one entry have another {name}"
        if same.quantity + line.quantity > LINE_MAX:
            return "lines of one entry have too large a quantity together"
    return None


def joined_notes(into: Order, other: Order) -> str | None:
    """The notes of both orders, the older order's first; equal notes are said once."""
    told = dict.fromkeys(one.notes for one in (into, other) if one.notes)
    return "\n".join(told) or None


def joined_properties(into: Order, other: Order) -> str | None:
    """The properties of both orders, as JSON text; None where neither order has any."""
    if into.properties is None and other.properties is None:
        return None
    joined = free.merged(*_properties(into, other))
    same = into.properties is not None and joined == free.parse(into.properties)
    return into.properties if same else free.text_of(joined)


class Taken(NamedTuple):
    """A line of the newer order, and the line that the older order has of it then."""

    of: Line
    line: Line
    is_new: bool


def taken(into: Order, other: Order, new_id: Callable[[], bytes], now: int) -> list[Taken]:
    """The lines that the older order has of the newer order's lines. One entry has one line."""
    its = {line.entry_id: line for line in into.lines}
    number = max((line.number for line in into.lines), default=0)
    found = []
    for line in other.lines:
        same = its.get(line.entry_id)
        if same is None:
            number += 1
            made = line._replace(id=new_id(), number=number, created_at=now, updated_at=now)
            found.append(Taken(line, made, is_new=True))
            continue
        more = Quantity(same.quantity + line.quantity)
        at = max(now, same.updated_at)
        found.append(Taken(line, same._replace(quantity=more, updated_at=at), is_new=False))
    return found


def pair(order: Order, others: Iterable[Order], since: int | None) -> tuple[Order, Order] | None:
    """The order with the oldest other order that it may be one with, the older one first."""
    for other in sorted(others, key=lambda one: one.number):
        older, newer = sorted((order, other), key=lambda one: one.number)
        if apart(older, newer, since) is None:
            return older, newer
    return None
