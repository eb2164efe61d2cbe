"""Settling a capture or a refund: what the service said, recorded with what follows from it."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing
from entrepot.core.decide.jobs import held_job, job_ids, next_step
from entrepot.core.decide.moves import stand
from entrepot.core.decide.waiting import goes_on, says
from entrepot.core.facets import ENDED
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import OPEN, FullPayment, Operation
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StepResult

_DONE = {"capture": events.PAYMENT_CAPTURED, "refund": events.PAYMENT_REFUNDED}
_DECLINED = {"capture": events.CAPTURE_DECLINED, "refund": events.REFUND_DECLINED}
_REASONS = {"capture": OrderReason.CAPTURE_DECLINED, "refund": OrderReason.REFUND_DECLINED}


class SettleOperation(NamedTuple):
    """Pipeline: the service did a capture or a refund, or it declined.

    `final`: the service let go of the rest of the hold with this capture.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    number: int  # the operation's, within the order's last payment
    done: bool
    detail: str = ""
    provider_reference: str | None = None
    final: bool = False


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
    order, payment = facts.orders.get(key), facts.payment_of(key)
    if order is None or payment is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    changes = Changes(facts)
    operation = next((one for one in payment.operations if one.number == command.number), None)
    if operation is not None and operation.kind == job.kind and operation.state in OPEN:
        order, payment = _settled(command, operation, order, payment, facts, changes)
    if order.facets.stage in ENDED and job.kind == "capture":
        payment = capturing.give_back(order, payment, facts, changes)
    more = payment.first_open(job.kind) is not None
    if job.kind == "capture" and order.facets.stage not in ENDED:
        # Goods may have left meanwhile.
        more = more or (command.done and payment.capturable > 0)
    if more:
        job = next_step(job, job.kind, facts)
        changes.jobs.put(job)
        return Decision(changes, StepResult(job, payment, order))
    changes.jobs.remove((job.org, job.id))
    return Decision(changes, StepResult(None, payment, order))


def _settled(
    command: SettleOperation,
    operation: Operation,
    order: Order,
    payment: FullPayment,
    facts: Facts,
    changes: Changes,
) -> tuple[Order, FullPayment]:
    kind, state = operation.kind, "done" if command.done else "declined"
    operation = operation.moved(state, facts.now, command.provider_reference)
    changes.operations.put(operation)
    payment = payment.put(operation)
    if command.final and command.done and payment.capturable:
        # What was held besides is let go with the only capture that there can be.
        rest = payment.void(facts.now).moved("done", facts.now)
        changes.operations.put(rest)
        payment = payment.put(rest)
    order = goes_on(stand(order, order.facets._replace(payment=_facet(order, payment))))
    its = payment.payment
    detail = {"amount": Amount(operation.units, its.amount.scale).text(), "service": its.service}
    if not command.done:
        detail["reason"] = command.detail[:500]
        why = f"{its.service}: the {kind} of {detail['amount']} {its.currency} is declined: "
        order = says(order, _REASONS[kind], why + command.detail)
    elif order.reason == _REASONS[kind] or _is_over(order, payment):
        order = order.changed(reason=None, reason_detail=None)
    type_ = (_DONE if command.done else _DECLINED)[kind]
    order, told = events.happened(
        order, type_, facts, "pipeline", detail, actor.provider(its.service)
    )
    changes.events.append(told)
    changes.orders.put(order)
    return order, payment


def _is_over(order: Order, payment: FullPayment) -> bool:
    """Whether the order says that a hold is about to end, and nothing is held any more."""
    return order.reason == OrderReason.HOLD_LAPSES and payment.facet != "authorized"


def _facet(order: Order, payment: FullPayment) -> str:
    """The facet that the sums give. A dispute goes on while money is given back in part."""
    disputed = order.facets.payment == "disputed" and payment.facet == "partially_refunded"
    return "disputed" if disputed else payment.facet
