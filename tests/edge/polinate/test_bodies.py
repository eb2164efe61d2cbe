"""Polinate's bodies before they are read: what is known of them, and how amounts are spelled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.quantities import units

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.refusal import Reason, Refused
from entrepot.edge.polinate.orders import bodies, read, wire

from .samples import ENTRY, LINE_ID, PRINCIPAL, VARIANT, Body, new_line, new_order, told

ORDER_ID = b"\x01" * 16


def amended(body: Any) -> AmendOrder:
    sent = body if isinstance(body, bytes) else told(body)
    return read.amend_order(read.changes(sent), ORDER_ID, None, PRINCIPAL)[0]


def created(body: Any) -> PlaceOrder:
    sent = body if isinstance(body, bytes) else told(body)
    found = read.posted(sent)
    assert isinstance(found, wire.CreateOrder)
    return read.create_order(found, None, PRINCIPAL)[0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "PACKED"}, "body"),
        ({"phase": "ACTIVE", "status": "PACKED"}, "body"),
        ({"Order": {"status": "PACKED"}}, "body"),
        ({"orders": {"status": "PACKED"}}, "body"),
        ({"updateOrderItem": [{"id": LINE_ID, "quantity": 1}]}, "body"),
        ({"create_order_items": []}, "body"),
        ({"": 1}, "body"),
        ({"order": {"external_reference": "X"}}, "order"),
        ({"order": {"adress": "x", "Notes": "y"}}, "order"),
        ({"order": {"nothing": None}}, "order"),
        ({"updateOrderItems": [{"id": LINE_ID}]}, "updateOrderItems[0]"),
        ({"updateOrderItems": [{"id": LINE_ID, "qty": 2}]}, "updateOrderItems[0]"),
        (
            {"updateOrderItems": [{"id": LINE_ID, "cost": "1"}, {"id": LINE_ID, "Price": "2"}]},
            "updateOrderItems[1]",
        ),
        ({"updateOrderItems": [{"id": LINE_ID, "itemVariantId": VARIANT}]}, "updateOrderItems[0]"),
    ],
)
def test_what_is_not_known_at_all_is_refused(body: Body, field: str) -> None:
    with pytest.raises(Refused) as refused:
        amended(body)
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, field)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order": {}},
        {"order": None},
        {"order": None, "createOrderItems": None, "updateOrderItems": None},
        {"updateOrderItems": [], "deleteOrderItems": []},
        {"order": {"id": "ord_1", "createdAt": "2025-01-01T00:00:00.000Z", "reason": None}},
        {"order": {"properties": None}},
        {"order": {"notes": "x"}, "note": "an unknown member beside a known one"},
    ],
)
def test_what_is_known_or_empty_is_taken(body: Body) -> None:
    command = amended(body)
    assert (command.total, command.properties, command.update_lines) == (None, None, ())


@pytest.mark.parametrize(
    ("token", "amount"),
    [
        ("10.25", Amount(1025, 2)), ('"10.25"', Amount(1025, 2)), ("25", Amount(25, 0)),
        ("10.50", Amount(1050, 2)), ("0", Amount(0, 0)), ("-0", Amount(0, 0)),
        ("-0.00", Amount(0, 2)), ("1e2", Amount(100, 0)), ("2.5E1", Amount(25, 0)),
        ("1E-2", Amount(1, 2)), ("123456789012.345678", None),
        ("10.2500000000000000", Amount(10_250_000_000, 9)),
        ('"10.2500000000000000"', Amount(10_250_000_000, 9)),
        ("999999999.999999", Amount(999_999_999_999_999, 6)),
    ],
)  # fmt: skip
def test_an_amount_may_be_a_number(token: str, amount: Amount | None) -> None:
    """The digits of the number are those of the amount; no binary float is between."""
    line = told(new_line(price="?", cost="?")).replace(b'"?"', token.encode())
    order = told(new_order(orderItems=["LINE"], totalAmount="?")).replace(b'"?"', token.encode())
    body = b'{"order":{"totalAmount":%b},"createOrderItems":[%b],"updateOrderItems":[%b]}' % (
        token.encode(), line, b'{"id":"%b","price":%b}' % (LINE_ID.encode(), token.encode()),
    )  # fmt: skip
    if amount is None:
        with pytest.raises(Refused):
            amended(body)
        return
    changed, made = amended(body), created(order.replace(b'"LINE"', line))
    assert changed.total == made.total == amount
    assert changed.create_lines[0].price == changed.update_lines[0].price == amount
    assert (made.lines[0].price, made.lines[0].cost) == (amount, amount)


@pytest.mark.parametrize("token", ["true", "[1]", "{}", '"10,25"', '"1e2"', '""', "1e300", '" 1"',
                                   "1e-300000000", "0e300000000", "1e-9999"])  # fmt: skip
def test_what_is_no_amount_is_refused(token: str) -> None:
    for body in (
        b'{"order":{"totalAmount":%b}}' % token.encode(),
        b'{"updateOrderItems":[{"id":"%b","price":%b}]}' % (LINE_ID.encode(), token.encode()),
        told(new_order(totalAmount="?")).replace(b'"?"', token.encode()),
    ):
        with pytest.raises(Refused) as refused:
            (created if b"orderItems" in body else amended)(body)
        assert (refused.value.refusal.field or "").endswith(("totalAmount", "price"))


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("9007199254740993.01", "is out of range"), ('"1000000000000001"', "is out of range"),
        ("0.0000000001", "is out of range"), ('"10,25"', "must be a decimal such as"),
    ],
)  # fmt: skip
def test_an_amount_that_cannot_be_taken_says_why(token: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        amended(b'{"order":{"totalAmount":%b}}' % token.encode())
    assert refused.value.refusal.detail.startswith(sentence)


def test_every_member_of_the_published_sample_means_what_it_says() -> None:
    """The line as the seed's answer shows it: `itemVariantId`, `quantity`, `unitAmount`."""
    sample = {"itemVariantId": VARIANT, "quantity": 10, "unitAmount": 25, "currency": "AUD"}
    [line] = created(new_order(orderItems=[{"id": "oi_1"} | sample])).lines
    assert (units(line.quantity), line.price, line.currency) == (10, Amount(25, 0), "AUD")
    changed = amended(
        {"createOrderItems": [sample], "updateOrderItems": [{"id": LINE_ID} | sample]}
    )
    assert changed.create_lines[0].price == Amount(25, 0)
    assert changed.update_lines[0].price == Amount(25, 0)
    assert changed.update_lines[0].variant_id == b"\x0b" * 16
    sent = {"phase": "ACTIVE", "status": "PACKED", "externalReference": "PO-2025-001",
            "notes": "Confirmed and ready for shipment"}  # fmt: skip
    command = amended({"order": sent})
    assert command.words == (("polinate_phase", "ACTIVE"), ("polinate_status", "PACKED"))
    assert command.said == {"external_reference": "PO-2025-001", "notes": sent["notes"]}


