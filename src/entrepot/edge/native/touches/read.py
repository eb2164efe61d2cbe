"""Bodies of touches into commands; pure."""

from __future__ import annotations

import msgspec

from entrepot.core.buyers import EMAIL, PHONE
from entrepot.core.commands import CustomerRef
from entrepot.core.decide.touch import RecordTouch
from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.core.touches import CLICK
from entrepot.edge.native.touches import wire
from entrepot.edge.told_contacts import address_or_fault

_encode = msgspec.json.Encoder().encode


def record(org: int, dialect: str, told: wire.RecordTouch) -> RecordTouch:
    """The command. Refused: a contact without an id or an address, and a click of no click."""
    faults: list[Refusal] = []
    who = _who(told.contact, faults)
    if told.click is not None and told.kind != CLICK:
        sentence = "belongs to a touch of the kind click"
        faults.append(Refusal(Reason.INVALID, sentence, "click"))
    if faults:
        raise Refused(all_of(faults))
    return RecordTouch(
        org, dialect, who, told.kind, told.origin, told.origin_id.raw,
        told.channel, None if told.at is None else told.at.at, told.external_user_id,
        told.resource_id, told.country, _encode(told.click or wire.Click()).decode(),
    )  # fmt: skip


def _who(who: wire.TouchedContact, faults: list[Refusal]) -> CustomerRef:
    """The contact; `faults` gets what is wrong with it."""
    if who.id is not None:
        if who.email is not None or who.phone is not None:
            faults.append(Refusal(Reason.INVALID, "tell `id`, or addresses", "contact.id"))
        return CustomerRef(customer_id=who.id.raw, field="contact.id")
    if who.email is None and who.phone is None:
        faults.append(Refusal(Reason.INVALID, "tell `id`, `email` or `phone`", "contact"))
        return CustomerRef()
    wrong: list[Refusal] = []
    found = (
        address_or_fault(EMAIL, who.email, "contact.email", wrong).name if who.email else None,
        address_or_fault(PHONE, who.phone, "contact.phone", wrong).name if who.phone else None,
    )
    identifiers = tuple([one for one in found if one is not None])
    if not identifiers and not wrong:
        wrong.append(Refusal(Reason.INVALID, "names nobody", "contact"))
    faults += wrong
    return CustomerRef(
        None, identifiers, None, who.first_name, who.last_name, who.email, who.phone, "contact"
    )
