"""The book's orders in the words of the native API; pure. Amounts are decimal strings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.core import ids, shipments, shown
from entrepot.core.beside import Beside
from entrepot.core.held import is_held
from entrepot.core.money import Amount, line_sum
from entrepot.core.notes import OrderNote
from entrepot.core.order import Line, Order
from entrepot.core.payment import Operation, Payment, sums
from entrepot.core.quantity import NONE, Quantity
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult, Result
from entrepot.core.returns import Return, ReturnLine
from entrepot.core.shipments import Shipment, ShipmentLine
from entrepot.edge import currency, quantities
from entrepot.edge.native.orders import wire
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written
from entrepot.store.reading.whole_orders import Page, Whole
from entrepot.writer.envelope import Answer
from entrepot.writer.rehearsal import Rehearsal

encode = msgspec.json.Encoder().encode
_NULL = Raw(b"null")
_ZERO = Amount(0, 0)


@lru_cache(maxsize=4096)
def amount(value: Amount, code: str) -> str:
    """An amount with the places of its currency, or with more where it is finer."""
    scale = max(value.scale, currency.smallest_digits(code))
    return Amount(value.at(scale), scale).text()


def order(o: Order, beside: Beside) -> wire.Order:
    """An order with all that hangs on it."""
    return wire.Order(**members(o, beside))


def members(o: Order, beside: Beside) -> dict[str, Any]:
    """The members of an order."""
    back = shipments.summed([one for one in beside.return_lines if one.is_back])
    gone = shipments.gone(o, beside.shipment_lines)
    return {
        "id": ids.dashed(o.id),
        "number": o.number or None,
        "dialect": o.origin,
        "managed": o.managed,
        "stage": o.facets.stage,
        "payment": o.facets.payment,
        "fulfilment": o.facets.fulfilment,
        "returns": o.facets.returns,
        "held": is_held(o),
        "currency": o.currency,
        "lines": [_line(line, gone, back) for line in o.lines],
        "totals": wire.Totals(
            *[
                amount(one, o.currency)
                for one in (o.subtotal, o.discount, o.shipping, o.tax, o.total)
            ]
        ),
        "money": _sums(o.currency, beside),
        "customer": _customer(o),
        "shipping_address": shown.address(o),
        "external_id": shown.external_id(o),
        "references": _references(o),
        "channel": o.channel or o.source_platform,
        "sale_source": o.sale_source,
        "notes": o.notes,
        "metadata": _json(o.metadata),
        "shipments": shipments_of(beside),
        "returns_list": returns_of(beside),
        "payment_operations": operations_of(beside),
        "words": _words(o),
        "reason": shown.reason(o),
        "parked": o.parked,
        "version": o.version,
        "created_at": millis_text(shown.created_at(o)),
        "updated_at": millis_text(o.updated_at),
    }


def _line(line: Line, gone: Mapping[bytes, Quantity], back: Mapping[bytes, Quantity]) -> wire.Line:
    return wire.Line(
        id=ids.dashed(line.id),
        number=line.number,
        variant_id=ids.dashed(line.variant_id),
        location_id=None if line.location_id is None else ids.dashed_often(line.location_id),
        sku=line.sku,
        title=line.title,
        quantity=quantities.shown(line.quantity),
        shipped=quantities.shown(gone.get(line.id, NONE)),
        returned=quantities.shown(back.get(line.id, NONE)),
        unit_price=amount(line.price, line.currency),
        total=amount(line_sum([(line.price, line.quantity)]), line.currency),
        properties=_json(line.properties),
    )


def _sums(code: str, beside: Beside) -> wire.Sums:
    done = [_ZERO] * 4
    for payment in beside.payments:
        its = [one for one in beside.operations if one.payment == payment.number]
        scale = payment.amount.scale
        done = [_added(old, Amount(new, scale)) for old, new in zip(done, sums(its), strict=True)]
    authorized, captured, voided, refunded = [amount(one, code) for one in done]
    return wire.Sums(authorized, captured, refunded, voided)


def _added(one: Amount, other: Amount) -> Amount:
    scale = max(one.scale, other.scale)
    return Amount(one.at(scale) + other.at(scale), scale)


def _customer(o: Order) -> wire.OrderCustomer:
    name = " ".join([part for part in (o.first_name, o.last_name) if part])
    return wire.OrderCustomer(ids.dashed(o.customer_id), name or None, o.email, o.phone)


def _references(o: Order) -> list[str]:
    """Everything that the order may be called, beside its id and its number."""
    told = (o.sender_id, o.external_id, o.external_reference, o.external_name, o.payment_reference)
    return list(dict.fromkeys([one for one in told if one]))


def _words(o: Order) -> wire.Words:
    words = o.words
    return wire.Words(
        words["synq"],
        wire.PolinateWords(words["polinate_phase"], words["polinate_status"]),
        wire.KonvoWords(words["konvo"], words["konvo_shipment"]),
    )


def _json(text: str | None) -> Raw:
    return _NULL if text is None else Raw(text.encode())


def shipments_of(beside: Beside) -> list[wire.Shipment]:
    """The order's shipments with their lines."""
    parts = _by_number(beside.shipment_lines)
    return [shipment(one, parts.get(one.number, ())) for one in beside.shipments]


