"""Settling a payment: what the provider said, recorded with what follows from it."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.decide import capturing, goods
from entrepot.core.decide.jobs import held_job, next_step, set_to_work
from entrepot.core.decide.moves import confirm, fail, stand
from entrepot.core.decide.waiting import goes_on, says
from entrepot.core.facets import ENDED
from entrepot.core.facts import Facts
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.needs import Needs
from entrepot.core.order import Job, Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.organization import DEFAULT_CAPTURE
from entrepot.core.payment import FullPayment, Payment
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StepResult


class SettlePayment(NamedTuple):
    """Pipeline: what came of the payment: authorized, captured, declined, voided, expired, lapsed.

    - Captured: the provider had taken the money before it was asked.
    - Lapsed: the order's stock is held no longer, and the payment's void has no answer yet.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    outcome: str
    detail: str
    provider_reference: str | None = None
    capture: str = DEFAULT_CAPTURE  # when the organization takes the money: core.organization


def wants(command: SettlePayment, needs: Needs) -> None:
    """The job, and the order with its payment and its stock."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.add((command.org, command.job_id))


def settle(command: SettlePayment, facts: Facts) -> Decision:
    """Record the outcome once, and advance the order in the same transaction."""
    job = held_job(command.org, command.job_id, command.fence, facts, "authorise", "void")
    key = (command.org, command.order_id)
    order, payment = facts.orders.get(key), facts.payment_of(key)
    if order is None or payment is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    if command.outcome in ("authorized", "captured"):
        return _authorized(command, order, payment, job, facts)
    if command.outcome == "voided":
        return _voided(order, payment, job, facts)
    if command.outcome == "lapsed":
        return _lapsed(command, order, payment, job, facts)
    return _refused(command, order, payment, job, facts)


def _given_up(payment: FullPayment, facts: Facts, changes: Changes) -> FullPayment:
    """The payment after a void: no money is held, and none can come any more. What was captured is
    no part of the void.
    """
    void = payment.void(facts.now).moved("done", facts.now)
    moved = [void]
    if not payment.taken:
        moved.append(payment.authorisation.moved("given_up", facts.now))
    changes.operations.put_all(moved)
    return payment.put(*moved)


def _declined(payment: FullPayment, facts: Facts, changes: Changes) -> FullPayment:
    first = payment.authorisation.moved("declined", facts.now)
    changes.operations.put(first)
    if (void := payment.open_void) is not None:
        # Nothing is held that could be given back.
        void = void.moved("given_up", facts.now)
        changes.operations.put(void)
    return payment.put(first)


def _paid_as(order: Order, payment: FullPayment) -> Order:
    """The order in the payment facet that its payment has now."""
    return stand(order, order.facets._replace(payment=payment.facet))


def _authorized(
    command: SettlePayment, order: Order, payment: FullPayment, job: Job, facts: Facts
) -> Decision:
    changes = Changes(facts)
    if payment.authorisation.state != "done":
        authorised = payment.authorisation.moved("done", facts.now, command.provider_reference)
        payment = payment.put(authorised)
        changes.operations.put(authorised)
    taken = command.outcome == "captured"
    if taken:
        payment = _taken(payment, facts, changes)
    if order.facets.stage != "placed":
        if taken and order.facets.stage not in ENDED:
            return _not_let_go(order, payment, job, facts, changes)
        # The order ended while its payment was under way: nobody may keep the money.
        return _ended(order, payment, job, facts, changes)
    order = _paid_as(order, payment)
    service = payment.payment.service
    type_ = events.PAYMENT_CAPTURED if taken else events.PAYMENT_AUTHORIZED
    order, told = events.happened(
        order, type_, facts, "pipeline", {"service": service}, actor.provider(service)
    )
    changes.events.append(told)
    goods.commit(order, facts, changes)
    order = confirm(order, facts, changes, _stand_in(payment.payment))
    changes.jobs.remove((job.org, job.id))
    if command.capture == "confirmation" and payment.capturable:
        capturing.capture(order, payment, payment.capturable, facts, changes)
    elif command.capture == "shipment" and order.facets.fulfilment not in NOT_LEFT:
        set_to_work("capture", order, facts, changes)
    return Decision(changes, StepResult(None, payment, order))


def _ended(
    order: Order, payment: FullPayment, job: Job, facts: Facts, changes: Changes
) -> Decision:
    if payment.refundable:
        order = _paid_as(order, payment)
        order, told = events.happened(
            order, events.PAYMENT_CAPTURED, facts, "pipeline",
            actor=actor.provider(payment.payment.service),
        )  # fmt: skip
        changes.events.append(told)
        changes.orders.put(goes_on(order))
        if (void := payment.open_void) is not None:
            # There is no hold that could be let go.
            void = void.moved("given_up", facts.now)
            changes.operations.put(void)
            payment = payment.put(void)
        changes.jobs.remove((job.org, job.id))
        payment = capturing.refund(order, payment, payment.refundable, facts, changes)
        return Decision(changes, StepResult(None, payment, order))
    void = payment.void(facts.now)
    job = next_step(job, "void", facts)
    changes.operations.put(void)
    changes.jobs.put(job)
    return Decision(changes, StepResult(job, payment.put(void), order))


def _not_let_go(
    order: Order, payment: FullPayment, job: Job, facts: Facts, changes: Changes
) -> Decision:
    """The hold of a running order was to be let go, and somebody had taken the money at the service
    before: the order is paid.
    """
    if (void := payment.open_void) is not None:
        void = void.moved("given_up", facts.now)
        changes.operations.put(void)
        payment = payment.put(void)
    order = goes_on(_paid_as(order, payment))
    if order.reason == OrderReason.HOLD_LAPSES:
        order = order.changed(reason=None, reason_detail=None)
    order, told = events.happened(
        order, events.PAYMENT_CAPTURED, facts, "pipeline",
        actor=actor.provider(payment.payment.service),
    )  # fmt: skip
    changes.events.append(told)
    changes.orders.put(order)
    changes.jobs.remove((job.org, job.id))
    return Decision(changes, StepResult(None, payment, order))


def _taken(payment: FullPayment, facts: Facts, changes: Changes) -> FullPayment:
    """The payment with the capture of all that is left, which somebody else had the provider do."""
    first = payment.authorisation
    capture = payment.further("capture", first.units - payment.taken, facts.now)
    capture = capture.moved("done", facts.now, first.provider_reference)
    changes.operations.put(capture)
    return payment.put(capture)


def _stand_in(payment: Payment) -> tuple[str | None, str | None]:
    """The reason and detail of an order whose payment its own provider has not answered."""
    if payment.service == payment.provider.lower():
        return None, None
    sentence = f"authorised by the {payment.service} in place of {payment.provider}"
    return payment.service, sentence[:500]


def _voided(order: Order, payment: FullPayment, job: Job, facts: Facts) -> Decision:
    """The provider keeps no money: what it held is given back, and no more can come."""
    changes = Changes(facts)
    changes.jobs.remove((job.org, job.id))
    payment = _given_up(payment, facts, changes)
    order = goes_on(_paid_as(order, payment))
    if order.facets.stage not in ENDED:
        # The hold came to its end, and the organization lets it go then.
        service = payment.payment.service
        why = f"{service} holds no money of the order any more: the hold was let go before its end"
        order = says(order, OrderReason.HOLD_LAPSES, why)
    order, voided = events.happened(
        order, events.PAYMENT_VOIDED, facts, "pipeline",
        actor=actor.provider(payment.payment.service),
    )  # fmt: skip
    changes.events.append(voided)
    changes.orders.put(order)
    return Decision(changes, StepResult(None, payment, order))


def _refused(
    command: SettlePayment, order: Order, payment: FullPayment, job: Job, facts: Facts
) -> Decision:
    expired = command.outcome == "expired"
    changes = Changes(facts)
    changes.jobs.remove((job.org, job.id))
    payment = (_given_up if expired else _declined)(payment, facts, changes)
    order = _paid_as(order, payment)
    type_ = events.PAYMENT_EXPIRED if expired else events.PAYMENT_DECLINED
    # A payment that expires was not answered: the step gives it up.
    who = None if expired else actor.provider(payment.payment.service)
    order, told = events.happened(order, type_, facts, "pipeline", actor=who)
    changes.events.append(told)
    if order.facets.stage != "placed":
        changes.orders.put(goes_on(order))
        return Decision(changes, StepResult(None, payment, order))
    if expired:
        order = _expired(order, command.detail, facts, changes)
        return Decision(changes, StepResult(None, payment, order))
    if goods.release(order, facts, changes):
        order, released = events.happened(order, events.STOCK_RELEASED, facts, "pipeline")
        changes.events.append(released)
    order = fail(order, OrderReason.PAYMENT_DECLINED, command.detail, facts, changes)
    return Decision(changes, StepResult(None, payment, order))


def _lapsed(
    command: SettlePayment, order: Order, payment: FullPayment, job: Job, facts: Facts
) -> Decision:
    """The hold of the stock has ended, and the provider could not be told to keep no money.

    The stock is given back at once; the payment is voided whenever the provider can be told.
    """
    changes = Changes(facts)
    void = payment.void(facts.now)
    job = next_step(job, "void", facts)
    changes.operations.put(void)
    changes.jobs.put(job)
    if order.facets.stage == "placed":
        order = _expired(order, command.detail, facts, changes)
    return Decision(changes, StepResult(job, payment.put(void), order))


def _expired(order: Order, detail: str, facts: Facts, changes: Changes) -> Order:
    if goods.release(order, facts, changes, "expired"):
        order, released = events.happened(order, events.STOCK_RELEASED, facts, "pipeline")
        changes.events.append(released)
    return fail(order, OrderReason.PAYMENT_EXPIRED, detail, facts, changes)
