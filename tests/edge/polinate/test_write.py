"""The book in Polinate's words, member by member."""

import json
from typing import Any

import pytest

from entrepot.core.facets import Facets
from entrepot.core.money import Amount
from entrepot.core.results import OrderResult
from entrepot.edge.polinate.orders import write
from entrepot.store.reading.queries import Page

from .samples import MARCH_FIRST, Body, book_line, book_order

MIRRORED = {"managed": False, "sender_id": "s-1"}
ADDRESS = json.dumps({
    "firstName": "Jo", "lastName": "Doe", "addressLineOne": "Pier 4", "addressLineTwo": "",
    "zipCode": "10001", "city": "Kiel", "countryCode": "DE", "latitude": "1",
})  # fmt: skip


def shown(**changes: Any) -> Body:
    body: Body = json.loads(write.order_answer(book_order(**changes)).body)
    return body


def test_a_bare_order() -> None:
    assert shown() == {
        "id": "ord_" + "01" * 16,
        "partnershipId": "prt_" + "02" * 16,
        "membershipId": None,
        "integrationId": None,
        "phase": "ACTIVE",
        "status": "ACCEPTED",
        "internalReference": "EN-01040G2081040G2081040G2081",
        "externalReference": None,
        "notes": None,
        "deliveryAddress": None,
        "expectedDeliveryAt": "2026-03-01T00:00:00.000Z",
        "deliveredAt": None,
        "shippedAt": None,
        "currency": "AUD",
        "totalAmount": "21.00",
        "properties": None,
        "createdAt": "2026-03-01T00:00:00.000Z",
        "updatedAt": "2026-03-01T00:00:01.234Z",
        "orderItems": [],
        "reason": None,
        "buyer": None,
    }


@pytest.mark.parametrize(
    ("changes", "member", "value"),
    [
        ({"membership_id": "mem_1"}, "membershipId", "mem_1"),
        ({"integration_id": "int_1"}, "integrationId", "int_1"),
        ({"external_reference": "PO-1"}, "externalReference", "PO-1"),
        ({"external_name": "#1059"}, "internalReference", "#1059"),
        ({"external_id": "shop-1", "origin": "konvo"}, "externalReference", "shop-1"),
        ({"external_id": "shop-1", "external_reference": "PO-1"}, "externalReference", "PO-1"),
        ({**MIRRORED, "origin": "konvo"}, "externalReference", "s-1"),
        ({**MIRRORED, "origin": "konvo"}, "id", "ord_" + "01" * 16),
        ({**MIRRORED, "origin": "polinate"}, "externalReference", None),
        ({**MIRRORED, "origin": "polinate"}, "id", "s-1"),
        ({"made_at": 0}, "createdAt", "1970-01-01T00:00:00.000Z"),
        ({"made_at": 2 * MARCH_FIRST}, "createdAt", "2026-03-01T00:00:00.000Z"),
        ({"address": ADDRESS}, "deliveryAddress", "Jo Doe\nPier 4\n10001 Kiel\nDE"),
        ({"address": ADDRESS, "delivery_address": "Pier 5"}, "deliveryAddress", "Pier 5"),
        (
            {"first_name": "Jo", "email": "jo@x.org"},
            "buyer",
            {"name": "Jo", "email": "jo@x.org", "phone": None},
        ),
        ({"notes": "ring"}, "notes", "ring"),
        ({"delivery_address": "Pier 4"}, "deliveryAddress", "Pier 4"),
        ({"expected_at": 0}, "expectedDeliveryAt", "1970-01-01T00:00:00.000Z"),
        ({"delivered_at": MARCH_FIRST}, "deliveredAt", "2026-03-01T00:00:00.000Z"),
        ({"shipped_at": 0}, "shippedAt", "1970-01-01T00:00:00.000Z"),
        ({"total": Amount(1050, 2)}, "totalAmount", "10.50"),
        ({"total": Amount(7, 0)}, "totalAmount", "7"),
        ({"total": Amount(5, 3)}, "totalAmount", "0.005"),
        ({"properties": '{"a":{"b":1.5,"c":null}}'}, "properties", {"a": {"b": 1.5, "c": None}}),
        ({"properties": "{}"}, "properties", {}),
        ({"facets": Facets("failed", "declined")}, "phase", "REJECTED"),
        ({"facets": Facets("completed", "paid", "delivered")}, "phase", "ARCHIVED"),
        ({"facets": Facets("confirmed", "paid", "delivered", "returned")}, "status", "RETURNED"),
        ({"reason": "declined", "reason_detail": "no money"}, "reason", "declined: no money"),
    ],
)
def test_a_member_is_shown(changes: Body, member: str, value: object) -> None:
    assert shown(**changes)[member] == value


def test_a_line() -> None:
    [line] = shown(lines=(book_line(properties='{"lot":"A"}'),))["orderItems"]
    assert line == {
        "id": "oi_" + "0d" * 16,
        "orderId": "ord_" + "01" * 16,
        "lineNumber": 3,
        "itemListEntryId": "ile_" + "0c" * 16,
        "itemListEntry": {
            "itemVariantId": "var_" + "0b" * 16,
            "itemVariant": {"itemId": "itm_" + "0a" * 16},
        },
        "quantity": 2,
        "unitOfMeasure": "kg",
        "currency": "AUD",
        "price": "10.50",
        "cost": "7.125",
        "properties": {"lot": "A"},
        "createdAt": "2026-03-01T00:00:00.000Z",
        "updatedAt": "2026-03-01T00:00:01.234Z",
    }


def test_a_page() -> None:
    answer = write.page_answer(Page([book_order()], 41), 3, 20)
    assert json.loads(answer.body) == {"items": [shown()], "total": 41, "page": 3, "pageSize": 20}


@pytest.mark.parametrize("status", [200, 201])
def test_a_written_order_is_answered_whole(status: int) -> None:
    answer = write.whole_order(status, "request-1")(OrderResult(book_order()))
    assert (answer.status, json.loads(answer.body)) == (status, shown())


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Ada", "Byron", "Ada Byron"), ("", "Prince", "Prince"), ("Ada", " ", "Ada"),
        (" ", "\u00a0", None), ("", "", None), (None, None, None),
    ],
)  # fmt: skip
def test_a_buyers_name_is_what_there_is_to_see_of_it(
    first: str | None, last: str | None, name: str | None
) -> None:
    who = {"first_name": first, "last_name": last}
    assert shown(**who)["buyer"] == (
        None if name is None else {"name": name, "email": None, "phone": None}
    )
    assert shown(**who, email="a@x.org")["buyer"]["name"] == name
