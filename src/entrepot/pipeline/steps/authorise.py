"""Asking for the money of an order, and giving it back if it is no longer needed."""

from __future__ import annotations

from entrepot.core.commands import Command
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import FinishJob, Taken
from entrepot.core.facets import ENDED
from entrepot.core.payment import FullPayment
from entrepot.core.shown import MICROSECONDS, moment
from entrepot.pipeline.steps import (
    LET_GO_THERE,
    NOT_IN_TIME,
    WITHOUT_MONEY,
    HeldJob,
    Terms,
    blindly,
    both_amounts,
    hold_ends,
    park,
    request_of,
    settled,
    taken_in_part,
    unanswered,
    unless_lapsed,
    wait_until,
)
from entrepot.pipeline.steps.void import NOTHING_YET, void
from entrepot.providers.payment import (
    Absent,
    AuthoriseAnswer,
    Authorised,
    Captured,
    Declined,
    Differs,
    Disputed,
    Misconfigured,
    NotSent,
    PaymentProvider,
    Pending,
    Refunded,
    Running,
    Unknown,
    Voided,
)


async def authorise(held: HeldJob, provider: PaymentProvider, terms: Terms) -> Command:
    """Settle the payment by what its provider says, or put it off. A further payment of an order is
    asked for in the same way, while the order runs.

    The payment of an order that ended meanwhile is voided. If the payment is still unknown when the
    stock hold ends, the order expires, parked or not. The payment is voided before the order
    expires if the provider answers, otherwise after it. Money that turns out to be taken then pays
    the order.
    """
    job, payment = held.job, held.payment
    assert job.order_id is not None, "an authorise job belongs to an order"
    if payment is None:
        return park(held, "there is no payment to authorise", terms)
    if payment.authorisation.state in WITHOUT_MONEY:
        return FinishJob(job.org, job.id, job.fence)
    if payment.open_void is not None or not _is_wanted(held, payment):
        return await void(held, provider, terms)
    ends = _ends(held, payment, terms)
    asks = payment.payment.number == 1 or ends is None or terms.now() < ends
    answer = _as_asked(payment, await _answer(payment, provider, terms, asks=asks))
    if isinstance(answer, Authorised | Captured):
        outcome = "authorized" if isinstance(answer, Authorised) else "captured"
        return settled(held, outcome, "", answer.provider_reference, answer.captures)
    if isinstance(answer, Declined):
        return settled(held, "declined", answer.reason, answer.provider_reference)
    if ends is not None and terms.now() >= ends:
        return await _expire(held, provider, terms)
    if isinstance(answer, Differs):
        is_first = payment.payment.number == 1
        remedy = "cancel the order to let the money go" if is_first else LET_GO_THERE
        return park(held, both_amounts(payment, answer, remedy), terms)
    if isinstance(answer, Misconfigured):
        return park(held, f"{payment.payment.service}: {answer.detail}", terms)
    if isinstance(answer, Pending | Running):
        return _wait(held, payment, answer, terms)
    kind = "not sent" if isinstance(answer, NotSent) else "answer lost"
    error = f"{payment.payment.service}: {kind}: {answer.detail}"
    return unanswered(held, "authorise", error, answer, terms)


def _is_wanted(held: HeldJob, payment: FullPayment) -> bool:
    """Whether the order still needs the money."""
    if payment.payment.number == 1:
        return held.stage == "placed"
    if held.stage in ENDED:
        return False
    # A payment that is to take the place of holds that end soon has nothing due yet.
    renewed = payment.is_renewal and held.funds is not None and held.funds.capturable > 0
    return renewed or payment.payment.amount.units > 0


def _ends(held: HeldJob, payment: FullPayment, terms: Terms) -> int | None:
    """When the payment is waited for no longer. A further payment holds no stock of its own: it
    has as much time as stock is held for an order that is placed.
    """
    if payment.payment.number == 1:
        return hold_ends(held, terms)
    return payment.payment.created_at + int(terms.hold_seconds * MICROSECONDS)


def _wait(held: HeldJob, payment: FullPayment, answer: Pending | Running, terms: Terms) -> Command:
    """The provider says the outcome later: once the customer has acted, or by itself."""
    ends = _ends(held, payment, terms)
    poll = terms.poll_at()
    until = poll if ends is None else ends
    for_what = f"the provider's {'notification' if isinstance(answer, Pending) else 'outcome'}"
    first = payment.authorisation
    taken = Taken(first.payment, first.number, answer.provider_reference)
    waits = wait_until(
        held, min(poll, until), f"waiting for {for_what}", f"{for_what}, until {moment(until)}"
    )
    return waits._replace(running=taken if first.state == "prepared" else None)


def _as_asked(payment: FullPayment, answer: AuthoriseAnswer) -> AuthoriseAnswer:
    """The provider's word; that its object is of another amount, where only a part was taken."""
    if not isinstance(answer, Captured) or not taken_in_part(payment, answer):
        return answer
    its, told = payment.payment, sum([one.units for one in answer.captures])
    return Differs(told, its.amount.scale, its.currency, answer.provider_reference)


async def _answer(
    payment: FullPayment, provider: PaymentProvider, terms: Terms, *, asks: bool
) -> AuthoriseAnswer:
    """The provider's word on a payment. Where the provider may have the payment, it is looked up;
    it is asked for, or asked for again, where the provider does not know it, unless it `asks` no
    more.
    """
    first, request = payment.authorisation, request_of(payment)
    reference = first.provider_reference
    if not asks or not blindly(first, provider.terms.resend_seconds, terms.now()):
        known = await provider.look_up(request, reference)
        if isinstance(known, Voided) and known.captures:
            return Captured(known.captures[-1].reference, known.captures)
        if isinstance(known, Voided):
            return Declined("the payment was voided at the provider")
        if isinstance(known, Disputed):
            return known.otherwise
        if not isinstance(known, Absent):
            assert not isinstance(known, Refunded), "a look-up of a payment finds no refund"
            return known
        if not asks:
            return Unknown("the service has nothing of it", unseen=True)
    return await provider.authorise(request, reference)


async def _expire(held: HeldJob, provider: PaymentProvider, terms: Terms) -> Command:
    first = held.payment is None or held.payment.payment.number == 1
    if first and held.pays_another is not None:
        # Two orders with one payment may expire at once: whether the other one lives is read again
        # once the end of this one is written down.
        return settled(held, "lapsed", NOT_IN_TIME)
    command = await void(held, provider, terms)
    ends = _ends(held, held.payment, terms) if held.payment else None
    if isinstance(command, SettlePayment) and command.outcome == "lapsed" and not first and ends:
        # Nothing was asked for since then: a further payment waits for no other word.
        until = ends + int(terms.late_seconds * MICROSECONDS)
        if terms.now() < until:
            return wait_until(held, until, NOTHING_YET)
        command = command._replace(outcome="voided", detail="")
    if isinstance(command, SettlePayment) and command.outcome == "voided":
        detail = NOT_IN_TIME if first else "the further payment was not authorised in time"
        became = f"; {command.detail}" if command.detail else ""
        return command._replace(outcome="expired", detail=detail + became)
    return unless_lapsed(held, command, terms)
