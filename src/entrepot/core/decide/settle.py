"""Settling a payment attempt: what the provider said, recorded with what follows from it."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.decide import goods
from entrepot.core.decide.jobs import held_job, next_step
from entrepot.core.decide.moves import confirm, fail, stand
from entrepot.core.decide.waiting import goes_on
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Attempt, Job, Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StepResult


class SettlePayment(NamedTuple):
    """Pipeline: what came of the attempt: authorized, declined, voided, expired, or lapsed.

    A lapsed attempt is one whose order's stock is held no longer, and whose void has no answer yet.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    outcome: str
    detail: str
    provider_reference: str | None = None


def wants(command: SettlePayment, needs: Needs) -> None:
    """The job, and the order with its attempt and its stock."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.add((command.org, command.job_id))


def settle(command: SettlePayment, facts: Facts) -> Decision:
    """Record the outcome once, and advance the order in the same transaction."""
    job = held_job(command.org, command.job_id, command.fence, facts, "authorise", "void")
    key = (command.org, command.order_id)
    order, attempt = facts.orders.get(key), facts.attempt_of(key)
    if order is None or attempt is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    if command.outcome == "authorized":
        return _authorized(command, order, attempt, job, facts)
    if command.outcome == "voided":
        return _voided(order, attempt, job, facts)
    if command.outcome == "lapsed":
        return _lapsed(command, order, attempt, job, facts)
    return _refused(command, order, attempt, job, facts)


def _authorized(
    command: SettlePayment, order: Order, attempt: Attempt, job: Job, facts: Facts
) -> Decision:
    changes = Changes(facts)
    attempt = attempt._replace(
        state="authorized", provider_reference=command.provider_reference, updated_at=facts.now
    )
    if order.facets.stage != "placed":
        # The order ended while its payment was under way: nobody may keep the money.
        attempt = attempt._replace(state="voiding")
        job = next_step(job, "void", facts)
        changes.attempts.put(attempt)
        changes.jobs.put(job)
        return Decision(changes, StepResult(job, attempt, order))
    changes.attempts.put(attempt)
    order = stand(order, order.facets._replace(payment="authorized"))
    order, authorized = events.happened(
        order, events.PAYMENT_AUTHORIZED, facts, "pipeline", {"service": attempt.service},
        actor.provider(attempt.service),
    )  # fmt: skip
    changes.events.append(authorized)
    goods.commit(order, facts, changes)
    order = confirm(order, facts, changes, _stand_in(attempt))
    changes.jobs.remove((job.org, job.id))
    return Decision(changes, StepResult(None, attempt, order))


def _stand_in(attempt: Attempt) -> tuple[str | None, str | None]:
    """What an order has to say of a payment that its own provider has not answered."""
    if attempt.service == attempt.provider.lower():
        return None, None
    sentence = f"authorised by the {attempt.service} in place of {attempt.provider}"
    return attempt.service, sentence[:500]


def _voided(order: Order, attempt: Attempt, job: Job, facts: Facts) -> Decision:
    changes = Changes(facts)
    changes.jobs.remove((job.org, job.id))
    changes.attempts.put(attempt._replace(state="voided", updated_at=facts.now))
    order = goes_on(stand(order, order.facets._replace(payment="voided")))
    order, voided = events.happened(
        order, events.PAYMENT_VOIDED, facts, "pipeline", actor=actor.provider(attempt.service)
    )
    changes.events.append(voided)
    changes.orders.put(order)
    return Decision(changes, StepResult(None, attempt, order))


def _refused(
    command: SettlePayment, order: Order, attempt: Attempt, job: Job, facts: Facts
) -> Decision:
    expired = command.outcome == "expired"
    changes = Changes(facts)
    changes.jobs.remove((job.org, job.id))
    state, payment = ("expired", "voided") if expired else ("declined", "declined")
    changes.attempts.put(attempt._replace(state=state, updated_at=facts.now))
    order = stand(order, order.facets._replace(payment=payment))
    type_ = events.PAYMENT_EXPIRED if expired else events.PAYMENT_DECLINED
    # A payment that expires was not answered: the step gives it up.
    who = None if expired else actor.provider(attempt.service)
    order, told = events.happened(order, type_, facts, "pipeline", actor=who)
    changes.events.append(told)
    if order.facets.stage != "placed":
        changes.orders.put(goes_on(order))
        return Decision(changes, StepResult(None, attempt, order))
    if expired:
        order = _expired(order, command.detail, facts, changes)
        return Decision(changes, StepResult(None, attempt, order))
    if goods.release(order, facts, changes):
        order, released = events.happened(order, events.STOCK_RELEASED, facts, "pipeline")
        changes.events.append(released)
    order = fail(order, OrderReason.PAYMENT_DECLINED, command.detail, facts, changes)
    return Decision(changes, StepResult(None, attempt, order))


def _lapsed(
    command: SettlePayment, order: Order, attempt: Attempt, job: Job, facts: Facts
) -> Decision:
    """The hold of the stock has ended, and the provider could not be told to keep no money.

    The stock is given back at once; the payment is voided whenever the provider can be told.
    """
    changes = Changes(facts)
    attempt = attempt._replace(state="voiding", updated_at=facts.now)
    job = next_step(job, "void", facts)
    changes.attempts.put(attempt)
    changes.jobs.put(job)
    if order.facets.stage == "placed":
        order = _expired(order, command.detail, facts, changes)
    return Decision(changes, StepResult(job, attempt, order))


def _expired(order: Order, detail: str, facts: Facts, changes: Changes) -> Order:
    if goods.release(order, facts, changes, "expired"):
        order, released = events.happened(order, events.STOCK_RELEASED, facts, "pipeline")
        changes.events.append(released)
    return fail(order, OrderReason.PAYMENT_EXPIRED, detail, facts, changes)
