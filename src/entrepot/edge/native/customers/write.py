"""Customers in the words of the native API; pure."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.core import ids
from entrepot.core.buyers import EMAIL, PHONE, BuyerContact, Partner
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import PartnerResult, Result
from entrepot.edge.native.customers import wire
from entrepot.edge.times import millis_text

NO_CUSTOMER = Refusal(Reason.NO_SUCH_CUSTOMER)
encode = msgspec.json.Encoder().encode


def customer(one: Partner) -> wire.Customer:
    """A customer, with the partnership and the buyer."""
    who, tied = one.customer, one.partnership
    assigned = None if tied.list_id is None else ids.dashed(tied.list_id)
    return wire.Customer(
        ids.dashed(who.id),
        who.name,
        who.first_name,
        who.last_name,
        who.email,
        who.phone,
        wire.Partnership(tied.status, assigned),
        _buyer(one),
        millis_text(who.created_at),
        millis_text(one.updated_at),
    )


def as_told(one: Partner) -> dict[str, object]:
    """What a customer shows, by the members of a body that change it."""
    shown = customer(one)
    buyer = {} if shown.buyer is None else msgspec.structs.asdict(shown.buyer)
    return {"name": shown.name, **buyer, "partnership_status": shown.partnership.status}


def tag(one: Partner) -> str:
    """The entity tag of a customer."""
    return f'"{one.revision}"'


def told(result: Result) -> tuple[str, bytes]:
    """The tag of the customer that a command came to, and the customer."""
    assert isinstance(result, PartnerResult)
    return tag(result.partner), encode(customer(result.partner))


def _buyer(one: Partner) -> wire.Buyer | None:
    made = one.buyer
    if made is None:
        return None
    return wire.Buyer(
        made.name,
        made.legal_name,
        list(map(_contact, one.of(EMAIL))),
        list(map(_contact, one.of(PHONE))),
        [
            wire.BuyerLocation(
                ids.dashed(at.id), at.label, at.type, at.status, at.line1, at.line2, at.city,
                at.state, at.postcode, at.country,
            )
            for at in one.locations
        ],
        Raw(made.info.encode()),
        Raw(made.properties.encode()),
    )  # fmt: skip


def _contact(one: BuyerContact) -> wire.Contact:
    return wire.Contact(ids.dashed(one.id), one.value, one.contact_name, one.is_primary)
