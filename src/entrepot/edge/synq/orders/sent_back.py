"""An order as Synq shows it, sent back as a body; pure.

The answer of a GET has more than a POST takes: the order's id, the lines' ids, and the variant that
the book has made behind a custom line.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from entrepot.core import ids
from entrepot.edge import canonical
from entrepot.edge.strict_json import InvalidJson, decode
from entrepot.edge.synq.orders import wire

Members = dict[str, Raw]
# Members that say where an order stands, which may have moved since the order was read.
_MOVES: Final = frozenset({"status", "payment_status", "updated_at", "reason", "parked"})
# White space and escapes make a body so many times longer, at most, than it is shown.
_LONGER_MAX: Final = 8
_OBJECT: Final = msgspec.json.Decoder(Members)


class _Named(msgspec.Struct):
    id: Raw = wire.ABSENT


_NAMED: Final = msgspec.json.Decoder(_Named)


def order_id(body: wire.OrderAsRead) -> bytes | None:
    """The order's id that the body has, as only an order that was read has one."""
    return _id(body.id)


def named(body: bytes) -> bytes | None:
    """The order's id that a body has, whatever else stands there; None where it has none. The body
    need not be sound.
    """
    try:
        return _id(_NAMED.decode(body).id)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def is_as_shown(body: bytes, shown: bytes) -> bool:
    """Whether a body says what the order shows, and no more: all of it, but for where it stands."""
    if len(body) > _LONGER_MAX * len(shown):
        return False
    try:
        told, known = decode(body, _OBJECT), _OBJECT.decode(shown)
    except InvalidJson:
        return False
    return told.keys() == known.keys() and all(
        canonical.text_of(canonical.plain(told[name])) == canonical.text_of(canonical.plain(one))
        for name, one in known.items()
        if name not in _MOVES
    )


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
