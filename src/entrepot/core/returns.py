"""Goods that come back: the returns of an order, and what of each line is back.

A return is called by its order and its number, 1, 2, 3 ... within the order; and by an id, for
whoever names it outside of its order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from entrepot.core.facets import Facets
from entrepot.core.kinds import Kind, by
from entrepot.core.order import Line
from entrepot.core.quantity import Quantity
from entrepot.core.shipments import Parts

ReturnKey = tuple[int, bytes, int]  # organization, order, number
ReturnLineKey = tuple[int, bytes, int, bytes]  # organization, order, number, line

# The states of a return: each with its meaning, and the states that may follow.
STATES: dict[str, str] = {
    "requested": "Somebody asked to send the goods back, and nobody has answered.",
    "approved": "The shop agreed, and the goods have not come.",
    "received": "The goods came back, and were restocked or scrapped.",
    "refused": "The shop does not take the goods back.",
}
STATE_MOVES: dict[str, frozenset[str]] = {
    "requested": frozenset({"approved", "received", "refused"}),
    "approved": frozenset({"received", "refused"}),
    "received": frozenset(),
    "refused": frozenset(),
}
OPEN = frozenset({"requested", "approved"})  # goods of these may still come


class Return(NamedTuple):
    """Goods of one order that come back together. `state` is one of STATES.

    Times are microseconds UTC. `returned_at` is when the goods came; None until they did.
    """

    org: int
    order_id: bytes
    number: int
    returned_at: int | None
    id: bytes
    state: str
    reason: str | None  # why the goods come back, as somebody told it
    requested_at: int
    approved_at: int | None = None
    # What was asked back for its goods, at the scale of the payment; None where nothing was.
    refunded_units: int | None = None

    def moved(self, state: str, at: int) -> Return:
        """The return in another state, from this time on."""
        if state == "approved":
            return self._replace(state=state, approved_at=at)
        return self._replace(state=state, returned_at=at if state == "received" else None)


class ReturnLine(NamedTuple):
    """How much of a line comes back with a return; once it came: restocked, or scrapped.

    `restocked` is None until the goods came. `location_id` is the shelf on which the goods are
    counted again; None where they were scrapped, and where nobody counts the variant.
    """

    org: int
    order_id: bytes
    number: int  # the return's
    line_id: bytes
    quantity: Quantity
    restocked: bool | None = None
    location_id: bytes | None = None

    @property
    def is_back(self) -> bool:
        """Whether the goods came."""
        return self.restocked is not None


class FullReturn(NamedTuple):
    """A return with its lines."""

    one: Return
    lines: tuple[ReturnLine, ...]


RETURNS: Kind[ReturnKey, Return] = Kind(
    "return", Return, by(Return, "org", "order_id", "number"), group=by(Return, "org", "order_id")
)
RETURN_LINES: Kind[ReturnLineKey, ReturnLine] = Kind(
    "return line", ReturnLine, by(ReturnLine, "org", "order_id", "number", "line_id"),
    group=by(ReturnLine, "org", "order_id"),
)  # fmt: skip


def returned(facets: Facets, lines: Iterable[Line], back: Parts) -> Facets:
    """The facets of an order once these parts of its lines are back: all goods, or some.

    A word may have told more than is back. Told facets stay.
    """
    whole = all(line.quantity <= back.get(line.id, 0) for line in lines)
    return facets._replace(
        returns="returned" if whole or facets.returns == "returned" else "partial"
    )


def asked(facets: Facets, its: Iterable[Return]) -> Facets:
    """The facets of an order of which nothing is back, by the states of its returns."""
    waits = any(one.state in OPEN for one in its)
    if facets.returns not in ("none", "requested"):
        return facets
    return facets._replace(returns="requested" if waits else "none")
