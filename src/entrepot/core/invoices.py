"""Invoices: what an organization bills an order with, when one is made, and how its status follows.

An order has at most one invoice. The figures and the lines of an invoice are the order's at the
time of the making and never change. The status follows from the order, and can be told as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from entrepot.core.changed import members_changed
from entrepot.core.facets import ENDED, SHIPPED, Facets
from entrepot.core.funds import Funds
from entrepot.core.ids import dashed
from entrepot.core.kinds import Key, Kind, by
from entrepot.core.money import Amount
from entrepot.core.order import Event, Line, Order
from entrepot.core.properties import text_of
from entrepot.core.quantity import json_number

# The kind of subject that events of invoices have, and their types.
INVOICE = "invoice"
CREATED, UPDATED = "invoice.created", "invoice.updated"

NEVER, CONFIRMATION, SHIPMENT = "never", "confirmation", "shipment"
# When an order gets its invoice, and the sentence that the documents say of it.
WHEN: dict[str, str] = {
    NEVER: "No invoice is made.",
    CONFIRMATION: "An order gets its invoice when it is confirmed.",
    SHIPMENT: "An order gets its invoice when its first goods leave.",
}
# The statuses, as they are published.
STATUSES = (
    "DELETED", "DRAFT", "AUTHORISED", "PARTIALLY_PAID", "PAID", "OVERPAID", "OVERDUE", "VOIDED",
    "DEFAULTED", "CREDITED", "REFUNDED",
)  # fmt: skip
_OPEN = frozenset({"DRAFT", "AUTHORISED", "PARTIALLY_PAID", "OVERDUE", "DEFAULTED"})
_LIVE = _OPEN | {"PAID", "OVERPAID"}
_TAKEN = frozenset({"paid", "partially_refunded", "refunded", "disputed"})
_GONE = SHIPPED | {"partially_shipped"}


class Invoice(NamedTuple):
    """An invoice. Times are microseconds UTC; `version` counts its events."""

    org: int
    id: bytes
    number: int  # 1, 2, 3 ... in the organization without a gap; 0 or less until it is written
    order_id: bytes
    customer_id: bytes
    status: str
    reference: str | None
    notes: str | None
    properties: str | None  # JSON text
    currency: str
    subtotal: Amount
    discount: Amount
    shipping: Amount
    tax: Amount
    total: Amount
    lines: str  # JSON text: the lines of the order
    created_at: int
    updated_at: int
    version: int


class InvoiceFilter(NamedTuple):
    """What a list of invoices is asked for. A path needs a value, or whether it is there."""

    created_after: int | None = None
    status: str | None = None
    property_path: str | None = None
    property_value: str | None = None
    property_exists: bool | None = None


class Billed(NamedTuple):
    """An order, and how much of its money was taken: None where nothing of its payments was read,
    which a decision that moves money does.
    """

    order: Order
    captured: Amount | None = None


class Follows(NamedTuple):
    """A rule of following: while `holds` begins to hold, a status of `of` becomes `to`."""

    says: str
    holds: Callable[[Billed, Invoice], bool]
    of: frozenset[str]
    to: str


INVOICES: Kind[Key, Invoice] = Kind(
    "invoice", Invoice, by(Invoice, "org", "id"), guard="version",
    group=by(Invoice, "org", "order_id"),
)  # fmt: skip


def _is_less(one: Amount, other: Amount) -> bool:
    scale = max(one.scale, other.scale)
    return one.at(scale) < other.at(scale)


def _costs_less(of: Billed, invoice: Invoice) -> bool:
    return _is_less(of.order.total, invoice.total)


def _taken_in_part(of: Billed, invoice: Invoice) -> bool:
    """Whether money was taken, and less than the invoice and the order say."""
    taken, due = of.captured, (of.order.total, invoice.total)
    return taken is not None and taken.units > 0 and all(_is_less(taken, one) for one in due)


def _was_taken(of: Billed, invoice: Invoice) -> bool:
    return of.order.facets.payment == "paid" and not _taken_in_part(of, invoice)


def _all_was_taken(of: Billed, invoice: Invoice) -> bool:
    """Whether all of the money was taken, by what was taken: the customer may dispute a part."""
    took = of.captured is not None and of.order.facets.payment in ("paid", "disputed")
    return took and not _taken_in_part(of, invoice)


def _ended_unpaid(of: Billed, _: Invoice) -> bool:
    facets, taken = of.order.facets, of.captured
    return facets.stage in ENDED and facets.payment not in _TAKEN and not (taken and taken.units)


# In this order: the first rule that begins to hold is taken.
FOLLOWING: tuple[Follows, ...] = (
    Follows("all money was given back", lambda o, _: o.order.facets.payment == "refunded",
            _LIVE | {"CREDITED"}, "REFUNDED"),
    Follows("a part of the money was given back",
            lambda o, _: o.order.facets.payment == "partially_refunded", _LIVE, "CREDITED"),
    Follows("the order ended, and no money of it was taken", _ended_unpaid, _OPEN, "VOIDED"),
    Follows("the money was taken", _was_taken, _OPEN, "PAID"),
    Follows("the rest of the money was taken while a part is disputed", _all_was_taken, _OPEN,
            "PAID"),
    Follows("a part of the money was taken", _taken_in_part, _OPEN, "PARTIALLY_PAID"),
    Follows("the order was amended to cost less", _costs_less, _LIVE, "CREDITED"),
)  # fmt: skip


def billed(order: Order, funds: Funds | None) -> Billed:
    """The order with what was taken by its payments, as far as they were read."""
    return Billed(order, None if funds is None else funds.captured)


def is_due(before: Facets, after: Facets, when: str | None) -> bool:
    """Whether an order that moves so gets its invoice now, where `when` was chosen."""
    if after.stage in ENDED:
        return False
    if when == CONFIRMATION:
        return before.stage == "placed" != after.stage
    return when == SHIPMENT and _left(after) and not _left(before)


def _left(facets: Facets) -> bool:
    """Whether goods left; what needs no shipping is gone when the order is completed."""
    return facets.fulfilment in _GONE or facets.stage == "completed"


def of_order(of: Billed, id_: bytes, now: int) -> Invoice:
    """The invoice of an order, as the order stands."""
    order = of.order
    made = Invoice(
        order.org, id_, 0, order.id, order.customer_id, "AUTHORISED", order.external_reference,
        None, None, order.currency, order.subtotal, order.discount, order.shipping, order.tax,
        order.total, text_of([_line(line) for line in order.lines]), now, now, 1,
    )  # fmt: skip
    if _taken_in_part(of, made):
        return made._replace(status="PARTIALLY_PAID")
    return made._replace(status="PAID") if _was_taken(of, made) else made


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": dashed(line.id), "number": line.number, "variant_id": dashed(line.variant_id),
        "sku": line.sku, "title": line.title, "quantity": json_number(line.quantity),
        "unit_of_measure": line.unit_of_measure, "price": line.price.text(),
        "currency": line.currency,
    }  # fmt: skip


def followed(before: Billed, after: Billed, invoice: Invoice) -> str:
    """The status of the invoice once its order moved so."""
    for rule in FOLLOWING:
        if rule.holds(after, invoice) and not rule.holds(before, invoice):
            return rule.to if invoice.status in rule.of else invoice.status
    return invoice.status


def told(invoice: Invoice, now: int, **values: Any) -> Invoice:
    """The invoice with other values: its next version, later than the one before."""
    at = max(now, invoice.updated_at + 1)
    return invoice._replace(version=invoice.version + 1, updated_at=at, **values)


def made_event(invoice: Invoice, source: str, actor: str) -> Event:
    """The event that an invoice was made."""
    body = {
        "order": dashed(invoice.order_id), "status": invoice.status,
        "total": invoice.total.text(), "currency": invoice.currency,
    }  # fmt: skip
    return _event(invoice, CREATED, body, source, actor)


def changed_event(before: Invoice, after: Invoice, source: str, actor: str) -> Event:
    """The event that an invoice was changed: each member with both values."""
    changed = members_changed(("status", "reference", "notes", "properties"), before, after)
    body = {"order": dashed(after.order_id), "changed": changed}
    return _event(after, UPDATED, body, source, actor)


def _event(invoice: Invoice, type_: str, body: dict[str, Any], source: str, actor: str) -> Event:
    return Event(
        invoice.org, invoice.id, invoice.version, type_, invoice.updated_at, source,
        text_of(body), INVOICE, actor,
    )  # fmt: skip
