"""Polinate's requests about buyers into commands; pure. A refusal names the field at fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from entrepot.core import ids
from entrepot.core.buyers import EMAIL, PHONE
from entrepot.core.decide.buyer import ChangeBuyer, MakeBuyer
from entrepot.core.decide.buyer_parts import (
    BuyerParts,
    ContactChange,
    NewContact,
    PlaceChange,
    Primary,
    Removal,
)
from entrepot.core.partnerships import ACTIVE
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import canonical, known, prefixes, read_only, revisions, told_contacts
from entrepot.edge.access import Principal
from entrepot.edge.dialect import read_json
from entrepot.edge.polinate.buyers import wire
from entrepot.edge.polinate.orders import values
from entrepot.edge.polinate.orders.read import SOURCE
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint

PREFIX_OF = {EMAIL: prefixes.MAILBOX, PHONE: prefixes.TELEPHONE, None: prefixes.PLACE}

_CREATE = msgspec.json.Decoder(wire.CreateBuyer)
_UPDATE = msgspec.json.Decoder(wire.UpdateBuyer)
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_members = _OBJECT.decode
_CREATION = ("buyer", "partnershipStatus", "phones", "emails", "locations")
_CHANGES = (
    "buyer", "partnershipStatus",
    "createPhones", "updatePhones", "deletePhones",
    "createEmails", "updateEmails", "deleteEmails",
    "createLocations", "updateLocations", "deleteLocations",
)  # fmt: skip
_CORE = ("name", "legalName", "primaryEmail", "primaryPhone", "properties", "buyerInfo")
# Further members that a buyer shows, and that may come back as they were read.
_SHOWN = frozenset({
    "id", "partnershipId", "partnershipStatus", "itemListId", "status", "createdAt", "updatedAt",
    "deletedAt", "emails", "phones", "locations",
})  # fmt: skip
# Members that only show and that a client may mean to change: a `Warning` names them.
_FIXED = ("id", "partnershipId", "itemListId", "status", "createdAt", "deletedAt")
# The members of a buyer that change a contact as well.
_PRIMARY = {"Phones": "primaryPhone", "Emails": "primaryEmail"}
# What can be written of each kind of part, and what a part shows.
_PART_MEMBERS = {
    "Phones": (known.names(wire.PhoneChanges), known.names(wire.BuyerPhone)),
    "Emails": (known.names(wire.EmailChanges), known.names(wire.BuyerEmail)),
    "Locations": (known.names(wire.LocationChanges), known.names(wire.BuyerLocation)),
}
_PLACE = {
    "label": "label", "type": "type", "status": "status", "address_line1": "line1",
    "address_line2": "line2", "city": "city", "state": "state", "postcode": "postcode",
    "country": "country",
}  # fmt: skip
_NULL = b"null"


def buyer_id(text: str) -> bytes:
    """The customer that an id of a path names. Refused: what is no id."""
    found = ids.spelled(text, *prefixes.CUSTOMER)
    if found is None:
        raise refuse(Reason.NO_SUCH_CUSTOMER)
    return found


def new_buyer(body: bytes) -> wire.CreateBuyer:
    """The body of POST /api/v1/buyers."""
    return read_json(_without_nulls(body, _CREATION[1:]), _CREATE, sound=True)


def changes(body: bytes) -> tuple[wire.UpdateBuyer, list[str], list[read_only.Claim]]:
    """The body of PATCH /api/v1/buyers/{id}, the names of its unknown members, and what it tells of
    members that only show.

    Refused: a body of which nothing is known.
    """
    body = _without_nulls(body, _CHANGES)
    named = _members(body)
    if named and not any(name in named for name in _CHANGES):
        raise refuse(Reason.INVALID, f"knows only {', '.join(_CHANGES)}", "body")
    told = read_json(body, _UPDATE, sound=True)
    if "buyer" in named:
        known.some_known(_members(named["buyer"]), _CORE, "buyer", _SHOWN)
    for kind, (writable, _) in _PART_MEMBERS.items():
        known.look_at_elements(named, f"update{kind}", writable - {"id"})
    return told, _ignored(named), _claims(named)


def _claims(named: dict[str, Raw]) -> list[read_only.Claim]:
    """Contacts and locations are looked at where the body changes none of that kind: else they are
    what was read before. So is the partnership's status.
    """
    core = _members(named["buyer"]) if "buyer" in named else {}
    found = read_only.of_thing(core, _FIXED, "buyer.")
    if "partnershipStatus" not in named:
        found += read_only.of_thing(core, ("partnershipStatus",), "buyer.")
    for kind, (writable, shown) in _PART_MEMBERS.items():
        listed = kind.lower()
        changed = any(known.elements(named.get(f"{verb}{kind}")) for verb in ("create", "update"))
        if not changed and f"delete{kind}" not in named and _PRIMARY.get(kind) not in core:
            found += read_only.of_thing(core, (listed,), "buyer.")
        elements = known.elements(named.get(f"update{kind}"))
        found += read_only.of_parts(elements, shown - writable, f"update{kind}", listed)
    return found


def _without_nulls(body: bytes, names: Iterable[str]) -> bytes:
    """The body without these members where they are null: such a member says nothing."""
    told = read_json(body, _OBJECT)
    kept = {name: raw for name, raw in told.items() if name not in names or bytes(raw) != _NULL}
    return msgspec.json.encode(kept)


def _ignored(told: dict[str, Raw]) -> list[str]:
    names = [name for name in told if name not in _CHANGES]
    core = told.get("buyer")
    if core is not None:
        unknown = [one for one in _members(core) if one not in _CORE and one not in _SHOWN]
        names += [f"buyer.{name}" for name in unknown]
    for kind, (writable, shown) in _PART_MEMBERS.items():
        for verb in ("create", "update"):
            names += known.unknown(told, f"{verb}{kind}", writable | shown)
    return list(dict.fromkeys(names))


def create_buyer(
    body: wire.CreateBuyer, key: str | None, principal: Principal
) -> tuple[MakeBuyer, Idempotency | None]:
    """The command and its key. A partnership is active unless something else is told."""
    core = body.buyer
    parts = BuyerParts(
        new=(*_new(EMAIL, "emails", body.emails), *_new(PHONE, "phones", body.phones)),
        primary=_primary(core),
        new_places=_new_places("locations", body.locations),
        primary_member="isPrimary",
    )
    word = values.maybe_word(body.partnership_status, wire.STATUS, "partnershipStatus")
    command = MakeBuyer(
        principal.org, SOURCE, told_contacts.name(core.name, "buyer.name"),
        None if core.legal_name is None else told_contacts.name(core.legal_name, "buyer.legalName"),
        values.free_object(core.properties, "buyer.properties") or {},
        values.free_object(core.buyer_info, "buyer.buyerInfo") or {},
        ACTIVE if word is None else wire.STATUS[word], parts,
    )  # fmt: skip
    return command, _keyed(key, "createBuyer", _CREATION, body)


def change_buyer(
    body: wire.UpdateBuyer,
    customer_id: bytes,
    key: str | None,
    principal: Principal,
    headers: Mapping[str, str],
) -> tuple[ChangeBuyer, Idempotency | None]:
    """The command and its key. The headers say which version of the buyer is meant."""
    core = body.buyer
    said: dict[str, Any] = {}
    if core.name is not UNSET:
        said["name"] = told_contacts.name(core.name, "buyer.name")
    if core.legal_name is not UNSET:
        told = core.legal_name
        said["legal_name"] = None if told is None else told_contacts.name(told, "buyer.legalName")
    for name, member, raw in (
        ("properties", "buyer.properties", core.properties),
        ("info", "buyer.buyerInfo", core.buyer_info),
    ):
        found = values.free_object(raw, member)
        if found is not None:
            said[name] = found
    word = values.maybe_word(body.partnership_status, wire.STATUS, "partnershipStatus")
    command = ChangeBuyer(
        principal.org, SOURCE, customer_id, said, None if word is None else wire.STATUS[word],
        _parts(body), _only_of_buyers(body), "partnershipStatus", revisions.expected(headers),
        shows_name=True,
    )  # fmt: skip
    return command, _keyed(key, "updateBuyer", ("id", *_CHANGES), body, customer_id)


def _parts(body: wire.UpdateBuyer) -> BuyerParts:
    return BuyerParts(
        new=(
            *_new(EMAIL, "createEmails", body.create_emails),
            *_new(PHONE, "createPhones", body.create_phones),
        ),
        changed=(
            *_changed(EMAIL, "updateEmails", body.update_emails),
            *_changed(PHONE, "updatePhones", body.update_phones),
        ),
        primary=_primary(body.buyer),
        new_places=_new_places("createLocations", body.create_locations),
        changed_places=tuple(
            PlaceChange(where, _place(one), _id(one.id, None, f"{where}.id"))
            for where, one in _placed("updateLocations", body.update_locations)
        ),
        removed=(
            *_removed(EMAIL, "deleteEmails", body.delete_emails),
            *_removed(PHONE, "deletePhones", body.delete_phones),
            *_removed(None, "deleteLocations", body.delete_locations),
        ),
        primary_member="isPrimary",
    )


def _only_of_buyers(body: wire.UpdateBuyer) -> str | None:
    """The first told member that only a buyer has."""
    core = msgspec.to_builtins(body.buyer, builtin_types=(Raw,))
    if core:
        return f"buyer.{next(iter(core))}"
    for name, listed in zip(_CHANGES[2:], msgspec.structs.astuple(body)[2:], strict=True):
        if listed:
            return name
    return None


def _placed(name: str, listed: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    return ((f"{name}[{at}]", one) for at, one in enumerate(listed))


def _new(kind: str, name: str, listed: Iterable[Any]) -> tuple[NewContact, ...]:
    return tuple(
        NewContact(
            where, kind, told_contacts.address(kind, getattr(one, kind), f"{where}.{kind}"),
            one.contact_name, one.is_primary, one.sequence,
        )
        for where, one in _placed(name, listed)
    )  # fmt: skip


def _changed(kind: str, name: str, listed: Iterable[Any]) -> tuple[ContactChange, ...]:
    found = []
    for where, one in _placed(name, listed):
        said = {
            member: getattr(one, member) for member in ("contact_name", "is_primary", "sequence")
        }
        told = getattr(one, kind)
        address = None if told is UNSET else told_contacts.address(kind, told, f"{where}.{kind}")
        said = {member: value for member, value in said.items() if value is not UNSET}
        found.append(ContactChange(where, kind, _id(one.id, kind, f"{where}.id"), address, said))
    return tuple(found)


def _removed(kind: str | None, name: str, listed: Iterable[str]) -> tuple[Removal, ...]:
    return tuple(
        Removal(where, kind, _id(one, kind, where)) for where, one in _placed(name, listed)
    )


def _primary(core: wire.NewBuyer | wire.BuyerChanges) -> tuple[Primary, ...]:
    """The primary addresses that are told by themselves. A new buyer's null says nothing."""
    found = []
    for kind, member, told in (
        (EMAIL, "buyer.primaryEmail", core.primary_email),
        (PHONE, "buyer.primaryPhone", core.primary_phone),
    ):
        if isinstance(told, str):
            found.append(Primary(member, kind, told_contacts.address(kind, told, member)))
        elif told is None and isinstance(core, wire.BuyerChanges):
            found.append(Primary(member, kind, None))
    return tuple(found)


