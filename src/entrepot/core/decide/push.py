"""Telling connected shops of a product: a push for each connection, and what became of it."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide.connect import note
from entrepot.core.decide.jobs import FENCES
from entrepot.core.decide.product import known_product
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.integrations import ACTIVE, CONNECTIONS, DELETE, PUSHES, Connection, Push
from entrepot.core.needs import Needs
from entrepot.core.order import Job
from entrepot.core.products import DELETED
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, PushResult, StepResult

FAULT_MAX = 500  # characters


class PushProduct(NamedTuple):
    """Tell connections of a product: that it is as it is, or that it is gone.

    `connections` are the names of all connections; those that are paused are told nothing.
    """

    org: int
    product_id: bytes
    action: str
    connections: tuple[str, ...]


class FinishPush(NamedTuple):
    """Pipeline: a connection was told of a product. `fault`: why it was not, and never will be.

    `leased_until` is of the lease under which the connection was told, in microseconds UTC: where a
    push was asked for meanwhile, the lease is the same and the fence is another one.
    """

    org: int
    job_id: bytes
    fence: int
    push: Push
    leased_until: int
    fault: str = ""


def push_job_id(org: int, connection: str, product_id: bytes) -> bytes:
    """The id of the one job that tells a connection of a product: a later push takes its place."""
    told = f"push|{org}|{dashed(product_id)}|{connection}"
    return hashlib.blake2b(told.encode(), digest_size=16).digest()


def wants(command: PushProduct, needs: Needs) -> None:
    """The product, and the connections with the pushes of the product that wait."""
    org, product_id = command.org, command.product_id
    needs.products.add((org, product_id))
    needs.of(CONNECTIONS).update((org, name) for name in command.connections)
    needs.jobs.update((org, push_job_id(org, name, product_id)) for name in command.connections)


def push(command: PushProduct, facts: Facts) -> Decision:
    """Make a job for every active connection. Refused: an unknown product, an unknown action.

    A product that is deleted is told to be gone, whatever is asked. A job that waits is made anew.
    A job that a worker has in hand is to be done once more after that: a shop hears of a product
    from one worker at a time, so that the last push is the last thing that the shop hears.
    """
    org = command.org
    if command.action not in PUSHES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(PUSHES)}", "action")
    known = known_product(org, command.product_id, facts)
    if known is None:
        raise refuse(Reason.UNKNOWN_PRODUCT)
    gone = known.product.status == DELETED
    changes = Changes(facts)
    known_ones = [facts.of(CONNECTIONS).get((org, name)) for name in command.connections]
    active = [one for one in known_ones if one is not None and one.status == ACTIVE]
    action = DELETE if gone else command.action
    changes.jobs.put_all(_job(one, command.product_id, action, facts) for one in active)
    return Decision(changes, PushResult(len(active)))


def _job(connection: Connection, product_id: bytes, action: str, facts: Facts) -> Job:
    """The job, due now, for whichever worker claims it first; its holder keeps it.

    No fence of an earlier job of this id fits the job: each push that ended is an event of the
    connection.
    """
    org, told = connection.org, Push(connection.name, dashed(product_id), action)
    id_ = push_job_id(org, connection.name, product_id)
    known = facts.jobs.get((org, id_))
    if known is not None and known.leased_until > facts.now:
        return known._replace(payload=told.text(), run_at=facts.now, tries=0, fence=known.fence + 1)
    fence = connection.version * FENCES if known is None else known.fence + 1
    return Job(
        org, id_, "push", None, told.text(), "due", facts.now, 0, fence, 0, None,
        facts.now if known is None else known.created_at,
    )  # fmt: skip


def wants_to_finish(command: FinishPush, needs: Needs) -> None:
    """The job and the connection."""
    needs.jobs.add((command.org, command.job_id))
    needs.of(CONNECTIONS).add((command.org, command.push.connection))


def finish(command: FinishPush, facts: Facts) -> Decision:
    """Tell the log what became of the push. The job is over, or due again where a push was asked
    for meanwhile. Refused: a push whose lease is not held any more.
    """
    job = facts.jobs.get((command.org, command.job_id))
    if job is None or job.leased_until != command.leased_until:
        raise refuse(Reason.STALE_LEASE)
    changes, told = Changes(facts), command.push
    again: Job | None = None
    if job.fence == command.fence:
        changes.jobs.remove((job.org, job.id))
    else:
        again = job._replace(leased_until=0, fence=job.fence + 1, holder=None)
        changes.jobs.put(again)
    connection = facts.of(CONNECTIONS).get((command.org, told.connection))
    if connection is not None:
        type_ = events.SYNC_FAILED if command.fault else events.SYNCED
        body: dict[str, Any] = {
            "connection_id": told.connection, "provider": connection.provider,
            "product_id": told.product_id, "action": told.action,
        }  # fmt: skip
        if command.fault:
            body["error"] = command.fault[:FAULT_MAX]
        note(connection, type_, "pipeline", body, facts, changes)
    return Decision(changes, StepResult(again))
