"""The book in Synq's words; pure. Amounts are decimal numbers of up to four places."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from entrepot.core import ids, shown
from entrepot.core.money import Amount
from entrepot.core.order import Line, Order
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult, Result
from entrepot.edge import quantities
from entrepot.edge.access import Principal
from entrepot.edge.synq.orders import wire
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.times import seconds_text
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode

PAYMENT_STATUS = {
    "authorized": "authorized",
    "paid": "captured",
    "partially_refunded": "captured",
    "disputed": "captured",
    "refunded": "refunded",
    "voided": "voided",
}


# Orders have many amounts in common: nothing of it, and what goods usually cost.
@lru_cache(maxsize=4096)
def number(amount: Amount) -> msgspec.Raw:
    """The amount as a JSON number; what is finer than four places is rounded half to even."""
    if amount.scale > wire.PRICE_PLACES:
        amount = Amount(amount.at(wire.PRICE_PLACES), wire.PRICE_PLACES)
    return msgspec.Raw(amount.text().encode())


def order(o: Order, principal: Principal) -> wire.Order:
    """An order as Synq shows it."""
    return wire.Order(
        id=ids.dashed(o.id),
        status=o.words["synq"],
        currency=o.currency,
        subtotal=number(o.subtotal),
        discount_total=number(o.discount),
        shipping_total=number(o.shipping),
        tax_total=number(o.tax),
        total=number(o.total),
        payment_status=PAYMENT_STATUS.get(o.facets.payment),  # type: ignore[arg-type]
        payment_provider=o.payment_provider,
        payment_reference=o.payment_reference,
        channel=o.channel,
        source_platform=o.source_platform,
        idempotency_key=o.idempotency_key,
        created_at=seconds_text(shown.created_at(o)),
        updated_at=seconds_text(o.updated_at),
        tags=None,
        tenant_id=ids.dashed_often(principal.tenant_id),
        org_id=ids.dashed_often(principal.org_id),
        customer_id=ids.dashed(o.customer_id),
        items=[_line(line) for line in o.lines],
        reason=shown.reason(o),
        parked=o.parked,
        order_number=shown.name(o),
        external_id=shown.external_id(o),
        shipping_address=shown.address(o),
        customer=_customer(o),
    )


def _customer(o: Order) -> wire.Customer | None:
    who = (o.first_name, o.last_name, o.email, o.phone)
    return None if who == (None, None, None, None) else wire.Customer(*who)


def _line(line: Line) -> wire.OrderLine:
    return wire.OrderLine(
        id=ids.dashed(line.id),
        variant_id=ids.dashed(line.variant_id),
        location_id=ids.dashed_often(line.location_id) if line.location_id else None,
        sku=line.sku,
        product_title=line.title,
        variant_title=line.variant_title,
        unit_price=number(line.price),
        quantity=quantities.shown(line.quantity),
        requires_shipping=line.requires_shipping,
    )


def order_answer(o: Order, principal: Principal) -> Answer:
    """GET one order."""
    return Answer(200, _encode(order(o, principal)))


def page_answer(orders: list[Order], limit: int, offset: int, principal: Principal) -> Answer:
    """GET a page."""
    page = wire.OrderPage([order(one, principal) for one in orders], limit, offset)
    return Answer(200, _encode(page))


def created(result: Result | Refusal, request_id: str) -> Answer:
    """The answer to a placed order. The run is named after the order's first event."""
    if isinstance(result, Refusal):
        return refusal_answer(result, request_id)
    assert isinstance(result, OrderResult)
    placed = result.order
    body = wire.OrderCreated(
        order_id=ids.dashed(placed.id),
        workflow_id=f"oms-create-order-{placed.idempotency_key}",
        run_id=ids.dashed(ids.event_id(placed.id, 1)),
    )
    return Answer(201, _encode(body))
