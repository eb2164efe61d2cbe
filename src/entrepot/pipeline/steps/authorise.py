"""Asking for the money of an order; giving it back where nobody needs it any more."""

from __future__ import annotations

from entrepot.core.commands import Command, FinishJob, SettlePayment
from entrepot.core.ids import dashed
from entrepot.core.order import Attempt
from entrepot.pipeline.steps import (
    ENDED,
    MICROSECONDS,
    Held,
    Terms,
    park,
    put_off,
    request_of,
    wait_until,
)
from entrepot.pipeline.steps.void import void
from entrepot.providers.payment import (
    Authorised,
    Declined,
    Misconfigured,
    NotSent,
    PaymentProvider,
    Pending,
)


async def authorise(held: Held, provider: PaymentProvider, terms: Terms) -> Command:
    """Settle the attempt by what its provider says, or put it off.

    An order that ended meanwhile gets its payment voided. One whose payment is not known when the
    hold of its stock ends has it voided first, and then expires.
    """
    job, attempt = held.job, held.attempt
    assert job.order_id is not None, "an authorise job belongs to an order"
    if attempt is None:
        return park(held, "there is no payment attempt to authorise", terms)
    if attempt.state in ENDED:
        return FinishJob(job.org, job.id, job.fence)
    if attempt.state == "voiding" or held.stage != "placed":
        return await void(held, provider, terms)
    answer = await provider.authorise(request_of(attempt, dashed(job.order_id)))
    if isinstance(answer, Authorised):
        return _settled(held, "authorized", "", answer.provider_reference)
    if isinstance(answer, Declined):
        return _settled(held, "declined", answer.reason)
    if isinstance(answer, Misconfigured):
        return park(held, f"{attempt.service}: {answer.detail}", terms)
    deadline = attempt.created_at + int(terms.hold_seconds * MICROSECONDS)
    if terms.now() >= deadline:
        return await _expire(held, provider, terms)
    if isinstance(answer, Pending):
        poll = terms.now() + int(terms.pending_seconds * MICROSECONDS)
        return wait_until(held, min(poll, deadline), "waiting for the provider's notification")
    retry_after = answer.retry_after if isinstance(answer, NotSent) else None
    return put_off(held, "authorise", _told(attempt, answer), terms, retry_after)


async def _expire(held: Held, provider: PaymentProvider, terms: Terms) -> Command:
    command = await void(held, provider, terms)
    if isinstance(command, SettlePayment):
        detail = "the payment was not authorised while the stock was held"
        return command._replace(outcome="expired", detail=detail)
    return command


def _settled(
    held: Held, outcome: str, detail: str, provider_reference: str | None = None
) -> SettlePayment:
    job = held.job
    assert job.order_id is not None, "a payment belongs to an order"
    return SettlePayment(
        job.org, job.order_id, job.id, job.fence, outcome, detail, provider_reference
    )


def _told(attempt: Attempt, answer: object) -> str:
    kind = "not sent" if isinstance(answer, NotSent) else "answer lost"
    return f"{attempt.service}: {kind}: {getattr(answer, 'detail', '')}"
