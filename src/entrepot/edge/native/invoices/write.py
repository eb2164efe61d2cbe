"""Invoices in the words of the native API; pure."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.core import ids
from entrepot.core.invoices import Invoice as Kept
from entrepot.edge.kept_json import shaped
from entrepot.edge.native.invoices import wire
from entrepot.edge.times import millis_text

_LINES = msgspec.json.Decoder(list[wire.InvoiceLine])


def invoice(one: Kept) -> wire.Invoice:
    """An invoice with its lines."""
    return wire.Invoice(
        id=ids.dashed(one.id),
        number=one.number,
        order_id=ids.dashed(one.order_id),
        customer_id=ids.dashed(one.customer_id),
        status=one.status,
        reference=one.reference,
        notes=one.notes,
        properties=Raw((one.properties or "null").encode()),
        currency=one.currency,
        subtotal=one.subtotal.text(),
        discount=one.discount.text(),
        shipping=one.shipping.text(),
        tax=one.tax.text(),
        total=one.total.text(),
        lines=shaped(one.lines, _LINES, []),
        created_at=millis_text(one.created_at),
        updated_at=millis_text(one.updated_at),
    )
