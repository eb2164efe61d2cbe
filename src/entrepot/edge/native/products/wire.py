"""The native API's shapes of products and their variants."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.core.products import SEQUENCE_MAX, STATUSES, VARIANTS_MAX
from entrepot.edge import quantities
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.values import Code, Measure, Money, Object, VariantId, seen
from entrepot.edge.native.wire import Amount, FreeObject, Page, Time, Uuid

Text = Annotated[str, seen(255)]
Name = Annotated[str, seen(1_000)]
Long = Annotated[str, Meta(max_length=50_000)]
Handle = Annotated[str, seen(255)]
Url = Annotated[str, seen(2_000)]
Sequence = Annotated[int, Meta(ge=1, le=SEQUENCE_MAX)]
Options = dict[str, str]
Status = Literal["active", "draft", "archived", "deleted"]
LiveStatus = Literal["active", "draft", "archived"]
assert STATUSES == ("active", "draft", "archived", "deleted")


class VariantMembers(msgspec.Struct, forbid_unknown_fields=True):
    """The members of a variant that can be told. Lines of orders call the variant by `name`; the
    product tells it from its other variants by `variant_name`.
    """

    sku: Text | None | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    variant_name: Text | UnsetType = UNSET
    barcode: Text | None | UnsetType = UNSET
    cost: Money | None | UnsetType = UNSET
    weight: Measure | None | UnsetType = UNSET
    length: Measure | None | UnsetType = UNSET
    width: Measure | None | UnsetType = UNSET
    height: Measure | None | UnsetType = UNSET
    unit_of_measure: Text | None | UnsetType = UNSET
    sequence: Sequence | None | UnsetType = UNSET
    image_url: Url | None | UnsetType = UNSET
    options: Options | None | UnsetType = UNSET
    properties: Object | None | UnsetType = UNSET


class NewVariant(VariantMembers, forbid_unknown_fields=True, kw_only=True):
    """A variant to make. Of a variant that is not `tracked` nobody counts stock."""

    currency: Code
    price: Money
    tracked: bool = True


class ChangedVariant(VariantMembers, forbid_unknown_fields=True, kw_only=True):
    """A variant to change: what is left out stays."""

    id: VariantId
    currency: Code | UnsetType = UNSET
    price: Money | UnsetType = UNSET
    tracked: bool | UnsetType = UNSET


NewVariants = Annotated[list[NewVariant], Meta(max_length=VARIANTS_MAX)]


class MakeProduct(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/products."""

    name: Name
    variants: Annotated[list[NewVariant], Meta(min_length=1, max_length=VARIANTS_MAX)]
    handle: Handle | None = None
    description: Long | None = None
    image_url: Url | None = None
    type: Text | None = None
    custom_type: Text | None = None
    brand: Text | None = None
    category: Text | None = None
    vendor: Text | None = None
    status: LiveStatus = "active"
    properties: Object | None = None


class VariantChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of a product's variants: removed, then changed, then added."""

    add: NewVariants = []
    change: Annotated[list[ChangedVariant], Meta(max_length=VARIANTS_MAX)] = []
    remove: Annotated[list[VariantId], Meta(max_length=VARIANTS_MAX)] = []


class AmendProduct(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/products/{id}: what is left out stays. Properties are merged deeply."""

    name: Name | UnsetType = UNSET
    handle: Handle | None | UnsetType = UNSET
    description: Long | None | UnsetType = UNSET
    image_url: Url | None | UnsetType = UNSET
    type: Text | None | UnsetType = UNSET
    custom_type: Text | None | UnsetType = UNSET
    brand: Text | None | UnsetType = UNSET
    category: Text | None | UnsetType = UNSET
    vendor: Text | None | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    properties: Object | None | UnsetType = UNSET
    variants: VariantChanges | UnsetType = UNSET


class ProductQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/products."""

    status: Status | None = None
    handle: Handle | None = None
    sku: Text | None = None
    limit: Limit = 50
    after: str | None = None


class Variant(msgspec.Struct):
    """A variant of a product. `name` is what lines of orders call it."""

    id: Uuid
    product_id: Uuid
    sku: str | None
    name: str
    variant_name: str
    currency: str | None
    price: Amount | None
    cost: Amount | None
    tracked: bool
    barcode: str | None
    weight: quantities.Shown | None
    length: quantities.Shown | None
    width: quantities.Shown | None
    height: quantities.Shown | None
    unit_of_measure: str | None
    sequence: int | None
    image_url: str | None
    options: FreeObject
    properties: FreeObject
    created_at: Time
    updated_at: Time
    deleted_at: Time | None


class Product(msgspec.Struct):
    """A product with its variants that are not deleted, in their sequence."""

    id: Uuid
    name: str
    handle: str | None
    description: str | None
    image_url: str | None
    type: str | None
    custom_type: str | None
    brand: str | None
    category: str | None
    vendor: str | None
    status: Status
    properties: FreeObject
    version: int
    created_at: Time
    updated_at: Time
    deleted_at: Time | None
    variants: list[Variant]


class ProductPage(Page[Product]):
    """A page of products, in the order of their ids."""
