"""Reserving stock for a placed order: every line or none; then its payment, or its confirmation."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide import goods
from entrepot.core.decide.jobs import held_job, next_step
from entrepot.core.decide.moves import confirm, fail
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Attempt, Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment_keys import authorisation_key
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StepResult


class ReserveStock(NamedTuple):
    """Pipeline: hold stock for every line that needs it, or none; prepare the payment attempt."""

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    # The provider's idempotency key, derived from the book's secret. An organization that has a
    # secret of its own has a key of its own instead.
    key: str
    services: frozenset[str]  # payment services that answer here
    held_until: int
    stand_in: str | None = None  # the service that answers in place of all others


def wants(command: ReserveStock, needs: Needs) -> None:
    """The job, and the order with its stock."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.add((command.org, command.job_id))


def reserve(command: ReserveStock, facts: Facts) -> Decision:
    """Hold the stock and prepare the attempt, or fail the order as out of stock.

    An order that moved on meanwhile (cancelled, say) needs no stock: the job just ends. An order
    without a payment, or with nothing to pay, is confirmed at once.
    """
    job = held_job(command.org, command.job_id, command.fence, facts, "reserve")
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    changes = Changes(facts)
    if order.facets.stage != "placed":
        changes.jobs.remove((job.org, job.id))
        return Decision(changes, StepResult(None))
    short = goods.short_of(goods.wanted_by(order, facts), command.org, facts)
    if short is not None:
        changes.exact_stock = True
        changes.jobs.remove((job.org, job.id))
        order = fail(order, OrderReason.OUT_OF_STOCK, short, facts, changes)
        return Decision(changes, StepResult(None, order=order))
    unpaid = order.facets.payment == "none"
    goods.hold(order, "committed" if unpaid else "held", command.held_until, facts, changes)
    order, reserved = events.happened(order, events.STOCK_RESERVED, facts, "pipeline")
    changes.events.append(reserved)
    if unpaid:
        changes.jobs.remove((job.org, job.id))
        order = confirm(order, facts, changes)
        return Decision(changes, StepResult(None, order=order))
    attempt = _prepare(order, command, facts)
    changes.attempts.put(attempt)
    changes.orders.put(order)
    job = next_step(job, "authorise", facts)
    changes.jobs.put(job)
    return Decision(changes, StepResult(job, attempt, order))


def _prepare(order: Order, command: ReserveStock, facts: Facts) -> Attempt:
    service = (order.payment_provider or "").lower()
    own = facts.orgs[order.org].payment_secret
    return Attempt(
        org=order.org,
        order_id=order.id,
        number=1,
        key=command.key if own is None else authorisation_key(own, order.org, order.id, 1),
        provider=order.payment_provider or "",
        service=service if service in command.services else command.stand_in or service,
        reference=order.payment_reference or "",
        amount=order.total,
        currency=order.currency,
        state="prepared",
        provider_reference=None,
        created_at=facts.now,
        updated_at=facts.now,
    )
