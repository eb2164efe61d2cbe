"""An order as Synq shows it, sent back as a body; pure.

The answer of a GET has more than a POST takes: the order's id, the lines' ids, and the variant that
the book has made behind a custom line.
"""

from __future__ import annotations

from msgspec import Raw
from msgspec.structs import replace

from entrepot.core import ids
from entrepot.edge.synq.orders import wire


def order_id(body: wire.OrderAsRead) -> bytes | None:
    """The order's id that the body has, as only an order that was read has one."""
    return _id(body.id)


def as_placed(body: wire.OrderAsRead) -> wire.OrderAsRead:
    """The body with its custom lines as they were placed: without the variant behind them."""
    items = [
        replace(line, variant_id=None) if line.location_id is None and _id(line.id) else line
        for line in body.items or ()
    ]
    return replace(body, items=items or body.items)


def _id(told: Raw) -> bytes | None:
    text = bytes(told)
    return ids.spelled(text[1:-1].decode(), "") if text[:1] == b'"' else None
