"""Synq's requests into commands: what is taken, as what, and what is refused, naming the field."""

import json
from typing import Any

import pytest
from tests.quantities import much

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.refusal import Reason, Refused
from entrepot.edge.access import Principal
from entrepot.edge.dialect import read_json
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.inventory import read as inventory
from entrepot.edge.synq.orders import read
from entrepot.writer.envelope import Idempotency

Body = dict[str, Any]
PRINCIPAL = Principal(7, b"o" * 16, b"t" * 16, "EDITOR")
VARIANT, LOCATION, CUSTOMER = (f"{n}1d9a8a0-3c0e-4a77-8f0b-7f6f3a4f6a01" for n in "abc")


def raw(uuid: str) -> bytes:
    return bytes.fromhex(uuid.replace("-", ""))


def line(**changes: Any) -> Body:
    """A custom line; with a variant and a location it is backed by stock."""
    return {"product_title": "Mug", "unit_price": 12.5, "quantity": 2} | changes


def stocked(**changes: Any) -> Body:
    return line(variant_id=VARIANT, location_id=LOCATION, sku="SKU-1", **changes)


def order(**changes: Any) -> Body:
    return {
        "idempotency_key": "key-1",
        "payment_provider": "stripe",
        "payment_reference": "pi_test_0001",
        "items": [stocked()],
    } | changes


def placed(body: Body | bytes) -> tuple[PlaceOrder, Idempotency]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read.place_order(read_json(sent, read.CREATE_ORDER), PRINCIPAL)


def with_token(path: tuple[str | int, ...], token: str) -> bytes:
    """An order's body with a JSON token, written just so, at a place in it."""
    body = order()
    place: Any = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "the token"
    return json.dumps(body).encode().replace(b'"the token"', token.encode())


def test_an_order_is_read_whole() -> None:
    body = order(
        currency="eur", customer_id=CUSTOMER, channel="web-storefront", source_platform="shopify",
        items=[stocked(variant_title="Blue"), line(sku="S-2", requires_shipping=False), line()],
    )  # fmt: skip
    command, idempotency = placed(body)
    assert command == PlaceOrder(
        org=7,
        source="synq",
        currency="EUR",
        places=2,
        makes=True,
        customer=CustomerRef(customer_id=raw(CUSTOMER)),
        lines=(
            DraftLine(
                "items[0]", VariantRef(variant_id=raw(VARIANT)), much(2), Amount(125, 1), "EUR",
                "Mug", sku="SKU-1", variant_title="Blue", location_id=raw(LOCATION),
            ),
            DraftLine(
                "items[1]", VariantRef(names=(("sku", "S-2"),)), much(2), Amount(125, 1), "EUR",
                "Mug", sku="S-2", requires_shipping=False,
            ),
            DraftLine(
                "items[2]", VariantRef(names=(("title", "Mug"),)), much(2), Amount(125, 1), "EUR",
                "Mug",
            ),
        ),
        said={
            "payment_provider": "stripe",
            "payment_reference": "pi_test_0001",
            "channel": "web-storefront",
            "source_platform": "shopify",
            "idempotency_key": "key-1",
        },
    )  # fmt: skip
    assert (idempotency.key, idempotency.operation) == ("key-1", "synq.createOrder")


@pytest.mark.parametrize("currency", [{}, {"currency": None}, {"currency": ""}])
def test_the_currency_is_usd_unless_told(currency: Body) -> None:
    command, _ = placed(order(**currency))
    assert (command.currency, command.lines[0].currency) == ("USD", "USD")
    assert command.customer == CustomerRef()


def test_line_items_is_another_name_of_items() -> None:
    body = order()
    body["line_items"] = body.pop("items")
    command, idempotency = placed(body)
    assert command.lines[0].where == "line_items[0]"
    assert idempotency == placed(order())[1]


@pytest.mark.parametrize(
    ("token", "price"),
    [
        ("12.50", Amount(1250, 2)),
        ("0", Amount(0, 0)),
        ("0.0001", Amount(1, 4)),
        ("1e2", Amount(100, 0)),
        ("249.9900", Amount(2499900, 4)),
    ],
)
def test_a_price_keeps_its_decimals(token: str, price: Amount) -> None:
    command, _ = placed(with_token(("items", 0, "unit_price"), token))
    assert command.lines[0].price == price