@pytest.mark.parametrize(("price", "unit", "fits"), [("25.0", 25, True), ("24", 25, False)])
def test_two_names_for_one_price_must_agree(price: str, unit: int, fits: bool) -> None:
    body = {"updateOrderItems": [{"id": LINE_ID, "price": price, "unitAmount": unit}]}
    if fits:
        assert amended(body).update_lines[0].price == Amount(250, 1)
        return
    with pytest.raises(Refused) as refused:
        amended(body)
    assert refused.value.refusal.field == "updateOrderItems[0].unitAmount"


@pytest.mark.parametrize(
    "name",
    ["total", "subtotal", "taxTotal", "tax_total", "taxAmount", "discountTotal", "discount",
     "shippingTotal", "shipping_total", "shippingCost", "amount", "fees", "tip", "total_amount",
     "grandTotal", "vat", "vat-amount", "TotalTax", "taxRate", "delivery_fee", "netAmount"],
)  # fmt: skip
@pytest.mark.parametrize("value", [1, "1.00", 0])
def test_money_that_is_not_taken_is_refused(name: str, value: object) -> None:
    _is_refused(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shipping", 5), ("giftCard", "2.50"), ("amountPaid", 1.5), ("salePrice", -1),
        ("taxLines", [{"amount": 1}]), ("discount_codes", ["TEN"]), ("total_cents", 99),
        ("shipping", "5"), ("balanceDue", "5"), ("shipping", {"price": "5.00", "city": "Bern"}),
        ("totals", {"lines": 1, "all": {"total": 9}, "total": {"amount": 9}}), ("mwst", 1),
    ],
)  # fmt: skip
def test_an_amount_is_refused_by_whatever_name_of_money(name: str, value: object) -> None:
    _is_refused(name, value)
    for other in (None, 0, "TEN", [], {}):
        created(new_order(**{name: other}))
        amended({"order": {"notes": "x", name: other}})


@pytest.mark.parametrize("value", [{"city": "Bern"}, {"price": 0}, {"price": 5, "as": "x" * 5000}])
def test_an_object_that_says_no_amount_is_taken(value: object) -> None:
    """What is as long as the last one is no price."""
    created(new_order(shipping=value))


