"""The reason that an order shows while it waits for its pipeline, and the end of that reason."""

from __future__ import annotations

from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.shown import WAITING

DETAIL_MAX = 500
# An ended order keeps why it ended, and says behind these words what it waits for besides.
_BESIDES = f"; {WAITING}: "
# An ended order that is parked says behind these words why it ended.
_ENDED_AS = "; it ended: "


def waits(order: Order, what: str, reason: OrderReason | None = None) -> Order:
    """The order with what it waits for as its reason. An ended order keeps why it ended, unless
    this is a `reason` of its own.

    The order's version stays: waiting is no event, and no change that a reader has to see.
    """
    if not order.is_off:
        return order.changed(reason=reason or WAITING, reason_detail=what[:DETAIL_MAX])
    ended = (order.reason_detail or "").partition(_BESIDES)[0]
    code = reason or order.reason or OrderReason(order.facets.stage)
    return order.changed(reason=code, reason_detail=f"{ended}{_BESIDES}{what}"[:DETAIL_MAX])


def says(order: Order, reason: OrderReason, detail: str) -> Order:
    """The order with a reason that an operator should see. An ended order says behind it why it
    ended. What a service declined to take of an ended order is no reason: nobody takes it again.
    """
    if not order.is_off:
        return order.changed(reason=reason, reason_detail=detail[:DETAIL_MAX])
    if order.parked:
        return waits(order, detail)
    if reason == OrderReason.CAPTURE_DECLINED:
        return adds(order, detail)
    detail = _before_its_end(no_longer(order, reason), detail)
    return order.changed(reason=reason, reason_detail=detail)


def no_longer(order: Order, reason: OrderReason) -> Order:
    """The order without this reason, if it has it. An ended order says again why it ended."""
    if order.reason != reason:
        return order
    return _as_it_ended(order) if order.is_off else order.changed(reason=None, reason_detail=None)


def adds(order: Order, what: str) -> Order:
    """An ended order that says behind why it ended what became of its money."""
    ended = order.reason_detail or ""
    if not order.is_off or not what or what in ended:
        return order
    detail = f"{ended[: DETAIL_MAX - len(what) - 2]}; {what}" if ended else what
    return order.changed(reason_detail=detail[:DETAIL_MAX])


def parks(order: Order, what: str) -> Order:
    """The order left to an operator, who is told this. An ended order says behind it why it ended:
    it shows that again once the operator is not needed any more.
    """
    detail = _before_its_end(order, what)
    return order.changed(parked=True, reason=OrderReason.PARKED, reason_detail=detail)


def _before_its_end(order: Order, what: str) -> str:
    """This sentence; of an ended order, with why it ended behind it."""
    why = ""
    if order.is_off and (before := goes_on(order)).reason is not None:
        why = f"{_ENDED_AS}{before.reason}: {before.reason_detail or ''}"[: DETAIL_MAX // 2]
    return f"{what[: DETAIL_MAX - len(why)]}{why}"


def _as_it_ended(order: Order) -> Order:
    """An ended order that says why it ended, and nothing before that."""
    before, _, why = (order.reason_detail or "").partition(_ENDED_AS)[2].partition(": ")
    reason = before or OrderReason(order.facets.stage)
    return order.changed(parked=False, reason=reason, reason_detail=why or None)


def goes_on(order: Order) -> Order:
    """The order without a parked or a waiting step. An ended one says why it ended."""
    ended = order.is_off
    if order.parked:
        if not ended:
            return order.changed(parked=False, reason=None, reason_detail=None)
        return _as_it_ended(order)
    if order.reason == WAITING:
        return order.changed(reason=None, reason_detail=None)
    if ended and order.reason_detail and _BESIDES in order.reason_detail:
        detail = order.reason_detail.partition(_BESIDES)[0] or None
        code = order.reason
        if code == OrderReason.MONEY_HELD:
            kept = _ENDED_AS in (detail or "")  # behind a refund that was declined
            code = OrderReason.REFUND_DECLINED if kept else OrderReason(order.facets.stage)
        return order.changed(reason=code, reason_detail=detail)
    return order
