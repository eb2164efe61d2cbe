"""Money of a payment that came to nothing: it is heard of before that is written down or later,
and it may pay another order by then.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import ids, references
from entrepot.core.changes import Changes
from entrepot.core.claims import Claim, is_live
from entrepot.core.decide.jobs import (
    PUT_OFF_MAX,
    held_here,
    held_job,
    job_id,
    next_step,
    set_to_work,
)
from entrepot.core.decide.waiting import goes_on
from entrepot.core.facets import ENDED
from entrepot.core.facts import Facts
from entrepot.core.funds import Funds
from entrepot.core.needs import Needs
from entrepot.core.notice import NOTICES, NoticeKey
from entrepot.core.order import Job, Order
from entrepot.core.results import Decision, StepResult

# Facets of a payment that came to nothing: the service may have money of it later all the same.
NOTHING = frozenset({"declined", "voided"})
_AGAIN_FIRST = 10_000_000  # the first wait of a look that is made again by itself, in microseconds


class SettleHearing(NamedTuple):
    """Pipeline: the kept notifications of money, of payments that came to nothing, that no step
    has heard.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    heard: tuple[NoticeKey, ...]


def may_have_late_money(order: Order, funds: Funds) -> bool:
    """Whether a payment came to nothing and may get money all the same, which nobody needs: that of
    an order that ended, or a further one of any order. No step is about to change that.
    """
    if funds.asked is not None or funds.with_open("void") is not None:
        return False
    ended = order.facets.stage in ENDED and funds.facet in NOTHING
    return ended or any(one.is_over for one in funds.payments[1:])


def names(order_id: bytes, funds: Funds) -> frozenset[str]:
    """The names by which a notification can tell of payments that came to nothing: the order's id,
    the service's references, our keys.
    """
    over = [one.authorisation for one in funds.payments if one.is_over]
    told = {one.provider_reference for one in over} | {one.key for one in over}
    return frozenset({ids.dashed(order_id), *[name for name in told if name]})


def since(funds: Funds) -> int:
    """The time from which on notifications can tell of money of payments that came to nothing:
    when the service was last told to hold money, or to let money go.
    """
    last = [
        max([one.created_at for one in full.operations if one.kind in ("authorise", "void")])
        for full in funds.payments if full.is_over
    ]  # fmt: skip
    return min(last, default=0)


def heard(decision: Decision, facts: Facts) -> Decision:
    """A decision on what came of a payment. If the payment came to nothing, the notifications are
    heard that came before that was written down: they found nobody who needed them.
    """
    told = decision.result
    if isinstance(told, StepResult) and told.order and told.funds:
        may_be = references.are_notified(told.funds.service)
        if may_be and may_have_late_money(told.order, told.funds):
            set_to_work("hear", told.order, facts, decision.changes)
    return decision


def again_at(job: Job, now: int) -> int:
    """When a look that called an operator, or waits for another order, is made again by itself, in
    microseconds UTC: after as long as the look is old, so that soon changes are seen soon.
    """
    return now + min(max(now - job.created_at, _AGAIN_FIRST), PUT_OFF_MAX)


def wants(command: SettleHearing, needs: Needs) -> None:
    """The job, the order with its payments, and what was heard."""
    needs.whole_order(command.org, command.order_id)
    needs.jobs.add((command.org, command.job_id))
    needs.of(NOTICES).update(command.heard)


def settle(command: SettleHearing, facts: Facts) -> Decision:
    """Have the payments looked at if a notification tells of money; else nothing is left to do."""
    job = held_job(command.org, command.job_id, command.fence, facts, "hear")
    key = (command.org, command.order_id)
    order, funds = facts.orders.get(key), facts.funds_of(key)
    changes = Changes(facts)
    if not command.heard or order is None or funds is None or not may_have_late_money(order, funds):
        changes.jobs.remove((job.org, job.id))
        return Decision(changes, StepResult(None))
    for notice in map(facts.of(NOTICES).get, command.heard):
        if notice is not None and not notice.heard_at:
            changes.of(NOTICES).put(notice._replace(heard_at=facts.now))
    job = next_step(job, "look", facts)
    changes.jobs.put(job)
    return Decision(changes, StepResult(job, funds, order))


def look_again(order: Order, told_at: int, facts: Facts, changes: Changes) -> None:
    """Have an order's payments looked at for what was told at this time, in microseconds.

    A look that is under way, and was begun before, may have an older answer: whoever waits for the
    answer holds the look no longer.
    """
    key = (order.org, job_id(order.id, "look"))
    job = facts.jobs.get(key)
    if job is None:
        set_to_work("look", order, facts, changes)
    elif not _is_asking(job, told_at, facts):
        again = job._replace(
            kind="look", state="due", run_at=facts.now, leased_until=0, tries=0,
            put_off_at=facts.now, fence=job.fence + 1,
        )  # fmt: skip
        changes.jobs.put(held_here(again, facts))
    others = [
        one for one in facts.jobs.values()
        if (one.org, one.order_id, one.state) == (order.org, order.id, "parked")
    ]  # fmt: skip
    if [one.id for one in others] == [key[1]]:
        # An operator was called for the look, and is not needed while it is made again.
        at = max(facts.now, order.updated_at + 1000)
        changes.orders.put(goes_on(order.changed(updated_at=at)))


def _is_asking(job: Job, told_at: int, facts: Facts) -> bool:
    """Whether the service is asked what was so at this time. A hearing does not ask the service."""
    begun = max(job.created_at, job.put_off_at or 0)
    return job.kind == "look" and job.leased_until > facts.now and told_at <= begun


def pays_another(
    order: Order, claim: Claim | None, other: bytes | None, facts: Facts
) -> Order | None:
    """The other live order that has the reference of this money now; None where there is none. It
    is the order that claims the reference, or the `other`, which may have ended meanwhile.
    """
    owner = facts.claims.get(claim) if claim else None
    claiming = None if owner is None or owner.order_id == order.id else owner.order_id
    for one in (claiming, other):
        found = facts.orders.get((order.org, one)) if one else None
        if found is not None and is_live(found):
            return found
    return None
