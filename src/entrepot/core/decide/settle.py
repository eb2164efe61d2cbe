"""Settling a payment: what the provider said, recorded with what follows from it."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events, unpaid
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing, goods, late_money, renew
from entrepot.core.decide.jobs import held_job, job_id, job_ids, next_step, set_to_work
from entrepot.core.decide.moves import confirm, fail, stood
from entrepot.core.decide.payment_outcome import (
    Case,
    declined,
    given_up,
    held_no_more,
    paid_as,
    short,
    tell,
    with_facet,
    without_void,
)
from entrepot.core.decide.waiting import adds, goes_on, says
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.needs import Needs
from entrepot.core.order import Job, Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.organization import DEFAULT_CAPTURE
from entrepot.core.payment import CaptureFound, FullPayment, Payment
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StepResult


class SettlePayment(NamedTuple):
    """Pipeline: what came of the payment: authorized, captured, declined, voided, expired, lapsed.

    - Captured: the provider had taken the money before it was asked.
    - Lapsed: the payment is needed no longer, and its void has no answer yet.

    `captures`: those that the service tells of, where it tells captures apart. One that the book
    does not know was made by somebody else.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    outcome: str
    detail: str
    provider_reference: str | None = None
    capture: str = DEFAULT_CAPTURE  # when the organization takes the money: core.organization
    payment: int = 1  # the payment's number within the order
    captures: tuple[CaptureFound, ...] = ()


def wants(command: SettlePayment, needs: Needs) -> None:
    """The job, and the order with its payments and its stock. The outcome of a further payment may
    set other steps to work, and so may one without money, and one of money that was taken already.
    """
    needs.whole_order(command.org, command.order_id)
    needs.jobs.add((command.org, command.job_id))
    if command.outcome != "authorized":
        needs.jobs.add((command.org, job_id(command.order_id, "hear")))
    if command.payment > 1 or command.outcome == "captured" or command.captures:
        needs.jobs.update((command.org, id_) for id_ in job_ids(command.order_id))


def settle(command: SettlePayment, facts: Facts) -> Decision:
    """Record the outcome once, and advance the order in the same transaction. What was notified of
    the payment before is heard afterwards.
    """
    job = held_job(command.org, command.job_id, command.fence, facts, *_STEPS)
    key = (command.org, command.order_id)
    order, funds = facts.orders.get(key), facts.funds_of(key)
    payment = None if funds is None else funds.of(command.payment)
    if order is None or funds is None or payment is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    decision = _settled(command, Case(order, funds, payment, job), facts)
    return late_money.heard(decision, facts)


def _settled(command: SettlePayment, case: Case, facts: Facts) -> Decision:
    if command.outcome in ("authorized", "captured"):
        return _authorized(command, case, facts)
    if command.outcome == "lapsed":
        return _lapsed(command, case, facts)
    if command.outcome != "declined" and capturing.unknown(case.payment, command.captures):
        return _kept_in_part(command, case, facts)
    if command.outcome == "voided":
        return _voided(command, case, facts)
    return _refused(command, case, facts)


_STEPS = ("authorise", "increase", "void")


def _authorized(command: SettlePayment, case: Case, facts: Facts) -> Decision:
    changes, renews = Changes(facts), case.payment.is_renewal
    case = _with_hold(command, case, facts, changes)
    taken = command.outcome == "captured"
    found = capturing.unknown(case.payment, command.captures)
    if found:
        case = case.put(capturing.found_there(case.payment, found, facts, changes))
    elif taken:
        reference = command.provider_reference
        case = case.put(capturing.taken_elsewhere(case.payment, reference, facts, changes))
    order, number = case.order, case.payment.payment.number
    if number > 1 and case.job.kind == "increase":
        if renews and not order.is_off:
            return _renewed(case, facts, changes)
        if order.is_off or not case.payment.payment.amount.units:
            # The money is needed no more: the order ended, or was amended back.
            return _ended(case, facts, changes)
        return _added(command, case, facts, changes)
    if order.facets.stage != "placed":
        if taken and not order.is_off:
            return _not_let_go(case, facts, changes)
        # The order ended while its payment was under way: nobody may keep the money.
        return _ended(case, facts, changes)
    type_ = events.PAYMENT_CAPTURED if taken else events.PAYMENT_AUTHORIZED
    paid = stood(order, with_facet(order, case.funds))
    order = tell(case, order, type_, facts, changes, {"service": case.service}, **paid)
    goods.commit(order, facts, changes)
    order = confirm(order, facts, changes, _stand_in(case.payment.payment))
    changes.jobs.remove((case.job.org, case.job.id))
    funds = _due_now(command, order, case.funds, facts, changes)
    return Decision(changes, StepResult(None, funds, order))


