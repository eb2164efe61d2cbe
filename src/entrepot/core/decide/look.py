"""Looking at a payment: is it disputed, or did money come after the order's end?"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events, ids
from entrepot.core.changes import Changes
from entrepot.core.claims import Claim
from entrepot.core.decide import after_done, by_hand
from entrepot.core.decide.after_done import Failed
from entrepot.core.decide.by_hand import HoldSeen, RefundSeen
from entrepot.core.decide.jobs import held_job, job_ids
from entrepot.core.decide.late_money import again_at, may_have_late_money, pays_another
from entrepot.core.decide.moves import stand
from entrepot.core.decide.steps import DeferJob, defer
from entrepot.core.decide.waiting import goes_on
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.needs import Needs
from entrepot.core.order import Job, Order
from entrepot.core.payment import WITH_MONEY
from entrepot.core.results import Decision, StepResult


class SettleLook(NamedTuple):
    """Pipeline: what the service says of payments whose money was taken or is held, or which have
    none.

    `found`: the service holds or took money of a payment that has none here, in words.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    disputed: bool | None  # None: the service has no word on that
    detail: str = ""
    found: str = ""
    claim: Claim | None = None  # the reference of that money: it may pay another order now
    other: bytes | None = None  # an order that came with that reference too, without claiming it
    failed: tuple[Failed, ...] = ()  # what the service did, and says failed after all
    holds: tuple[HoldSeen, ...] = ()  # what became of money that is held here
    refunds: tuple[RefundSeen, ...] = ()  # what went back there


def wants(command: SettleLook, needs: Needs) -> None:
    """The order with its payments and steps, and the order that has the reference now."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.update((command.org, id_) for id_ in job_ids(command.order_id))
    if command.claim is not None:
        needs.claims.add(command.claim)
        needs.whose_claims.add(command.claim)
    if command.other is not None:
        needs.orders.add((command.org, command.other))


def settle(command: SettleLook, facts: Facts) -> Decision:
    """The order is disputed while the service says so, and afterwards what its sums say. Where the
    service has no word on disputes, a dispute goes on.

    Money that came after the order's end, or for what was declined of a running order, is left to
    the operator, unless another live order has the money now: nobody but the shop knows what the
    money is for. While it is not known whether the other order gets the money, this one waits.

    A capture or a refund that failed after it was done is declined. A capture of which a refund
    stands, or is under way, is left to the operator: refunds are never above captures.

    Money that is held here and was taken, or let go, at the service is so here as well; so is
    money that went back there.
    """
    job = held_job(command.org, command.job_id, command.fence, facts, "look")
    key = (command.org, command.order_id)
    order, funds = facts.orders.get(key), facts.funds_of(key)
    changes = Changes(facts)
    changes.jobs.remove((job.org, job.id))
    if order is None or funds is None:
        return Decision(changes, StepResult(None))
    if command.found and may_have_late_money(order, funds):
        other = pays_another(order, command.claim, command.other, facts)
        if other is None:
            return defer(_parked(command, job, facts), facts)
        if other.facets.payment == "pending":
            return defer(_waiting(command, job, other, facts), facts)
    if not after_done.refunds_stand(funds, command.failed):
        found = command._replace(found=_given_back(funds.service))
        return defer(_parked(found, job, facts), facts)
    order = goes_on(before := order)
    order, funds = after_done.decline(order, funds, command.failed, facts, changes)
    order, funds = by_hand.take_over(order, funds, command.holds, facts, changes)
    order, funds = by_hand.give_back(order, funds, command.refunds, facts, changes)
    if command.disputed is not None and funds.is_disputable:
        order = _disputed(command, order, funds, facts, changes)
    if order.version != before.version or order.parked != before.parked:
        changes.orders.put(order.changed(updated_at=max(facts.now, before.updated_at + 1000)))
    elif order != before:
        changes.reasons.append(order)
    return Decision(changes, StepResult(None, funds, order))


def _disputed(
    command: SettleLook, order: Order, funds: Funds, facts: Facts, changes: Changes
) -> Order:
    """The order, which is disputed or is no more, with the event that tells of that."""
    was = order.facets.payment
    if (was == "disputed") == command.disputed or was not in WITH_MONEY:
        return order
    facet = "disputed" if command.disputed else funds.facet
    order = stand(order, order.facets._replace(payment=facet))
    type_ = events.PAYMENT_DISPUTED if command.disputed else events.DISPUTE_ENDED
    detail = {"detail": command.detail[:500]} if command.detail else None
    order, told = events.happened(
        order, type_, facts, "pipeline", detail, actor.provider(funds.service)
    )
    changes.events.append(told)
    return order


def _given_back(service: str) -> str:
    return (
        f"{service} says that a capture failed after it was done, and gave money of it back: "
        "settle this there, then retry"
    )


def _waiting(command: SettleLook, job: Job, other: Order, facts: Facts) -> DeferJob:
    """Look again later: by then it may be known of the other order."""
    error = f"order {ids.dashed(other.id)} came with the same payment, and is not paid yet"
    return DeferJob(
        command.org, command.job_id, command.fence, again_at(job, facts.now), error, counted=False,
        order_id=command.order_id,
    )  # fmt: skip


def _parked(command: SettleLook, job: Job, facts: Facts) -> DeferJob:
    return DeferJob(
        command.org, command.job_id, command.fence, again_at(job, facts.now), command.found,
        parked=True, order_id=command.order_id,
    )  # fmt: skip
