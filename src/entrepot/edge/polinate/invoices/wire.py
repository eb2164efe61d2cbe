"""Polinate's shapes of invoices. No page shows a schema: sources in docs/dialects/polinate.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core.invoices import STATUSES
from entrepot.edge import quantities
from entrepot.edge.polinate.orders.wire import (
    KeptProperties,
    LongText,
    Money,
    Number,
    Properties,
    ReferenceShown,
    Time,
)

Status = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STATUSES)})]
Items = Annotated[
    msgspec.Raw,
    msgspec.Meta(extra_json_schema={"type": "array", "items": {"type": "object"}}),
]


class UpdateInvoice(msgspec.Struct, rename="camel"):
    """The body of PATCH /api/v1/invoices/{id}. A member that is left out stays as it is."""

    status: Status | UnsetType = UNSET
    reference: ReferenceShown | None | UnsetType = UNSET
    notes: LongText | None | UnsetType = UNSET
    properties: Properties | UnsetType = UNSET


class InvoiceItem(msgspec.Struct, rename="camel"):
    """A line of the order, as it was when the invoice was made."""

    order_item_id: str
    line_number: Number
    item_variant_id: str
    sku: str | None
    name: str
    quantity: quantities.Shown
    unit_of_measure: str
    currency: str
    price: Money


class Invoice(msgspec.Struct, rename="camel"):
    """An invoice. Its amounts are the order's at the time of the making."""

    id: str
    invoice_number: Number
    partnership_id: str
    order_id: str
    status: Status
    reference: str | None
    notes: str | None
    currency: str
    subtotal_amount: Money
    discount_amount: Money
    shipping_amount: Money
    tax_amount: Money
    total_amount: Money
    properties: KeptProperties
    issued_at: Time
    due_at: Time | None
    created_at: Time
    updated_at: Time
    invoice_items: list[InvoiceItem]


class InvoicePage(msgspec.Struct, rename="camel"):
    """A page of invoices, newest first, and how many match on all pages."""

    items: list[Invoice]
    total: Number
    page: Number
    page_size: Number
