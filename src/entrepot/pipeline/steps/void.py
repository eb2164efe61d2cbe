"""Giving a payment back, or forbidding it beforehand."""

from __future__ import annotations

from entrepot.core.commands import Command
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import FinishJob
from entrepot.pipeline.steps import WITHOUT_MONEY, Held, Terms, park, put_off, request_of
from entrepot.providers.payment import Misconfigured, NotSent, PaymentProvider, Voided


async def void(held: Held, provider: PaymentProvider, terms: Terms) -> Command:
    """Settle the payment as voided once its provider has said so, or put it off."""
    job, payment = held.job, held.payment
    assert job.order_id is not None, "a void job belongs to an order"
    if payment is None:
        return park(held, "there is no payment to void", terms)
    if payment.authorisation.state in WITHOUT_MONEY:
        return FinishJob(job.org, job.id, job.fence)
    answer = await provider.void(request_of(payment))
    if isinstance(answer, Voided):
        return SettlePayment(job.org, job.order_id, job.id, job.fence, "voided", "")
    if isinstance(answer, Misconfigured):
        return park(held, f"{payment.payment.service}: {answer.detail}", terms)
    retry_after = answer.retry_after if isinstance(answer, NotSent) else None
    error = f"{payment.payment.service}: the void has no answer: {answer.detail}"
    return put_off(held, "void", error, terms, retry_after)
