"""The native API's shapes of customers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.core.partnerships import STATUSES
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.wire import FreeObject, Page, Time, Uuid

Text = Annotated[str, Meta(min_length=1, max_length=500)]
Status = Annotated[str, Meta(extra_json_schema={"enum": list(STATUSES)})]


class CustomerQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/customers."""

    email: Text | None = None
    phone: Text | None = None
    name: Text | None = None
    limit: Limit = 50
    after: str | None = None


class Partnership(msgspec.Struct):
    """What ties the customer to the organization; only an active partnership accepts orders."""

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


class Location(msgspec.Struct):
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
    """What the organization wrote of the customer."""

    name: str
    legal_name: str | None
    emails: list[Contact]
    phones: list[Contact]
    locations: list[Location]
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
