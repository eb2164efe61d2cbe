"""Synq's shapes on the wire, exactly: bodies as msgspec types. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from entrepot.edge import quantities
from entrepot.edge.synq.wire import Moment, Uuid
from entrepot.edge.synq.words import SYNQ

Number = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "number"})]
WholeNumber = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "integer", "minimum": 1})
]
Price = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "number", "minimum": 0})]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Status = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(SYNQ)})]
ABSENT = msgspec.Raw()
# Decimal places of a price at most.
PRICE_PLACES = 4


class LineItem(msgspec.Struct):
    """A line as wanted. With a `variant_id` it is backed by stock at `location_id`."""

    product_title: Text
    unit_price: Price
    quantity: WholeNumber
    variant_id: Uuid | None = None
    location_id: Uuid | None = None
    sku: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    variant_title: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    requires_shipping: bool | None = None


class CreateOrder(msgspec.Struct):
    """The body of POST /api/v1/oms/orders. `line_items` is taken for `items`."""

    idempotency_key: Key
    payment_provider: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    payment_reference: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    items: Annotated[list[LineItem], msgspec.Meta(max_length=500)] | None = None
    line_items: Annotated[list[LineItem], msgspec.Meta(max_length=500)] | None = None
    customer_id: Uuid | None = None
    currency: Annotated[str, msgspec.Meta(max_length=3)] | None = "USD"
    channel: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    source_platform: Annotated[str, msgspec.Meta(max_length=255)] | None = None


class KnownLine(LineItem, forbid_unknown_fields=True):
    """A line without any member that is not known."""


class KnownMembers(CreateOrder, forbid_unknown_fields=True):
    """The same body without any member that is not known, such as a total."""

    items: Annotated[list[KnownLine], msgspec.Meta(max_length=500)] | None = None  # type: ignore[assignment]
    line_items: Annotated[list[KnownLine], msgspec.Meta(max_length=500)] | None = None  # type: ignore[assignment]


class LineAsRead(LineItem):
    """A line that may be one as read: it then has the line's `id`."""

    id: msgspec.Raw = ABSENT


class OrderAsRead(CreateOrder):
    """A body that may be an order as read: it then has the order's `id`."""

    items: Annotated[list[LineAsRead], msgspec.Meta(max_length=500)] | None = None  # type: ignore[assignment]
    id: msgspec.Raw = ABSENT


class OrderCreated(msgspec.Struct):
    """The order's id, and the names of the run that takes it on."""

    order_id: Uuid
    workflow_id: str
    run_id: Uuid


class OrderLine(msgspec.Struct):
    """A line of an order, an addition of ours to what Synq shows."""

    id: Uuid
    variant_id: Uuid
    location_id: Uuid | None
    sku: str | None
    product_title: str
    variant_title: str | None
    unit_price: Number
    quantity: quantities.Shown
    requires_shipping: bool


class Customer(msgspec.Struct):
    """The customer, as the order was told."""

    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None


class Order(msgspec.Struct):
    """An order as Synq shows it; the last ten members are additions of ours."""

    id: Uuid
    status: Status
    currency: str
    subtotal: Number
    discount_total: Number
    shipping_total: Number
    tax_total: Number
    total: Number
    payment_status: Literal["authorized", "captured", "voided", "refunded"] | None
    payment_provider: str | None
    payment_reference: str | None
    channel: str | None
    source_platform: str | None
    idempotency_key: str | None
    created_at: Moment
    updated_at: Moment
    tags: list[str] | None
    tenant_id: Uuid
    org_id: Uuid
    customer_id: Uuid
    items: list[OrderLine]
    reason: str | None
    parked: bool
    order_number: str
    external_id: str | None
    shipping_address: str | None
    customer: Customer | None


class OrderPage(msgspec.Struct):
    """A page of orders, newest first, with the limit and offset that were used."""

    orders: list[Order]
    limit: int
    offset: int
