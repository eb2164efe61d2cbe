"""The book in Polinate's words; pure. Amounts are decimal strings, at the scale they came in."""

from __future__ import annotations

import msgspec

from entrepot.core import shown
from entrepot.core.order import Line, Order
from entrepot.core.refusal import Refusal
from entrepot.core.results import NotedResult, OrderResult, Result
from entrepot.edge import quantities
from entrepot.edge.polinate.orders import wire
from entrepot.edge.polinate.orders.source import SOURCE
from entrepot.edge.polinate.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written
from entrepot.store.reading.queries import Page
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode
_NULL = msgspec.Raw(b"null")


def order(o: Order) -> wire.Order:
    """An order with its lines. If nobody named a day of delivery, the order is expected when it was
    made.

    An order of a source has the id by which it was notified, as its source calls it.
    """
    order_id, words = _id(o), o.words
    made_at = millis_text(shown.created_at(o))
    return wire.Order(
        id=order_id,
        partnership_id=f"prt_{o.customer_id.hex()}",
        membership_id=o.membership_id,
        integration_id=o.integration_id,
        phase=words["polinate_phase"],
        status=words["polinate_status"],
        internal_reference=shown.name(o),
        external_reference=shown.reference(o, SOURCE),
        notes=o.notes,
        delivery_address=shown.address(o),
        expected_delivery_at=made_at if o.expected_at is None else millis_text(o.expected_at),
        delivered_at=None if o.delivered_at is None else millis_text(o.delivered_at),
        shipped_at=None if o.shipped_at is None else millis_text(o.shipped_at),
        currency=o.currency,
        total_amount=o.total.text(),
        properties=_NULL if o.properties is None else msgspec.Raw(o.properties.encode()),
        created_at=made_at,
        updated_at=millis_text(o.updated_at),
        order_items=[_line(order_id, line) for line in o.lines],
        reason=shown.reason(o),
        buyer=_buyer(o),
    )


def _id(o: Order) -> str:
    theirs = shown.sender_id(o) if o.origin == SOURCE else None
    return f"ord_{o.id.hex()}" if theirs is None else theirs


def _buyer(o: Order) -> wire.Buyer | None:
    name = " ".join([part for part in (o.first_name, o.last_name) if part and part.strip()])
    if not name and o.email is None and o.phone is None:
        return None
    return wire.Buyer(name or None, o.email, o.phone)


def _line(order_id: str, line: Line) -> wire.OrderItem:
    entry = wire.ItemListEntry(
        item_variant_id=f"var_{line.variant_id.hex()}",
        item_variant=wire.ItemVariant(f"itm_{line.item_id.hex()}"),
    )
    return wire.OrderItem(
        id=f"oi_{line.id.hex()}",
        order_id=order_id,
        line_number=line.number,
        item_list_entry_id=f"ile_{line.entry_id.hex()}",
        item_list_entry=entry,
        quantity=quantities.shown(line.quantity),
        unit_of_measure=line.unit_of_measure,
        currency=line.currency,
        price=line.price.text(),
        cost=line.cost.text(),
        properties=_NULL if line.properties is None else msgspec.Raw(line.properties.encode()),
        created_at=millis_text(line.created_at),
        updated_at=millis_text(line.updated_at),
    )


def order_answer(o: Order) -> Answer:
    """GET one order."""
    return Answer(200, _encode(order(o)))


def page_answer(found: Page, page: int, limit: int) -> Answer:
    """GET a page."""
    assert found.total is not None, "a Polinate page says how many there are"
    items = [order(one) for one in found.orders]
    return Answer(200, _encode(wire.OrderPage(items, found.total, page, limit)))


def whole_order(status: int, request_id: str) -> Written:
    """How a created (201) or updated (200) order is answered: with all of it."""

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(result, request_id)
        assert isinstance(result, OrderResult)
        return Answer(status, _encode(order(result.order)))

    return answer


def noted(result: Result | Refusal, request_id: str) -> Answer:
    """The answer to a notification."""
    if isinstance(result, Refusal):
        return refusal_answer(result, request_id)
    assert isinstance(result, NotedResult)
    return Answer(200, _encode(wire.Notified(success=True)))