def _with_hold(command: SettlePayment, case: Case, facts: Facts, changes: Changes) -> Case:
    authorised = case.payment.authorisation
    if authorised.state == "done":
        return case
    authorised = authorised.moved("done", facts.now, command.provider_reference)
    changes.operations.put(authorised)
    return case.put(case.payment.put(authorised))


def _due_now(
    command: SettlePayment, order: Order, funds: Funds, facts: Facts, changes: Changes
) -> Funds:
    """Money is held now: it is taken, if the organization takes it at this time."""
    if command.capture == "confirmation" and funds.capturable:
        return capturing.capture(order, funds, funds.capturable, facts, changes)
    left = order.facets.fulfilment not in NOT_LEFT or order.facets.stage in capturing.OVER
    if command.capture == "shipment" and left:
        set_to_work("capture", order, facts, changes)
    return funds


def _added(command: SettlePayment, case: Case, facts: Facts, changes: Changes) -> Decision:
    """The service has the rest of what the order came to cost."""
    order = goes_on(unpaid.cleared(paid_as(case.order, case.funds)))
    if order.reason == OrderReason.INCREASE_DECLINED:
        order = order.changed(reason=None, reason_detail=None)
    amount = case.payment.payment.amount.text()
    detail = {"amount": amount, "service": case.service, "payment": case.payment.payment.number}
    order = tell(case, order, events.PAYMENT_INCREASED, facts, changes, detail)
    changes.orders.put(order)
    changes.jobs.remove((case.job.org, case.job.id))
    funds = capturing.let_idle_go(order, case.funds, facts, changes)
    funds = _due_now(command, order, funds, facts, changes)
    return Decision(changes, StepResult(None, funds, order))


def _renewed(case: Case, facts: Facts, changes: Changes) -> Decision:
    """The service holds the money anew: what was due of old holds is due of the new one, and they
    are let go. If nothing is due of them any more, the new hold is let go.
    """
    funds, instead_of = renew.take_over(case.funds, case.payment, changes)
    if not instead_of:
        changes.orders.put(order := renew.once_more(case.order, funds))
        return _ended(case._replace(order=order), facts, changes)
    number = case.payment.payment.number
    order = renew.without_alarm(goes_on(paid_as(case.order, funds)))
    amount = funds.payments[number - 1].payment.amount.text()
    detail = {
        "amount": amount, "service": case.service, "payment": number, "instead_of": instead_of,
    }  # fmt: skip
    order = tell(case, order, events.HOLD_RENEWED, facts, changes, detail)
    changes.orders.put(order)
    changes.jobs.remove((case.job.org, case.job.id))
    funds = capturing.let_idle_go(order, funds, facts, changes)
    funds = capturing.refund_surplus(order, funds, facts, changes)
    return Decision(changes, StepResult(None, funds, order))


def _ended(case: Case, facts: Facts, changes: Changes) -> Decision:
    payment, job = case.payment, case.job
    if payment.refundable:
        order = paid_as(case.order, case.funds)
        order = tell(case, order, events.PAYMENT_CAPTURED, facts, changes)
        changes.orders.put(goes_on(order))
        # What was taken is not let go.
        case = case.put(_rest_to_go(without_void(payment, facts, changes), facts, changes))
        funds = capturing.refund_one(order, case.funds, payment.payment.number, facts, changes)
        return _next_void(order, funds, job, facts, changes)
    void = payment.void(facts.now)
    changes.operations.put(void)
    return _next_void(case.order, case.put(payment.put(void)).funds, job, facts, changes)


