"""The cost of a Synq order: prices as written, names of money, currencies that can be paid in."""

from __future__ import annotations

import json

import pytest

from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.order import StoredAnswer
from entrepot.core.refusal import Reason, Refusal, Refused
from entrepot.edge import money_names
from entrepot.edge.synq.orders import read
from entrepot.writer.envelope import Idempotency, Outcome
from entrepot.writer.idempotency import replay

from .test_read import PRINCIPAL, Body, line, order, with_token


def created(body: Body | bytes) -> tuple[PlaceOrder, Idempotency]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read.create_order(sent, PRINCIPAL)[:2]


def refusal(body: Body | bytes) -> Refusal:
    with pytest.raises(Refused) as refused:
        created(body)
    return refused.value.refusal


def priced(*tokens: str) -> bytes:
    """An order with a line of each of these prices, written just so."""
    text = json.dumps(order(items=[line(unit_price=f"<{n}>") for n in range(len(tokens))]))
    for place, token in enumerate(tokens):
        text = text.replace(f'"<{place}>"', token)
    return text.encode()


@pytest.mark.parametrize(
    ("token", "price"),
    [
        ("-0", Amount(0, 0)), ("-0.0", Amount(0, 1)), ("-0.00000", Amount(0, 4)),
        ("1e3", Amount(1000, 0)), ("1E-2", Amount(1, 2)), ("1.10000", Amount(11_000, 4)),
        ("12.500000000000", Amount(125_000, 4)), ("12.5" + "0" * 20, Amount(125_000, 4)),
        ("0.0001", Amount(1, 4)),
        ("1.1234000", Amount(11_234, 4)), ("12.50", Amount(1250, 2)),
    ],
)  # fmt: skip
def test_a_price_that_is_exact_in_four_places(token: str, price: Amount) -> None:
    assert created(with_token(("items", 0, "unit_price"), token))[0].lines[0].price == price


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("-0.01", "must be 0 or more"), ("-1", "must be 0 or more"),
        ("0.00001", "at most four decimal places"), ("1.10001", "at most four decimal places"),
        ("9007199254740993.01", "too large"), ("1000000000000001", "too large"),
        ("100000000000.0001", "too large"), ("99999999999999999999", "between"),
    ],
)  # fmt: skip
def test_a_price_that_cannot_be_taken_says_why(token: str, sentence: str) -> None:
    found = refusal(with_token(("items", 0, "unit_price"), token))
    assert found.reason is Reason.INVALID
    assert sentence in found.detail


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "XAG", "XDR", "XSU", "CLF", "xxx"])
def test_a_code_that_is_no_money_moves_none(code: str) -> None:
    assert (refusal(order(currency=code)).reason, refusal(order(currency=code)).field) == (
        Reason.INVALID,
        "currency",
    )


@pytest.mark.parametrize("code", ["\u017fek", "HRK", "BTC", "EURO", "\u20ac", "\uff25\uff35\uff32"])
def test_what_is_no_currency(code: str) -> None:
    assert refusal(order(currency=code)).field == "currency"


@pytest.mark.parametrize("name", ["customer_id", "currency", "channel", "source_platform"])
def test_null_for_what_may_be_absent_is_absent(name: str) -> None:
    assert created(order(**{name: None})) == created(order())


def test_null_for_a_lines_members_and_for_the_other_list_is_absent() -> None:
    names = ("variant_id", "location_id", "sku", "variant_title", "requires_shipping")
    bare = created(order(items=[line()], line_items=None))
    assert created(order(items=[line(**dict.fromkeys(names))])) == bare


MONEY = (
    "total", "subtotal", "tax_total", "shipping_total", "discount_total", "taxTotal", "amount",
    "discount", "tax", "fees", "tip", "total_price", "shipping_cost", "Total", "SubTotal",
    "grand_total", "vat", "order-total", "tax_rate", "deliveryFee", "coupon_value", "duties",
)  # fmt: skip


