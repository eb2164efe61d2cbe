"""The partnership with a customer: looked at when an order is placed, and changed."""

from __future__ import annotations

from typing import Any

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.commands import CustomerRef
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.kinds import CUSTOMERS
from entrepot.core.needs import Needs
from entrepot.core.order import Customer, Event
from entrepot.core.partnerships import ACTIVE, PARTNERSHIPS, STATUSES, Partnership, untold
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse


def wants(org: int, customer_id: bytes, needs: Needs) -> None:
    """The customer, and what was said of the partnership."""
    needs.customers.add((org, customer_id))
    needs.of(PARTNERSHIPS).add((org, customer_id))


def wants_of_order(org: int, ref: CustomerRef, needs: Needs) -> None:
    """What was said of the partnership with the customer of an order, however the order names the
    customer.
    """
    needs.partnered.add(org)
    if ref.customer_id is not None:
        needs.of(PARTNERSHIPS).add((org, ref.customer_id))


def of(org: int, customer_id: bytes, changes: Changes) -> Partnership | None:
    """The partnership with a customer, as the decision leaves it so far; None for no customer.

    A partnership of which nothing was said is active, and has the default item list.
    """
    told = changes.of(PARTNERSHIPS).get((org, customer_id))
    if told is not None:
        return told
    customer = changes.of(CUSTOMERS).get((org, customer_id))
    return None if customer is None else untold(customer)


def change(
    partnership: Partnership,
    said: dict[str, Any],
    source: str,
    facts: Facts,
    changes: Changes,
    field: str | None = None,
) -> Partnership:
    """Write what is said of a partnership: its `status`, its `list_id`.

    What is as it was changes nothing, and makes no event. Refused: the partnership of the
    organization's guest, who is nobody's customer.
    """
    before = partnership._asdict()
    differing = {name: value for name, value in said.items() if before[name] != value}
    if not differing:
        return partnership
    if partnership.id == facts.orgs[partnership.org].guest_id:
        sentence = "orders of nobody have this partnership, and nobody owns it"
        raise refuse(Reason.FORBIDDEN, sentence, field)
    assert differing.get("status", ACTIVE) in STATUSES, "an edge knows the statuses"
    pairs = {name: [_plain(before[name]), _plain(new)] for name, new in differing.items()}
    body = {"changed": pairs}
    told = partnership._replace(**differing)
    return happened(told, events.PARTNERSHIP_UPDATED, body, source, facts, changes)


def happened(
    partnership: Partnership,
    type_: str,
    body: dict[str, Any],
    source: str,
    facts: Facts,
    changes: Changes,
) -> Partnership:
    """Keep the partnership with one more event of its customer."""
    # No two versions have one time.
    at = max(facts.now, partnership.updated_at + 1)
    kept = partnership._replace(version=partnership.version + 1, updated_at=at)
    changes.of(PARTNERSHIPS).put(kept)
    changes.events.append(
        Event(
            kept.org, kept.id, kept.version, type_, facts.now, source, text_of(body),
            events.CUSTOMER, facts.actor,
        )
    )  # fmt: skip
    return kept


def look(customer_id: bytes, ref: CustomerRef, org: int, facts: Facts) -> None:
    """Refuse an order of a customer whose partnership is not active."""
    told = facts.of(PARTNERSHIPS).get((org, customer_id))
    if told is not None and told.status != ACTIVE:
        sentence = f"the partnership is {told.status}: it accepts no orders"
        raise refuse(Reason.PARTNERSHIP_CLOSED, sentence, ref.field)


def is_known(customer: Customer | None) -> Customer:
    """The customer. Refused: none."""
    if customer is None:
        raise refuse(Reason.NO_SUCH_CUSTOMER)
    return customer


def _plain(value: Any) -> Any:
    return dashed(value) if isinstance(value, bytes) else value