def _rest_to_go(payment: FullPayment, facts: Facts, changes: Changes) -> FullPayment:
    if not payment.held:
        return payment
    void = payment.void(facts.now)
    changes.operations.put(void)
    return payment.put(void)


def _not_let_go(case: Case, facts: Facts, changes: Changes) -> Decision:
    """The hold of a running order was to be let go, and somebody had taken the money at the service
    before: the order is paid. What other payments hold for it is let go, and money that is not due
    any more is given back.
    """
    case = case.put(without_void(case.payment, facts, changes))
    funds = capturing.count_in(case.funds, case.payment, changes)
    order = goes_on(paid_as(case.order, funds))
    if order.reason == OrderReason.HOLD_LAPSES:
        order = order.changed(reason=None, reason_detail=None)
    order = short(order, case.payment)
    order = tell(case, order, events.PAYMENT_CAPTURED, facts, changes)
    changes.orders.put(order)
    funds = capturing.let_idle_go(order, funds, facts, changes)
    funds = capturing.refund_surplus(order, funds, facts, changes)
    return _next_void(order, funds, case.job, facts, changes)


def _next_void(
    order: Order, funds: Funds, job: Job, facts: Facts, changes: Changes
) -> Decision:  # fmt: skip
    """The step goes on to the next payment whose hold is to be let go; else it ends. An increase
    leaves this to the order's step that lets holds go: another cause may have made that one.
    """
    more = funds.with_open("void") is not None
    if not more or job.kind == "increase":
        changes.jobs.remove((job.org, job.id))
        if more:
            set_to_work("void", order, facts, changes)
        return Decision(changes, StepResult(None, funds, order))
    job = next_step(job, "void", facts)
    changes.jobs.put(job)
    return Decision(changes, StepResult(job, funds, order))


def _stand_in(payment: Payment) -> tuple[str | None, str | None]:
    """The reason and detail of an order whose payment its own provider has not answered."""
    if payment.service == payment.provider.lower():
        return None, None
    sentence = f"authorised by the {payment.service} in place of {payment.provider}"
    return payment.service, sentence[:500]


def _voided(command: SettlePayment, case: Case, facts: Facts) -> Decision:
    """The provider keeps no money of the payment: what it held is given back for good."""
    changes = Changes(facts)
    case = case.put(given_up(case.payment, facts, changes))
    order = adds(goes_on(paid_as(case.order, case.funds)), command.detail)
    order = short(order, case.payment, command.detail)
    order = tell(case, order, events.PAYMENT_VOIDED, facts, changes)
    changes.orders.put(order)
    return _next_void(order, case.funds, case.job, facts, changes)


def _kept_in_part(command: SettlePayment, case: Case, facts: Facts) -> Decision:
    """The provider holds no money any more, and somebody had taken a part of it there before: the
    part pays the order while it runs, and is given back otherwise.
    """
    changes = Changes(facts)
    case = _with_hold(command, case, facts, changes)
    case = case.put(held_no_more(case.payment, command.captures, facts, changes))
    if case.order.facets.stage == "placed":
        order = _expired(case.order, command.detail, facts, changes)
        return _ended(case._replace(order=order), facts, changes)
    if case.order.is_off:
        return _ended(case, facts, changes)
    return _not_let_go(case, facts, changes)


