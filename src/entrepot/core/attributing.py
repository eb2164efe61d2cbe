"""Attributions: the origins that an order's revenue is credited to, by the touches before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from entrepot.core.kinds import Kind, by
from entrepot.core.money import Amount
from entrepot.core.touches import Touch

MAIN, ASSIST = "MAIN", "ASSIST"
DAY = 86_400_000_000  # microseconds
# So many days before an order a touch counts, unless the organization chose otherwise.
WINDOW_DAYS, WINDOW_DAYS_MAX = 30, 365
# Orders that stand so brought no revenue.
UNSOLD = ("cancelled", "rejected", "failed", "deleted")


class Attribution(NamedTuple):
    """The credit of an order to one origin. An order has at most one for each origin."""

    org: int
    order_id: bytes
    origin: str
    origin_id: bytes
    id: bytes
    customer_id: bytes
    touch_id: bytes  # the origin's latest touch before the order
    type: str  # MAIN or ASSIST
    external_user_id: str
    created_at: int  # when the credit was given


Credit = tuple[int, bytes, str, bytes]  # organization, order, origin, its id
ATTRIBUTIONS: Kind[Credit, Attribution] = Kind(
    "attribution", Attribution, by(Attribution, "org", "order_id", "origin", "origin_id")
)


class Asked(NamedTuple):
    """The attributions that are wanted; None or empty for any."""

    contact: bytes | None = None
    type: str | None = None
    origin: str | None = None
    origin_ids: tuple[bytes, ...] = ()


class Shown(NamedTuple):
    """An attribution with its order's total, as it now is."""

    attribution: Attribution
    total: Amount
    currency: str


def credited(
    org: int, order_id: bytes, at: int, window_days: int, touches: Iterable[Touch], now: int
) -> list[Attribution]:
    """The credits of an order that was made at a time, by all touches of its contact.

    The latest touch within the window gives MAIN, and the latest one of each other origin ASSIST. A
    touch at the very time of the order counts, and a touch that is as old as the window.
    """
    latest: dict[tuple[str, bytes], Touch] = {}
    for touch in touches:
        if not at - window_days * DAY <= touch.at <= at:
            continue
        last = latest.get((touch.origin, touch.origin_id))
        if last is None or (touch.at, touch.id) > (last.at, last.id):
            latest[touch.origin, touch.origin_id] = touch
    first = max(latest.values(), key=lambda one: (one.at, one.id), default=None)
    return [
        Attribution(
            org, order_id, one.origin, one.origin_id, _id(order_id, one), one.customer_id, one.id,
            MAIN if one is first else ASSIST, one.external_user_id, now,
        )
        for one in latest.values()
    ]  # fmt: skip


def _id(order_id: bytes, touch: Touch) -> bytes:
    """The same for the same order and origin, so that a credit that comes again is known again."""
    made = b"".join([order_id, touch.origin.encode(), touch.origin_id])
    digest = bytearray(hashlib.blake2b(made, digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x80  # a UUID of version 8: made as its maker likes
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)
