"""Invoices in Polinate's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import invoices
from entrepot.core.results import InvoiceResult
from entrepot.edge.kept_json import shaped
from entrepot.edge.polinate.invoices import wire
from entrepot.edge.polinate.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


class _Line(msgspec.Struct):
    """A line as the book keeps it; see core.invoices."""

    id: str
    number: int
    variant_id: str
    sku: str | None
    title: str
    quantity: msgspec.Raw
    unit_of_measure: str
    price: str
    currency: str


_LINES = msgspec.json.Decoder(list[_Line])


def invoice(one: invoices.Invoice) -> wire.Invoice:
    """An invoice with its lines."""
    made_at = millis_text(one.created_at)
    return wire.Invoice(
        id=f"inv_{one.id.hex()}",
        invoice_number=one.number,
        partnership_id=f"prt_{one.customer_id.hex()}",
        order_id=f"ord_{one.order_id.hex()}",
        status=one.status,
        reference=one.reference,
        notes=one.notes,
        currency=one.currency,
        subtotal_amount=one.subtotal.text(),
        discount_amount=one.discount.text(),
        shipping_amount=one.shipping.text(),
        tax_amount=one.tax.text(),
        total_amount=one.total.text(),
        properties=msgspec.Raw((one.properties or "null").encode()),
        issued_at=made_at,
        due_at=None,
        created_at=made_at,
        updated_at=millis_text(one.updated_at),
        invoice_items=[_item(line) for line in shaped(one.lines, _LINES, [])],
    )


def _item(line: _Line) -> wire.InvoiceItem:
    return wire.InvoiceItem(
        order_item_id=f"oi_{line.id.replace('-', '')}",
        line_number=line.number,
        item_variant_id=f"var_{line.variant_id.replace('-', '')}",
        sku=line.sku,
        name=line.title,
        quantity=line.quantity,
        unit_of_measure=line.unit_of_measure,
        currency=line.currency,
        price=line.price,
    )


def page_answer(found: list[invoices.Invoice], total: int, page: int, limit: int) -> Answer:
    """GET a page."""
    listed = [invoice(one) for one in found]
    return Answer(200, _encode(wire.InvoicePage(listed, total, page, limit)))


def updated(request_id: str) -> Written:
    """How a change is answered: with the whole invoice."""

    def answer(result: InvoiceResult) -> Answer:
        return Answer(200, _encode(invoice(result.invoice)))

    return written(refusal_answer, request_id, InvoiceResult, answer)
