"""Somebody says that an order exists: it is found, or fetched, or refused as unknown."""

from __future__ import annotations

import hashlib

from entrepot.core import events
from entrepot.core.commands import NotifyOrder
from entrepot.core.decide.jobs import new_job
from entrepot.core.facts import Facts
from entrepot.core.order import Changes
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, NotedResult


def fetch_job_id(org: int, order_text: str) -> bytes:
    """The id of the one job that fetches this order: a second notification makes no second."""
    digest = hashlib.sha256(f"fetch|{org}|{order_text}".encode()).digest()
    return digest[:16]


def notify(command: NotifyOrder, facts: Facts) -> Decision:
    """Record `order.ingested` once; or make the job that fetches an order not known yet."""
    org, changes = command.org, Changes()
    order_id = facts.by_text.get((org, command.order_text))
    order = facts.orders.get((org, order_id)) if order_id else None
    if order is not None:
        if not order.ingested:
            order, ingested = events.happened(
                order.changed(ingested=True),
                events.ORDER_INGESTED, facts.now, command.source,
            )  # fmt: skip
            changes.orders.append(order)
            changes.events.append(ingested)
        return Decision(changes, NotedResult(fetching=False))
    if not facts.orgs[org].has_source:
        raise refuse(Reason.UNKNOWN_ORDER, field="orderId")
    job_id = fetch_job_id(org, command.order_text)
    known = facts.jobs.get((org, job_id))
    if known is not None and known.state == "parked":
        # Given up, but its sender insists: perhaps the source has it now, or answers again.
        changes.jobs.append(known._replace(state="due", run_at=facts.now, tries=0))
    elif known is None:
        job = new_job("fetch", org, None, facts)
        changes.jobs.append(job._replace(id=job_id, payload=command.order_text))
    return Decision(changes, NotedResult(fetching=True))
