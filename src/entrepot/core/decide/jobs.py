"""The durable later steps of an order: made with their cause, finished by their holder."""

from __future__ import annotations

from entrepot.core import events
from entrepot.core.commands import DeferJob, FinishJob, ResumeOrder
from entrepot.core.facets import ENDED
from entrepot.core.facts import Facts
from entrepot.core.order import Changes, Job, Order
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult, StepResult


def new_job(kind: str, org: int, order_id: bytes | None, facts: Facts) -> Job:
    """A job due now; born leased (fence 1) where a worker of this process will take it at once."""
    return Job(
        org=org,
        id=facts.new_id(),
        kind=kind,
        order_id=order_id,
        payload=facts.request,
        state="due",
        run_at=facts.now,
        leased_until=facts.leased_until,
        fence=1 if facts.leased_until else 0,
        tries=0,
        last_error=None,
        created_at=facts.now,
    )


def first_job(order: Order, facts: Facts) -> Job:
    """What follows a placed order: its stock is to be reserved."""
    return new_job("reserve", order.org, order.id, facts)


def next_step(job: Job, kind: str, facts: Facts) -> Job:
    """The same job at its next step, still held by whoever holds it."""
    return job._replace(kind=kind, run_at=facts.now, tries=0, last_error=None)


def held_job(org: int, job_id: bytes, fence: int, facts: Facts, *kinds: str) -> Job:
    """The job, if this fence still holds it and it still stands at one of these steps, if given.

    Refused as stale where another worker took it over, or where the step is done already.
    """
    job = facts.jobs.get((org, job_id))
    if job is None or job.fence != fence or (kinds and job.kind not in kinds):
        raise refuse(Reason.STALE_LEASE)
    return job


def defer(command: DeferJob, facts: Facts) -> Decision:
    """Put a job off, or park it with its order for the operator to look at."""
    job = held_job(command.org, command.job_id, command.fence, facts)
    changes = Changes()
    job = job._replace(
        state="parked" if command.parked else "due",
        run_at=command.run_at,
        leased_until=0,
        tries=job.tries + (1 if command.counted else 0),
        last_error=command.error[:500],
    )
    changes.jobs.append(job)
    order = facts.orders.get((job.org, job.order_id)) if job.order_id else None
    if order is not None and command.parked and not order.parked:
        order = order.changed(
            parked=True, reason="parked", reason_detail=f"{job.kind}: {command.error}"[:500]
        )
        order, parked = events.happened(
            order, events.ORDER_PARKED, facts.now, "pipeline", {"step": job.kind}
        )
        changes.orders.append(order)
        changes.events.append(parked)
    return Decision(changes, StepResult(job))


def finish(command: FinishJob, facts: Facts) -> Decision:
    """Take a job away that has nothing left to do."""
    job = held_job(command.org, command.job_id, command.fence, facts)
    return Decision(Changes(jobs_done=[job]), StepResult(None))


def resume(command: ResumeOrder, facts: Facts) -> Decision:
    """Make the parked steps of an order due at once. Refused: unknown order, nothing parked."""
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    parked = [
        job
        for job in facts.jobs.values()
        if (job.org, job.order_id) == (order.org, order.id) and job.state == "parked"
    ]
    if not parked:
        raise refuse(Reason.ILLEGAL_MOVE, "no step of the order is parked")
    changes = Changes(jobs=[job._replace(state="due", run_at=facts.now, tries=0) for job in parked])
    # Why an ended order ended, its stage still says.
    reason = order.facets.stage if order.facets.stage in ENDED else None
    order = order.changed(parked=False, reason=reason, reason_detail=None)
    order, resumed = events.happened(order, events.ORDER_RESUMED, facts.now, "operator")
    changes.orders.append(order)
    changes.events.append(resumed)
    return Decision(changes, OrderResult(order))
