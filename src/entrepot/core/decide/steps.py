"""A step of the pipeline is put off, finished, or taken up again by an operator."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events, held
from entrepot.core.changes import Changes
from entrepot.core.decide.jobs import held_job, taken_up
from entrepot.core.decide.waiting import DETAIL_MAX, goes_on, parks, waits
from entrepot.core.facets import ENDED
from entrepot.core.facts import Facts
from entrepot.core.kinds import OPERATIONS
from entrepot.core.needs import Needs
from entrepot.core.order_reason import OrderReason
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult, StepResult


class Taken(NamedTuple):
    """An operation that a provider has taken, under the provider's reference where it said one."""

    payment: int
    number: int
    provider_reference: str | None


class DeferJob(NamedTuple):
    """Pipeline: try the job again at `run_at`, or leave it to the operator (`parked`).

    A parked job whose `run_at` is ahead is taken up again then: the hold of its stock ends.
    """

    org: int
    job_id: bytes
    fence: int
    run_at: int
    error: str
    parked: bool = False
    counted: bool = True  # whether it counts as a failed try
    order_id: bytes | None = None  # the job's order, which is parked with it
    waiting: str = ""  # what the order says while it waits; empty leaves its reason as it is
    # The operation whose outcome the provider says later: now known to be with the provider.
    running: Taken | None = None
    stage: str | None = None  # where the order stood when the step was tried, if it is known
    money_held: bool = False  # the order ended long ago, and its money could not be let go yet


class FinishJob(NamedTuple):
    """Pipeline: the job has nothing left to do."""

    org: int
    job_id: bytes
    fence: int


class ResumeOrder(NamedTuple):
    """The operator's word: take the steps of an order up now that are parked or only wait."""

    org: int
    order_id: bytes


class ResumeJob(NamedTuple):
    """The operator's word for a job without an order: a fetch that is parked or only waits."""

    org: int
    job: bytes  # not `job_id`: what carries one is the pipeline's own


def wants_to_defer(command: DeferJob, needs: Needs) -> None:
    """The job, and the order that waits with it."""
    needs.jobs.add((command.org, command.job_id))
    if command.order_id:
        needs.orders.add((command.org, command.order_id))
        if command.running is not None:
            asked = command.running
            key = (command.org, command.order_id, asked.payment, asked.number)
            needs.of(OPERATIONS).add(key)


def defer(command: DeferJob, facts: Facts) -> Decision:
    """Put a job off, or park it with its order for the operator to look at.

    If the order has moved on during the try, its step is due at once: the result of the try was
    about another stage.
    """
    job = held_job(command.org, command.job_id, command.fence, facts)
    changes = Changes(facts)
    order = facts.orders.get((job.org, job.order_id)) if job.order_id else None
    moved = order is not None and command.stage not in (None, order.facets.stage)
    parked = command.parked and not moved
    job = job._replace(
        state="parked" if parked else "due",
        run_at=facts.now if moved else command.run_at,
        leased_until=0,
        tries=0 if moved else job.tries + (1 if command.counted else 0),
        last_error=command.error[:DETAIL_MAX],
        put_off_at=facts.now,
    )
    changes.jobs.put(job)
    if command.running is not None:
        _runs(command, command.running, facts, changes)
    if order is None:
        return Decision(changes, StepResult(job))
    before = order
    if parked and not order.parked:
        order = parks(order, f"{job.kind}: {command.error}")
        order, told = events.happened(
            order, events.ORDER_PARKED, facts, "pipeline", {"step": job.kind}
        )
        changes.events.append(told)
    elif not parked:
        if order.parked:
            # The operator is no longer needed for this order: a reader by time has to see that.
            order = order.changed(updated_at=max(facts.now, order.updated_at + 1000))
        order = goes_on(order) if order.parked or moved else order
        if command.waiting and not moved:
            ended = order.facets.stage in ENDED
            held = OrderReason.MONEY_HELD if command.money_held and ended else None
            order = waits(order, command.waiting, held)
    if order != before:
        only_said = (order.version, order.updated_at) == (before.version, before.updated_at)
        if only_said:
            changes.reasons.append(order)
        else:
            changes.orders.put(order)
    return Decision(changes, StepResult(job))


def _runs(command: DeferJob, asked: Taken, facts: Facts, changes: Changes) -> None:
    """The provider has the operation, and says the outcome under this reference."""
    key = (command.org, command.order_id or b"", asked.payment, asked.number)
    operation = facts.operations.get(key)
    if operation is not None and operation.state == "prepared":
        changes.operations.put(operation.moved("running", facts.now, asked.provider_reference))


def wants_to_finish(command: FinishJob, needs: Needs) -> None:
    """The job."""
    needs.jobs.add((command.org, command.job_id))


def finish(command: FinishJob, facts: Facts) -> Decision:
    """Take a job away that has nothing left to do."""
    job = held_job(command.org, command.job_id, command.fence, facts)
    changes = Changes(facts)
    changes.jobs.remove((job.org, job.id))
    return Decision(changes, StepResult(None))


def wants_to_resume(command: ResumeOrder, needs: Needs) -> None:
    """The order and its steps."""
    needs.orders.add((command.org, command.order_id))
    needs.steps.add((command.org, command.order_id))


def resume(command: ResumeOrder, facts: Facts) -> Decision:
    """Make the steps of an order due at once that are parked or only wait.

    Refused: unknown order, no step, a step that a worker has in hand, an order that is held.
    """
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    if held.is_held(order):
        raise refuse(Reason.ILLEGAL_MOVE, held.stands_still(order))
    again = taken_up(order, facts)
    if not again:
        under_way = any(job.order_id == order.id for job in facts.jobs.values())
        why = "is under way" if under_way else "of the order is parked or waits"
        raise refuse(Reason.ILLEGAL_MOVE, f"{'the' if under_way else 'no'} step {why}")
    changes = Changes(facts)
    changes.jobs.put_all(again)
    order, resumed = events.happened(goes_on(order), events.ORDER_RESUMED, facts, "operator")
    changes.orders.put(order)
    changes.events.append(resumed)
    return Decision(changes, OrderResult(order))


def wants_to_resume_job(command: ResumeJob, needs: Needs) -> None:
    """The job."""
    needs.jobs.add((command.org, command.job))


def resume_job(command: ResumeJob, facts: Facts) -> Decision:
    """Make a job due at once that belongs to no order. Refused: it is gone, or under way."""
    job = facts.jobs.get((command.org, command.job))
    if job is None or job.leased_until > facts.now:
        raise refuse(Reason.ILLEGAL_MOVE, "the step is gone, or under way")
    changes = Changes(facts)
    due = job._replace(state="due", run_at=facts.now, tries=0, put_off_at=facts.now)
    changes.jobs.put(due)
    return Decision(changes, StepResult(None))
