"""The times that orders of a batch are kept with: the time of its commit, once that is known."""

from __future__ import annotations

from collections.abc import Collection

from entrepot.core.facts import Facts
from entrepot.core.kinds import Key
from entrepot.core.order import Order


def dated(order: Order, facts: Facts) -> Order:
    """The order with the times that it is kept with: made or changed here, at the commit."""
    at = facts.committed.get(order.org)
    base = facts.orders.base.get((order.org, order.id))
    if at is None:
        return order
    if base is None:
        same = order.created_at == order.updated_at == at
        return order if same else order.changed(created_at=at, updated_at=at)
    unchanged = (order.version, order.updated_at) == (base.version, base.updated_at)
    return order if unchanged or order.updated_at == at else order.changed(updated_at=at)


def date(facts: Facts, keys: Collection[Key]) -> None:
    """Have these orders, which were made or changed here, bear the time of the commit."""
    committed, now = facts.committed, facts.now
    # If the commit has the time of the decisions, only an order that was changed more than once
    # may have another time.
    known = facts.orders.now
    late = any(at != now for at in committed.values())
    facts.redated = late or not {known[key].updated_at for key in keys} <= {now}
    if facts.redated:
        for key in keys:
            known[key] = dated(known[key], facts)
