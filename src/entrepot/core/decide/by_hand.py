"""What somebody did with held money at the service's own pages, or the service by itself: a look at
the payment finds that money was taken, or that nothing is held any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing
from entrepot.core.decide.payment_outcome import given_up, held_no_more, paid_as, short
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import CaptureFound, FullPayment

# Reasons of an order that says what is wrong with a hold. Neither is true once all is taken.
_OF_HOLDS = frozenset({OrderReason.HOLD_LAPSES, OrderReason.CAPTURE_DECLINED})


class HoldSeen(NamedTuple):
    """What a service says of money that the book has as held.

    `over`: nothing is held any more. `captures`: what was taken, by whomever.
    """

    payment: int  # the payment's number
    over: bool
    captures: tuple[CaptureFound, ...] = ()


def is_watched(order: Order, full: FullPayment) -> bool:
    """Whether money of a running order is held of which nobody is about to ask: the outcome of a
    capture or of a void says what became of the hold.
    """
    asks = full.first_open("capture") is not None or full.open_void is not None
    return not order.is_off and full.held > 0 and not asks


def take_over(
    order: Order, funds: Funds, seen: Sequence[HoldSeen], facts: Facts, changes: Changes
) -> tuple[Order, Funds]:
    """The order and its payments as the service has them. Money that was taken pays the order; what
    another payment holds in its place is let go, and what is not due is given back.
    """
    for one in seen:
        full = funds.of(one.payment)
        if full is None or not is_watched(order, full):
            continue
        found = capturing.unknown(full, one.captures)
        if found or one.over:
            order, funds = _taken(order, funds, one._replace(captures=found), facts, changes)
    return order, funds


def _taken(
    order: Order, funds: Funds, seen: HoldSeen, facts: Facts, changes: Changes
) -> tuple[Order, Funds]:
    full, found, service = funds.payments[seen.payment - 1], seen.captures, funds.service
    if not seen.over:
        full = capturing.found_there(full, found, facts, changes)
    elif found or full.taken:
        full = held_no_more(full, found, facts, changes)
    else:
        full = given_up(full, facts, changes)
    funds = capturing.count_in(funds.put(full), full, changes)
    order = paid_as(order, funds)
    if order.reason in _OF_HOLDS and not funds.capturable:
        order = order.changed(reason=None, reason_detail=None)
    if seen.over:
        order = short(order, full, became="the hold has ended there, or was let go")
    type_, detail = events.PAYMENT_VOIDED, {"service": service}
    if found:
        units = sum([one.units for one in found])
        type_, detail = events.PAYMENT_CAPTURED, {"amount": funds.amount(units).text(), **detail}
    order, told = events.happened(order, type_, facts, "pipeline", detail, actor.provider(service))
    changes.events.append(told)
    funds = capturing.let_idle_go(order, funds, facts, changes)
    return order, capturing.refund_surplus(order, funds, facts, changes)
