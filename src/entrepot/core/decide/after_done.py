"""A capture or a refund that failed at its service after the service had done it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing
from entrepot.core.decide.payment_outcome import paid_as
from entrepot.core.decide.waiting import says
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import Operation

MOVES = frozenset({"capture", "refund"})  # kinds of operations that move money
_TYPES = {"capture": events.CAPTURE_DECLINED, "refund": events.REFUND_DECLINED}
_REASONS = {"capture": OrderReason.CAPTURE_DECLINED, "refund": OrderReason.REFUND_DECLINED}


class Failed(NamedTuple):
    """An operation that is done in the book, and that its service says failed."""

    payment: int  # the payment's number
    number: int  # the operation's, within the payment
    why: str


def has_moved(funds: Funds) -> bool:
    """Whether money was taken or given back, which can still fail."""
    every = [one for full in funds.payments for one in full.operations]
    return any(one.kind in MOVES and one.state == "done" for one in every)


def refunds_stand(funds: Funds, failed: Sequence[Failed]) -> bool:
    """Whether refunds are never above captures once these operations are declined."""
    after = funds
    for _, operation in _done(funds, failed):
        full = after.payments[operation.payment - 1]
        after = after.put(full.put(operation._replace(state="declined")))
    return all(full.refundable >= 0 for full in after.payments)


def decline(
    order: Order, funds: Funds, failed: Sequence[Failed], facts: Facts, changes: Changes
) -> tuple[Order, Funds]:
    """The order and its payments once these operations are declined, each with its event. What the
    service let go of with a capture is held again, for a capture that fails at once lets go of
    nothing. What is held again of an order that ended, or for nothing, is let go.
    """
    its = _done(funds, failed)
    for why, operation in its:
        payment = funds.payments[operation.payment - 1]
        moved = [declined := operation.moved("declined", facts.now)]
        if (rest := payment.let_go_with(operation)) is not None:
            moved.append(rest.moved("declined", facts.now))
        changes.operations.put_all(moved)
        funds = funds.put(payment.put(*moved))
        order = _told(order, funds, declined, why, facts, changes)
    if any(operation.kind == "capture" for _, operation in its):
        funds = _held_again(order, funds, facts, changes)
    return order, funds


def _done(funds: Funds, failed: Sequence[Failed]) -> list[tuple[str, Operation]]:
    """Why each of these operations that is done here failed. Refunds come first: they are never
    above captures.
    """
    why = {(one.payment, one.number): one.why for one in failed}
    found = [
        (why[one.payment, one.number], one) for full in funds.payments for one in full.operations
        if (one.payment, one.number) in why and one.kind in MOVES and one.state == "done"
    ]  # fmt: skip
    return sorted(found, key=lambda one: one[1].kind != "refund")


def _told(
    order: Order, funds: Funds, operation: Operation, why: str, facts: Facts, changes: Changes
) -> Order:
    order = paid_as(order, funds)
    kind, service, money = operation.kind, funds.service, funds.text(operation.units)
    sentence = f"{service}: the {kind} of {money} failed after it was done: {why}"
    order = says(order, _REASONS[kind], sentence)
    detail = {
        "amount": funds.amount(operation.units).text(), "service": service, "reason": why[:500],
    }  # fmt: skip
    order, told = events.happened(
        order, _TYPES[kind], facts, "pipeline", detail, actor.provider(service)
    )
    changes.events.append(told)
    return order


def _held_again(order: Order, funds: Funds, facts: Facts, changes: Changes) -> Funds:
    if not order.is_off:
        return capturing.let_idle_go(order, funds, facts, changes)
    if funds.with_open("capture") is not None:
        return funds  # its outcome says what is left, and lets go of it
    for payment in funds.payments:
        if payment.held:
            funds = capturing.let_go(order, funds, payment.payment.number, facts, changes)
    return funds
