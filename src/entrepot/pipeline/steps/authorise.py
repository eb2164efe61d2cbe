"""Asking for the money of an order, and giving it back if it is no longer needed."""

from __future__ import annotations

from entrepot.core.commands import Command
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import FinishJob, Running
from entrepot.core.payment import FullPayment
from entrepot.core.shown import MICROSECONDS, moment
from entrepot.pipeline.steps import (
    NOT_IN_TIME,
    WITHOUT_MONEY,
    Held,
    Terms,
    hold_ends,
    park,
    put_off,
    request_of,
    settled,
    unless_lapsed,
    wait_until,
)
from entrepot.pipeline.steps.void import void
from entrepot.providers.payment import (
    Absent,
    AuthoriseAnswer,
    Authorised,
    Declined,
    Misconfigured,
    NotSent,
    PaymentProvider,
    Pending,
    Voided,
)

_NOTIFICATION = "waiting for the provider's notification"


async def authorise(held: Held, provider: PaymentProvider, terms: Terms) -> Command:
    """Settle the payment by what its provider says, or put it off.

    The payment of an order that ended meanwhile is voided. If the payment is still unknown when the
    stock hold ends, the order expires, parked or not. The payment is voided before the order
    expires if the provider answers, otherwise after it.
    """
    job, payment = held.job, held.payment
    assert job.order_id is not None, "an authorise job belongs to an order"
    if payment is None:
        return park(held, "there is no payment to authorise", terms)
    if payment.authorisation.state in WITHOUT_MONEY:
        return FinishJob(job.org, job.id, job.fence)
    if payment.open_void is not None or held.stage != "placed":
        return await void(held, provider, terms)
    answer = await _answer(payment, provider)
    if isinstance(answer, Authorised):
        return settled(held, "authorized", "", answer.provider_reference)
    if isinstance(answer, Declined):
        return settled(held, "declined", answer.reason)
    ends = hold_ends(held, terms)
    if ends is not None and terms.now() >= ends:
        return await _expire(held, provider, terms)
    if isinstance(answer, Misconfigured):
        return park(held, f"{payment.payment.service}: {answer.detail}", terms)
    if isinstance(answer, Pending):
        poll = terms.now() + int(terms.pending_seconds * MICROSECONDS)
        until = poll if ends is None else ends
        waiting = f"the provider's notification, until {moment(until)}"
        first = payment.authorisation
        running = Running(first.payment, first.number, answer.provider_reference)
        waits = wait_until(held, min(poll, until), _NOTIFICATION, waiting)
        return waits._replace(running=running if first.state == "prepared" else None)
    retry_after = answer.retry_after if isinstance(answer, NotSent) else None
    return put_off(held, "authorise", _told(payment, answer), terms, retry_after)


async def _answer(payment: FullPayment, provider: PaymentProvider) -> AuthoriseAnswer:
    """The provider's word on a payment: asked for again, or looked up where the provider has it."""
    first = payment.authorisation
    if first.state == "running":
        known = await provider.look_up(first.key)
        if isinstance(known, Voided):
            return Declined("the payment was voided at the provider")
        if not isinstance(known, Absent):
            return known
    return await provider.authorise(request_of(payment))


async def _expire(held: Held, provider: PaymentProvider, terms: Terms) -> Command:
    command = await void(held, provider, terms)
    if isinstance(command, SettlePayment):
        return command._replace(outcome="expired", detail=NOT_IN_TIME)
    return unless_lapsed(held, command, terms)


def _told(payment: FullPayment, answer: object) -> str:
    kind = "not sent" if isinstance(answer, NotSent) else "answer lost"
    return f"{payment.payment.service}: {kind}: {getattr(answer, 'detail', '')}"