def _refused(command: SettlePayment, case: Case, facts: Facts) -> Decision:
    expired = command.outcome == "expired"
    changes, renews = Changes(facts), case.payment.is_renewal
    changes.jobs.remove((case.job.org, case.job.id))
    if expired:
        case = case.put(given_up(case.payment, facts, changes))
    else:
        case = case.put(declined(case.payment, command.provider_reference, facts, changes))
    if renews:
        return _not_renewed(command, case, facts, changes)
    if case.payment.payment.number > 1:
        return _not_added(command, case, facts, changes)
    order, payment = paid_as(case.order, case.funds), case.payment
    type_ = events.PAYMENT_EXPIRED if expired else events.PAYMENT_DECLINED
    # A payment that expires was not answered: the step gives it up.
    who = None if expired else actor.provider(payment.payment.service)
    order, told = events.happened(order, type_, facts, "pipeline", actor=who)
    changes.events.append(told)
    if order.facets.stage != "placed":
        changes.orders.put(goes_on(order))
        return Decision(changes, StepResult(None, case.funds, order))
    if expired:
        order = _expired(order, command.detail, facts, changes)
        return Decision(changes, StepResult(None, case.funds, order))
    if goods.release(order, facts, changes):
        order, released = events.happened(order, events.STOCK_RELEASED, facts, "pipeline")
        changes.events.append(released)
    order = fail(order, OrderReason.PAYMENT_DECLINED, command.detail, facts, changes)
    return Decision(changes, StepResult(None, case.funds, order))


def _not_added(command: SettlePayment, case: Case, facts: Facts, changes: Changes) -> Decision:
    """The service has no more money of the order. The order keeps what it has, and says so: it is
    amended back, or another reference is named for the rest.
    """
    order, due = goes_on(paid_as(case.order, case.funds)), case.payment.payment.amount.units
    units = case.payment.authorisation.units
    detail = {
        "amount": case.funds.amount(units).text(), "service": case.service,
        "payment": case.payment.payment.number, "reason": command.detail[:500],
    }  # fmt: skip
    if due and not order.is_off:
        why = f"{case.service}: {case.funds.text(units)} more is declined: {command.detail}"
        order = says(order, OrderReason.INCREASE_DECLINED, why)
    order = tell(case, order, events.INCREASE_DECLINED, facts, changes, detail)
    changes.orders.put(order)
    return Decision(changes, StepResult(None, case.funds, order))


def _not_renewed(command: SettlePayment, case: Case, facts: Facts, changes: Changes) -> Decision:
    """The service does not hold the money anew. The old hold stays, and the order says so."""
    order, units = goes_on(paid_as(case.order, case.funds)), case.payment.authorisation.units
    detail = {
        "amount": case.funds.amount(units).text(), "service": case.service,
        "payment": case.payment.payment.number, "reason": command.detail[:500],
    }  # fmt: skip
    if case.funds.capturable and not order.is_off:
        money = case.funds.text(units)
        why = f"{case.service} does not hold {money} anew, and its hold ends soon: {command.detail}"
        order = says(order, OrderReason.HOLD_LAPSES, why)
    order = tell(case, order, events.RENEWAL_DECLINED, facts, changes, detail)
    changes.orders.put(order)
    return Decision(changes, StepResult(None, case.funds, order))


def _lapsed(command: SettlePayment, case: Case, facts: Facts) -> Decision:
    """The hold of the stock has ended, and the provider could not be told to keep no money. Or the
    order has ended, and a call that asks for the money may be on its way.

    The stock is given back at once; the payment is voided whenever the provider can be told.
    """
    changes = Changes(facts)
    void = case.payment.void(facts.now)
    changes.operations.put(void)
    order, funds = case.order, case.put(case.payment.put(void)).funds
    if order.facets.stage == "placed":
        order = _expired(order, command.detail, facts, changes)
    if case.job.kind == "increase":
        job = next_step(case.job, "increase", facts)  # the step that asked lets it go
        changes.jobs.put(job)
        return Decision(changes, StepResult(job, funds, order))
    return _next_void(order, funds, case.job, facts, changes)


def _expired(order: Order, detail: str, facts: Facts, changes: Changes) -> Order:
    if goods.release(order, facts, changes, "expired"):
        order, released = events.happened(order, events.STOCK_RELEASED, facts, "pipeline")
        changes.events.append(released)
    return fail(order, OrderReason.PAYMENT_EXPIRED, detail, facts, changes)
