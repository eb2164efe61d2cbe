"""Settling a capture or a refund: what the service said, recorded with what follows from it."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing
from entrepot.core.decide.jobs import held_job, job_ids, next_step
from entrepot.core.decide.payment_outcome import held_no_more, paid_as, rest_let_go
from entrepot.core.decide.waiting import adds, goes_on, no_longer, says
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import OPEN, CaptureFound, FullPayment, Operation, is_open
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StepResult

_DONE = {"capture": events.PAYMENT_CAPTURED, "refund": events.PAYMENT_REFUNDED}
_DECLINED = {"capture": events.CAPTURE_DECLINED, "refund": events.REFUND_DECLINED}
_REASONS = {"capture": OrderReason.CAPTURE_DECLINED, "refund": OrderReason.REFUND_DECLINED}


class SettleOperation(NamedTuple):
    """Pipeline: the service did a capture or a refund, or it declined.

    `final`: the service let go of the rest of the hold with this capture, or holds nothing any more
    and declines the capture for that. `stays`: the service was not asked for a refund, because the
    money pays another order. `captures`: those that the service tells of beside a capture that it
    declines; one that the book does not know was made by somebody else.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    payment: int  # the payment's number
    number: int  # the operation's, within the payment
    done: bool
    detail: str = ""
    provider_reference: str | None = None
    final: bool = False
    stays: bool = False
    captures: tuple[CaptureFound, ...] = ()


def wants(command: SettleOperation, needs: Needs) -> None:
    """The whole order, and its steps."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.update((command.org, id_) for id_ in job_ids(command.order_id))


def settle(command: SettleOperation, facts: Facts) -> Decision:
    """Record the outcome once. The step goes on while it may have more to do.

    The money of an order that ended meanwhile is given back.
    """
    job = held_job(command.org, command.job_id, command.fence, facts, "capture", "refund")
    key = (command.org, command.order_id)
    order, funds = facts.orders.get(key), facts.funds_of(key)
    payment = None if funds is None else funds.of(command.payment)
    if order is None or funds is None or payment is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    changes = Changes(facts)
    operation = next((one for one in payment.operations if one.number == command.number), None)
    if operation is not None and operation.kind == job.kind and operation.state in OPEN:
        order, funds = _settled(command, operation, order, funds, facts, changes)
    if order.is_off and job.kind == "capture":
        funds = capturing.give_back(order, funds, facts, changes)
    more = funds.with_open(job.kind) is not None
    if job.kind == "capture" and not order.is_off:
        # Goods may have left meanwhile.
        more = more or (command.done and funds.capturable > 0)
    if more:
        job = next_step(job, job.kind, facts)
        changes.jobs.put(job)
        return Decision(changes, StepResult(job, funds, order))
    changes.jobs.remove((job.org, job.id))
    return Decision(changes, StepResult(None, funds, order))


def _settled(
    command: SettleOperation,
    operation: Operation,
    order: Order,
    funds: Funds,
    facts: Facts,
    changes: Changes,
) -> tuple[Order, Funds]:
    kind, state = operation.kind, "done" if command.done else "declined"
    operation = operation.moved(state, facts.now, command.provider_reference)
    changes.operations.put(operation)
    payment = funds.payments[operation.payment - 1].put(operation)
    behind: list[Operation] = []
    if command.final and command.done:
        payment, behind = _ended_with(payment, operation, facts, changes)
    funds = funds.put(payment)
    by_hand = () if command.done else capturing.unknown(payment, command.captures)
    if by_hand or (command.final and not command.done):
        order, funds = _taken_by_hand(command, order, funds, by_hand, facts, changes)
    if kind == "capture" and not order.is_off:
        # More is held than was due, and nobody will take the rest.
        funds = capturing.let_idle_go(order, funds, facts, changes)
    order = goes_on(paid_as(order, funds))
    service = funds.service
    detail = {"amount": funds.amount(operation.units).text(), "service": service}
    if not command.done:
        detail["reason"] = command.detail[:500]
        why = f"{service}: the {kind} of {funds.text(operation.units)} is declined: "
        if command.stays:
            order = adds(order, command.detail)
        elif not by_hand or funds.capturable:
            order = says(order, _REASONS[kind], why + command.detail)
    else:
        order = no_longer(order, _REASONS[kind])
        if funds.facet != "authorized":
            order = no_longer(order, OrderReason.HOLD_LAPSES)
    type_ = (_DONE if command.done else _DECLINED)[kind]
    who = None if command.stays else actor.provider(service)
    order, told = events.happened(order, type_, facts, "pipeline", detail, who)
    changes.events.append(told)
    order = _declined_behind(order, funds, behind, facts, changes)
    changes.orders.put(order)
    return order, funds


def _taken_by_hand(
    command: SettleOperation, order: Order, funds: Funds, found: tuple[CaptureFound, ...],
    facts: Facts, changes: Changes,
) -> tuple[Order, Funds]:  # fmt: skip
    """The order after the service declined a capture because somebody had the service take money of
    the hold, or let the hold go. What was taken beyond what is due pays in place of other payments'
    holds, or is given back.
    """
    payment = funds.payments[command.payment - 1]
    if command.final:
        payment = held_no_more(payment, found, facts, changes)
    else:
        payment = capturing.found_there(payment, found, facts, changes)
    funds = capturing.count_in(funds.put(payment), payment, changes)
    if not order.is_off:
        funds = capturing.refund_surplus(order, funds, facts, changes)
    order = paid_as(order, funds)
    if not found:
        return order, funds  # the hold was let go there
    units = sum([one.units for one in found])
    detail = {"amount": funds.amount(units).text(), "service": funds.service}
    order, told = events.happened(
        order, events.PAYMENT_CAPTURED, facts, "pipeline", detail, actor.provider(funds.service)
    )
    changes.events.append(told)
    return order, funds


def _ended_with(
    payment: FullPayment, capture: Operation, facts: Facts, changes: Changes
) -> tuple[FullPayment, list[Operation]]:
    """The payment after the last capture that there can be, and the captures behind it, which were
    never sent and are declined. The rest of the hold is let go with the last capture, and bears its
    reference.
    """
    behind = [
        one.moved("declined", facts.now) for one in payment.operations if is_open(one, "capture")
    ]
    changes.operations.put_all(behind)
    payment = payment.put(*behind)
    return rest_let_go(payment, capture.provider_reference, facts, changes), behind


def _declined_behind(
    order: Order, funds: Funds, behind: list[Operation], facts: Facts, changes: Changes
) -> Order:
    """The order, which says of each capture that came too late why it is declined."""
    why = f"{funds.service} let go of the rest with the capture before it"
    for one in behind:
        money = funds.text(one.units)
        sentence = f"{funds.service}: the capture of {money} is declined: {why}"
        order = says(order, OrderReason.CAPTURE_DECLINED, sentence)
        amount = funds.amount(one.units).text()
        detail = {"amount": amount, "service": funds.service, "reason": why}
        order, told = events.happened(order, events.CAPTURE_DECLINED, facts, "pipeline", detail)
        changes.events.append(told)
    return order
