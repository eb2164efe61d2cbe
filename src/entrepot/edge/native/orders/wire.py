"""The native API's shapes of orders."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.core.facets import FULFILMENTS, PAYMENTS, RETURNS, STAGES
from entrepot.core.returns import STATES as RETURN_STATES
from entrepot.core.shipments import STATES
from entrepot.edge import quantities
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.values import (
    Code,
    CustomerId,
    Id,
    Instant,
    Money,
    Much,
    Object,
    Provider,
    Reference,
    VariantId,
    seen,
)
from entrepot.edge.native.wire import Amount, FreeObject, Page, Time, Uuid

LINES_MAX = 500
Name = Annotated[str, seen(255)]
Long = Annotated[str, Meta(max_length=10_000)]
Address = Annotated[
    str, seen(2_000, "The address, line by line")
]  # fmt: skip
Sku = Annotated[str, seen(255)]
Title = Annotated[str, seen(1_000)]
Stage = Literal[STAGES]  # type: ignore[valid-type]
Payment = Literal[PAYMENTS]  # type: ignore[valid-type]
Fulfilment = Literal[FULFILMENTS]  # type: ignore[valid-type]
Returns = Literal[RETURNS]  # type: ignore[valid-type]
Spoken = Literal["native", "synq", "polinate", "konvo"]


# ------------------------------------------------------------------ what is sent


class NewLine(msgspec.Struct, forbid_unknown_fields=True):
    """A line as wanted: of a variant, by its `variant_id` or its `sku`.

    Without `unit_price` the line has the variant's price, without `location_id` the stock of the
    organization's default location.
    """

    quantity: Much
    variant_id: VariantId | None = None
    sku: Sku | None = None
    unit_price: Money | None = None
    title: Title | None = None
    location_id: Id | None = None
    properties: Object | None = None


class OrderedBy(msgspec.Struct, forbid_unknown_fields=True):
    """The customer: by `id`, or by name and addresses."""

    id: CustomerId | None = None
    name: Name | None = None
    email: Name | None = None
    phone: Name | None = None


class Paying(msgspec.Struct, forbid_unknown_fields=True):
    """The payment service, and what it calls the payment."""

    provider: Provider
    reference: Reference


class PlaceOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/orders."""

    currency: Code
    lines: Annotated[list[NewLine], Meta(min_length=1, max_length=LINES_MAX)]
    customer: OrderedBy | None = None
    payment: Paying | None = None
    shipping_address: Address | None = None
    external_id: Name | None = None
    channel: Name | None = None
    notes: Long | None = None
    metadata: Object | None = None


class OrderQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/orders."""

    q: Annotated[str, seen(200)] | None = None
    stage: Stage | None = None
    payment: Payment | None = None
    fulfilment: Fulfilment | None = None
    returns: Returns | None = None
    attention: bool = False
    customer_id: CustomerId | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    updated_after: Instant | None = None
    dialect: Spoken | None = None
    limit: Limit = 50
    after: str | None = None


# ------------------------------------------------------------------ what is answered


class Line(msgspec.Struct):
    """A line of an order: how much of it was ordered, has left and is back."""

    id: Uuid
    number: int
    variant_id: Uuid
    location_id: Uuid | None
    sku: str | None
    title: str
    quantity: quantities.Shown
    shipped: quantities.Shown
    returned: quantities.Shown
    unit_price: Amount
    total: Amount
    properties: FreeObject


class Totals(msgspec.Struct):
    """The costs of the order: `total` is the subtotal less discount, with shipping and tax."""

    subtotal: Amount
    discount: Amount
    shipping: Amount
    tax: Amount
    total: Amount


class Sums(msgspec.Struct):
    """Sums of the operations done on the order's payments."""

    authorized: Amount
    captured: Amount
    refunded: Amount
    voided: Amount


class OrderCustomer(msgspec.Struct):
    """The customer, as the order was told."""

    id: Uuid
    name: str | None
    email: str | None
    phone: str | None


class Part(msgspec.Struct):
    """How much of a line is meant."""

    line_id: Uuid
    quantity: quantities.Shown


