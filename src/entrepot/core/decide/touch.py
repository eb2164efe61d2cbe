"""Recording a touch of a contact."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events, ids
from entrepot.core.changes import Changes
from entrepot.core.commands import CustomerRef
from entrepot.core.decide.customers import resolve_customer
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, TouchResult
from entrepot.core.touches import TOUCHES, Touch

# A sender's clock may be ahead by so much (microseconds).
AHEAD_MAX = 300_000_000


class RecordTouch(NamedTuple):
    """Record a touch. Without `at` it happens now."""

    org: int
    source: str
    customer: CustomerRef
    kind: str
    origin: str
    origin_id: bytes
    channel: str = ""
    at: int | None = None
    external_user_id: str | None = None
    resource_id: str = ""
    country: str = ""
    details: str = "{}"


def wants(command: RecordTouch, needs: Needs) -> None:
    """The contact."""
    needs.of_customer(command.org, command.customer)


def record(command: RecordTouch, facts: Facts) -> Decision:
    """Keep the touch, and a contact that nobody knew.

    Refused: an unknown contact's id, addresses that name nobody, and a time to come.
    """
    org, changes = command.org, Changes(facts)
    at = facts.now if command.at is None else command.at
    if at > facts.now + AHEAD_MAX:
        raise refuse(Reason.INVALID, "must not lie in the future", "at")
    customer_id = resolve_customer(command.customer, org, facts, changes)
    if customer_id == facts.orgs[org].guest_id:
        raise refuse(Reason.INVALID, "names nobody", command.customer.field)
    told = command.external_user_id
    if told is None:
        known = changes.customers.get((org, customer_id))
        phone = known.phone if known is not None else None
        told = "".join([one for one in phone or "" if one.isascii() and one.isdigit()])
    made = Touch(
        org, facts.new_id(), customer_id, command.kind, command.origin, command.origin_id,
        command.channel, at, facts.now, told, command.resource_id, command.country,
        command.details,
    )  # fmt: skip
    changes.of(TOUCHES).put(made)
    body = text_of({
        "contact_id": ids.dashed(customer_id), "kind": made.kind, "origin": made.origin,
        "origin_id": ids.dashed(made.origin_id), "happened_at": made.at,
    })  # fmt: skip
    changes.events.append(
        Event(
            org,
            made.id,
            1,
            events.TOUCH_RECORDED,
            facts.now,
            command.source,
            body,
            events.TOUCH,
            facts.actor,
        )
    )
    return Decision(changes, TouchResult(made))