def shipment(one: Shipment, parts: Iterable[ShipmentLine]) -> wire.Shipment:
    """A shipment with its lines."""
    return wire.Shipment(
        id=ids.dashed(one.id),
        order_id=ids.dashed(one.order_id),
        number=one.number,
        state=one.state,
        lines=[
            wire.Part(ids.dashed(part.line_id), quantities.shown(part.quantity)) for part in parts
        ],
        carrier=one.carrier,
        tracking_number=one.tracking_number,
        tracking_url=one.tracking_url,
        shipped_at=millis_text(one.shipped_at),
        delivered_at=_time(one.delivered_at),
    )


def _time(at: int | None) -> str | None:
    return None if at is None else millis_text(at)


def returns_of(beside: Beside) -> list[wire.Return]:
    """The order's returns with their lines."""
    parts = _by_number(beside.return_lines)
    return [return_(one, parts.get(one.number, ())) for one in beside.returns]


def return_(one: Return, parts: Iterable[ReturnLine]) -> wire.Return:
    """A return with its lines."""
    return wire.Return(
        id=ids.dashed(one.id),
        order_id=ids.dashed(one.order_id),
        number=one.number,
        state=one.state,
        reason=one.reason,
        lines=[
            wire.ReturnedPart(
                ids.dashed(part.line_id),
                quantities.shown(part.quantity),
                part.restocked,
                None if part.location_id is None else ids.dashed(part.location_id),
            )
            for part in parts
        ],
        requested_at=millis_text(one.requested_at),
        approved_at=_time(one.approved_at),
        returned_at=_time(one.returned_at),
        refunded=one.refunded_units is not None,
    )


def note(one: OrderNote) -> wire.Note:
    """A note."""
    return wire.Note(
        ids.dashed(one.id), ids.dashed(one.order_id), one.author, one.text,
        millis_text(one.created_at),
    )  # fmt: skip


def _by_number(rows: Iterable[object]) -> dict[int, list]:  # type: ignore[type-arg]
    number = attrgetter("number")
    return {key: list(group) for key, group in groupby(rows, key=number)}


def operations_of(beside: Beside) -> list[wire.Operation]:
    """The operations on the order's payments."""
    payments = {one.number: one for one in beside.payments}
    return [
        _operation(payments[one.payment], one) for one in beside.operations
        if one.payment in payments
    ]  # fmt: skip


def _operation(payment: Payment, one: Operation) -> wire.Operation:
    return wire.Operation(
        id=f"{ids.dashed(one.order_id)}-{one.payment}-{one.number}",
        order_id=ids.dashed(one.order_id),
        payment=one.payment,
        number=one.number,
        kind=one.kind,
        state=one.state,
        amount=amount(Amount(one.units, payment.amount.scale), payment.currency),
        currency=payment.currency,
        provider=payment.provider,
        provider_reference=one.provider_reference,
        created_at=millis_text(one.created_at),
        updated_at=millis_text(one.updated_at),
    )


# ------------------------------------------------------------------ answers


def order_answer(whole: Whole) -> Answer:
    """GET one order."""
    return Answer(200, encode(order(whole.order, whole.beside)))


def page_answer(page: Page, after: str | None) -> Answer:
    """GET a page, with the cursor of the next one."""
    return Answer(200, encode(wire.OrderPage([order(*one) for one in page.orders], after)))


Shown = Callable[[OrderResult], object]


def whole(result: OrderResult) -> wire.Order:
    """The order after a write."""
    assert result.beside is not None, "the envelope asks for the whole order"
    return order(result.order, result.beside)


def sent(result: OrderResult) -> wire.Shipment:
    """The shipment that a write was about."""
    assert result.sent is not None
    return shipment(*result.sent)


def back(result: OrderResult) -> wire.Return:
    """The return that a write was about."""
    assert result.back is not None
    return return_(*result.back)


def operated(result: OrderResult) -> wire.Operation:
    """The operation that a write made: the newest one of the order's last payment."""
    assert result.beside is not None
    return operations_of(result.beside)[-1]


def noted(result: OrderResult) -> wire.Note:
    """The note that was written."""
    assert result.note is not None
    return note(result.note)


def written(
    status: int, request_id: str, tagged: Callable[[Order], None], shown_: Shown
) -> Written:
    """The answer to a write. `tagged` hears which order is answered."""

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(result, request_id)
        assert isinstance(result, OrderResult)
        tagged(result.order)
        return Answer(status, encode(shown_(result)))

    return answer


def rehearsed(found: Rehearsal) -> Answer:
    """The order as it would be, and what would follow."""
    assert found.order is not None
    assert found.beside is not None
    effects = wire.Effects(
        [
            wire.StockEffect(
                ids.dashed(one.after.variant_id), ids.dashed(one.after.location_id),
                quantities.shown(_more(one.before and one.before.on_hand, one.after.on_hand)),
                quantities.shown(_more(one.before and one.before.reserved, one.after.reserved)),
            )
            for one in found.stock
        ],
        [
            wire.MoneyEffect(
                owed.operation.kind, owed.operation.state,
                amount(
                    Amount(owed.operation.units, owed.payment.amount.scale), owed.payment.currency
                ),
                owed.payment.currency, owed.payment.provider,
            )
            for owed in found.money
        ],
        [wire.EventEffect(one.type, Raw(one.body.encode())) for one in found.events],
    )  # fmt: skip
    told = wire.Rehearsed(**members(found.order, found.beside), effects=effects)
    return Answer(200, encode(told))


def _more(before: Quantity | None, after: Quantity) -> Quantity:
    return Quantity(after - (before or 0))
