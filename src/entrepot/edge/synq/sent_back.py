"""An order as Synq shows it, sent back as a body; pure.

The answer of a GET has more than a POST takes: the order's id, the lines' ids, and the variant that
the book has made behind a custom line.
"""

from __future__ import annotations

from msgspec import Raw
from msgspec.structs import replace

from entrepot.core import ids
from entrepot.edge.synq import wire


def is_read(body: wire.OrderAsRead) -> bool:
    """Whether the body has an order's id, as only an order that was read has."""
    return _is_id(body.id)


def as_placed(body: wire.OrderAsRead) -> wire.OrderAsRead:
    """The body with its custom lines as they were placed: without the variant behind them."""
    items = [
        replace(line, variant_id=None) if _is_id(line.id) and line.location_id is None else line
        for line in body.items or ()
    ]
    return replace(body, items=items or body.items)


def _is_id(told: Raw) -> bool:
    text = bytes(told)
    return text[:1] == b'"' and ids.spelled(text[1:-1].decode(), "") is not None
