"""The book in Synq's words."""

import json
from typing import Any

import pytest
from tests.quantities import much

from entrepot.core import ids, words
from entrepot.core.facets import PAYMENTS, Facets
from entrepot.core.money import Amount
from entrepot.core.order import Line, Order, StockEntry
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult, StockResult
from entrepot.edge.access import Principal
from entrepot.edge.synq.inventory import write as inventory
from entrepot.edge.synq.orders import write

Body = dict[str, Any]
PRINCIPAL = Principal(7, b"o" * 16, b"t" * 16, "EDITOR")
MARCH_FIRST = 1_772_323_200_000_000  # 2026-03-01 00:00 UTC in microseconds
AT = "2026-03-01T00:00:00Z"


def booked(**changes: Any) -> Order:
    facets = changes.pop("facets", Facets())
    fields: Body = {
        "org": 7,
        "id": bytes(range(16)),
        "origin": "synq",
        "managed": True,
        "facets": facets,
        "told_words": "",
        "currency": "EUR",
        "subtotal": Amount(2500, 2),
        "total": Amount(2500, 2),
        "customer_id": b"c" * 16,
        "created_at": MARCH_FIRST + 999_999,
        "updated_at": MARCH_FIRST + 1_000_000,
        "idempotency_key": "key-1",
    }
    return Order(**fields | changes)


def shown(order: Order) -> Body:
    answer = write.order_answer(order, PRINCIPAL)
    assert answer.status == 200
    body: Body = json.loads(answer.body)
    return body


def test_an_order_is_shown_whole() -> None:
    line = Line(
        b"l" * 16, 1, b"v" * 16, b"i" * 16, b"e" * 16, b"s" * 16, "SKU-1", "Mug", "Blue", much(2),
        currency="EUR", price=Amount(1250, 2),
    )  # fmt: skip
    assert shown(booked(lines=(line,), payment_provider="stripe", channel="web")) == {
        "id": "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "status": "pending_payment",
        "currency": "EUR",
        "subtotal": 25.0,
        "discount_total": 0,
        "shipping_total": 0,
        "tax_total": 0,
        "total": 25.0,
        "payment_status": None,
        "payment_provider": "stripe",
        "payment_reference": None,
        "channel": "web",
        "source_platform": None,
        "idempotency_key": "key-1",
        "created_at": AT,
        "updated_at": "2026-03-01T00:00:01Z",
        "tags": None,
        "tenant_id": ids.dashed(b"t" * 16),
        "org_id": ids.dashed(b"o" * 16),
        "customer_id": ids.dashed(b"c" * 16),
        "items": [
            {
                "id": ids.dashed(b"l" * 16),
                "variant_id": ids.dashed(b"v" * 16),
                "location_id": ids.dashed(b"s" * 16),
                "sku": "SKU-1",
                "product_title": "Mug",
                "variant_title": "Blue",
                "unit_price": 12.5,
                "quantity": 2,
                "requires_shipping": True,
            }
        ],
        "reason": "waiting: its stock is reserved, since 2026-03-01T00:00:00Z",
        "parked": False,
        "order_number": ids.internal_reference(bytes(range(16))),
        "external_id": None,
        "shipping_address": None,
        "customer": None,
    }


@pytest.mark.parametrize(
    ("amount", "token"),
    [
        (Amount(0, 0), "0"),
        (Amount(1250, 2), "12.50"),
        (Amount(1, 4), "0.0001"),
        (Amount(-150, 2), "-1.50"),
        (Amount(10**15 - 1, 4), "99999999999.9999"),
        (Amount(125, 6), "0.0001"),  # 0.000125
        (Amount(150, 6), "0.0002"),  # a half: to the even
        (Amount(250, 6), "0.0002"),
    ],
)
def test_an_amount_is_written_to_the_letter(amount: Amount, token: str) -> None:
    assert bytes(write.number(amount)) == token.encode()


@pytest.mark.parametrize("status", words.AXES["synq"].rows)
def test_the_status_is_the_word_of_the_book(status: str) -> None:
    facets = words.moved_by("synq", status, Facets())
    assert shown(booked(facets=facets, told_words=f"synq={status}"))["status"] == status


PAYMENT = {
    "none": None, "pending": None, "authorized": "authorized", "paid": "captured",
    "partially_refunded": "captured", "refunded": "refunded", "voided": "voided",
    "declined": None, "disputed": "captured",
}  # fmt: skip


@pytest.mark.parametrize("payment", PAYMENTS)
def test_the_payment_status(payment: str) -> None:
    order = booked(facets=Facets(payment=payment))
    assert shown(order)["payment_status"] == PAYMENT[payment]


def test_why_an_order_failed() -> None:
    failed = booked(reason="out_of_stock", reason_detail="0 free, 2 wanted", parked=True)
    assert shown(failed)["reason"] == "out_of_stock: 0 free, 2 wanted"
    assert shown(failed)["parked"] is True


def test_a_page_is_never_null() -> None:
    empty = write.page_answer([], 50, 0, PRINCIPAL)
    assert (empty.status, empty.body) == (200, b'{"orders":[],"limit":50,"offset":0}')
    page = json.loads(write.page_answer([booked()], 1, 9, PRINCIPAL).body)
    assert (len(page["orders"]), page["limit"], page["offset"]) == (1, 1, 9)


def test_a_placed_order() -> None:
    order = booked()
    answer = write.created(OrderResult(order), "request-1")
    assert answer.status == 201
    assert json.loads(answer.body) == {
        "order_id": ids.dashed(order.id),
        "workflow_id": "oms-create-order-key-1",
        "run_id": ids.dashed(ids.event_id(order.id, 1)),
    }


def test_a_placed_order_is_answered_alike_whenever_it_is_committed() -> None:
    """The answer is kept as it was decided (`Idempotency.shows_times`)."""
    order = booked()
    later = order.changed(created_at=order.created_at + 1000, updated_at=order.updated_at + 1000)
    at_first = write.created(OrderResult(order), "request-1")
    assert write.created(OrderResult(later), "request-1") == at_first


def test_a_refused_order() -> None:
    refusal = Refusal(Reason.UNKNOWN_VARIANT, field="items[0].variant_id")
    answer = write.created(refusal, "request-1")
    assert answer.status == 400
    assert json.loads(answer.body)["error"].startswith("items[0].variant_id: ")


def test_an_adjustment() -> None:
    entry = StockEntry(
        7,
        b"e" * 16,
        b"v" * 16,
        b"s" * 16,
        much(-5),
        "adjustment",
        None,
        "API Adjustment",
        MARCH_FIRST,
    )
    answer = inventory.adjusted(PRINCIPAL, "request-1")(StockResult(entry))
    assert answer.status == 200
    assert json.loads(answer.body) == {
        "id": ids.dashed(b"e" * 16),
        "org_id": ids.dashed(b"o" * 16),
        "tenant_id": ids.dashed(b"t" * 16),
        "variant_id": ids.dashed(b"v" * 16),
        "location_id": ids.dashed(b"s" * 16),
        "quantity_delta": -5,
        "transaction_type": "adjustment",
        "notes": "API Adjustment",
        "created_at": AT,
    }


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.OUT_OF_STOCK, 409),
        (Reason.OVERLOADED, 503),
    ],
)
def test_a_refused_adjustment(reason: Reason, status: int) -> None:
    answer = inventory.adjusted(PRINCIPAL, "request-1")(Refusal(reason))
    assert (answer.status, list(json.loads(answer.body))) == (status, ["error"])
