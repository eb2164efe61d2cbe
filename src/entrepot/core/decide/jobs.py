"""The durable later steps of an order: made with their cause, finished by their holder."""

from __future__ import annotations

from entrepot.core.facts import Facts
from entrepot.core.order import Job, Order
from entrepot.core.refusal import Reason, refuse

# No job is put off for longer, in microseconds: one that seems to be was put off by a wrong clock.
PUT_OFF_MAX = 3_600_000_000


# The void of a settled payment is a job of its own. Its id has this behind the order's.
_VOIDING = b"\x01"


def job_ids(order_id: bytes) -> tuple[bytes, ...]:
    """The ids of all jobs that an order can have.

    They follow from the order, so that no index has to find the jobs of an order: each job costs
    one entry less. An order never has two jobs of one id, one after the other included.
    """
    return order_id, order_id + _VOIDING


def new_job(kind: str, org: int, id_: bytes, order_id: bytes | None, facts: Facts) -> Job:
    """A job due now; born leased (fence 1) where a worker of this process will take it at once."""
    return Job(
        org=org,
        id=id_,
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
        holder=facts.holder if facts.leased_until else None,
    )


def first_job(order: Order, facts: Facts) -> Job:
    """The first job of a placed order: to reserve its stock."""
    return new_job("reserve", order.org, order.id, order.id, facts)


def voiding_job(order: Order, facts: Facts) -> Job:
    """The job that voids a payment which nobody needs any more."""
    return new_job("void", order.org, order.id + _VOIDING, order.id, facts)


def next_step(job: Job, kind: str, facts: Facts) -> Job:
    """The same job at its next step, held by the same process."""
    return job._replace(
        kind=kind, state="due", run_at=facts.now, tries=0, last_error=None, put_off_at=None
    )


def held_job(org: int, job_id: bytes, fence: int, facts: Facts, *kinds: str) -> Job:
    """The job, if this fence still holds it and it still stands at one of these steps, if given.

    Refused as stale where another worker took it over, or where the step is done already.
    """
    job = facts.jobs.get((org, job_id))
    if job is None or job.fence != fence or (kinds and job.kind not in kinds):
        raise refuse(Reason.STALE_LEASE)
    return job


def taken_up(order: Order, facts: Facts) -> list[Job]:
    """The steps of an order that no worker has in hand, due at once and with all their tries."""
    return [
        job._replace(state="due", run_at=facts.now, tries=0, leased_until=0, put_off_at=facts.now)
        for job in facts.jobs.values()
        if job.order_id == order.id and job.org == order.org and job.leased_until <= facts.now
    ]


def held_here(job: Job, facts: Facts) -> Job:
    """The job in the hands of this process, where one works here; else it waits for any."""
    if not facts.leased_until:
        return job
    return job._replace(leased_until=facts.leased_until, fence=job.fence + 1, holder=facts.holder)