@pytest.mark.parametrize("name", MONEY)
@pytest.mark.parametrize("value", [99, 1.01, "2.00", True, [], -1])
def test_money_that_is_not_taken_is_refused(name: str, value: object) -> None:
    assert refusal(order(**{name: value})).field == name
    assert refusal(order(items=[line(**{name: value})])).field == f"items[0].{name}"
    aliased = {"items": [], "line_items": [line(), line(**{name: value})]}
    assert refusal(order(**aliased)).field == f"line_items[1].{name}"


# Names of shops, and of nobody: the value says whether they are of money.
AMOUNTS = (
    "shipping", "gift_card", "giftCard", "coupon_discount", "price", "price_adjustment", "paid",
    "amount_paid", "balanceDue", "deposit", "subtotal_price", "current_total_price",
    "total_line_items_price", "sum", "amount_cents", "total_incl_tax", "store_credit", "refund",
    "promo_discount", "voucher", "rounding", "import_duties", "insurance-fee", "order_value",
    "unitPrice", "unit_amount", "sale_price", "HSTCharge", "to_pay", "amount_off", "percentOff",
    "total_minor", "price_override", "donation", "gross", "mwst", "gift_wrap", "bottle_levy",
)  # fmt: skip
PARTS = (
    "tax_lines", "shippingLines", "discount_codes", "discount_applications", "gift_cards",
    "total_shipping_price_set", "adjustments",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in AMOUNTS for value in (5, -1, 1.01, "2.50")]
    + [(name, value) for name in PARTS for value in ([{"amount": 5}], [1])],
)
def test_an_amount_is_refused_by_whatever_name_of_money(name: str, value: object) -> None:
    assert refusal(order(**{name: value})).field == name
    assert refusal(order(items=[line(**{name: value})])).field == f"items[0].{name}"


HELD: list[tuple[str, object, str]] = [
    ("shipping", {"price": "5.00", "city": "Bern"}, "price"),
    ("shipping", {"price": 25}, "price"),
    ("delivery", {"cost": {"amount": 5}}, "cost.amount"),
    ("totals", {"total": 25, "shipping": 5}, "shipping"),
    ("summary", {"grandTotal": 99}, "grandTotal"),
    ("prices", {"lines": [], "total": "99.00"}, "total"),
    ("surcharge_total", {"value": 5}, ""),
]


@pytest.mark.parametrize(("name", "value", "inner"), HELD)
def test_an_amount_within_an_object_of_money_is_refused(
    name: str, value: object, inner: str
) -> None:
    """What is not the price of shipping is not the sum either, and what is a total may be."""
    for told, where in ((order(**{name: value}), ""), (order(items=[line(**{name: value})]), "i")):
        found = refusal(told)
        path = f"{name}.{inner}" if inner else name
        assert found.field == (f"items[0].{path}" if where else path)
        assert "the sum of the lines is 25" in found.detail


@pytest.mark.parametrize(
    "told",
    [
        {"shipping": {"price": 0, "method": "dhl", "address": {"city": "Bern"}}},
        {"delivery": {"date": "2030-01-01", "days": 3, "service": {"code": "express"}}},
        {"totals": {"total": 25, "subtotal": "25.00", "shipping": 0, "total_cents": 2500}},
        {"insurance": {"policy": 17}, "coupon": {"code": "TEN"}, "day_off": False},
        *[{name: value} for name in AMOUNTS for value in (0, 0.0, "0.00", None, [], {}, "TEN")],
        *[{name: value} for name in PARTS for value in ([], {}, None, "TEN")],
        {"shipping": {"city": "Bern"}, "delivery": "2030-01-01", "coupon": "TEN", "paid": True},
        {"coupon": "2024", "giftCard": "6035", "promo": "7"},
        {"compare_at_price": 30, "list_price": 30, "originalPrice": 30, "msrp": 30},
        {"total_items": 2, "total_quantity": 2, "points_balance": 7, "price_list": 5, "tax_id": 9},
        {"weight_total": 5, "delivery_days": 3, "shipping_weight": 2.5, "tax_code": 7, "": 5},
        {"order_value": 25, "amount_paid": 25.0, "total_cents": 2500, "payable": 25},
    ],
)
def test_what_says_no_other_amount_is_taken(told: Body) -> None:
    created(order(items=[line()]) | told)
    created(order(items=[line(**told)]))


