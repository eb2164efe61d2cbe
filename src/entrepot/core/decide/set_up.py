"""An organization begins; the operator sets its order source, and its payment secret.

No event tells what is secret: of an order source the log has the host, and the header's name.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.organization import OrderSource, OwnChanges
from entrepot.core.properties import text_of
from entrepot.core.results import Decision, OrganizationResult


class BeginOrganization(NamedTuple):
    """Tell the log of an organization that its rows were made. `organization_id`: by which clients
    name it.
    """

    org: int
    name: str
    tenant_id: bytes
    organization_id: bytes
    source: str = actor.OPERATOR


class SetOrderSource(NamedTuple):
    """Fetch orders that are only notified from here from now on; without a URL from nowhere."""

    org: int
    order_source: OrderSource
    source: str = actor.OPERATOR


class TakePaymentSecret(NamedTuple):
    """Derive the organization's payment keys from a secret that it brings from another book."""

    org: int
    secret: bytes
    source: str = actor.OPERATOR


def wants(_command: BeginOrganization | SetOrderSource | TakePaymentSecret, _needs: Needs) -> None:
    """The organization alone."""


def begin(command: BeginOrganization, facts: Facts) -> Decision:
    """Tell the name, and the ids by which clients name the organization and its tenant."""
    told = {
        "name": command.name, "tenant_id": dashed(command.tenant_id),
        "organization_id": dashed(command.organization_id),
    }  # fmt: skip
    return _told(command.org, events.ORGANIZATION_MADE, told, command.source, facts)


def set_order_source(command: SetOrderSource, facts: Facts) -> Decision:
    """Keep the source. Announced orders that nobody has told yet are asked for there."""
    url, header = command.order_source
    told = {} if url is None else {"host": _host(url)}
    if header is not None:
        told["header"] = header.partition(":")[0].strip()
    type_ = events.ORDER_SOURCE_REMOVED if url is None else events.ORDER_SOURCE_SET
    change = OwnChanges(source=command.order_source)
    return _told(command.org, type_, told, command.source, facts, change)


def take_payment_secret(command: TakePaymentSecret, facts: Facts) -> Decision:
    """Keep the secret, in place of the book's."""
    change = OwnChanges(payment_secret=command.secret)
    return _told(command.org, events.PAYMENT_SECRET_TAKEN, {}, command.source, facts, change)


def _host(url: str) -> str:
    """The host of an address, with the port; nothing else of the address may be told."""
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]


def _told(
    org: int, type_: str, told: dict[str, Any], source: str, facts: Facts,
    change: OwnChanges | None = None,
) -> Decision:  # fmt: skip
    """Write the change, and tell the log. Each event is the only one of its subject."""
    changes = Changes(facts)
    if change is not None:
        changes.organizations[org] = change
    event = Event(
        org, facts.new_id(), 1, type_, facts.now, source, text_of(told), events.ORGANIZATION,
        facts.actor,
    )  # fmt: skip
    changes.events.append(event)
    return Decision(changes, OrganizationResult(org))
