"""Polinate's shapes on the wire, exactly. Sources in docs/dialects/polinate.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.edge import quantities
from entrepot.edge.polinate.words import PHASE, STATUS

LINES_MAX = 500

# A JSON number of the schema; what stands here is always whole.
Number = float
Text = Annotated[str, msgspec.Meta(max_length=255)]
LongText = Annotated[str, msgspec.Meta(max_length=10_000)]
# Bounds of a PATCH: it may send back every value that an order of any origin shows.
ReferenceShown = Annotated[str, msgspec.Meta(max_length=500)]
AddressShown = Annotated[str, msgspec.Meta(max_length=130_000)]
Id = Annotated[str, msgspec.Meta(max_length=255)]
# As long as the longest id that a Konvo sender tells, by which an order is found here too.
OrderId = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Money = Annotated[
    str, msgspec.Meta(max_length=32, extra_json_schema={"description": "Decimal as string"})
]
# A client may send a number as well. `bodies` makes a string of the number before it is read.
MoneySent = Annotated[
    str,
    msgspec.Meta(
        max_length=32,
        extra_json_schema={
            "type": ["string", "number"],
            "description": "Decimal as string, or a number",
        },
    ),
]
Code = Annotated[str, msgspec.Meta(max_length=3)]
# The currency of a mirrored order is what its sender says.
CodeSent = Annotated[str, msgspec.Meta(max_length=10_000)]
Time = Annotated[str, msgspec.Meta(max_length=64, extra_json_schema={"format": "date-time"})]
Phase = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(PHASE)})]
Status = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATUS)})]
FirstPhase = Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["PENDING"]})]
FirstStatus = Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["UNASSIGNED"]})]
# The properties that are sent stay text until they are read with every digit.
Properties = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": ["object", "null"]})]
# Properties as the book keeps them: JSON text that goes out as it is.
KeptProperties = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"type": ["object", "null"]})
]


class NotifyOrder(msgspec.Struct, rename="camel"):
    """The body that says that an order exists."""

    order_id: OrderId
    business_id: Id


class NewLine(msgspec.Struct, rename="camel"):
    """A line as wanted, of a list entry or of a variant: exactly one of the two."""

    quantity: quantities.Wanted
    item_list_entry_id: Id | None = None
    item_variant_id: Id | None = None
    unit_of_measure: Text | None = None
    currency: CodeSent | None = None
    price: MoneySent | None = None
    cost: MoneySent | None = None
    properties: Properties | UnsetType = UNSET


class CreateOrder(msgspec.Struct, rename="camel"):
    """The body that makes an order: it has no `orderId`."""

    expected_delivery_at: Time
    order_items: Annotated[list[NewLine], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    partnership_id: Id | None = None
    membership_id: Text | None = None
    integration_id: Text | None = None
    phase: FirstPhase | None = None
    status: FirstStatus | None = None
    external_reference: Text | None = None
    notes: LongText | None = None
    delivery_address: LongText | None = None
    currency: Code | None = None
    total_amount: MoneySent | None = None
    properties: Properties | UnsetType = UNSET


class KnownLine(NewLine, forbid_unknown_fields=True):
    """A line without any member that is not known, such as the sample's `unitAmount`."""


class KnownMembers(CreateOrder, forbid_unknown_fields=True):
    """The body that makes an order without any member that is not known, such as `orderId`."""

    order_items: Annotated[  # type: ignore[assignment]
        list[KnownLine], msgspec.Meta(min_length=1, max_length=LINES_MAX)
    ]


class OrderChanges(msgspec.Struct, rename="camel"):
    """The core fields that can be written. A member that is left out stays as it is."""

    phase: Phase | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    external_reference: ReferenceShown | None | UnsetType = UNSET
    notes: LongText | None | UnsetType = UNSET
    delivery_address: AddressShown | None | UnsetType = UNSET
    expected_delivery_at: Time | UnsetType = UNSET
    delivered_at: Time | None | UnsetType = UNSET
    shipped_at: Time | None | UnsetType = UNSET
    currency: CodeSent | UnsetType = UNSET
    total_amount: MoneySent | UnsetType = UNSET
    properties: Properties | UnsetType = UNSET


