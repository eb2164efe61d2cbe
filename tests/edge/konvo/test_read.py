"""Konvo's requests into commands: what is taken, as what, and what is refused, naming the path."""

import hashlib
import json
from typing import Any, get_args

import pytest
from tests.quantities import much

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.money import Amount
from entrepot.core.order import SEALED_BYTES
from entrepot.core.refusal import Reason, Refused
from entrepot.edge.konvo import words
from entrepot.edge.konvo.orders import wire

from .samples import (
    PRINCIPAL,
    Body,
    address,
    command,
    customer,
    draft,
    item,
    order,
    told,
    with_token,
)

LONG = "x" * 201
LONG_DIGEST = hashlib.sha256(LONG.encode()).hexdigest()


def test_the_example_of_the_seed_is_read_whole() -> None:
    body = order(
        externalId="order_12345",
        customer=customer(("email", "John.Doe@example.com")),
        items=[item(available=True, inventoryQuantity=150, quantity=2)],
        metadata={"preorder": True, "gift_message": "Happy Birthday!"},
        status="paid",
        shipmentStatus="in_transit",
        source="online",
        trackingUrl="https://tracking.example.com/12345",
        address=address(state="NY", latitude="40.7128", phone="+15551234567"),
    )
    found = command(told(body))
    [only] = found.drafts
    assert (found.org, found.source, found.job_id) == (PRINCIPAL.org, "konvo", None)
    assert (only.where, only.sender_id) == ("[0]", "08c0e60e-26bd-4e41-bb05-97bfbe1ba7cd")
    assert (only.currency, only.total) == ("USD", Amount(3995, 2))
    assert only.words == (("konvo_shipment", "in_transit"), ("konvo", "paid"))
    assert only.lines == (
        DraftLine(
            where="[0].items[0]",
            variant=VariantRef(names=(("konvo", "variant_123"),), skus=("SHIRT-BLU-M",)),
            quantity=much(2),
            price=Amount(2999, 2),
            currency="USD",
            title="Blue T-Shirt - Medium",
            sku="SHIRT-BLU-M",
            details=(
                '{"id":"variant_123",'
                '"description":"Comfortable cotton t-shirt in blue","msrp":3999,'
                '"imageUrl":"https://example.com/images/blue-tshirt.jpg",'
                '"available":true,"inventoryQuantity":150}'
            ),
        ),
    )
    assert only.customer == CustomerRef(
        identifiers=(("email", "john.doe@example.com"),),
        own=("konvo", "customer_67890"),
        first_name="John",
        last_name="Doe",
        email="John.Doe@example.com",
        field="customer",
    )
    assert json.loads(only.said.pop("address")) == body["address"]
    assert only.said == {
        "external_id": "order_12345",
        "external_name": "#1059",
        "channel": "API",
        "sale_source": "online",
        "tracking_url": "https://tracking.example.com/12345",
        "metadata": '{"preorder":true,"gift_message":"Happy Birthday!"}',
    }


def test_what_is_absent_is_not_told() -> None:
    only = draft()
    assert only.words == ()
    assert only.said == {
        "external_id": None,
        "external_name": "#1059",
        "channel": "API",
        "sale_source": None,
        "tracking_url": None,
        "address": None,
        "metadata": None,
    }
    assert only.lines[0].quantity == much(1)
    assert draft(items=[]).lines == ()


def test_the_words_of_the_wire_are_those_of_the_book() -> None:
    assert set(get_args(wire.ShipmentStatus)) == set(words.SHIPMENT)


@pytest.mark.parametrize("status", words.STATUS)
@pytest.mark.parametrize("shipment", words.SHIPMENT)
def test_the_status_is_told_last(status: str, shipment: str) -> None:
    only = draft(status=status, shipmentStatus=shipment)
    assert only.words == (("konvo_shipment", shipment), ("konvo", status))


