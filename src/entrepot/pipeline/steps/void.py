"""Giving a payment back, or forbidding it beforehand."""

from __future__ import annotations

from dataclasses import replace

from entrepot.core.commands import Command
from entrepot.core.decide.steps import FinishJob
from entrepot.core.facets import ENDED
from entrepot.core.payment import FullPayment
from entrepot.core.references import is_payment
from entrepot.core.shown import MICROSECONDS, moment
from entrepot.pipeline.steps import (
    LET_GO_THERE,
    NOT_IN_TIME,
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

NOTHING_YET = "the service has nothing of the payment, and a call may be on its way"


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
    request = replace(
        operation_request(payment, payment.void(now)),
        forgotten=forgotten, late=_on_its_way(payment, terms) == 0,
    )  # fmt: skip
    answer = await provider.void(request)
    if isinstance(answer, Voided):
        return _voided(held, payment, answer, terms)
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


def _on_its_way(payment: FullPayment, terms: Terms) -> int | None:
    """Until when a call that asks for the payment may be on its way, in microseconds UTC; None
    where that counts from the moment in which the void is written down; 0 where none can be.

    No worker begins such a call once the void is written down, but one that lost its job, or died,
    may have begun one. A payment that was written down together with its void was never asked for.
    """
    void, now = payment.open_void, terms.now()
    if void is None:
        return None
    until = void.created_at + int(terms.late_seconds * MICROSECONDS)
    over = void.created_at == payment.authorisation.created_at or not void.created_at <= now < until
    return 0 if over else until


def _voided(held: HeldJob, payment: FullPayment, answer: Voided, terms: Terms) -> Command:
    """The payment is voided. If a call that is on its way may yet make it, the void is written down
    and asked for again once none can be.
    """
    until = _on_its_way(payment, terms) if answer.unless_on_its_way else 0
    if until is None:
        return settled(held, "lapsed", NOT_IN_TIME)
    if until:
        # A hold that a running order needs no more is no news of the order.
        said = f"a call that may be on its way, until {moment(until)}"
        return wait_until(held, until, NOTHING_YET, said if held.stage in ENDED else "")
    service, reference = payment.payment.service, payment.payment.reference
    did = "held no money of" if answer.provider_reference is None else "let go of"
    detail = f"{service} {did} {reference}" if is_payment(service, reference) else ""
    return settled(held, "voided", detail, answer.provider_reference, answer.captures)
