"""The reason that an order shows while it waits for its pipeline, and the end of that reason."""

from __future__ import annotations

from entrepot.core.facets import ENDED
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.shown import WAITING

DETAIL_MAX = 500
# An ended order keeps why it ended, and says behind these words what it waits for besides.
_BESIDES = f"; {WAITING}: "


def waits(order: Order, what: str) -> Order:
    """The order with what it waits for as its reason.

    The order's version stays: waiting is no event, and no change that a reader has to see.
    """
    if order.facets.stage not in ENDED:
        return order.changed(reason=WAITING, reason_detail=what[:DETAIL_MAX])
    ended = (order.reason_detail or "").partition(_BESIDES)[0]
    reason = order.reason or OrderReason(order.facets.stage)
    return order.changed(reason=reason, reason_detail=f"{ended}{_BESIDES}{what}"[:DETAIL_MAX])


def goes_on(order: Order) -> Order:
    """The order without a parked or a waiting step. Its stage still says why an ended one ended."""
    ended = order.facets.stage in ENDED
    if order.parked:
        reason = OrderReason(order.facets.stage) if ended else None
        return order.changed(parked=False, reason=reason, reason_detail=None)
    if order.reason == WAITING:
        return order.changed(reason=None, reason_detail=None)
    if ended and order.reason_detail and _BESIDES in order.reason_detail:
        return order.changed(reason_detail=order.reason_detail.partition(_BESIDES)[0] or None)
    return order