@pytest.mark.parametrize(
    ("currency", "token", "amount"),
    [
        ("USD", "3995", Amount(3995, 2)),
        ("usd", "3995.0", Amount(3995, 2)),
        ("EUR", "3.995e3", Amount(3995, 2)),
        ("EUR", "0", Amount(0, 2)),
        ("EUR", "-0", Amount(0, 2)),
        ("EUR", str(10**15), Amount(10**15, 2)),
        ("EUR", str(-(10**15)), Amount(-(10**15), 2)),
        # A discount, an exchange; a part of the smallest unit, exactly.
        ("EUR", "-500", Amount(-500, 2)),
        ("EUR", "10.5", Amount(105, 3)),
        ("EUR", "29.50", Amount(295, 3)),
        ("EUR", "-0.5", Amount(-5, 3)),
        ("EUR", "1e-1", Amount(1, 3)),
        ("EUR", "39.9500000", Amount(3995, 4)),
        ("EUR", "0.0000001", Amount(1, 9)),
        ("JPY", "10.5", Amount(105, 1)),
        ("UGX", "500000", Amount(500_000, 2)),
        ("isk", "500", Amount(500, 2)),
        ("MGA", "500", Amount(500, 0)),
        ("JPY", "1200", Amount(1200, 0)),
        ("Kwd", "12345", Amount(12345, 3)),
    ],
)
def test_an_amount_is_in_the_minor_unit(currency: str, token: str, amount: Amount) -> None:
    body = with_token(("orderTotal",), token).replace(b'"USD"', f'"{currency}"'.encode())
    [only] = command(body).drafts
    assert (only.total, only.currency) == (amount, currency.upper())
    body = with_token(("items", 0, "price"), token).replace(b'"USD"', f'"{currency}"'.encode())
    [line] = command(body).drafts[0].lines
    assert (line.price, line.currency) == (amount, currency.upper())


AMOUNTS = (("orderTotal",), ("items", 0, "price"), ("items", 0, "msrp"))
QUANTITY = ("items", 0, "quantity")
STOCK = ("items", 0, "inventoryQuantity")


@pytest.mark.parametrize(
    ("place", "token"),
    [
        *((place, token) for place in AMOUNTS for token in
          ("1e400", "NaN", '"3995"', "true", "null", "{}")),
        *((place, token) for place in AMOUNTS[:2] for token in
          (str(10**15 + 1), str(-(10**15) - 1), "0.00000001", "1e16", "99999999999999999.5")),
        # Four places at most: the book counts in ten-thousandths.
        *((QUANTITY, token) for token in
          ("0.00001", "1.23456", "-0.00005", '"2"', "true", str(10**9 + 1), "9999999999999999999")),
        *((STOCK, token) for token in ('"150"', "[1]", "1e999")),
    ],
)  # fmt: skip
def test_a_number_that_cannot_be_taken_is_named(place: tuple[str | int, ...], token: str) -> None:
    with pytest.raises(Refused) as refused:
        command(with_token(place, token))
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    assert refused.value.refusal.reason is Reason.INVALID
    assert refused.value.refusal.field == f"[0]{path}"


@pytest.mark.parametrize("token", ["150", "-3", "2.5", "1e2"])
def test_stock_on_hand_is_kept_as_told(token: str) -> None:
    details = command(with_token(STOCK, token)).drafts[0].lines[0].details
    assert details is not None
    assert details.endswith(f'"inventoryQuantity":{token}}}')


@pytest.mark.parametrize(
    ("token", "quantity"),
    [
        ("2", 2), ("2.0", 2), ("2e0", 2), ("0", 0), ("-0", 0), ("-2", -2), ("null", 1),
        ("1e2", 100), ("1.5", "1.5"), ("-0.100000000000000", "-0.1"), ("0.0001", "0.0001"),
    ],
)  # fmt: skip
def test_a_quantity_is_exact(token: str, quantity: int | str) -> None:
    assert command(with_token(QUANTITY, token)).drafts[0].lines[0].quantity == much(quantity)


