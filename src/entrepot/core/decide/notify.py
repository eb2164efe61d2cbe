"""Somebody says that an order exists: it is found, or kept as announced until it comes."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide.jobs import new_job_again
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Announced, Order
from entrepot.core.results import Decision, NotedResult, OrderResult, OrdersResult, Result


class NotifyOrder(NamedTuple):
    """Somebody says that an order exists, by any id that an order can be known by."""

    org: int
    source: str
    order_text: str


def fetch_job_id(org: int, order_text: str) -> bytes:
    """The id of the one job that fetches this order: a second notification makes no second."""
    digest = hashlib.sha256(f"fetch|{org}|{order_text}".encode()).digest()
    return digest[:16]


def wants(command: NotifyOrder, needs: Needs) -> None:
    """The order by any of its names, whether it is announced, and the job that fetches it."""
    org, text = command.org, command.order_text
    needs.texts.add((org, text, command.source))
    needs.announced.add((org, text))
    needs.jobs.add((org, fetch_job_id(org, text)))


def notify(command: NotifyOrder, facts: Facts) -> Decision:
    """Record `order.ingested` once; or keep that an order not known yet was announced, and make the
    job that fetches it where there is a source.
    """
    org, changes = command.org, Changes(facts)
    order = _known(command, facts)
    if order is not None:
        if not order.ingested:
            order, ingested = events.happened(
                order.changed(ingested=True),
                events.ORDER_INGESTED, facts, command.source,
            )  # fmt: skip
            changes.orders.put(order)
            changes.events.append(ingested)
        if (org, command.order_text) in facts.announced:
            changes.announced.remove((org, command.order_text))
        return Decision(changes, NotedResult(fetching=False))
    if (org, command.order_text) not in facts.announced:
        made = Announced(org, command.order_text, command.source, facts.now)
        changes.announced.put(made)
    if not facts.orgs[org].has_source:
        return Decision(changes, NotedResult(fetching=True), settled=False)
    job_id = fetch_job_id(org, command.order_text)
    known = facts.jobs.get((org, job_id))
    if known is not None and known.state == "parked":
        # Given up, but its sender insists: perhaps the source has it now, or answers again.
        changes.jobs.put(known._replace(state="due", run_at=facts.now, tries=0))
    elif known is None:
        job = new_job_again("fetch", org, job_id, None, facts)
        changes.jobs.put(job._replace(payload=command.order_text))
    return Decision(changes, NotedResult(fetching=True), settled=False)


def _known(command: NotifyOrder, facts: Facts) -> Order | None:
    """The order that the text means: one of the book, or one that the same batch brought."""
    org, text = command.org, command.order_text
    if (order_id := facts.by_text.get((org, text))) is not None:
        return facts.orders.get((org, order_id))
    made = facts.orders.now.keys() - facts.orders.base.keys()
    orders = [facts.orders[key] for key in made if key[0] == org]
    brought = [order for order in orders if text in _names(order)]
    return brought[0] if len(brought) == 1 else None


def _names(order: Order) -> tuple[str, ...]:
    """By what an order may have been announced."""
    names = (order.sender_id, order.external_id, order.external_reference, order.external_name)
    return tuple(filter(None, names))


def match_announced(org: int, decision: Decision, facts: Facts) -> Decision:
    """Note orders as ingested that were announced before they came; they are not announced then.
    The answer has such an order with that event, so that its revision counts.

    Asked of organizations that have announced orders.
    """
    changes, noted = decision.changes, dict[bytes, Order]()
    for order in tuple(changes.orders):
        found = [(org, name) for name in _names(order) if (org, name) in facts.announced]
        for name in found:
            changes.announced.remove(name)
        if found and not order.ingested:
            source = facts.announced[found[0]].source
            noted[order.id], ingested = events.happened(
                order.changed(ingested=True), events.ORDER_INGESTED, facts, source
            )
            changes.orders.put(noted[order.id])
            changes.events.append(ingested)
    return decision._replace(result=_with(noted, decision.result)) if noted else decision


def _with(noted: dict[bytes, Order], result: Result) -> Result:
    if isinstance(result, OrderResult):
        return result._replace(order=noted.get(result.order.id, result.order))
    if isinstance(result, OrdersResult):
        orders = tuple([noted.get(order.id, order) for order in result.orders])
        return result._replace(orders=orders)
    return result
