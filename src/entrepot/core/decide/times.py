"""The times that are told of a managed order have to fit the rest of the order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entrepot.core.facets import ENDED, SHIPPED
from entrepot.core.facts import Facts
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, refuse

# How far ahead of now a time may be, in microseconds; a later one is a slip.
AHEAD_MAX = 31 * 86_400 * 1_000_000
_MILLISECOND = 1_000  # times are told and shown in these
_LEFT, _ARRIVED = "order.shippedAt", "order.deliveredAt"


def hold(order: Order, told: Mapping[str, Any], facts: Facts) -> None:
    """Refuse a time at which goods left or arrived, where the order as it now is denies the time.

    `told` has the order's fields that were told and were news; nothing else is looked at. Both
    times can be written before the goods move, as the documents of their dialect have it.
    """
    goods = order.facets.fulfilment
    if "shipped_at" in told:
        _fits(order.shipped_at, order, facts, _LEFT, happened=goods in SHIPPED)
    if "delivered_at" in told:
        _fits(order.delivered_at, order, facts, _ARRIVED, happened=goods == "delivered")
    left, arrived = order.shipped_at, order.delivered_at
    if left is None or arrived is None or not told.keys() & {"shipped_at", "delivered_at"}:
        return
    if arrived // _MILLISECOND < left // _MILLISECOND:
        field = _ARRIVED if "delivered_at" in told else _LEFT
        raise refuse(Reason.INVALID, "goods arrive after they left, not before", field)


def _fits(time: int | None, order: Order, facts: Facts, field: str, *, happened: bool) -> None:
    if time is None:
        if happened:
            raise refuse(Reason.ILLEGAL_MOVE, "it has happened, so that its time stays", field)
        return
    if order.facets.stage in ENDED and not happened:
        sentence = f"goods of a {order.facets.stage} order have no such time"
        raise refuse(Reason.ILLEGAL_MOVE, sentence, field)
    if time > facts.now + AHEAD_MAX:
        raise refuse(Reason.INVALID, "must not be more than 31 days ahead", field)
