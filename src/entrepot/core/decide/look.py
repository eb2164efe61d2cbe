"""Looking at a payment: is it disputed, or did money come after the order's end?"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.claims import Claim
from entrepot.core.decide.jobs import held_job
from entrepot.core.decide.moves import stand
from entrepot.core.decide.steps import DeferJob, defer
from entrepot.core.decide.waiting import goes_on
from entrepot.core.facets import ENDED
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.results import Decision, StepResult

# Facets of an order whose money was taken, and which a dispute can change.
TAKEN = frozenset({"paid", "partially_refunded", "disputed"})
# Facets of a payment that came to nothing: the service may have money of it later all the same.
NOTHING = frozenset({"declined", "voided"})


class SettleLook(NamedTuple):
    """Pipeline: what the service says of a payment whose money was taken, or which has none.

    `found`: the service holds or took money of a payment that has none here, in words.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    disputed: bool
    detail: str = ""
    found: str = ""
    claim: Claim | None = None  # the reference of that money: it may pay another order now


def may_have_late_money(order: Order, funds: Funds) -> bool:
    """Whether a payment came to nothing and may get money all the same, which nobody needs: that of
    an order that ended, or a further one of any order. No step is about to change that.
    """
    if funds.asked is not None or funds.with_open("void") is not None:
        return False
    ended = order.facets.stage in ENDED and funds.facet in NOTHING
    return ended or any(one.is_over for one in funds.payments[1:])


def wants(command: SettleLook, needs: Needs) -> None:
    """The job, the order with its payment, and the order that has the payment's reference now."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.add((command.org, command.job_id))
    if command.claim is not None:
        needs.claims.add(command.claim)


def settle(command: SettleLook, facts: Facts) -> Decision:
    """The order is disputed while the service says so, and afterwards what its sums say.

    Money that came after the order's end, or for what was declined of a running order, is left to
    the operator, unless another live order has the payment's reference now: nobody but the shop
    knows what the money is for.
    """
    job = held_job(command.org, command.job_id, command.fence, facts, "look")
    key = (command.org, command.order_id)
    order, funds = facts.orders.get(key), facts.funds_of(key)
    changes = Changes(facts)
    changes.jobs.remove((job.org, job.id))
    if order is None or funds is None:
        return Decision(changes, StepResult(None))
    if command.found and may_have_late_money(order, funds):
        owner = facts.claims.get(command.claim) if command.claim else None
        if owner is None or owner.order_id == order.id:
            return defer(_parked(command, facts), facts)
    order = goes_on(before := order)
    if order.facets.payment in TAKEN and funds.facet in TAKEN:
        facet = "disputed" if command.disputed else funds.facet
        if facet != order.facets.payment:
            order = stand(order, order.facets._replace(payment=facet))
            type_ = events.PAYMENT_DISPUTED if command.disputed else events.DISPUTE_ENDED
            detail = {"detail": command.detail[:500]} if command.detail else None
            order, told = events.happened(
                order, type_, facts, "pipeline", detail, actor.provider(funds.service)
            )
            changes.events.append(told)
    if order.version != before.version or order.parked != before.parked:
        changes.orders.put(order.changed(updated_at=max(facts.now, before.updated_at + 1000)))
    elif order != before:
        changes.reasons.append(order)
    return Decision(changes, StepResult(None, funds, order))


def _parked(command: SettleLook, facts: Facts) -> DeferJob:
    return DeferJob(
        command.org, command.job_id, command.fence, facts.now, command.found, parked=True,
        order_id=command.order_id,
    )  # fmt: skip
