"""The native API's shapes of customers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.core.buyers import PARTS_MAX
from entrepot.core.partnerships import STATUSES
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.values import ContactId, Object, PlaceId, seen, seen_or_empty
from entrepot.edge.native.wire import FreeObject, Page, Time, Uuid

Text = Annotated[str, seen(500)]
Label = Annotated[str, seen_or_empty(255)]
Short = Annotated[str, Meta(max_length=255)]
Line = Annotated[str, Meta(max_length=2_000)]
# A line that comes back as it was read may have been told by Polinate.
LineShown = Annotated[str, Meta(max_length=10_000)]
Value = Annotated[str, seen(320)]
Status = Literal[STATUSES]  # type: ignore[valid-type]
_PARTS = Meta(max_length=PARTS_MAX)


# ------------------------------------------------------------------ what is sent


class NewContact(msgspec.Struct, forbid_unknown_fields=True):
    """A mailbox or a telephone as wanted. The first one is primary unless told otherwise."""

    value: Value
    contact_name: Label | None = None
    primary: bool | None = None


class ContactChange(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of a mailbox or a telephone: what is left out stays."""

    id: ContactId
    value: Value | UnsetType = UNSET
    contact_name: Label | None | UnsetType = UNSET
    primary: bool | UnsetType = UNSET


class NewLocation(msgspec.Struct, forbid_unknown_fields=True):
    """A place as wanted."""

    label: Label | None = None
    type: Short | None = None
    status: Short | None = None
    line1: Line | None = None
    line2: Line | None = None
    city: Short | None = None
    state: Short | None = None
    postcode: Short | None = None
    country: Short | None = None


class LocationChange(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of a place: what is left out stays."""

    id: PlaceId
    label: Label | None | UnsetType = UNSET
    type: Short | None | UnsetType = UNSET
    status: Short | UnsetType = UNSET
    line1: LineShown | None | UnsetType = UNSET
    line2: LineShown | None | UnsetType = UNSET
    city: Short | None | UnsetType = UNSET
    state: Short | None | UnsetType = UNSET
    postcode: Short | None | UnsetType = UNSET
    country: Short | None | UnsetType = UNSET


NewContacts = Annotated[list[NewContact], _PARTS]
NewLocations = Annotated[list[NewLocation], _PARTS]


class ContactChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Contacts of one kind: removed, then changed, then added."""

    add: NewContacts = []
    change: Annotated[list[ContactChange], _PARTS] = []
    remove: Annotated[list[ContactId], _PARTS] = []


class LocationChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Places: removed, then changed, then added."""

    add: NewLocations = []
    change: Annotated[list[LocationChange], _PARTS] = []
    remove: Annotated[list[PlaceId], _PARTS] = []


class MakeCustomer(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/customers."""

    name: Text
    legal_name: Text | None = None
    partnership_status: Status = "active"
    emails: NewContacts = []
    phones: NewContacts = []
    locations: NewLocations = []
    info: Object | None = None
    properties: Object | None = None


class ChangeCustomer(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/customers/{id}: what is left out stays. Objects are merged."""

    name: Text | UnsetType = UNSET
    legal_name: Text | None | UnsetType = UNSET
    partnership_status: Status | UnsetType = UNSET
    emails: ContactChanges | UnsetType = UNSET
    phones: ContactChanges | UnsetType = UNSET
    locations: LocationChanges | UnsetType = UNSET
    info: Object | UnsetType = UNSET
    properties: Object | UnsetType = UNSET


class CustomerQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/customers."""

    email: Text | None = None
    phone: Text | None = None
    name: Text | None = None
    limit: Limit = 50
    after: str | None = None


# ------------------------------------------------------------------ what is answered


class Partnership(msgspec.Struct):
    """The tie of the customer to the organization; only an active partnership accepts orders."""

    status: Status
    price_list_id: Annotated[
        Uuid | None, Meta(description="The assigned price list; null: the default one")
    ]


class Contact(msgspec.Struct):
    """A mailbox or a telephone of a buyer, as it was told."""

    id: Uuid
    value: str
    contact_name: str | None
    primary: bool


class BuyerLocation(msgspec.Struct):
    """A place of a buyer."""

    id: Uuid
    label: str | None
    type: str | None
    status: str
    line1: str | None
    line2: str | None
    city: str | None
    state: str | None
    postcode: str | None
    country: str | None


class Buyer(msgspec.Struct):
    """The customer as the organization wrote of the customer."""

    name: str
    legal_name: str | None
    emails: list[Contact]
    phones: list[Contact]
    locations: list[BuyerLocation]
    info: FreeObject
    properties: FreeObject


class Customer(msgspec.Struct):
    """A customer, as told last; `buyer` is null where the organization made no buyer."""

    id: Uuid
    name: str
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    partnership: Partnership
    buyer: Buyer | None
    created_at: Time
    updated_at: Time


class CustomerPage(Page[Customer]):
    """A page of customers, in descending order of their ids."""
