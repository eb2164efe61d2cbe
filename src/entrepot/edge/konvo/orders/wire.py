"""Konvo's shapes on the wire, exactly: bodies as msgspec types. Sources in docs/dialects/konvo.md.

A member that is absent is UNSET and stays absent. `read.orders` takes null for absent. The shapes
of an order that is told omit defaults, because the digest of an order covers what was told alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core.money import UNITS_MAX
from entrepot.edge import quantities
from entrepot.edge.konvo.words import STATUS

ORDERS_MAX = 1_000
ITEMS_MAX = 500
USER_IDS_MAX = 50
REFERENCE_MAX = 500
TEXT_MAX = 10_000
PROSE_MAX = 100_000

# Numbers stay text until they are read exactly. The bounds are ours, Konvo names none.
MinorUnits = Annotated[
    msgspec.Raw,
    msgspec.Meta(extra_json_schema={"type": "number", "minimum": -UNITS_MAX, "maximum": UNITS_MAX}),
]
Number = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "number"})]

# References are looked up in an index of the book, and an index has a limit.
Reference = Annotated[str, msgspec.Meta(max_length=REFERENCE_MAX)]
Text = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
Prose = Annotated[str, msgspec.Meta(max_length=PROSE_MAX)]

# In lower case as the seed has them, or in upper case as an order shows them.
Status = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATUS)})]
ShipmentStatus = Literal[
    "none", "confirmed", "in_transit", "out_for_delivery", "attempted_delivery",
    "ready_for_pickup", "delivered", "failure",
]  # fmt: skip


class OrderUserId(msgspec.Struct, omit_defaults=True):
    """An address under which the customer can be reached."""

    type: Literal["phone", "email", "handle"]
    id: Text


class OrderCustomer(msgspec.Struct, rename="camel", omit_defaults=True):
    """The customer; `id` is the sender's own."""

    id: Text
    first_name: Text
    last_name: Text
    user_ids: Annotated[list[OrderUserId], msgspec.Meta(max_length=USER_IDS_MAX)] | UnsetType = (
        UNSET
    )


class OrderedItem(msgspec.Struct, rename="camel", omit_defaults=True):
    """A line; `id` is that of the product variant, prices are for one unit."""

    id: Text
    sku: Text
    name: Text
    description: Prose
    price: MinorUnits
    msrp: MinorUnits
    image_url: Text
    currency: Text
    available: bool | UnsetType = UNSET
    inventory_quantity: Number | UnsetType = UNSET
    quantity: quantities.Told | UnsetType = UNSET


class OrderAddress(msgspec.Struct, rename="camel", omit_defaults=True):
    """The address of delivery."""

    first_name: Text
    last_name: Text
    address_line_one: Text
    address_line_two: Text
    zip_code: Text
    city: Text
    country_code: Text
    state: Text | UnsetType = UNSET
    latitude: Text | UnsetType = UNSET
    longitude: Text | UnsetType = UNSET
    company: Text | UnsetType = UNSET
    phone: Text | UnsetType = UNSET


class OrderInput(msgspec.Struct, rename="camel", omit_defaults=True):
    """An order as its sender tells it."""

    id: Reference
    friendly_name: Text
    customer: OrderCustomer
    order_total: MinorUnits
    currency: Text
    items: Annotated[list[OrderedItem], msgspec.Meta(max_length=ITEMS_MAX)]
    external_id: Reference | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    shipment_status: ShipmentStatus | UnsetType = UNSET
    source: Literal["online", "in_store"] | UnsetType = UNSET
    tracking_url: Text | UnsetType = UNSET
    address: OrderAddress | UnsetType = UNSET


CreateOrders = Annotated[list[OrderInput], msgspec.Meta(min_length=1, max_length=ORDERS_MAX)]


class Order(msgspec.Struct, rename="camel", kw_only=True):
    """An order as Konvo shows it; what is not known is left out."""

    id: str
    contact_id: str | UnsetType = UNSET
    external_name: str
    external_id: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    order_total: Number
    currency: str
    channel: str
    status: str
    tracking_url: str | UnsetType = UNSET
    created_at: str
    updated_at: str
    shop_id: str | UnsetType = UNSET
    delivery_address: str | UnsetType = UNSET  # an addition of ours


class WholeOrder(Order, rename="camel", kw_only=True):
    """An order that is read alone, with all that telling it again demands: additions of ours."""

    friendly_name: str
    customer: OrderCustomer
    items: list[OrderedItem]


class Orders(msgspec.Struct):
    """The one envelope of every success."""

    count: int
    result: list[Order]


class OneOrder(msgspec.Struct):
    """The same envelope around the one order that was asked for."""

    count: int
    result: list[WholeOrder]
