"""Reserving stock for a placed order: every line or none; then its payment, or its confirmation."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events, references
from entrepot.core.changes import Changes
from entrepot.core.decide import goods
from entrepot.core.decide.jobs import held_job, next_step
from entrepot.core.decide.moves import confirm, fail
from entrepot.core.exponents import counted
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.needs import Needs
from entrepot.core.order import Job, Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.payment import FullPayment, Operation, Payment
from entrepot.core.payment_keys import authorisation_key
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StepResult


class ReserveStock(NamedTuple):
    """Pipeline: hold stock for every line that needs it, or none; prepare the payment."""

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    # The book's secret, from which the authorisation's idempotency key derives. An organization may
    # have a secret of its own instead.
    secret: bytes
    services: frozenset[str]  # payment services that answer here, for who has an account there
    held_until: int
    stand_in: str | None = None  # the service that answers in place of all others


def wants(command: ReserveStock, needs: Needs) -> None:
    """The job, and the order with its stock."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.add((command.org, command.job_id))


def reserve(command: ReserveStock, facts: Facts) -> Decision:
    """Hold the stock and prepare the payment, or fail the order as out of stock.

    An order that moved on meanwhile (cancelled, say) needs no stock. An order without a payment, or
    with nothing to pay, is confirmed at once.
    """
    job = held_job(command.org, command.job_id, command.fence, facts, "reserve")
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    changes = Changes(facts)
    if order.facets.stage != "placed":
        return _let_go(order, command, job, facts, changes)
    lines = goods.shelved(order, facts)
    short = goods.short_of(goods.wanted_for(lines), command.org, facts)
    if short is not None:
        changes.exact_stock = True
        order = fail(order, OrderReason.OUT_OF_STOCK, short, facts, changes)
        return _let_go(order, command, job, facts, changes)
    unpaid = order.facets.payment == "none"
    state = "committed" if unpaid else "held"
    goods.hold(order.id, lines, state, command.held_until, facts, changes)
    order, reserved = events.happened(order, events.STOCK_RESERVED, facts, "pipeline")
    changes.events.append(reserved)
    if unpaid:
        changes.jobs.remove((job.org, job.id))
        order = confirm(order, facts, changes)
        return Decision(changes, StepResult(None, order=order))
    payment = _prepare(order, command, facts)
    changes.payments.put(payment.payment)
    changes.operations.put_all(payment.operations)
    changes.orders.put(order)
    job = next_step(job, "authorise", facts)
    changes.jobs.put(job)
    return Decision(changes, StepResult(job, Funds((payment,)), order))


def _let_go(
    order: Order, command: ReserveStock, job: Job, facts: Facts, changes: Changes
) -> Decision:
    """The order ended before its payment began. Money that the shop's own pages may have had held
    under the order's reference is let go, unless the step finds that it pays another order.
    """
    if order.facets.payment == "pending":
        payment = _prepare(order, command, facts)
        if references.is_payment(payment.payment.service, payment.payment.reference):
            payment = payment.put(payment.void(facts.now))
            changes.payments.put(payment.payment)
            changes.operations.put_all(payment.operations)
            changes.jobs.put(job := next_step(job, "void", facts))
            return Decision(changes, StepResult(job, Funds((payment,)), order))
    changes.jobs.remove((job.org, job.id))
    return Decision(changes, StepResult(None, order=order))


def _prepare(order: Order, command: ReserveStock, facts: Facts) -> FullPayment:
    """The order's first payment, which begins with its authorisation.

    The payment facet stays `pending`: that is what `payment.facet` says of a prepared payment.
    """
    org, order_id, now = order.org, order.id, facts.now
    service = (order.payment_provider or "").lower()
    if service not in command.services or service not in facts.accounts.get(org, ()):
        service = command.stand_in or service
    secret = facts.orgs[org].payment_secret or command.secret
    key = authorisation_key(secret, org, order_id, 1)
    amount = counted(service, order.currency, order.total)
    # By place: every order with a payment has both, and a name for each member is slow.
    payment = Payment(
        org, order_id, 1, order.payment_provider or "", service, order.payment_reference or "",
        order.currency, amount, now,
    )  # fmt: skip
    first = Operation(
        org, order_id, 1, 1, "authorise", amount.units, key, "prepared", None, now, now
    )  # fmt: skip
    return FullPayment(payment, (first,))
