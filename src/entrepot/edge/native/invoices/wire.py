"""The native API's shapes of invoices."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.core.invoices import STATUSES
from entrepot.edge import quantities
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.wire import Amount, FreeObject, Page, Time, Uuid

Status = Annotated[str, Meta(extra_json_schema={"enum": list(STATUSES)})]


class InvoiceQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/invoices."""

    limit: Limit = 50
    after: str | None = None


class InvoiceLine(msgspec.Struct):
    """A line of the order, as it was when the invoice was made."""

    id: Uuid
    number: int
    variant_id: Uuid
    sku: str | None
    title: str
    quantity: quantities.Shown
    unit_of_measure: str
    price: Amount
    currency: str


class Invoice(msgspec.Struct):
    """An invoice. Its amounts and lines are the order's at the time of the making."""

    id: Uuid
    number: int
    order_id: Uuid
    customer_id: Uuid
    status: Status
    reference: str | None
    notes: str | None
    properties: FreeObject
    currency: str
    subtotal: Amount
    discount: Amount
    shipping: Amount
    tax: Amount
    total: Amount
    lines: list[InvoiceLine]
    created_at: Time
    updated_at: Time


class InvoicePage(Page[Invoice]):
    """A page of invoices, in descending order of their numbers."""
