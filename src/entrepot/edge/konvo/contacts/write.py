"""Contacts in Konvo's words; pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids
from entrepot.core.addresses import ascii_digits
from entrepot.core.contacts import Found, Page, digits_of
from entrepot.edge.konvo.contacts import wire
from entrepot.edge.times import millis_text
from entrepot.writer.envelope import Answer

# Nobody tells Entrepot whether a person wants to be written to, and Entrepot writes to nobody.
OPT_IN = "unknown"
_encode = msgspec.json.Encoder().encode


def contact(found: Found, shown: Sequence[str] = wire.MEMBERS) -> wire.Contact:
    """A contact, with the members that are `shown`."""
    row, who = found.contact, found.customer
    told = wire.Contact(
        id=ids.dashed(row.id),
        first_name=_known(who.first_name),
        last_name=_known(who.last_name),
        preferred_name=_known(who.first_name),
        email=_known(who.email),
        phone_number=_known(digits(who.phone)),
        last_interaction_date=millis_text(row.interacted_at),
        tags=[],
        opt_in_status=OPT_IN,
        active="true",
        created_at=millis_text(row.created_at),
        updated_at=millis_text(row.updated_at),
        source=row.source,
        properties=[],
        orders=[wire.OrderReference(ids.dashed(one)) for one in found.orders],
    )
    if len(shown) < len(wire.MEMBERS):
        for field in msgspec.structs.fields(wire.Contact):
            if field.encode_name not in shown:
                setattr(told, field.name, UNSET)
    return told


def page(found: Page, shown: Sequence[str]) -> Answer:
    """GET: these contacts, and how many there are in all."""
    listed = [contact(one, shown) for one in found.found]
    return Answer(200, _encode(wire.Contacts(found.total, listed)))


def digits(phone: str | None) -> str | None:
    """A telephone number as Konvo shows it beside orders: its digits alone."""
    return digits_of(ascii_digits(phone or "")) or None


def _known(value: str | None) -> str | UnsetType:
    return value or UNSET
