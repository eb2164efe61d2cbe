"""Telling connected shops of a product: a push for each connection, and what became of it."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide.connect import note
from entrepot.core.decide.jobs import FENCES, held_job
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
    """Pipeline: a connection was told of a product. `fault`: why it was not, and never will be."""

    org: int
    job_id: bytes
    fence: int
    push: Push
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

    A product that is deleted is told to be gone, whatever is asked. A job that waits, or that a
    worker has in hand, is made anew: what that worker says of it then is stale.
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
    """The job, due now, for whichever worker claims it first.

    No fence of an earlier job of this id fits the job: each push that ended is an event of the
    connection.
    """
    org, told = connection.org, Push(connection.name, dashed(product_id), action)
    id_ = push_job_id(org, connection.name, product_id)
    known = facts.jobs.get((org, id_))
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
    """Take the job away, and tell the log what became of it. Refused: a push that is made anew."""
    job = held_job(command.org, command.job_id, command.fence, facts, "push")
    changes, told = Changes(facts), command.push
    changes.jobs.remove((job.org, job.id))
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
    return Decision(changes, StepResult(None))
