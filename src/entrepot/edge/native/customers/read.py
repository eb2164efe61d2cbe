"""Bodies of customers into commands; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core.buyers import EMAIL, PHONE
from entrepot.core.decide.buyer import ChangeBuyer, MakeBuyer
from entrepot.core.decide.buyer_parts import (
    BuyerParts,
    ContactChange,
    NewContact,
    PlaceChange,
    Removal,
)
from entrepot.core.expected import Expected
from entrepot.core.properties import parse
from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.edge import told_contacts
from entrepot.edge.native.bodies import decoder
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.customers import wire
from entrepot.edge.native.values import Object, object_text

MAKE, CHANGE = decoder(wire.MakeCustomer), decoder(wire.ChangeCustomer)
PARTS = (
    "name", "legal_name", "partnership_status", "emails", "phones", "locations", "info",
    "properties",
)  # fmt: skip
_KINDS = ((EMAIL, "emails"), (PHONE, "phones"), (None, "locations"))
_MEMBERS = {"contact_name": "contact_name", "primary": "is_primary"}


def make_customer(told: wire.MakeCustomer, org: int) -> MakeBuyer:
    """The command. Refused: addresses that are none, and locations of which nothing is said."""
    faults: list[Refusal] = []
    parts = BuyerParts(
        new=(
            *_new(EMAIL, "emails", told.emails, faults),
            *_new(PHONE, "phones", told.phones, faults),
        ),
        new_places=_new_places("locations", told.locations, faults),
        primary_member="primary",
        value_member="value",
    )
    if faults:
        raise Refused(all_of(faults))
    legal = told.legal_name
    return MakeBuyer(
        org, NAME, told_contacts.name(told.name, "name"),
        None if legal is None else told_contacts.name(legal, "legal_name"),
        _object(told.properties), _object(told.info), told.partnership_status, parts,
    )  # fmt: skip


def change_customer(
    told: wire.ChangeCustomer, org: int, customer_id: bytes, expected: Expected
) -> ChangeBuyer:
    """The command. Refused as `make_customer` refuses."""
    said: dict[str, Any] = {}
    if not isinstance(told.name, UnsetType):
        said["name"] = told_contacts.name(told.name, "name")
    if not isinstance(told.legal_name, UnsetType):
        legal = told.legal_name
        said["legal_name"] = None if legal is None else told_contacts.name(legal, "legal_name")
    for name in ("info", "properties"):
        if (found := getattr(told, name)) is not UNSET:
            said[name] = _object(found)
    status = None if isinstance(told.partnership_status, UnsetType) else told.partnership_status
    only = [name for name in PARTS if getattr(told, name) is not UNSET and name != PARTS[2]]
    return ChangeBuyer(
        org, NAME, customer_id, said, status, _parts(told), only[0] if only else None,
        "partnership_status", expected,
    )  # fmt: skip


def _parts(told: wire.ChangeCustomer) -> BuyerParts:
    faults: list[Refusal] = []
    new: list[NewContact] = []
    changed: list[ContactChange] = []
    removed: list[Removal] = []
    for kind, name in _KINDS:
        its = getattr(told, name)
        if its is UNSET:
            continue
        removed += [
            Removal(f"{name}.remove[{at}]", kind, one.raw) for at, one in enumerate(its.remove)
        ]
        if kind is not None:
            changed += [
                _changed(kind, f"{name}.change[{at}]", one, faults)
                for at, one in enumerate(its.change)
            ]
            new += _new(kind, f"{name}.add", its.add, faults)
    places = told.locations
    if isinstance(places, UnsetType):
        places = wire.LocationChanges()
    new_places = _new_places("locations.add", places.add, faults)
    if faults:
        raise Refused(all_of(faults))
    return BuyerParts(
        new=tuple(new),
        changed=tuple(changed),
        new_places=new_places,
        changed_places=tuple(
            PlaceChange(f"locations.change[{at}]", _told(one, ("id",)), one.id.raw)
            for at, one in enumerate(places.change)
        ),
        removed=tuple(removed),
        primary_member="primary",
        value_member="value",
    )


def _new(
    kind: str, name: str, listed: Iterable[wire.NewContact], faults: list[Refusal]
) -> list[NewContact]:
    return [
        NewContact(
            f"{name}[{at}]", kind,
            told_contacts.address_or_fault(kind, one.value, f"{name}[{at}].value", faults),
            one.contact_name, one.primary,
        )
        for at, one in enumerate(listed)
    ]  # fmt: skip


def _changed(
    kind: str, where: str, one: wire.ContactChange, faults: list[Refusal]
) -> ContactChange:
    address = None
    if not isinstance(one.value, UnsetType):
        address = told_contacts.address_or_fault(kind, one.value, f"{where}.value", faults)
    said = {_MEMBERS[name]: value for name, value in _told(one, ("id", "value")).items()}
    return ContactChange(where, kind, one.id.raw, address, said)


def _new_places(
    name: str, listed: Iterable[wire.NewLocation], faults: list[Refusal]
) -> tuple[PlaceChange, ...]:
    found = []
    for at, one in enumerate(listed):
        said = _told(one)
        if not any(value is not None for value in said.values()):
            faults.append(Refusal(Reason.INVALID, "says nothing of the place", f"{name}[{at}]"))
        found.append(PlaceChange(f"{name}[{at}]", said))
    return tuple(found)


def _told(one: msgspec.Struct, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The members that are told, by their names."""
    told = {name: getattr(one, name) for name in one.__struct_fields__ if name not in without}
    return {name: value for name, value in told.items() if value is not UNSET}


def _object(told: Object | None) -> dict[str, Any]:
    """A free object with every digit as it came."""
    return parse(object_text(told) or "{}")
