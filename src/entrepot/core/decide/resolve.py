"""An operator says, with proof, what became of the payment whose step is parked."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.operate import settle as settle_operation
from entrepot.core.decide.settle import SettlePayment, settle
from entrepot.core.decide.waiting import goes_on
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Job, Order
from entrepot.core.payment import FullPayment, Operation
from entrepot.core.references import lets_go_with, names_captures
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult

PROOF_MAX = 2_000  # characters
_REFERENCE = "must be told: the service's own reference of the money"
# What an operator can find at a service, and what that makes of each step's payment.
DONE, NOTHING = "done", "nothing"
FINDINGS = (DONE, NOTHING)
_OUTCOMES = {
    ("authorise", DONE): "authorized",
    ("authorise", NOTHING): "declined",
    ("increase", DONE): "authorized",
    ("increase", NOTHING): "declined",
    ("void", DONE): "voided",
}
_OPERATIONS = frozenset({"capture", "refund"})
_STEPS = frozenset({"authorise", "increase", "void", *_OPERATIONS})


class ResolveOrder(NamedTuple):
    """The operator's word for a parked step of a payment: it is settled by what the operator found.

    `found`: the service did what the step asks for (`done`), or nothing of it (`nothing`). The
    service is not asked, and nothing is sent to it. `reference`: the service's own, where it has
    one. `proof`: where and by whom this was seen.
    """

    org: int
    order_id: bytes
    proof: str
    found: str | None = None
    reference: str | None = None


def wants(command: ResolveOrder, needs: Needs) -> None:
    """The whole order, and its steps."""
    needs.whole_order(command.org, command.order_id)
    needs.steps.add((command.org, command.order_id))


def resolve(command: ResolveOrder, facts: Facts) -> Decision:
    """Settle the payment as if the service had answered so, and tell who found it with which proof.

    Of an authorisation the finding has to be said: only the operator knows whether money is held.
    Every other step is found done if nothing else is said. Refused: an unknown order, one that is
    not parked, a step that asks no service for money, no proof, nothing found of a void, money that
    is held, or was taken at PayPal, under no known reference.
    """
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    job = _parked_step(order, facts)
    found = _found(command, job)
    told = f"found by the operator: {command.proof}"
    funds = facts.funds_of((order.org, order.id))
    payment = None if funds is None else funds.for_step(job.kind)
    if payment is None:
        raise refuse(Reason.ILLEGAL_MOVE, "the order has no payment")
    if job.kind in _OPERATIONS:
        settled = _operation(command, job, payment, found, told, facts)
    else:
        settled = _payment(command, job, payment, found, told, facts)
    return _audited(command, order, job, found, settled.changes, facts)


def _payment(
    command: ResolveOrder, job: Job, payment: FullPayment, found: str, told: str, facts: Facts
) -> Decision:
    """The decision that follows from what became of an authorisation, or of a void."""
    outcome = _OUTCOMES.get((job.kind, found))
    if outcome is None:
        sentence = f"a {job.kind} of which nothing was done is not settled; retry the order"
        raise refuse(Reason.ILLEGAL_MOVE, sentence)
    known = command.reference or payment.authorisation.provider_reference
    if outcome == "authorized" and known is None:
        raise refuse(Reason.INVALID, _REFERENCE, "reference")
    settling = SettlePayment(
        command.org, command.order_id, job.id, job.fence, outcome, told, command.reference,
        payment=payment.payment.number,
    )  # fmt: skip
    return settle(settling, facts)


def _operation(
    command: ResolveOrder, job: Job, payment: FullPayment, found: str, told: str, facts: Facts
) -> Decision:
    """The decision that follows from what became of a capture or a refund."""
    asked = payment.first_open(job.kind)
    if asked is None:
        sentence = f"no {job.kind} of the order is without an outcome; retry the order"
        raise refuse(Reason.ILLEGAL_MOVE, sentence)
    settling = SettleOperation(
        command.org, command.order_id, job.id, job.fence, asked.payment, asked.number,
        found == DONE, told, _named(command, payment, asked, found),
        final=(asked.kind, found) == ("capture", DONE) and lets_go_with(payment, asked),
    )  # fmt: skip
    return settle_operation(settling, facts)


def _named(command: ResolveOrder, payment: FullPayment, asked: Operation, found: str) -> str | None:
    """The service's reference of an operation. Without that of the money that was taken nobody
    could give the money back.
    """
    known = command.reference or asked.provider_reference
    if known is not None or asked.kind != "capture" or found != DONE:
        return known
    if names_captures(payment.payment.service):
        raise refuse(Reason.INVALID, _REFERENCE, "reference")
    return payment.authorisation.provider_reference


def _parked_step(order: Order, facts: Facts) -> Job:
    """The parked step of the order."""
    for job in facts.jobs.values():
        if (job.org, job.order_id) == (order.org, order.id) and job.state == "parked":
            if job.leased_until > facts.now:
                raise refuse(Reason.ILLEGAL_MOVE, "the step is under way")
            if job.kind not in _STEPS:
                sentence = f"{job.kind} asks no payment service; retry the order, or cancel it"
                raise refuse(Reason.ILLEGAL_MOVE, sentence)
            return job
    raise refuse(Reason.ILLEGAL_MOVE, "no step of the order is parked")


def _found(command: ResolveOrder, job: Job) -> str:
    if not command.proof.strip():
        raise refuse(Reason.INVALID, "must not be blank", "proof")
    if len(command.proof) > PROOF_MAX:
        raise refuse(Reason.INVALID, f"must not be longer than {PROOF_MAX:,} characters", "proof")
    if command.found is None and job.kind in ("authorise", "increase"):
        sentence = "must be said: done where the service holds the money, nothing where it does not"
        raise refuse(Reason.INVALID, sentence, "found")
    found = command.found or DONE
    if found not in FINDINGS:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(FINDINGS)}", "found")
    return found


def _audited(
    command: ResolveOrder, before: Order, job: Job, found: str, changes: Changes, facts: Facts
) -> Decision:
    order = changes.orders.get((before.org, before.id)) or before
    # The service has said nothing: whoever found this made it happen.
    changes.events = [event._replace(actor=facts.actor) for event in changes.events]
    detail = {"step": job.kind, "found": found, "proof": command.proof}
    if command.reference is not None:
        detail["provider_reference"] = command.reference
    order = goes_on(order) if order.parked else order
    order, resolved = events.happened(order, events.ORDER_RESOLVED, facts, "operator", detail)
    changes.orders.put(order)
    changes.events.append(resolved)
    return Decision(changes, OrderResult(order))
