"""Taking the money of an order, and giving it back: one operation after the other."""

from __future__ import annotations

from entrepot.core import refunds
from entrepot.core.commands import Command
from entrepot.core.decide.capture import PrepareCapture
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.steps import FinishJob, Taken
from entrepot.core.payment import FullPayment, Operation
from entrepot.pipeline.steps import (
    HeldJob,
    Terms,
    blindly,
    its_money_stays,
    operation_request,
    park,
    request_of,
    unanswered,
    wait_until,
)
from entrepot.providers.payment import (
    Absent,
    Authorised,
    CaptureAnswer,
    Captured,
    Declined,
    Disputed,
    LookUpAnswer,
    Misconfigured,
    NotSent,
    PaymentProvider,
    RefundAnswer,
    Refunded,
    Running,
    Unknown,
    Voided,
)


async def capture(held: HeldJob, provider: PaymentProvider, terms: Terms) -> Command:
    """Take the money that is written down to be taken; else have what is due written down."""
    job, payment = held.job, held.payment
    assert job.order_id is not None, "a capture job belongs to an order"
    if payment is None:
        return park(held, "there is no payment to capture", terms)
    operation = payment.first_open("capture")
    if operation is None:
        several = provider.terms.several_captures
        return PrepareCapture(job.org, job.order_id, job.id, job.fence, several)
    return await _operate(held, payment, operation, provider, terms)


async def refund(held: HeldJob, provider: PaymentProvider, terms: Terms) -> Command:
    """Give the money back that is written down to be given back. The money of an order that ended
    stays where another live order has the payment.
    """
    job, payment = held.job, held.payment
    if payment is None:
        return park(held, "there is no payment to refund", terms)
    operation = payment.first_open("refund")
    if operation is None:
        return FinishJob(job.org, job.id, job.fence)
    if (stays := its_money_stays(held, payment)) is not None:
        assert job.order_id is not None, "a refund job belongs to an order"
        return SettleOperation(
            job.org, job.order_id, job.id, job.fence, operation.payment, operation.number,
            done=False, detail=stays, stays=True,
        )  # fmt: skip
    if refunds.capture_of(payment, operation) is None:
        return park(held, "no capture has as much left as the refund gives back", terms)
    return await _operate(held, payment, operation, provider, terms)


async def _operate(
    held: HeldJob,
    payment: FullPayment,
    operation: Operation,
    provider: PaymentProvider,
    terms: Terms,
) -> Command:
    """Settle an operation by what its provider says, or put it off."""
    job, kind, service = held.job, operation.kind, payment.payment.service
    assert job.order_id is not None, "an operation belongs to an order"
    several = provider.terms.several_captures
    answer = await _answer(payment, operation, provider, terms)
    settled = SettleOperation(
        job.org, job.order_id, job.id, job.fence, operation.payment, operation.number, done=True
    )
    if isinstance(answer, Captured | Refunded):
        final = kind == "capture" and (not several or payment.is_last(operation))
        return settled._replace(provider_reference=answer.provider_reference, final=final)
    if isinstance(answer, Declined):
        declined = settled._replace(done=False, detail=answer.reason)
        if kind == "capture":
            return await _beside(declined, payment, provider)
        return declined
    if isinstance(answer, Misconfigured):
        return park(held, f"{service}: {answer.detail}", terms)
    if isinstance(answer, Running):
        outcome = f"the provider's outcome of the {kind}"
        waits = wait_until(held, terms.poll_at(), f"waiting for {outcome}", outcome)
        taken = Taken(operation.payment, operation.number, answer.provider_reference)
        return waits._replace(running=taken if operation.state == "prepared" else None)
    assert isinstance(answer, NotSent | Unknown), answer
    error = f"{service}: the {kind} has no answer: {answer.detail}"
    return unanswered(held, kind, error, answer, terms)


async def _beside(
    declined: SettleOperation, payment: FullPayment, provider: PaymentProvider
) -> SettleOperation:
    """A capture that is declined, with what somebody else had the provider take of the hold. Where
    the provider does not say, the decline is all that is known.
    """
    found = await provider.look_up(request_of(payment), payment.authorisation.provider_reference)
    if isinstance(found, Disputed):
        found = found.otherwise
    if isinstance(found, Declined):
        return declined._replace(final=True)  # the hold has ended
    if not isinstance(found, Authorised | Captured | Voided):
        return declined
    over = isinstance(found, Voided) or (bool(found.captures) and not isinstance(found, Authorised))
    return declined._replace(captures=found.captures, final=over)


async def _answer(
    payment: FullPayment, operation: Operation, provider: PaymentProvider, terms: Terms
) -> CaptureAnswer | RefundAnswer | LookUpAnswer:
    """The provider's word on an operation. Where the provider may have the operation, it is looked
    up; it is asked for, or asked for again, where the provider does not know it.
    """
    several = provider.terms.several_captures
    request = operation_request(payment, operation, several=several)
    if not blindly(operation, provider.terms.resend_seconds, terms.now()):
        known = await provider.look_up(request, operation.provider_reference)
        if not isinstance(known, Absent):
            return known
    if operation.kind == "capture":
        return await provider.capture(request)
    return await provider.refund(request)
