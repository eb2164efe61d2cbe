"""Polinate's shapes of items on the wire. Sources in docs/dialects/polinate.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Raw, UnsetType

from entrepot.core.products import SEQUENCE_MAX, VARIANTS_MAX
from entrepot.edge.polinate.orders.wire import Code, CodeSent, Id, KeptProperties, Time

STATUSES = ("ACTIVE", "DRAFT", "ARCHIVED", "DELETED")
Text = Annotated[str, msgspec.Meta(max_length=255)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
LongText = Annotated[str, msgspec.Meta(max_length=50_000)]
# Bounds of a PATCH: it may send back what an item shows that a mirrored order brought.
TextShown = Annotated[str, msgspec.Meta(max_length=10_000)]
Url = Annotated[str, msgspec.Meta(max_length=2_000, extra_json_schema={"format": "uri"})]
Status = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATUSES)})]
FirstStatus = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATUSES[:-1])})]
Properties = Annotated[Raw, msgspec.Meta(extra_json_schema={"type": "object"})]
# Amounts and measures: numbers, and strings of digits as well.
Decimal = Annotated[
    Raw,
    msgspec.Meta(
        extra_json_schema={
            "type": ["number", "string"], "minimum": 0,
            "description": "A number, or a decimal as string",
        }
    ),
]  # fmt: skip
MaybeDecimal = Annotated[
    Raw,
    msgspec.Meta(
        extra_json_schema={
            "type": ["number", "string", "null"], "minimum": 0,
            "description": "A number, or a decimal as string",
        }
    ),
]  # fmt: skip
Shown = Annotated[Raw, msgspec.Meta(extra_json_schema={"type": "number"})]
Sequence = Annotated[int, msgspec.Meta(ge=1, le=SEQUENCE_MAX)]


_MANY = msgspec.Meta(max_length=VARIANTS_MAX)


class NewItem(msgspec.Struct, rename="camel"):
    """The item that is made."""

    name: Name
    handle: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None
    description: LongText | None = None
    img_url: Url | None = None
    custom_type: Text | None = None
    brand: Text | None = None
    vendor_name: Text | None = None
    type: Text | None = None
    status: FirstStatus | None = None
    properties: Properties | UnsetType = UNSET


class VariantMembers(msgspec.Struct, rename="camel"):
    """The members of a variant that can be told."""

    variant_name: Text | UnsetType = UNSET
    sku: Text | None | UnsetType = UNSET
    barcode: Text | None | UnsetType = UNSET
    cost: MaybeDecimal | UnsetType = UNSET
    weight: MaybeDecimal | UnsetType = UNSET
    length: MaybeDecimal | UnsetType = UNSET
    width: MaybeDecimal | UnsetType = UNSET
    height: MaybeDecimal | UnsetType = UNSET
    unit_of_measure: Text | None | UnsetType = UNSET
    sequence: Sequence | None | UnsetType = UNSET
    img_url: Url | None | UnsetType = UNSET
    properties: Properties | UnsetType = UNSET


class NewVariant(VariantMembers, rename="camel", kw_only=True):
    """A variant that is made."""

    currency: Code
    price: Decimal


class ChangedVariant(VariantMembers, rename="camel", kw_only=True):
    """Changes of the variant with this id; what is left out stays."""

    id: Id
    sku: TextShown | None | UnsetType = UNSET
    currency: CodeSent | UnsetType = UNSET
    price: Decimal | UnsetType = UNSET


class CreateItem(msgspec.Struct, rename="camel"):
    """The body of POST /api/v1/items: an item, and at least one variant."""

    item: NewItem
    variants: Annotated[list[NewVariant], msgspec.Meta(min_length=1, max_length=VARIANTS_MAX)]


class UpdateItem(msgspec.Struct, rename="camel"):
    """The body of PATCH /api/v1/items/{id}; every member may be left out."""

    name: TextShown | UnsetType = UNSET
    description: LongText | None | UnsetType = UNSET
    img_url: Url | None | UnsetType = UNSET
    custom_type: Text | None | UnsetType = UNSET
    brand: Text | None | UnsetType = UNSET
    vendor_name: Text | None | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    properties: Properties | UnsetType = UNSET
    create_variants: Annotated[list[NewVariant], _MANY] | None = None
    update_variants: Annotated[list[ChangedVariant], _MANY] | None = None
    delete_variants: Annotated[list[Id], _MANY] | None = None


class Created(msgspec.Struct, rename="camel"):
    """The item that was made, and its variants as they were sent."""

    success: bool
    id: str
    variant_ids: list[str]


class Variant(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A variant as Polinate shows it. A member that nobody told is left out."""

    id: str
    item_id: str
    variant_name: str
    sku: str | UnsetType = UNSET
    barcode: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    price: Shown | UnsetType = UNSET
    cost: Shown | UnsetType = UNSET
    weight: Shown | UnsetType = UNSET
    length: Shown | UnsetType = UNSET
    width: Shown | UnsetType = UNSET
    height: Shown | UnsetType = UNSET
    unit_of_measure: str | UnsetType = UNSET
    sequence: int | UnsetType = UNSET
    img_url: str | UnsetType = UNSET
    properties: KeptProperties | UnsetType = UNSET
    created_at: Time
    updated_at: Time


class Item(msgspec.Struct, rename="camel", kw_only=True):
    """An item as Polinate shows it."""

    id: str
    name: str
    handle: str
    description: str | None
    img_url: str | None
    custom_type: str | None
    brand: str | None
    vendor_name: str | None
    type: str | UnsetType = UNSET
    status: Status
    properties: Annotated[Raw, msgspec.Meta(extra_json_schema={"type": "object"})]
    created_at: Time
    updated_at: Time
    deleted_at: Time | None
    variants: list[Variant]
