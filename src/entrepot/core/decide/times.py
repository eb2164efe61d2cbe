"""The times that are told of a managed order have to fit the rest of the order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entrepot.core import ahead, shown
from entrepot.core.commands import AmendPaths
from entrepot.core.facets import ENDED, SHIPPED
from entrepot.core.facts import Facts
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, refuse

DAY = 86_400 * 1_000_000  # microseconds
# How far ahead of now a time may be; a later one is a slip.
AHEAD_MAX = 31 * DAY
# How long before its order was placed goods may have left: orders are entered some days late.
LATE_ENTRY_MAX = 7 * DAY
# How far ahead a sender's clock may be, its time zone included.
CLOCKS_DIFFER_MAX = DAY
_MILLISECOND = 1_000  # times are told and shown in these


def hold(
    before: Order, order: Order, told: Mapping[str, Any], facts: Facts, paths: AmendPaths
) -> None:
    """Refuse a time at which goods left or arrived, where the order as it now is denies the time.

    `told` has the order's fields that were told and were news; nothing else is looked at. Both
    times can be written before the goods move, as the documents of their dialect have it.
    """
    goods = ahead.stand(order).fulfilment
    moved = goods != ahead.stand(before).fulfilment
    for name, field, happened in (
        ("shipped_at", paths.shipped_at, goods in SHIPPED),
        ("delivered_at", paths.delivered_at, goods == "delivered"),
    ):
        if name in told:
            _fits(told[name], order, facts, field, happened=happened)
            if moved and not happened:
                _not_yet(told[name], goods, facts, field)
    left, arrived = order.shipped_at, order.delivered_at
    if left is None or arrived is None or not told.keys() & {"shipped_at", "delivered_at"}:
        return
    if arrived // _MILLISECOND < left // _MILLISECOND:
        field = paths.delivered_at if "delivered_at" in told else paths.shipped_at
        raise refuse(Reason.INVALID, "goods arrive after they left, not before", field)


def hold_arrival(at: int, left: int, facts: Facts, field: str) -> None:
    """Refuse a time at which goods arrived that is before they left, or more than a day ahead."""
    if planned(at, facts):
        raise refuse(Reason.INVALID, "must not be more than a day ahead", field)
    if at // _MILLISECOND < left // _MILLISECOND:
        raise refuse(Reason.INVALID, "goods arrive after they left, not before", field)


def same(one: int, other: int | None) -> bool:
    """Whether two times are the same to the millisecond."""
    return other is not None and one // _MILLISECOND == other // _MILLISECOND


def planned(time: int | None, facts: Facts) -> bool:
    """Whether a time is still to come, whosever clock it was told by."""
    return time is not None and time > facts.now + CLOCKS_DIFFER_MAX


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
    if not happened:
        return
    if planned(time, facts):
        sentence = "it has happened, so that its time is not more than a day ahead"
        raise refuse(Reason.INVALID, sentence, field)
    if time < shown.created_at(order) - LATE_ENTRY_MAX:
        sentence = "must not be more than 7 days before the order was placed"
        raise refuse(Reason.INVALID, sentence, field)


def _not_yet(time: int | None, goods: str, facts: Facts, field: str) -> None:
    """Refuse a time that is past where the same body says that the goods are not there yet."""
    if time is not None and time <= facts.now:
        raise refuse(Reason.INVALID, f"the goods are told to be {goods} with it", field)
