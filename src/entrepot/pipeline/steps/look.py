"""Asking what became of a payment after its outcome: a notification named the order."""

from __future__ import annotations

from entrepot.core import references
from entrepot.core.commands import Command
from entrepot.core.decide.after_done import Failed
from entrepot.core.decide.by_hand import HoldSeen, RefundSeen
from entrepot.core.decide.late_money import NOTHING
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.steps import FinishJob
from entrepot.core.facets import ENDED
from entrepot.core.funds import is_disputable
from entrepot.core.money import Amount
from entrepot.core.payment import OPEN, CaptureFound, FullPayment
from entrepot.pipeline.steps import HeldJob, Terms, operation_request, park, request_of, unanswered
from entrepot.providers.payment import (
    Authorised,
    Captured,
    Declined,
    Disputed,
    LookUpAnswer,
    Misconfigured,
    NotSent,
    PaymentProvider,
    Running,
    Unknown,
    Voided,
)


async def look(held: HeldJob, provider: PaymentProvider, terms: Terms) -> Command:
    """Tell the book whether the payment is disputed, if the service has a word on that, and whether
    it has money that nobody asked for any more; or put the look off.
    """
    job, funds = held.job, held.funds
    assert job.order_id is not None, "a look is at the payments of an order"
    if funds is None:
        return FinishJob(job.org, job.id, job.fence)
    service, its = funds.service, funds.first.payment
    disputed: bool | None = False
    detail, found = "", ""
    failed: list[Failed] = []
    holds: list[HoldSeen] = []
    refunds: list[RefundSeen] = []
    for payment in funds.payments:
        reference = payment.authorisation.provider_reference
        answer = await provider.look_up(request_of(payment), reference)
        if isinstance(answer, Unknown) and answer.unseen and _without_money(payment):
            continue  # the service shows nothing of it
        if not isinstance(answer, Misconfigured | NotSent | Unknown):
            answer = await _failed(payment, provider, failed) or answer
        if isinstance(answer, Misconfigured):
            return park(held, f"{service}: {answer.detail}", terms)
        if isinstance(answer, NotSent | Unknown):
            return unanswered(held, "look", f"{service}: no answer: {answer.detail}", answer, terms)
        if isinstance(answer, Disputed):
            disputed, detail, answer = True, answer.detail, answer.otherwise
        elif not _tells_disputes(answer) and is_disputable(payment) and not disputed:
            disputed = None  # whether it is disputed was not learned
        if isinstance(answer, Voided) and answer.captures:
            # What was taken before the rest was let go is not let go.
            captures = answer.captures
            answer = Captured(captures[-1].reference, captures, refunds=answer.refunds)
        holds += _of_hold(payment, answer)
        if not isinstance(answer, Authorised | Captured):
            continue
        refunds += [RefundSeen(payment.payment.number, one) for one in answer.refunds]
        if payment.facet in NOTHING and (late := _late(held, payment, answer)):
            found, its = late, payment.payment
    claim = (its.org, its.provider.lower(), its.reference)
    other = held.pays_another if its is funds.first.payment else None
    return SettleLook(
        job.org, job.order_id, job.id, job.fence, disputed, detail, found, claim, other,
        tuple(failed), tuple(holds), tuple(refunds),
    )  # fmt: skip


def _without_money(payment: FullPayment) -> bool:
    """Whether nobody knows of money of a payment: it came to nothing, or its own step still asks
    for it, perhaps later, where somebody holds the order.
    """
    return payment.is_over or payment.authorisation.state in OPEN


def _tells_disputes(answer: LookUpAnswer) -> bool:
    if isinstance(answer, Authorised | Captured):
        return answer.disputes_told
    return not isinstance(answer, Running)


def _of_hold(full: FullPayment, answer: LookUpAnswer) -> list[HoldSeen]:
    """What a service says of money that is held here, if that is something else."""
    number = full.payment.number
    if not full.held:
        return []
    if isinstance(answer, Authorised):
        return [HoldSeen(number, False, answer.captures)] if answer.captures else []
    if isinstance(answer, Voided | Declined):
        return [HoldSeen(number, True)]
    if isinstance(answer, Captured):
        whole = (CaptureFound(answer.provider_reference, full.authorisation.units),)
        return [HoldSeen(number, True, answer.captures or whole)]
    return []


async def _failed(
    full: FullPayment, provider: PaymentProvider, failed: list[Failed]
) -> Misconfigured | NotSent | Unknown | None:
    """Put to `failed` what the service did of a payment, and says failed after all. None, or why
    the service cannot tell.
    """
    several = provider.terms.several_captures
    for one in full.operations:
        may = references.may_fail_later(full.payment.service, one.kind)
        if not may or one.state != "done" or one.provider_reference is None:
            continue
        request = operation_request(full, one, several=several)
        said = await provider.look_up(request, one.provider_reference)
        if isinstance(said, Misconfigured | NotSent | Unknown):
            return said
        if isinstance(said, Declined):
            failed.append(Failed(one.payment, one.number, said.reason))
    return None


def _late(held: HeldJob, full: FullPayment, answer: Authorised | Captured) -> str:
    """What the operator is told of money that came after the payment had come to nothing; empty if
    all of it went back.
    """
    does, way = ("holds", "void") if isinstance(answer, Authorised) else ("took", "refund")
    payment, which = full.payment, "ended order" if held.stage in ENDED else "order"
    captures = () if isinstance(answer, Authorised) else answer.captures
    units = sum([one.units for one in captures]) or full.authorisation.units
    units -= sum([one.units for one in answer.refunds])
    if units <= 0:
        return ""
    money = f"{Amount(units, payment.amount.scale).text()} {payment.currency}"
    return (
        f"{payment.service} {does} {money} that the {which} needs no more: {way} "
        f"{answer.provider_reference} there unless another order came with it, then retry"
    )
