"""Goods that come back: the returns of an order, and what of each line is back.

A return is called by its order and its number, 1, 2, 3 ... within the order.
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


class Return(NamedTuple):
    """Goods of one order that came back together, at `returned_at` (microseconds UTC)."""

    org: int
    order_id: bytes
    number: int
    returned_at: int


class ReturnLine(NamedTuple):
    """How much of a line came back with a return: restocked, or scrapped.

    `location_id` is the shelf on which it is counted again; None where it was scrapped, and where
    nobody counts the variant.
    """

    org: int
    order_id: bytes
    number: int  # the return's
    line_id: bytes
    quantity: Quantity
    restocked: bool
    location_id: bytes | None


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
