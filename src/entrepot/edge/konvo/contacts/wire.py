"""Konvo's shapes of contacts, exactly. Sources in docs/dialects/konvo.md."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

Uuid = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Tag(msgspec.Struct):
    """A label of a contact."""

    id: Uuid
    label: str
    description: str
    color: str
    category: str


class OrderReference(msgspec.Struct):
    """An order of a contact, by its id alone."""

    id: Uuid


class Contact(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A contact; what is not known, and what `fields` leaves out, is absent."""

    id: Uuid | UnsetType = UNSET  # an addition of ours
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    preferred_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    last_interaction_date: Time | UnsetType = UNSET
    tags: list[Tag] | UnsetType = UNSET
    opt_in_status: str | UnsetType = UNSET
    active: str | UnsetType = UNSET
    created_at: Time | UnsetType = UNSET
    updated_at: Time | UnsetType = UNSET  # an addition of ours
    source: str | UnsetType = UNSET
    properties: list[Any] | UnsetType = UNSET
    language: str | UnsetType = UNSET
    birthday: Time | UnsetType = UNSET
    orders: list[OrderReference] | UnsetType = UNSET


MEMBERS = tuple(field.encode_name for field in msgspec.structs.fields(Contact))


class Contacts(msgspec.Struct):
    """The one envelope of every success."""

    count: int
    result: list[Contact]