def test_a_line_may_say_the_price_of_a_unit_by_another_name() -> None:
    created(order(items=[line(unit_amount=12.5, price=12.50, unitPrice=12.5, gross_price=25)]))


def test_the_example_that_was_charged_otherwise() -> None:
    body = order(shipping_total=5, discount_total=2, tax_total=1, total=99)
    assert refusal(body).field == "shipping_total"


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 25, "subtotal": 25.0},
        {"total": None, "tax_total": None},
        {"discount_total": 0, "shipping_total": 0.00, "tax_total": -0.0, "total": 25.00},
        {"items": [line(total=25, tax=0)]},
        {"total": "25.00", "tax_total": "0.00", "amount_paid": "25"},
        {"grand_total": 25, "vat": 0, "netAmount": 25, "shipping": {"city": "Bern"}},
        {"note": "total: 99, tax_total: 5", "metadata": {"total": 99}},
        {"channel": 'a "total": 99 b'},
    ],
)
def test_what_agrees_with_the_lines_is_taken(changes: Body) -> None:
    created(order(items=[line()]) | changes)


def test_of_a_name_as_long_as_a_body_the_end_is_looked_at() -> None:
    """Looking at all of it held the process for seconds."""
    long = "aB" * 500_000
    assert len(money_names.words(long)) <= 200
    assert money_names.plain(long) == ""
    created(order(items=[line()]) | {long: 5})
    assert refusal(order(**{f"{long}_total": 99})).detail.startswith("is not taken")


def test_a_name_of_money_is_seen_through_escapes() -> None:
    body = json.dumps(order()).replace("{", '{"\\u0074otal":99,', 1).encode()
    assert refusal(body).field == "total"


# --- the key


def stored(idempotency: Idempotency, fingerprint: bytes | None = None) -> StoredAnswer:
    kept = fingerprint or idempotency.fingerprint
    return StoredAnswer(7, "key-1", idempotency.operation, kept, 201, b"{}", None, 1)


@pytest.mark.parametrize(
    ("first", "again"),
    [("12.5", "12.50"), ("12.50", "12.5"), ("12.5", "1.25e1"), ("3", "3.0000"), ("0", "-0.0")],
)
def test_prices_that_are_equal_are_one_content(first: str, again: str) -> None:
    known, same = created(priced(first))[1], created(priced(again))[1]
    assert known.fingerprint == same.fingerprint
    assert isinstance(replay(same, stored(known)), Outcome)


def test_another_price_is_another_content() -> None:
    known, other = created(priced("12.5"))[1], created(priced("12.51"))[1]
    refused = replay(other, stored(known))
    assert isinstance(refused, Refusal)
    assert "items" in refused.detail


# As the version before wrote it, for these very bytes: prices as they were written.
OLD_BODY = """{"idempotency_key": "k", "payment_provider": "stripe", "payment_reference": "pi_1",
"items":
[{"product_title": "Mug", "unit_price": 12.5, "quantity": 2, "sku": "S"},
{"product_title": "Cap", "unit_price": 12.50, "quantity": 1}]}"""
OLD_FINGERPRINT = bytes.fromhex(
    "7fa878e4418c50ebf9a92bb044b4be9ee4a6a0577479b2b4420ce8ffc3b80631"
    "e4a6a0577479b2b4e4a6a0577479b2b46ea7b851d819d89c"
)


def test_a_retry_under_a_key_of_last_month_is_a_retry() -> None:
    sent = created(OLD_BODY.encode())[1]
    assert isinstance(replay(sent, stored(sent, OLD_FINGERPRINT)), Outcome)
    other = created(OLD_BODY.replace("12.5,", "12.51,").encode())[1]
    assert isinstance(replay(other, stored(sent, OLD_FINGERPRINT)), Refusal)


def test_the_fingerprint_where_no_zeros_are_is_that_of_last_month() -> None:
    body = OLD_BODY.replace("12.50", "12.5")
    assert not created(body.encode())[1].older