@pytest.mark.parametrize(
    ("user_ids", "identifiers", "shown"),
    [
        ((), (), (None, None)),
        (
            (("phone", "+1 555-1234"), ("email", " Ada@Example.ORG "), ("handle", "@Ada")),
            (("email", "ada@example.org"), ("phone", "15551234"), ("handle", "@Ada")),
            ("Ada@Example.ORG", "+1 555-1234"),
        ),
        (
            (("email", "first@x.org"), ("email", "second@x.org"), ("email", "FIRST@x.org")),
            (("email", "first@x.org"), ("email", "second@x.org")),
            ("first@x.org", None),
        ),
        # An empty address identifies nobody.
        ((("email", ""), ("phone", " "), ("handle", "")), (), (None, None)),
        ((("phone", "unknown"),), (), (None, "unknown")),
        # A placeholder is kept as told, and identifies nobody.
        ((("email", "n/a"), ("phone", "0000000000")), (), ("n/a", "0000000000")),
        # An older book compared every digit.
        (
            (("phone", "+44 (0)20 7946 0018"),),
            (("phone", "442079460018"), ("phone", "4402079460018")),
            (None, "+44 (0)20 7946 0018"),
        ),
        ((("handle", LONG),), (("handle", LONG_DIGEST),), (None, None)),
    ],
)
def test_a_customer_is_known_by(
    user_ids: tuple[tuple[str, str], ...],
    identifiers: tuple[tuple[str, str], ...],
    shown: tuple[str | None, str | None],
) -> None:
    found = draft(customer=customer(*user_ids)).customer
    assert (found.identifiers, found.own) == (identifiers, ("konvo", "customer_67890"))
    assert (found.email, found.phone) == shown


@pytest.mark.parametrize(
    ("item_id", "variant_id", "name"),
    [
        ("variant_123", None, "variant_123"),
        (
            "08C0E60E-26bd-4e41-bb05-97bfbe1ba7cd",
            bytes.fromhex("08c0e60e26bd4e41bb0597bfbe1ba7cd"),
            "08C0E60E-26bd-4e41-bb05-97bfbe1ba7cd",
        ),
        (
            "VAR_08c0e60e26bd4e41bb0597bfbe1ba7cd",
            bytes.fromhex("08c0e60e26bd4e41bb0597bfbe1ba7cd"),
            "VAR_08c0e60e26bd4e41bb0597bfbe1ba7cd",
        ),
        (
            "ord_08c0e60e26bd4e41bb0597bfbe1ba7cd",
            None,
            "ord_08c0e60e26bd4e41bb0597bfbe1ba7cd",
        ),
        ("x" * 200, None, "x" * 200),
        (LONG, None, LONG_DIGEST),
    ],
)
def test_a_variant_is_known_by(item_id: str, variant_id: bytes | None, name: str) -> None:
    [line] = draft(items=[item(id=item_id)]).lines
    assert line.variant == VariantRef(variant_id, None, (("konvo", name),), skus=(item()["sku"],))


@pytest.mark.parametrize(
    "text", ["{}", '{"b":1,"a":{"y":[0.1,1.10,1E+2,12345678901234567.89,-0.0],"x":null}}']
)
def test_metadata_comes_out_as_it_went_in(text: str) -> None:
    assert command(with_token(("metadata",), text)).drafts[0].said["metadata"] == text


RICH = order(
    customer=customer(("email", "a@x.org")),
    metadata={"b": 1, "a": {"d": [1.5], "c": None}},
    address=address(),
    status="open",
)


