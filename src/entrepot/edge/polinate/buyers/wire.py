"""Polinate's shapes of buyers, exactly. Sources in docs/dialects/polinate.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.core.buyers import PARTS_MAX
from entrepot.core.partnerships import STATUSES
from entrepot.edge.polinate.orders.wire import Id, LongText, Properties, Text, Time

SEQUENCE_MAX = 10**9
STATUS = {status.upper(): status for status in STATUSES}
Name = Annotated[str, Meta(min_length=1, max_length=500)]
Email = Annotated[str, Meta(min_length=3, max_length=320)]
Phone = Annotated[str, Meta(min_length=1, max_length=64)]
# A telephone that comes back as it was read may have been told by the native API.
PhoneShown = Annotated[str, Meta(min_length=1, max_length=320)]
Sequence = Annotated[int, Meta(ge=0, le=SEQUENCE_MAX)]
PartnershipStatus = Annotated[str, Meta(extra_json_schema={"enum": list(STATUS)})]
FreeObject = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})]


class NewBuyer(msgspec.Struct, rename="camel"):
    """A buyer as the organization tells of the buyer."""

    name: Name
    legal_name: Name | None = None
    primary_email: Email | None = None
    primary_phone: Phone | None = None
    properties: Properties | UnsetType = UNSET
    buyer_info: Properties | UnsetType = UNSET


class NewEmail(msgspec.Struct, rename="camel"):
    """A mailbox as wanted."""

    email: Email
    contact_name: Text | None = None
    is_primary: bool | None = None
    sequence: Sequence | None = None


class NewPhone(msgspec.Struct, rename="camel"):
    """A telephone as wanted."""

    phone: Phone
    contact_name: Text | None = None
    is_primary: bool | None = None
    sequence: Sequence | None = None


class NewLocation(msgspec.Struct, rename="camel"):
    """A place as wanted."""

    label: Text | None = None
    type: Text | None = None
    status: Text | None = None
    address_line1: LongText | None = None
    address_line2: LongText | None = None
    city: Text | None = None
    state: Text | None = None
    postcode: Text | None = None
    country: Text | None = None


class EmailChanges(msgspec.Struct, rename="camel"):
    """Changes of the mailbox with this id. A member that is left out stays as it is."""

    id: Id
    email: Email | UnsetType = UNSET
    contact_name: Text | None | UnsetType = UNSET
    is_primary: bool | UnsetType = UNSET
    sequence: Sequence | UnsetType = UNSET


class PhoneChanges(msgspec.Struct, rename="camel"):
    """Changes of the telephone with this id. A member that is left out stays as it is."""

    id: Id
    phone: PhoneShown | UnsetType = UNSET
    contact_name: Text | None | UnsetType = UNSET
    is_primary: bool | UnsetType = UNSET
    sequence: Sequence | UnsetType = UNSET


class LocationChanges(msgspec.Struct, rename="camel"):
    """Changes of the place with this id. A member that is left out stays as it is."""

    id: Id
    label: Text | None | UnsetType = UNSET
    type: Text | None | UnsetType = UNSET
    status: Text | UnsetType = UNSET
    address_line1: LongText | None | UnsetType = UNSET
    address_line2: LongText | None | UnsetType = UNSET
    city: Text | None | UnsetType = UNSET
    state: Text | None | UnsetType = UNSET
    postcode: Text | None | UnsetType = UNSET
    country: Text | None | UnsetType = UNSET


_PARTS = Meta(max_length=PARTS_MAX)
NewEmails = Annotated[list[NewEmail], _PARTS]
NewPhones = Annotated[list[NewPhone], _PARTS]
NewLocations = Annotated[list[NewLocation], _PARTS]
Ids = Annotated[list[Id], _PARTS]


class CreateBuyer(msgspec.Struct, rename="camel"):
    """The body of POST /api/v1/buyers."""

    buyer: NewBuyer
    partnership_status: PartnershipStatus | None = None
    phones: NewPhones = []
    emails: NewEmails = []
    locations: NewLocations = []


class BuyerChanges(msgspec.Struct, rename="camel"):
    """The core fields that can be written. A member that is left out stays as it is."""

    name: Name | UnsetType = UNSET
    legal_name: Name | None | UnsetType = UNSET
    primary_email: Email | None | UnsetType = UNSET
    primary_phone: PhoneShown | None | UnsetType = UNSET
    properties: Properties | UnsetType = UNSET
    buyer_info: Properties | UnsetType = UNSET


class UpdateBuyer(msgspec.Struct, rename="camel"):
    """The body of PATCH /api/v1/buyers/{id}; every member may be left out."""

    buyer: BuyerChanges = msgspec.field(default_factory=BuyerChanges)
    partnership_status: PartnershipStatus | UnsetType = UNSET
    create_phones: NewPhones = []
    update_phones: Annotated[list[PhoneChanges], _PARTS] = []
    delete_phones: Ids = []
    create_emails: NewEmails = []
    update_emails: Annotated[list[EmailChanges], _PARTS] = []
    delete_emails: Ids = []
    create_locations: NewLocations = []
    update_locations: Annotated[list[LocationChanges], _PARTS] = []
    delete_locations: Ids = []


class BuyerMade(msgspec.Struct, rename="camel"):
    """The buyer was made."""

    success: bool
    phantom_id: str
    partnership_id: str


class BuyerEmail(msgspec.Struct, rename="camel"):
    """A mailbox of a buyer. Nobody verifies it here."""

    id: str
    email: str
    contact_name: str | None
    is_primary: bool
    is_verified: bool
    verified_at: Time | None
    sequence: int


class BuyerPhone(msgspec.Struct, rename="camel"):
    """A telephone of a buyer, as it was told. Nobody verifies it here."""

    id: str
    phone: str
    contact_name: str | None
    is_primary: bool
    is_verified: bool
    verified_at: Time | None
    sequence: int


class BuyerLocation(msgspec.Struct, rename="camel"):
    """A place of a buyer."""

    id: str
    label: str | None
    type: str | None
    status: str
    address_line1: str | None
    address_line2: str | None
    city: str | None
    state: str | None
    postcode: str | None
    country: str | None


class PartnershipBuyer(msgspec.Struct, rename="camel"):
    """A buyer with the partnership, all contacts and all locations."""

    id: str
    name: str
    legal_name: str
    partnership_id: str
    partnership_status: PartnershipStatus
    item_list_id: str | None
    primary_email: str | None
    primary_phone: str | None
    status: str
    created_at: Time
    updated_at: Time
    deleted_at: Time | None
    properties: FreeObject
    buyer_info: FreeObject
    emails: list[BuyerEmail]
    phones: list[BuyerPhone]
    locations: list[BuyerLocation]