@pytest.mark.parametrize(
    ("path", "token", "field"),
    [
        *((("items", 0, "unit_price"), token, "items[0].unit_price") for token in
          ("-0.01", "0.00001", "1e400", "NaN", '"12.5"', "true", "null", "99999999999999999")),
        *((("items", 0, "quantity"), token, "items[0].quantity") for token in
          ("0", "-1", "1.5", "0.0001", '"2"', "null", "1000000001")),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_taken_is_named(
    path: tuple[str | int, ...], token: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        placed(with_token(path, token))
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payment_provider": ""}, "payment_provider"),
        ({"payment_reference": ""}, "payment_reference"),
        ({"payment_reference": 1}, "payment_reference"),
        ({"items": []}, "items"),
        ({"items": {}}, "items"),
        ({"items": [line()] * 501}, "items"),
        ({"line_items": [line()]}, "line_items"),
        ({"currency": "XYZ"}, "currency"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "\u017fgd"}, "currency"),
        ({"customer_id": "c"}, "customer_id"),
        ({"channel": "x" * 256}, "channel"),
        ({"items": [line(), line(product_title="")]}, "items[1].product_title"),
        ({"items": [line(variant_id="v")]}, "items[0].variant_id"),
        ({"items": [line(variant_id=VARIANT)]}, "items[0].location_id"),
        ({"items": [line(location_id="l")]}, "items[0].location_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_taken_is_named(changes: Body, field: str) -> None:
    with pytest.raises(Refused) as refused:
        placed(order(**changes))
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, field)


@pytest.mark.parametrize(
    "path", ["idempotency_key", "payment_provider", "payment_reference", "items"]
)
def test_what_is_required(path: str) -> None:
    body = order()
    del body[path]
    with pytest.raises(Refused) as refused:
        placed(body)
    assert refused.value.refusal.field == path


@pytest.mark.parametrize("member", ["product_title", "unit_price", "quantity"])
def test_what_is_required_of_a_line(member: str) -> None:
    body = line()
    del body[member]
    with pytest.raises(Refused) as refused:
        placed(order(items=[line(), body]))
    assert refused.value.refusal.field == f"items[1].{member}"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", Reason.INVALID),
        ("x" * 256, Reason.INVALID),
        (" key", Reason.KEY_MALFORMED),
        ("a\tb", Reason.KEY_MALFORMED),
        ("schlüssel", Reason.KEY_MALFORMED),
    ],
)
def test_a_key_that_cannot_be_taken(key: str, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        placed(order(idempotency_key=key))
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (
        reason,
        "idempotency_key",
    )


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"payment_provider": "adyen"}, "payment_provider"),
        ({"payment_reference": "pi_2"}, "payment_reference"),
        ({"customer_id": CUSTOMER}, "customer_id"),
        ({"currency": "EUR"}, "currency"),
        ({"channel": "web"}, "channel"),
        ({"source_platform": "shopify"}, "source_platform"),
        ({"items": [stocked(), line()]}, "items"),
    ],
)
def test_a_reuse_can_be_told_by_its_part(changes: Body, part: str) -> None:
    _, first = placed(order())
    _, other = placed(order(**changes))
    assert len(first.fingerprint) == 1 + 8 * len(first.parts)
    differing = {
        name
        for place, name in enumerate(first.parts)
        if first.fingerprint[1 + place * 8 :][:8] != other.fingerprint[1 + place * 8 :][:8]
    }
    assert differing == {part}


def adjusted(body: Body) -> AdjustStock:
    sent = read_json(json.dumps(body).encode(), inventory.ADJUST_STOCK)
    return inventory.adjust_stock(sent, None, PRINCIPAL)[0]


@pytest.mark.parametrize("delta", [5, -5, 0, 2**31 - 1, -(2**31)])
def test_an_adjustment(delta: int) -> None:
    body = {"variant_id": VARIANT, "location_id": LOCATION, "quantity_delta": delta}
    expected = AdjustStock(
        7, raw(VARIANT), raw(LOCATION), much(delta), "API Adjustment", source="synq"
    )
    assert adjusted(body) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("variant_id", "v"), ("variant_id", None), ("location_id", ""), ("location_id", 1),
        ("quantity_delta", 1.5), ("quantity_delta", "1"), ("quantity_delta", None),
        ("quantity_delta", 2**31), ("quantity_delta", -(2**31) - 1),
    ],
)  # fmt: skip
def test_an_adjustment_that_cannot_be_taken(field: str, value: object) -> None:
    body = {"variant_id": VARIANT, "location_id": LOCATION, "quantity_delta": 1, field: value}
    with pytest.raises(Refused) as refused:
        adjusted(body)
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, field)


@pytest.mark.parametrize(
    ("query", "used"),
    [
        ({}, (50, 0)),
        ({"limit": "1"}, (1, 0)),
        ({"limit": "100", "offset": "7"}, (100, 7)),
        ({"limit": "101"}, (100, 0)),
        ({"limit": "5000"}, (100, 0)),
    ],
)
def test_a_page(query: dict[str, str], used: tuple[int, int]) -> None:
    assert read.page(query) == used


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("limit", text) for text in ("0", "-1", "x", "1.5", "", "9" * 19, "٣")),
        *(("offset", text) for text in ("-1", "x", "", "9" * 19)),
    ],
)
def test_a_page_that_cannot_be_taken(field: str, text: str) -> None:
    with pytest.raises(Refused) as refused:
        read.page({field: text})
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, field)


@pytest.mark.parametrize("text", ["", "x", "ord_" + VARIANT, VARIANT + "0"])
def test_what_is_no_uuid_is_named(text: str) -> None:
    assert uuid(VARIANT.upper(), "orderID") == raw(VARIANT)
    assert uuid(VARIANT.replace("-", ""), "orderID") == raw(VARIANT)
    with pytest.raises(Refused) as refused:
        uuid(text, "orderID")
    assert refused.value.refusal.field == "orderID"


@pytest.mark.parametrize("blank", [" ", "\u200b", "\n\u3000"])
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (lambda blank: order(payment_provider=blank), "payment_provider"),
        (lambda blank: order(payment_reference=blank), "payment_reference"),
        (lambda blank: order(items=[line(product_title=blank)]), "items[0].product_title"),
    ],
    ids=["provider", "reference", "title"],
)
def test_what_has_to_be_told_has_something_to_see(body: Any, field: str, blank: str) -> None:
    with pytest.raises(Refused) as told:
        placed(body(blank))
    refused = told.value.refusal
    assert (refused.field, refused.detail) == (field, "must not be blank")
