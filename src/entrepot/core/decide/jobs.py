"""The durable later steps of an order: made with their cause, finished by their holder."""

from __future__ import annotations

from entrepot.core import held
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.order import Job, Order
from entrepot.core.refusal import Reason, refuse

# No job is put off for longer, in microseconds: one that seems to be was put off by a wrong clock.
PUT_OFF_MAX = 3_600_000_000


# How many tries a step has before a person has to look at it; a fault may have a policy of its own.
TRIES_MAX = {
    "reserve": 8, "authorise": 50, "void": 300, "capture": 900, "refund": 900, "look": 50,
    "fetch": 20, "increase": 50, "push": 20, "hear": 50,
}  # fmt: skip

# Jobs beside the first one of their order: what their ids have behind the order's. What is heard of
# a payment leads to a look at it: these two are one job, and an order never has both.
_BESIDE = {"void": b"\x01", "capture": b"\x02", "refund": b"\x03", "look": b"\x04",
           "increase": b"\x05", "hear": b"\x04"}  # fmt: skip
_SUFFIXES = tuple(dict.fromkeys(_BESIDE.values()))
FENCES = 1 << 20  # more claims of one job than there ever are


def job_ids(order_id: bytes) -> tuple[bytes, ...]:
    """The ids of all jobs that an order can have.

    They follow from the order, so that no index has to find the jobs of an order: each job costs
    one entry less. If two jobs have one id, one after the other, no fence of the earlier one fits
    the later one: see `new_job_again`.
    """
    return (order_id, *[order_id + suffix for suffix in _SUFFIXES])


def new_job(kind: str, org: int, id_: bytes, order_id: bytes | None, facts: Facts) -> Job:
    """A job due now; born leased (fence 1) where a worker of this process will take it at once."""
    leased_until = facts.leased_until
    # By place, as in `goods.move_level`.
    return Job(
        org, id_, kind, order_id, facts.request, "due", facts.now, leased_until,
        1 if leased_until else 0, 0, None, facts.now, None,
        facts.holder if leased_until else None,
    )  # fmt: skip


def new_job_again(kind: str, org: int, id_: bytes, order_id: bytes | None, facts: Facts) -> Job:
    """A new job under an id that a job may have had before. No fence of the earlier job fits this
    one: fences count from the microsecond in which a job is made, and a job is claimed less often
    than once a microsecond.
    """
    job = new_job(kind, org, id_, order_id, facts)
    # The earlier one may have ended in the same transaction.
    ended = facts.jobs.base.get((org, id_))
    least = 0 if ended is None else ended.fence + 1
    return job._replace(fence=max(job.fence + facts.now, least))


def first_job(order: Order, facts: Facts) -> Job:
    """The first job of a placed order: to reserve its stock."""
    return new_job("reserve", order.org, order.id, order.id, facts)


def job_id(order_id: bytes, kind: str) -> bytes:
    """The id of the order's job of a kind that can stand beside others."""
    return order_id + _BESIDE[kind]


def set_to_work(kind: str, order: Order, facts: Facts, changes: Changes) -> None:
    """The order's job of this kind has something to do: it is made, or due at once.

    A worker that has the job in hand looks for more to do before it ends the job. An order can
    have several such jobs one after the other. No fence of an earlier one fits a later one.
    """
    key = order.org, job_id(order.id, kind)
    job = changes.jobs.get(key)
    stands_still = kind in held.STEPS and held.is_held(order)
    if job is None:
        job = new_job_again(kind, *key, order.id, facts)
        if stands_still:
            job = job._replace(state=held.STOPPED, leased_until=0, holder=None)
        changes.jobs.put(job)
    elif job.leased_until <= facts.now and not stands_still:
        due = job._replace(
            state="due", run_at=facts.now, tries=0, leased_until=0, put_off_at=facts.now
        )
        changes.jobs.put(held_here(due, facts))


def next_step(job: Job, kind: str, facts: Facts) -> Job:
    """The same job at its next step, held by the same process."""
    # By place, as in `goods.move_level`.
    return Job(
        job.org, job.id, kind, job.order_id, job.payload, "due", facts.now, job.leased_until,
        job.fence, 0, None, job.created_at, None, job.holder,
    )  # fmt: skip


def held_job(org: int, job_id: bytes, fence: int, facts: Facts, *kinds: str) -> Job:
    """The job, if this fence still holds it and it still stands at one of these steps, if given.

    Refused as stale where another worker took it over, or where the step is done already.
    """
    job = facts.jobs.get((org, job_id))
    if job is None or job.fence != fence or (kinds and job.kind not in kinds):
        raise refuse(Reason.STALE_LEASE)
    return job


def taken_up(order: Order, facts: Facts) -> list[Job]:
    """The steps of an order that no worker has in hand, due at once and with all their tries. One
    that stood still is due once no call of it can be on its way: see `core.decide.hold`.
    """
    return [
        job._replace(
            state="due", run_at=_after_calls(job, facts), tries=0, leased_until=0,
            put_off_at=facts.now,
        )
        for job in facts.jobs.values()
        if job.order_id == order.id and job.org == order.org and job.leased_until <= facts.now
    ]  # fmt: skip


def set_free(order: Order, facts: Facts, changes: Changes, at: int | None = None) -> None:
    """The steps of an order that stood still while somebody held the order, due `at` this time, in
    microseconds UTC; else once no call of them can be on its way. A service may be asked once more
    for the same; but that nothing came of a call is not known before the call is over.

    A step that these changes make counts too: what releases an order may ask for more money first.
    """
    its = (changes.jobs.get((order.org, id_)) for id_ in job_ids(order.id))
    for job in [one for one in its if one is not None and one.state == held.STOPPED]:
        run_at = _after_calls(job, facts) if at is None else at
        due = job._replace(state="due", run_at=run_at, put_off_at=facts.now)
        changes.jobs.put(held_here(due, facts))


def _after_calls(job: Job, facts: Facts) -> int:
    return max(facts.now, job.run_at) if job.state == held.STOPPED else facts.now


def held_here(job: Job, facts: Facts) -> Job:
    """The job in the hands of this process, where one works here and the job's time has come; else
    it waits for any.
    """
    if not facts.leased_until or job.run_at > facts.now:
        return job
    return job._replace(leased_until=facts.leased_until, fence=job.fence + 1, holder=facts.holder)