def _is_refused(name: str, value: object) -> None:
    for read_it, body, field in (
        (created, new_order(**{name: value}), name),
        (created, new_order(orderItems=[new_line(**{name: value})]), f"orderItems[0].{name}"),
        (amended, {"order": {"notes": "x", name: value}}, f"order.{name}"),
        (
            amended,
            {"updateOrderItems": [{"id": LINE_ID, "cost": "1", name: value}]},
            f"updateOrderItems[0].{name}",
        ),
    ):
        with pytest.raises(Refused) as refused:
            read_it(body)  # type: ignore[operator]
        assert refused.value.refusal.field == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (new_order(TotalAmount="1"), "TotalAmount"),
        (new_order(price="1"), "price"),
        (new_order(orderItems=[new_line(unit_amount="1")]), "orderItems[0].unit_amount"),
        (new_order(orderItems=[new_line(Price="1")]), "orderItems[0].Price"),
        (new_order(orderItems=[new_line(rowTotal="1")]), "orderItems[0].rowTotal"),
    ],
)
def test_another_spelling_of_money_that_is_taken_is_refused(body: Any, field: str) -> None:
    with pytest.raises(Refused) as refused:
        created(body)
    assert refused.value.refusal.field == field


def test_money_that_is_null_is_absent() -> None:
    assert created(new_order(taxTotal=None)) == created(new_order())


@pytest.mark.parametrize(
    "text",
    [
        '{"amount":12345678901234567.89,"rate":1.50}',
        '{"a":[0.10,1E+2,1e-7,-0.0,0.0000001],"b":{"c":null,"d":true,"e":"\\"x\\"","f":1.0}}',
        "{}",
        '{"\u00e9":"\u00e9\U0001f600"}',
    ],
)
def test_the_digits_of_properties_are_kept(text: str) -> None:
    spaced = text.replace(":", " : ").encode()
    order = told(new_order(properties="?", orderItems=[new_line(properties="?")]))
    made = created(order.replace(b'"?"', spaced))
    assert (made.said["properties"], made.lines[0].properties) == (text, text)
    changed = amended(b'{"order":{"properties":%b}}' % spaced)
    assert changed.properties == amended(b'{"order":{"properties":%b}}' % text.encode()).properties


def test_the_fingerprints_of_last_month_are_those_of_today() -> None:
    """A retry under a key that was kept before an upgrade is still a retry."""
    lines = [
        {"itemVariantId": VARIANT, "quantity": 2, "price": "10.50"},
        {"itemListEntryId": ENTRY, "quantity": 1.0,
         "properties": {"b": 1.5, "a": {"x": None, "y": [1, 2.25]}}},
    ]  # fmt: skip
    body = {
        "expectedDeliveryAt": "2025-01-15T10:30:00.000Z", "currency": "AUD", "notes": "n",
        "orderItems": lines, "properties": {"z": 1, "a": 12.5},
    }  # fmt: skip
    found = read.posted(json.dumps(body).encode())
    assert isinstance(found, wire.CreateOrder)
    _, made = read.create_order(found, "k", PRINCIPAL)
    assert made is not None
    empty = "7376b2cbfa0ad26e"
    assert made.older[0]().hex() == "01" + (
        "db7bc58c03db155a4b6ce5f21f8a3254" + empty * 6 + "fd661c26408c6ed2" + empty
        + "aa68007422199bbd" + empty + "e76be81d942e2289"
    )  # fmt: skip
    assert made.fingerprint.hex() == "02" + (
        "db7bc58c03db155a2094ff97240aced0" + empty * 6 + "fd661c26408c6ed2" + empty
        + "aa68007422199bbd" + empty + "58631e0f020daeca"
    )  # fmt: skip
    patch = {
        "order": {"notes": "x", "totalAmount": "5.00", "properties": {"b": {"c": 1.25}}},
        "createOrderItems": [{"itemVariantId": VARIANT, "quantity": 2}],
        "updateOrderItems": [{"id": LINE_ID, "quantity": 3, "price": "2"}],
        "deleteOrderItems": ["oi_" + "0e" * 16],
    }
    order_id = "0389a513699fc513"
    for sent, expected, newest in (
        (
            patch,
            "af37720ad417de3fc06b94a4c262caa9c94a7db4e9485c752fb4a2ef1c21e036",
            "f67e515917820b1f",
        ),
        (
            {},
            "01e7b720ff566d5371857576257465c771857576257465c771857576257465c7",
            "01e7b720ff566d53",
        ),
    ):
        _, said = read.amend_order(read.changes(told(sent)), ORDER_ID, "k", PRINCIPAL)
        assert said is not None
        assert said.older[0]().hex() == "01" + order_id + expected
        assert said.fingerprint.hex() == "02" + order_id + newest + expected[len(newest) :]


def test_a_source_may_write_amounts_as_numbers() -> None:
    document = b'{"totalAmount":250.50,"orderItems":[{"price":25.05,"cost":7}],"x":1.50}'
    assert bodies.source_order(document) == (
        b'{"totalAmount":"250.50","orderItems":[{"price":"25.05","cost":"7"}],"x":1.50}'
    )


@pytest.mark.parametrize("token", ["1e-100000", "1E-0100000", "0e-100000"])
def test_an_exponent_does_not_become_zeros(token: str) -> None:
    body = b'{"order":{"totalAmount":%b}}' % token.encode()
    assert len(bodies.order_changes(body)) < 100
