"""What somebody did with money at the service's own pages, or the service by itself: a look at the
payment finds that held money was taken, that nothing is held any more, or that money went back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing
from entrepot.core.decide.payment_outcome import given_up, held_no_more, paid_as, short
from entrepot.core.decide.waiting import no_longer
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import CaptureFound, FullPayment
from entrepot.core.refunds import RefundFound, capture_of

# Reasons of an order that says what is wrong with a hold. Neither is true once all is taken.
_OF_HOLDS = (OrderReason.HOLD_LAPSES, OrderReason.CAPTURE_DECLINED)


class HoldSeen(NamedTuple):
    """What a service says of money that the book has as held.

    `over`: nothing is held any more. `captures`: what was taken, by whomever.
    """

    payment: int  # the payment's number
    over: bool
    captures: tuple[CaptureFound, ...] = ()


class RefundSeen(NamedTuple):
    """A refund that a service tells of, whoever asked for it."""

    payment: int  # the payment's number
    refund: RefundFound


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
    another payment holds in its place is let go, and what is not due is given back. While a hold is
    renewed nothing is taken over: the new one takes the old one's place, whatever became of it.
    """
    for one in seen if funds.renewing is None else ():
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
    for reason in _OF_HOLDS if not funds.capturable else ():
        order = no_longer(order, reason)
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


def give_back(
    order: Order, funds: Funds, seen: Sequence[RefundSeen], facts: Facts, changes: Changes
) -> tuple[Order, Funds]:
    """The order and its payments with what went back at the service. Left out is what the book
    knows, and what is not its own capture's: a refund of ours that comes later is of the first
    capture of which enough is left. A refund that is under way is waited for.
    """
    for number, one in seen:
        full = funds.of(number)
        if full is None or full.first_open("refund") is not None or _is_known(full, one):
            continue
        refund = full.further("refund", min(one.units, full.refundable), facts.now)
        refund = refund.moved("done", facts.now, one.reference)
        after = full.put(refund)
        of = capture_of(after, refund)
        if refund.units <= 0 or (one.of and (of is None or of.provider_reference != one.of)):
            continue
        changes.operations.put(refund)
        funds = funds.put(after)
        order = paid_as(order, funds)
        if not funds.refundable:
            order = no_longer(order, OrderReason.REFUND_DECLINED)
        detail = {"amount": funds.amount(refund.units).text(), "service": funds.service}
        who = actor.provider(funds.service)
        order, told = events.happened(
            order, events.PAYMENT_REFUNDED, facts, "pipeline", detail, who
        )
        changes.events.append(told)
    return order, funds


def _is_known(full: FullPayment, found: RefundFound) -> bool:
    """Whether the book has asked for a refund, or has written it down before."""
    return any(
        found.key == one.key or (one.kind, one.provider_reference) == ("refund", found.reference)
        for one in full.operations
    )
