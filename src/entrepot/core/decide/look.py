"""Looking at a payment whose money was taken: whether its customer disputes it."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.decide.jobs import held_job
from entrepot.core.decide.moves import stand
from entrepot.core.decide.waiting import goes_on
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.results import Decision, StepResult

# Facets of an order whose money was taken, and which a dispute can change.
TAKEN = frozenset({"paid", "partially_refunded", "disputed"})


class SettleLook(NamedTuple):
    """Pipeline: what the service says of a payment whose money was taken."""

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    disputed: bool
    detail: str = ""


def wants(command: SettleLook, needs: Needs) -> None:
    """The job, and the order with its payment."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.add((command.org, command.job_id))


def settle(command: SettleLook, facts: Facts) -> Decision:
    """The order is disputed while the service says so, and afterwards what its sums say."""
    job = held_job(command.org, command.job_id, command.fence, facts, "look")
    key = (command.org, command.order_id)
    order, payment = facts.orders.get(key), facts.payment_of(key)
    changes = Changes(facts)
    changes.jobs.remove((job.org, job.id))
    if order is None or payment is None:
        return Decision(changes, StepResult(None))
    order = goes_on(before := order)
    if order.facets.payment in TAKEN and payment.facet in TAKEN:
        facet = "disputed" if command.disputed else payment.facet
        if facet != order.facets.payment:
            order = stand(order, order.facets._replace(payment=facet))
            type_ = events.PAYMENT_DISPUTED if command.disputed else events.DISPUTE_ENDED
            detail = {"detail": command.detail[:500]} if command.detail else None
            service = payment.payment.service
            order, told = events.happened(
                order, type_, facts, "pipeline", detail, actor.provider(service)
            )
            changes.events.append(told)
    if order.version != before.version or order.parked != before.parked:
        changes.orders.put(order.changed(updated_at=max(facts.now, before.updated_at + 1000)))
    elif order != before:
        changes.reasons.append(order)
    return Decision(changes, StepResult(None, payment, order))