class LineChanges(msgspec.Struct, rename="camel"):
    """Changes of the line with this id. Its goods may be told as well, as they are read."""

    id: Id
    item_list_entry_id: Id | UnsetType = UNSET
    item_variant_id: Id | UnsetType = UNSET
    quantity: quantities.Told | UnsetType = UNSET
    unit_of_measure: LongText | UnsetType = UNSET
    currency: CodeSent | UnsetType = UNSET
    price: MoneySent | UnsetType = UNSET
    cost: MoneySent | UnsetType = UNSET
    properties: Properties | UnsetType = UNSET


class UpdateOrder(msgspec.Struct, rename="camel"):
    """The body of PATCH /api/v1/orders/{id}; every member may be left out."""

    order: OrderChanges = msgspec.field(default_factory=OrderChanges)
    create_order_items: Annotated[list[NewLine], msgspec.Meta(max_length=LINES_MAX)] = []
    update_order_items: Annotated[list[LineChanges], msgspec.Meta(max_length=LINES_MAX)] = []
    delete_order_items: Annotated[list[Id], msgspec.Meta(max_length=LINES_MAX)] = []


class ItemVariant(msgspec.Struct, rename="camel"):
    """The item that a variant is one of."""

    item_id: str


class ItemListEntry(msgspec.Struct, rename="camel"):
    """The variant that a list entry offers."""

    item_variant_id: str
    item_variant: ItemVariant


class OrderItem(msgspec.Struct, rename="camel"):
    """A line of an order."""

    id: str
    order_id: str
    line_number: Number
    item_list_entry_id: str
    item_list_entry: ItemListEntry
    quantity: quantities.Shown
    unit_of_measure: str
    currency: str
    price: Money
    cost: Money
    properties: KeptProperties
    created_at: Time
    updated_at: Time


class Buyer(msgspec.Struct, rename="camel"):
    """The buyer, as the order was told."""

    name: str | None
    email: str | None
    phone: str | None


class Order(msgspec.Struct, rename="camel"):
    """An order as Polinate shows it; `reason` and `buyer` are additions of ours."""

    id: str
    partnership_id: str
    membership_id: str | None
    integration_id: str | None
    phase: Phase
    status: Status
    internal_reference: str
    external_reference: str | None
    notes: str | None
    delivery_address: str | None
    expected_delivery_at: Time
    delivered_at: Time | None
    shipped_at: Time | None
    currency: str
    total_amount: Money
    properties: KeptProperties
    created_at: Time
    updated_at: Time
    order_items: list[OrderItem]
    reason: str | None
    buyer: Buyer | None


class OrderPage(msgspec.Struct, rename="camel"):
    """A page of orders, newest first, and how many match on all pages."""

    items: list[Order]
    total: Number
    page: Number
    page_size: Number


class Notified(msgspec.Struct, rename="camel"):
    """The notification was taken."""

    success: bool


class SourceVariant(msgspec.Struct, rename="camel"):
    """The variant of a line, by its id at the source, which may be empty."""

    item_variant_id: Id


class SourceLine(msgspec.Struct, rename="camel"):
    """Members that are taken over from an order line of another system."""

    item_list_entry_id: Id
    item_list_entry: SourceVariant
    quantity: quantities.Told
    unit_of_measure: LongText
    currency: CodeSent
    price: MoneySent
    cost: MoneySent
    properties: Properties | UnsetType = UNSET


class SourceOrder(msgspec.Struct, rename="camel"):
    """Members that are taken over from an order of another system that speaks Polinate's schema."""

    id: OrderId
    partnership_id: Id
    internal_reference: LongText
    expected_delivery_at: Time
    currency: CodeSent
    total_amount: MoneySent
    created_at: Time | None = None
    phase: Phase | None = None
    status: Status | None = None
    membership_id: LongText | None = None
    integration_id: LongText | None = None
    external_reference: Text | None = None
    notes: LongText | None = None
    delivery_address: LongText | None = None
    delivered_at: Time | None = None
    shipped_at: Time | None = None
    properties: Properties | UnsetType = UNSET
    order_items: Annotated[list[SourceLine], msgspec.Meta(max_length=LINES_MAX)] | None = None
