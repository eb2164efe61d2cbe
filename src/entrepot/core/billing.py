"""Invoices follow from orders: one is made when it is due, and its status goes with the order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol

from entrepot.core import invoices
from entrepot.core.funds import Funds
from entrepot.core.invoices import INVOICES, Billed
from entrepot.core.kinds import K, Key, Kind, R
from entrepot.core.order import Event, Order
from entrepot.core.rows import Rows
from entrepot.core.seen import OrgFacts


class Known(Protocol):
    """The facts that invoices follow from. `core.facts` has them."""

    now: int
    actor: str
    orgs: dict[int, OrgFacts]
    invoicing: set[int]
    orders: Rows[Key, Order]
    events: list[Event]

    @property
    def new_id(self) -> Callable[[], bytes]:
        """The source of new ids."""
        ...

    def of(self, kind: Kind[K, R]) -> Rows[K, R]:
        """The rows of a kind."""
        ...

    def group(self, kind: Kind[K, R], of: Any) -> Collection[R]:
        """The rows of a kind that belong to something."""
        ...

    def funds_of(self, order: Key) -> Funds | None:
        """The order's payments with their operations."""
        ...


def moved(orders: Iterable[Order], facts: Known) -> list[tuple[Billed, Order]]:
    """The orders of organizations with invoices that a decision puts, before and after."""
    return [
        (invoices.billed(before, facts.funds_of((one.org, one.id))), one)
        for one in orders if one.managed and one.org in facts.invoicing
        if (before := facts.orders.get((one.org, one.id))) is not None
    ]  # fmt: skip


def bill(was: Billed, after: Order, source: str, facts: Known) -> None:
    """Make the invoice of an order that moved, or change it, with its event."""
    now = invoices.billed(after, facts.funds_of((after.org, after.id)))
    when = facts.orgs[after.org].invoices
    if (known := next(iter(facts.group(INVOICES, (after.org, after.id))), None)) is None:
        if not invoices.is_due(was.order.facets, after.facets, when):
            return
        made = invoices.of_order(now, facts.new_id(), facts.now)
        event = invoices.made_event(made, source, facts.actor)
    else:
        if (status := invoices.followed(was, now, known)) == known.status:
            return
        made = invoices.told(known, facts.now, status=status)
        event = invoices.changed_event(known, made, source, facts.actor)
    facts.of(INVOICES).put(made)
    facts.events.append(event)
