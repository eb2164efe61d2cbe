"""Giving a payment back, or forbidding it beforehand."""

from __future__ import annotations

from dataclasses import replace

from entrepot.core.commands import Command
from entrepot.core.decide.steps import FinishJob
from entrepot.core.facets import ENDED
from entrepot.core.references import is_payment
from entrepot.pipeline.steps import (
    LET_GO_THERE,
    WITHOUT_MONEY,
    HeldJob,
    Terms,
    blindly,
    both_amounts,
    hold_money,
    its_money_stays,
    operation_request,
    park,
    settled,
    taken_in_part,
    unanswered,
    wait_until,
)
from entrepot.providers.payment import (
    Captured,
    Declined,
    Differs,
    Disputed,
    Misconfigured,
    PaymentProvider,
    Running,
    Voided,
)


async def void(held: HeldJob, provider: PaymentProvider, terms: Terms) -> Command:
    """Settle the payment as voided once its provider has said so, or put it off.

    A payment that the shop's own pages have made may pay another live order by now, or pay the
    order that came with it first: its money stays, and the provider is not asked.
    """
    job, payment = held.job, held.payment
    assert job.order_id is not None, "a void job belongs to an order"
    if payment is None:
        return park(held, "there is no payment to void", terms)
    if payment.authorisation.state in WITHOUT_MONEY:
        return FinishJob(job.org, job.id, job.fence)
    service, reference = payment.payment.service, payment.payment.reference
    own = is_payment(service, reference)
    if own and (stays := its_money_stays(held, payment)) is not None:
        return settled(held, "voided", stays)
    resend, now = provider.terms.resend_seconds, terms.now()
    forgotten = not blindly(payment.authorisation, resend, now)
    request = replace(operation_request(payment, payment.void(now)), forgotten=forgotten)
    answer = await provider.void(request)
    if isinstance(answer, Voided):
        did = "held no money of" if answer.provider_reference is None else "let go of"
        detail = f"{service} {did} {reference}" if own else ""
        return settled(held, "voided", detail, answer.provider_reference, answer.captures)
    if isinstance(answer, Misconfigured):
        return park(held, f"{service}: {answer.detail}", terms)
    if isinstance(answer, Declined):
        found = await provider.look_up(request.payment, payment.authorisation.provider_reference)
        if isinstance(found, Disputed):
            found = found.otherwise
        if isinstance(found, Captured):
            # If a part was taken, the rest is held no more.
            outcome = "voided" if taken_in_part(payment, found) else "captured"
            return settled(held, outcome, "", found.provider_reference, found.captures)
        if isinstance(found, Declined | Voided):
            captures = found.captures if isinstance(found, Voided) else ()
            detail = f"{service} held no money of {reference}" if own else ""
            return settled(held, "voided", detail, captures=captures)
        if isinstance(found, Differs):
            # How much of it has to go back is not known here: a person gives it back there.
            return park(held, both_amounts(payment, found, LET_GO_THERE), terms)
        return hold_money(held, f"{service}: the void is declined: {answer.reason}", terms)
    if isinstance(answer, Running):
        outcome = "the provider's outcome of the void"
        # A hold that a running order needs no more is no news of the order.
        said = outcome if held.stage in ENDED else ""
        return wait_until(held, terms.poll_at(), f"waiting for {outcome}", said)
    error = f"{service}: the void has no answer: {answer.detail}"
    return unanswered(held, "void", error, answer, terms)