class Shipment(msgspec.Struct):
    """Goods that left together."""

    id: Uuid
    order_id: Uuid
    number: int
    state: Annotated[str, Meta(extra_json_schema={"enum": list(STATES)})]
    lines: list[Part]
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    shipped_at: Time
    delivered_at: Time | None


class ReturnedPart(msgspec.Struct):
    """How much of a line comes back, and where it is counted again; nowhere if it was scrapped.

    `restocked` is null until the goods came.
    """

    line_id: Uuid
    quantity: quantities.Shown
    restocked: bool | None
    location_id: Uuid | None


class Return(msgspec.Struct):
    """Goods that come back together."""

    id: Uuid
    order_id: Uuid
    number: int
    state: Annotated[str, Meta(extra_json_schema={"enum": list(RETURN_STATES)})]
    reason: str | None
    lines: list[ReturnedPart]
    requested_at: Time
    approved_at: Time | None
    returned_at: Time | None
    refunded: bool  # whether what the goods cost was asked back with their receipt


class Operation(msgspec.Struct):
    """A request to a payment service, and what came of it."""

    id: str
    order_id: Uuid
    payment: int
    number: int
    kind: str
    state: str
    amount: Amount
    currency: str
    provider: str
    provider_reference: str | None
    created_at: Time
    updated_at: Time


class PolinateWords(msgspec.Struct):
    """How Polinate says where the order stands."""

    phase: str
    status: str


class KonvoWords(msgspec.Struct, rename="camel"):
    """How Konvo says where the order stands."""

    status: str
    shipment_status: str


class Words(msgspec.Struct):
    """How each dialect says where the order stands."""

    synq: str
    polinate: PolinateWords
    konvo: KonvoWords


_SALE_SOURCE = "Where a mirrored order was sold, as its sender says: `online` or `in_store`"


class Order(msgspec.Struct):
    """An order. `number` is null in a dry run that places an order."""

    id: Uuid
    number: int | None
    dialect: str
    managed: bool
    stage: Stage
    payment: Payment
    fulfilment: Fulfilment
    returns: Returns
    held: bool
    currency: str
    lines: list[Line]
    totals: Totals
    money: Sums
    customer: OrderCustomer
    shipping_address: str | None
    external_id: str | None
    references: list[str]
    channel: str | None
    sale_source: Annotated[str | None, Meta(description=_SALE_SOURCE)]
    notes: str | None
    metadata: FreeObject
    shipments: list[Shipment]
    returns_list: list[Return]
    payment_operations: list[Operation]
    words: Words
    reason: str | None
    parked: bool
    version: int
    created_at: Time
    updated_at: Time


class Note(msgspec.Struct):
    """A note beside an order, and who wrote it."""

    id: Uuid
    order_id: Uuid
    author: str
    text: str
    created_at: Time


class Legal(msgspec.Struct):
    """A command of the order; `why_not` is null where the order takes the command now."""

    command: str
    why_not: str | None


class Explanation(msgspec.Struct):
    """The place where an order stands, and what it waits for."""

    stage: Stage
    since: Time
    waiting_for: str | None
    last_error: str | None
    try_: Annotated[int | None, Meta(description="Which try is next, or under way")] = (
        msgspec.field(name="try")
    )
    tries_max: int | None
    next_try_at: Time | None
    held_by: str | None
    legal: list[Legal]
    sentence: str


class OrderPage(Page[Order]):
    """A page of orders, newest first."""


class StockEffect(msgspec.Struct):
    """By how much a stock level would change."""

    variant_id: Uuid
    location_id: Uuid
    on_hand: quantities.Shown
    reserved: quantities.Shown


class MoneyEffect(msgspec.Struct):
    """A request that a payment service would get."""

    kind: str
    state: str
    amount: Amount
    currency: str
    provider: str


class EventEffect(msgspec.Struct):
    """An event that would happen."""

    type: str
    body: FreeObject


class Effects(msgspec.Struct):
    """The effects that would follow."""

    stock: list[StockEffect]
    money: list[MoneyEffect]
    events: list[EventEffect]


class Rehearsed(Order):
    """The order as it would be, in a dry run. Ids that were made for it are not kept."""

    effects: Effects | UnsetType = UNSET
