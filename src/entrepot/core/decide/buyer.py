"""Making a buyer, and changing what is known of a customer of the organization."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.buyers import (
    BUYER_CONTACTS,
    BUYER_LOCATIONS,
    BUYERS,
    CONTACT_KINDS,
    EMAIL,
    PHONE,
    Buyer,
    Partner,
)
from entrepot.core.changes import Changes
from entrepot.core.decide import buyer_parts, partner
from entrepot.core.decide.buyer_parts import BuyerParts
from entrepot.core.expected import ANY, Expected
from entrepot.core.facts import Facts
from entrepot.core.kinds import CUSTOMERS
from entrepot.core.needs import Needs
from entrepot.core.order import Customer
from entrepot.core.partnerships import ACTIVE, Partnership
from entrepot.core.properties import merged_text, parse, text_of
from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.core.results import Decision, PartnerResult

_OBJECTS = ("properties", "info")


class MakeBuyer(NamedTuple):
    """Make a customer whom the organization knows by itself, with the partnership."""

    org: int
    source: str
    name: str
    legal_name: str | None = None
    properties: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple default; never written to
    info: dict[str, Any] = {}  # noqa: RUF012 - as above
    status: str = ACTIVE
    parts: BuyerParts = BuyerParts()


class ChangeBuyer(NamedTuple):
    """Change a customer's partnership; and of a buyer, what the organization wrote, the contacts
    and the locations. All of it, or nothing.

    `said` has members of a `Buyer` by their names; of the objects among them what is to be merged.
    `field` names the first told member that only a buyer has, for the refusal. `shows_name`: the
    sender's dialect shows the name where no legal name is known, and may send that back.
    """

    org: int
    source: str
    id: bytes
    said: dict[str, Any] = {}  # noqa: RUF012 - as above
    status: str | None = None
    parts: BuyerParts = BuyerParts()
    field: str | None = None
    status_field: str = "partnership_status"
    expected: Expected = ANY
    shows_name: bool = False


def wants_names(command: MakeBuyer, needs: Needs) -> None:
    """Whose the addresses are."""
    buyer_parts.wants(command.org, command.parts, needs)


def wants(command: ChangeBuyer, needs: Needs) -> None:
    """The customer with all that a buyer has, and whose the addresses are."""
    key = (command.org, command.id)
    partner.wants(*key, needs)
    needs.of(BUYERS).add(key)
    needs.buyers.add(key)
    buyer_parts.wants(command.org, command.parts, needs)


def make(command: MakeBuyer, facts: Facts) -> Decision:
    """Make the partnership, the customer and the buyer under one id.

    A buyer is always a new customer. An address that another customer had first stays that
    customer's name.
    """
    org, now, changes, id_ = command.org, facts.now, Changes(facts), facts.new_id()
    changes.of(BUYERS).put(
        Buyer(
            org, id_, command.name, command.legal_name, text_of(command.properties),
            text_of(command.info), now, now,
        )
    )  # fmt: skip
    changes.of(CUSTOMERS).put(
        Customer(org, id_, command.name, None, command.name, None, None, now, now, "")
    )
    made = Partnership(org, id_, command.status, None, now, now, 0)
    buyer_parts.change(org, id_, command.parts, facts, changes)
    _mirror(org, id_, facts, changes)
    body = {"name": command.name, "partnership_status": command.status}
    partner.happened(made, events.CUSTOMER_CREATED, body, command.source, facts, changes)
    return Decision(changes, PartnerResult(_partner(org, id_, facts, changes)))


def change(command: ChangeBuyer, facts: Facts) -> Decision:
    """Delete, update and make contacts and locations, then write what is said. What is as it was
    changes nothing.

    Refused: an unknown customer; what only a buyer has, of a customer whom others told; and what
    `buyer_parts.change` refuses.
    """
    org, id_, changes = command.org, command.id, Changes(facts)
    customer = partner.is_known(facts.customers.get((org, id_)))
    before = _partner(org, id_, facts, changes)
    if not command.expected.met_by(before.revision, before.updated_at):
        sentence = "the customer was changed since then"
        raise Refused(Refusal(Reason.CHANGED_MEANWHILE, sentence, version=before.revision))
    tied = before.partnership
    if command.field is not None:
        if before.buyer is None:
            sentence = (
                "others tell of this customer: only the status of the partnership can be changed"
            )
            raise refuse(Reason.FORBIDDEN, sentence, command.field)
        told = buyer_parts.change(org, id_, command.parts, facts, changes)
        said = _said(command, before.buyer)
        told = _core(before.buyer, customer, said, facts, changes) | told
        _mirror(org, id_, facts, changes)
        if told:
            tied = partner.happened(
                tied, events.CUSTOMER_UPDATED, {"changed": told}, command.source, facts, changes
            )
    if command.status is not None:
        said = {"status": command.status}
        partner.change(tied, said, command.source, facts, changes, command.status_field)
    return Decision(changes, PartnerResult(_partner(org, id_, facts, changes)))


def _said(command: ChangeBuyer, before: Buyer) -> dict[str, Any]:
    """The told members of the buyer, without a legal name that is only the name as it is shown."""
    said = command.said
    name = said.get("name", before.name)
    if command.shows_name and before.legal_name is None and said.get("legal_name") == name:
        return {member: value for member, value in said.items() if member != "legal_name"}
    return said


def _core(
    before: Buyer, customer: Customer, said: dict[str, Any], facts: Facts, changes: Changes
) -> dict[str, Any]:
    """Write these members of the buyer; each with both values where it differs."""
    known = before._asdict()
    values: dict[str, Any] = {
        name: merged_text(known[name], value) if name in _OBJECTS else value
        for name, value in said.items()
    }
    differing: dict[str, Any] = {
        name: value for name, value in values.items() if value != known[name]
    }
    if not differing:
        return {}
    changes.of(BUYERS).put(before._replace(**differing, updated_at=facts.now))
    if name := differing.get("name"):
        _put(customer._replace(name=name, first_name=None, last_name=name), facts, changes)
    return {
        name: [parse(known[name]), parse(value)] if name in _OBJECTS else [known[name], value]
        for name, value in differing.items()
    }


def _mirror(org: int, id_: bytes, facts: Facts, changes: Changes) -> None:
    """The customer has the primary mailbox and telephone of the buyer, where these changed."""
    before, after = (
        {
            kind: next((one.value for one in rows if one.kind == kind and one.is_primary), None)
            for kind in CONTACT_KINDS
        }
        for rows in (facts.group(BUYER_CONTACTS, (org, id_)), _contacts(org, id_, facts, changes))
    )
    customer = changes.of(CUSTOMERS).get((org, id_))
    assert customer is not None, "a buyer has its customer"
    told = customer
    if before[EMAIL] != after[EMAIL]:
        told = told._replace(email=after[EMAIL])
    if before[PHONE] != after[PHONE]:
        told = told._replace(phone=after[PHONE])
    if told != customer:
        _put(told, facts, changes)


def _put(customer: Customer, facts: Facts, changes: Changes) -> None:
    """Keep the customer. The time is the row's guard: no two versions share one."""
    known = facts.customers.get((customer.org, customer.id))
    at = facts.now if known is None else max(facts.now, known.updated_at + 1)
    changes.of(CUSTOMERS).put(customer._replace(updated_at=at))


def _contacts(org: int, id_: bytes, facts: Facts, changes: Changes) -> list[Any]:
    return buyer_parts.as_left(BUYER_CONTACTS, (org, id_), facts, changes)


def _partner(org: int, id_: bytes, facts: Facts, changes: Changes) -> Partner:
    """The customer as the decision leaves it so far."""
    customer = changes.of(CUSTOMERS).get((org, id_))
    tied = partner.of(org, id_, changes)
    assert customer is not None
    assert tied is not None
    locations = buyer_parts.as_left(BUYER_LOCATIONS, (org, id_), facts, changes)
    return Partner(
        customer,
        tied,
        facts.orgs[org].default_list,
        changes.of(BUYERS).get((org, id_)),
        tuple(_contacts(org, id_, facts, changes)),
        tuple(sorted(locations, key=lambda one: one.id)),
    )