def _new_places(name: str, listed: Iterable[wire.NewLocation]) -> tuple[PlaceChange, ...]:
    found = []
    for where, one in _placed(name, listed):
        said = _place(one)
        if not any(value is not None for value in said.values()):
            raise refuse(Reason.INVALID, "says nothing of the place", where)
        found.append(PlaceChange(where, said))
    return tuple(found)


def _place(one: wire.NewLocation | wire.LocationChanges) -> dict[str, Any]:
    told = {kept: getattr(one, member) for member, kept in _PLACE.items()}
    return {name: value for name, value in told.items() if value is not UNSET}


def _id(text: str, kind: str | None, field: str) -> bytes:
    found = ids.spelled(text, PREFIX_OF[kind])
    if found is None:
        raise refuse(Reason.INVALID, f"the buyer has no such {kind or 'location'}", field)
    return found


def _keyed(
    key: str | None, operation: str, names: tuple[str, ...], body: msgspec.Struct, *about: bytes
) -> Idempotency | None:
    """The key, with the members that tell a repeat from a reuse. The list of names never changes;
    a member that a body gets later joins a version of its own.
    """
    if key is None:
        return None
    told = canonical.plain(body)
    parts = [canonical.text_of(told[name]) if name in told else b"" for name in names[len(about) :]]
    return Idempotency(key, f"polinate.{operation}", names, fingerprint((*about, *parts)))
