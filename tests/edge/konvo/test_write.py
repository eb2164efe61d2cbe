"""The book in Konvo's words."""

import json
from decimal import Decimal

import msgspec
import pytest
from tests.quantities import much

from entrepot.core import ids, words
from entrepot.core.facets import Facets
from entrepot.core.money import Amount
from entrepot.core.order import Line, Order
from entrepot.core.results import OrdersResult
from entrepot.edge.konvo.orders import write

from .samples import PRINCIPAL, Body, booked, contact


def shown(order: Order, *, known: bool = True) -> Body:
    """The order as the answer's JSON has it."""
    answer = write.found([order], {order.customer_id: contact()} if known else {}, 1, PRINCIPAL)
    body: Body = json.loads(answer.body)["result"][0]
    return body


def test_an_order_of_another_dialect() -> None:
    order = booked()
    assert shown(order) == {
        "id": "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "contactId": ids.dashed(b"c" * 16),
        "externalName": ids.internal_reference(order.id),
        "firstName": "Jeff",
        "lastName": "Bezos",
        "email": "jeff@example.com",
        "phoneNumber": "+15551234",
        "orderTotal": 3995,
        "currency": "eur",
        "channel": "SYNQ",
        "status": "OPEN",
        "createdAt": "2026-03-01T00:00:00.123Z",
        "updatedAt": "2026-03-01T00:01:01.000Z",
        "shopId": ids.dashed(PRINCIPAL.org_id),
    }


@pytest.mark.parametrize(
    ("changes", "member", "value"),
    [
        ({"external_name": "#1059"}, "externalName", "#1059"),
        ({"external_name": ""}, "externalName", ""),
        ({"external_id": "order_12345"}, "externalId", "order_12345"),
        ({"sender_id": "k-1", "managed": False}, "externalId", "k-1"),
        ({"sender_id": "k-1", "managed": False, "external_id": "7"}, "externalId", "7"),
        ({"external_reference": "PO-1"}, "externalId", "PO-1"),
        ({"delivery_address": "Pier 4"}, "deliveryAddress", "Pier 4"),
        ({"made_at": 0}, "createdAt", "1970-01-01T00:00:00.000Z"),
        ({"first_name": "Ann", "last_name": ""}, "firstName", "Ann"),
        ({"first_name": "Ann", "last_name": ""}, "lastName", ""),
        ({"tracking_url": "https://t.example"}, "trackingUrl", "https://t.example"),
        ({"channel": "API"}, "channel", "API"),
        ({"channel": "web", "source_platform": "shopify"}, "channel", "WEB"),
        ({"source_platform": "shopify"}, "channel", "SHOPIFY"),
        ({"currency": "JPY", "total": Amount(1200, 0)}, "currency", "jpy"),
    ],
)
def test_what_is_known_is_shown(changes: Body, member: str, value: str) -> None:
    assert shown(booked(**changes))[member] == value


@pytest.mark.parametrize("status", words.AXES["konvo"].rows)
def test_the_status_is_in_capitals(status: str) -> None:
    facets = words.moved_by("konvo", status, Facets())
    told = shown(booked(facets=facets, told_words=f"konvo={status}"))
    assert told["status"] == status.upper()


@pytest.mark.parametrize(
    ("currency", "total", "minor"),
    [
        ("EUR", Amount(3995, 2), "3995"),
        ("EUR", Amount(40, 0), "4000"),
        # Finer than the minor unit: with the fraction, so that nothing is lost.
        ("EUR", Amount(124_950, 4), "1249.5"),
        ("EUR", Amount(124_851, 4), "1248.51"),
        ("EUR", Amount(124_900, 4), "1249"),
        ("EUR", Amount(-500, 2), "-500"),
        ("EUR", Amount(-5, 3), "-0.5"),
        ("EUR", Amount(0, 9), "0"),
        ("JPY", Amount(1200, 0), "1200"),
        ("JPY", Amount(12_005, 1), "1200.5"),
        # Stripe's table, where it is not ISO's.
        ("UGX", Amount(5000, 0), "500000"),
        ("ISK", Amount(5, 0), "500"),
        ("MGA", Amount(1050, 2), "10.5"),
        # A currency that no list has.
        ("BTC", Amount(3995, 2), "3995"),
        ("HRK", Amount(3995, 2), "3995"),
        ("ITL", Amount(3995, 0), "3995"),
        ("", Amount(3995, 2), "3995"),
        ("KWD", Amount(12_345, 3), "12345"),
        ("KWD", Amount(1, 0), "1000"),
    ],
)
def test_the_total_is_in_the_minor_unit(currency: str, total: Amount, minor: str) -> None:
    body = write.found([booked(currency=currency, total=total)], {}, 1, PRINCIPAL).body
    # As it stands on the wire: an integer's digits, with no point behind them.
    assert b'"orderTotal":' + minor.encode() + b"," in body


def test_nobodys_order_shows_no_contact() -> None:
    body = shown(booked(), known=False)
    people = {"contactId", "firstName", "lastName", "email", "phoneNumber"}
    assert not people & set(body)


def test_what_a_contact_lacks_is_left_out() -> None:
    order = booked()
    plain = contact(first_name=None, last_name=None, email=None, phone=None)
    [body] = json.loads(write.found([order], {plain.id: plain}, 1, PRINCIPAL).body)["result"]
    assert body["contactId"] == ids.dashed(plain.id)
    assert not {"firstName", "lastName", "email", "phoneNumber"} & set(body)
    assert None not in body.values()


def test_a_line_that_kept_no_id_shows_its_variants() -> None:
    """As lines do that were told before the id was kept: see migration 0013."""
    line = Line(
        b"l" * 16, 1, b"v" * 16, b"i" * 16, b"e" * 16, b"s" * 16, "S", "Mug", None, much(2),
        currency="EUR", price=Amount(1250, 2), details='{"description":"d","msrp":99}',
    )  # fmt: skip
    [shown_line] = json.loads(write.whole(booked(lines=(line,)), None, PRINCIPAL).body)["result"][
        0
    ]["items"]
    assert (shown_line["id"], shown_line["msrp"]) == (ids.dashed(b"v" * 16), 99)


def test_the_envelopes() -> None:
    first, second = booked(), booked(id=b"2" * 16, total=Amount(1, 2))
    page = write.found([first], {}, 17, PRINCIPAL)
    assert (page.status, json.loads(page.body)["count"]) == (200, 17)
    made = write.created(OrdersResult((first, second, first), {}), "r", PRINCIPAL)
    body = msgspec.json.decode(made.body)
    assert (made.status, body["count"]) == (201, 2)
    assert [one["orderTotal"] for one in body["result"]] == [3995, 1]
    assert write.found([], {}, 0, PRINCIPAL).body == b'{"count":0,"result":[]}'


def test_no_total_passes_through_a_binary_float() -> None:
    body = write.found([booked(total=Amount(10**15 - 1, 2))], {}, 1, PRINCIPAL).body
    assert json.loads(body, parse_float=Decimal)["result"][0]["orderTotal"] == 10**15 - 1
