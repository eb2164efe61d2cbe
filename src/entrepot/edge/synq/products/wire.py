"""Synq's shapes of products and variants, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, field

from entrepot.edge.synq.wire import Moment, Uuid

# Decimal places of a price at most.
PRICE_PLACES = 4
Title = Annotated[str, Meta(max_length=1000)]
TitleShown = Annotated[str, Meta(max_length=10_000)]
Text = Annotated[str, Meta(max_length=50_000)]
Word = Annotated[str, Meta(max_length=255)]
Words = Annotated[list[Word], Meta(max_length=200)]
Price = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": ["number", "null"], "minimum": 0})]
Options = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": ["object", "null"]})]
Shown = Annotated[msgspec.Raw, Meta(extra_json_schema={"type": ["object", "null"]})]


class Told(msgspec.Struct):
    """The members of a product that are told. An absent, empty or null one stays as it is."""

    title: Title | None = None
    description: Text | None = None
    category: Word | None = None
    category_id: Uuid | None = None
    brand: Word | None = None
    brand_id: Uuid | None = None
    short_description: Text | None = None
    long_description: Text | None = None
    tags: Words | None = None
    launch_date: Word | None = None
    discontinue_date: Word | None = None
    warranty_period: int | Word | None = None
    is_taxable: bool | None = None
    is_returnable: bool | None = None
    requires_serial_number: bool | None = None
    seo_title: Title | None = None
    seo_description: Text | None = None
    seo_keywords: Words | Text | None = None


class MakeProduct(Told):
    """The body of POST /api/v1/pim/products. A `title` is required."""


class ChangeProduct(Told):
    """The body of PUT /api/v1/pim/products/{id}. It may send back what other dialects told."""

    title: TitleShown | None = None


class MakeVariant(msgspec.Struct):
    """The body of POST /api/v1/pim/products/{product_id}/variants."""

    sku: Word | None = None
    barcode: Word | None = None
    price: Price = field(default_factory=msgspec.Raw)
    currency: Annotated[str, Meta(max_length=3)] | None = None
    cost_price: Price = field(default_factory=msgspec.Raw)
    option_values: Options = field(default_factory=msgspec.Raw)


class Listed(msgspec.Struct):
    """A product of the list."""

    id: Uuid
    title: str
    category: str | None
    status: str
    updated_at: Moment


class Variant(msgspec.Struct):
    """A variant. Amounts are texts; a variant without a price has none."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    product_id: Uuid
    title: str
    sku: str | None
    barcode: str | None
    price: str | None
    currency: str | None
    cost_price: str | None
    option_values: Shown
    data_quality_score: float | None
    created_at: Moment
    updated_at: Moment


class Product(msgspec.Struct):
    """A product, with its variants."""

    id: Uuid
    org_id: Uuid
    tenant_id: Uuid
    title: str
    description: str | None
    status: str
    product_type_id: Uuid | None
    created_by: Uuid | None
    updated_by: Uuid | None
    created_at: Moment
    updated_at: Moment
    deleted_at: Moment | None
    short_description: str | None
    long_description: str | None
    category: str | None
    category_id: Uuid | None
    brand: str | None
    brand_id: Uuid | None
    tags: list[str] | None
    launch_date: str | None
    discontinue_date: str | None
    warranty_period: int | str | None
    is_taxable: bool | None
    is_returnable: bool | None
    requires_serial_number: bool | None
    seo_title: str | None
    seo_description: str | None
    seo_keywords: list[str] | str | None
    data_quality_score: float | None
    variants: list[Variant]