def backwards(value: Any) -> Any:
    """The same JSON with the members of every object in the opposite order."""
    if isinstance(value, dict):
        return {name: backwards(value[name]) for name in reversed(value)}
    return [backwards(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "body",
    [
        told(backwards(RICH)),
        json.dumps([RICH], indent=3).encode(),
        json.dumps([RICH], separators=(",", ":"), ensure_ascii=False).encode(),
        told(RICH | {"note": "a member that Konvo does not know"}),
    ],
    ids=["other order of members", "indented", "compact", "an unknown member"],
)
def test_the_same_content_has_the_same_digest(body: bytes) -> None:
    assert command(body).drafts[0].digest == draft(**RICH).digest


@pytest.mark.parametrize(
    "change",
    [
        {"externalId": "shop-1"},
        {"friendlyName": "#1060"},
        {"customer": customer(("email", "b@x.org"))},
        {"orderTotal": 3996},
        {"currency": "EUR", "items": []},
        {"items": []},
        {"items": [item(quantity=2)]},
        {"items": [item(available=False)]},
        {"metadata": {"b": 1, "a": {"d": [1.50001], "c": None}}},
        {"status": "paid"},
        {"shipmentStatus": "none"},
        {"source": "online"},
        {"trackingUrl": "https://example.org"},
        {"address": address(city="Boston")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_content_has_another_digest(change: Body) -> None:
    assert len(draft(**RICH).digest) == SEALED_BYTES
    assert draft(**RICH | change).digest != draft(**RICH).digest


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": "x" * 501}, "[1].id"),
        ({"id": None}, "[1].id"),
        ({"friendlyName": "x" * 10_001}, "[1].friendlyName"),
        ({"friendlyName": None}, "[1].friendlyName"),
        ({"externalId": "x" * 501}, "[1].externalId"),
        ({"currency": "x" * 10_001}, "[1].currency"),
        ({"currency": "\u017fgd"}, "[1].currency"),
        ({"status": "payed"}, "[1].status"),
        ({"status": "\u017fhipped"}, "[1].status"),
        ({"shipmentStatus": "lost"}, "[1].shipmentStatus"),
        ({"source": "fax"}, "[1].source"),
        ({"trackingUrl": "x" * 10_001}, "[1].trackingUrl"),
        ({"metadata": [1]}, "[1].metadata"),
        ({"metadata": {"x": "x" * 65_536}}, "[1].metadata"),
        ({"customer": "John"}, "[1].customer"),
        ({"customer": {"id": "c", "firstName": "J"}}, "[1].customer.lastName"),
        ({"customer": customer(id=None)}, "[1].customer.id"),
        ({"customer": customer(("fax", "1"))}, "[1].customer.userIds[0].type"),
        ({"customer": customer(*[("handle", "h")] * 51)}, "[1].customer.userIds"),
        ({"address": {"city": "Rome"}}, "[1].address.firstName"),
        ({"address": address(countryCode=None)}, "[1].address.countryCode"),
        ({"address": address(latitude=40.7)}, "[1].address.latitude"),
        ({"items": [item(), item(currency="\u017fek")]}, "[1].items[1].currency"),
        ({"items": [item(), item(name="x" * 10_001)]}, "[1].items[1].name"),
        ({"items": [item(description="x" * 100_001)]}, "[1].items[0].description"),
        ({"items": [item(imageUrl="x" * 10_001)]}, "[1].items[0].imageUrl"),
        ({"items": [item(available="yes")]}, "[1].items[0].available"),
        ({"items": [item(id=None)]}, "[1].items[0].id"),
        ({"items": [item()] * 501}, "[1].items"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_taken_is_named(changes: Body, path: str) -> None:
    with pytest.raises(Refused) as refused:
        command(told(order(), order(**changes)))
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, path)


@pytest.mark.parametrize("member", ["id", "friendlyName", "customer", "orderTotal", "currency",
                                    "items"])  # fmt: skip
def test_what_is_required(member: str) -> None:
    body = order()
    del body[member]
    with pytest.raises(Refused) as refused:
        command(told(body))
    assert refused.value.refusal.field == f"[0].{member}"


@pytest.mark.parametrize("member", item())
def test_what_is_required_of_an_item(member: str) -> None:
    body = item()
    del body[member]
    with pytest.raises(Refused) as refused:
        command(told(order(items=[item(), body])))
    assert refused.value.refusal.field == f"[0].items[1].{member}"


@pytest.mark.parametrize("body", [b"[]", b"{}", told(*[order()] * 1001), b"null"])
def test_an_array_of_one_to_a_thousand_orders_is_expected(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        command(body)
    assert refused.value.refusal.reason is Reason.INVALID


def test_the_largest_arrays_are_taken() -> None:
    assert len(command(told(*[order()] * 1000)).drafts) == 1000
    assert len(draft(items=[item()] * 500).lines) == 500
