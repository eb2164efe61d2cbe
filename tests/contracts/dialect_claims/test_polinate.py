"""Claims of docs/dialects/polinate.md on credentials, errors, notifications, making and reading."""

from __future__ import annotations

import json
import re
import uuid

import httpx
import pytest
from tests.acceptance.test_order_source import notification_key
from tests.contracts.dialect_claims.polinate import (
    change,
    conflict,
    invalid,
    making,
    mirrored,
    refused,
)
from tests.contracts.facts import House
from tests.contracts.facts.house import dashed, polinate_id

from entrepot.settings import Settings
from entrepot.testing.clients import POLINATE_ORDERS, Body, accepted, konvo_order

JSON = {"Content-Type": "application/json"}
UNKNOWN = "0" * 32


@pytest.mark.parametrize("name", ["pricing/x", "invoices/x/y"])
def test_what_polinate_does_not_serve_is_404(house: House, name: str) -> None:
    refused(house.world.polinate.get(f"/api/v1/{name}"), 404, "NOT_FOUND")


def test_any_spelling_of_a_business_is_taken(house: House) -> None:
    right = house.world.polinate.headers
    digits = right["X-Business-Id"].removeprefix("bus_")
    assert len(digits) == 32
    for spelled in (f"BUS_{digits.upper()}", str(uuid.UUID(digits))):
        headers = right | {"X-Business-Id": spelled}
        answer = httpx.get(house.server.url + POLINATE_ORDERS, headers=headers)
        assert answer.status_code == 200, spelled
        body = {"orderId": "ord_1", "businessId": spelled}
        accepted(house.world.polinate.post(body), 200)
    foreign = right | {"X-API-Key": house.world.konvo.headers["x-api-key"]}
    answer = httpx.get(house.server.url + POLINATE_ORDERS, headers=foreign)
    refused(answer, 401, "UNAUTHORIZED")
    answer = house.world.polinate.post(
        {"orderId": "ord_1", "businessId": house.other.polinate.business_id}
    )
    invalid(answer, "businessId")


def test_a_viewer_reads_only(house: House) -> None:
    org = house.world.synq.headers["X-Org-ID"]
    words = ("--org", org, "--dialect", "polinate", "--role", "VIEWER", "--json")
    key = json.loads(house.server.command("key", "create", *words))["token"]
    headers = house.world.polinate.headers | {"X-API-Key": key}
    url = house.server.url + POLINATE_ORDERS
    assert httpx.get(url, headers=headers).status_code == 200
    answer = httpx.post(url, headers=headers, json=house.world.polinate_order())
    refused(answer, 403, "FORBIDDEN")


def test_errors_that_need_no_order(house: House) -> None:
    polinate, http = house.world.polinate, house.world.polinate.http
    invalid(polinate.get(POLINATE_ORDERS, colour="red"), "colour")
    packed = http.post(POLINATE_ORDERS, content=b"{}", headers=JSON | {"Content-Encoding": "gzip"})
    invalid(packed, "Content-Encoding")
    refused(http.delete(POLINATE_ORDERS), 405, "METHOD_NOT_ALLOWED")
    assert http.delete(POLINATE_ORDERS).headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert http.options(POLINATE_ORDERS).status_code == 204
    assert (http.head(POLINATE_ORDERS).status_code, http.head(POLINATE_ORDERS).content) == (
        200,
        b"",
    )
    refused(http.get(POLINATE_ORDERS + "/"), 404, "NOT_FOUND")
    refused(house.other.polinate.get(f"{POLINATE_ORDERS}/{house.placed()['id']}"), 404, "NOT_FOUND")
    body = json.dumps(house.world.polinate_order()).encode()
    assert http.post(POLINATE_ORDERS, content=body.ljust(1 << 20), headers=JSON).status_code == 201
    large = http.post(POLINATE_ORDERS, content=body.ljust((1 << 20) + 1), headers=JSON)
    refused(large, 413, "PAYLOAD_TOO_LARGE")


def test_the_key_of_a_notification_is_lower_case_hex(house: House) -> None:
    polinate = house.world.polinate
    body = {"orderId": f"ord_{uuid.uuid4().hex}", "businessId": polinate.business_id}
    key = notification_key(body["orderId"], body["businessId"])
    invalid(polinate.post(body, key.upper()), "Idempotency-Key")
    accepted(polinate.post(body, key), 200)
    invalid(polinate.post({"businessId": polinate.business_id}), "orderId")


def test_what_making_an_order_keeps(house: House) -> None:
    kept: Body = {
        "membershipId": "mem_1", "integrationId": "int_1", "externalReference": "PO-1",
        "notes": "n", "deliveryAddress": "Pier 4", "properties": {"a": 1}, "phase": "PENDING",
        "status": "UNASSIGNED",
    }  # fmt: skip
    line = {"unitOfMeasure": "kg", "price": ..., "unitAmount": 1.5, "cost": "0.75",
            "properties": {"b": 2}}  # fmt: skip
    order = accepted(making(house, line, currency=..., **kept))
    assert kept.items() <= order.items()
    [shown] = order["orderItems"]
    assert (shown["price"], shown["cost"], shown["unitOfMeasure"]) == ("1.5", "0.75", "kg")
    assert (shown["properties"], order["totalAmount"]) == ({"b": 2}, "3.0")
    assert order["currency"] == shown["currency"], "the currency is that of the goods"
    told = accepted(making(house, {"currency": "SEK"}, currency=...))
    assert told["currency"] == "SEK", "the currency is that of the first line"
    assert accepted(making(house, totalAmount="7.10"))["totalAmount"] == "7.10"


MISTAKES: list[tuple[str, Body, Body]] = [
    ("expectedDeliveryAt", {}, {"expectedDeliveryAt": ...}),
    ("orderItems", {}, {"orderItems": ...}), ("orderItems", {}, {"orderItems": []}),
    ("quantity", {"quantity": ...}, {}), ("quantity", {"quantity": 0}, {}),
    ("quantity", {"quantity": 1.00001}, {}), ("quantity", {"quantity": 10**9 + 1}, {}),
    ("itemListEntryId", {"itemVariantId": ...}, {}),
    ("itemListEntryId", {"itemListEntryId": f"ile_{UNKNOWN}"}, {}),
    ("itemVariantId", {"itemVariantId": f"var_{UNKNOWN}"}, {}),
    ("partnershipId", {}, {"partnershipId": f"prt_{UNKNOWN}"}),
    ("price", {"price": "-1"}, {}), ("price", {"price": "1.0000000001"}, {}),
    ("price", {"price": str(10**15 + 1)}, {}), ("unitAmount", {"unitAmount": "9"}, {}),
    ("taxTotal", {}, {"taxTotal": "1"}), ("discount", {"discount": "1"}, {}),
    ("currency", {}, {"currency": "XQQ"}), ("currency", {"currency": "USD"}, {}),
    ("phase", {}, {"phase": "ACTIVE"}), ("status", {}, {"status": "PACKED"}),
    ("externalReference", {}, {"externalReference": "x" * 256}),
    ("unitOfMeasure", {"unitOfMeasure": "x" * 256}, {}), ("notes", {}, {"notes": "x" * 10_001}),
    ("deliveryAddress", {}, {"deliveryAddress": "x" * 10_001}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "line", "order"), MISTAKES)
def test_what_making_an_order_refuses(house: House, field: str, line: Body, order: Body) -> None:
    invalid(making(house, line, **order), field)


def test_bounds_of_what_is_made_and_changed(house: House) -> None:
    long = {"notes": "n" * 10_000, "deliveryAddress": "d" * 10_000, "externalReference": "r" * 255}
    order = accepted(making(house, {"unitOfMeasure": "u" * 255, "price": "0.000000001"}, **long))
    wide: Body = {"deliveryAddress": "d" * 130_000, "externalReference": "r" * 500}
    assert wide.items() <= accepted(change(house, order["id"], **wide), 200).items()
    for member, most in (("deliveryAddress", 130_000), ("externalReference", 500)):
        invalid(change(house, order["id"], **{member: "x" * (most + 1)}), member)
    line = {"id": order["orderItems"][0]["id"], "unitOfMeasure": "u" * 10_000}
    accepted(house.world.polinate.patch(order["id"], {"updateOrderItems": [line]}), 200)
    longer = {"updateOrderItems": [line | {"unitOfMeasure": "u" * 10_001}]}
    invalid(house.world.polinate.patch(order["id"], longer), "unitOfMeasure")
    lines = house.world.polinate_order()["orderItems"] * 251
    invalid(making(house, orderItems=lines[:501]), "orderItems")
    for levels, status in ((32, 201), (33, 400)):
        inner = '{"a":' * (levels - 2) + "1" + "}" * (levels - 2)
        text = json.dumps(house.world.polinate_order(properties={"x": "HERE"}))
        text = text.replace('"HERE"', inner)
        answer = house.world.polinate.http.post(POLINATE_ORDERS, content=text, headers=JSON)
        assert answer.status_code == status, levels


def test_a_made_order_is_reserved_and_confirmed_without_a_payment(house: House) -> None:
    order = house.placed()
    assert (order["phase"], order["status"]) == ("ACTIVE", "ACCEPTED")
    synq = house.world.synq.order(dashed(order["id"]))
    assert (synq["payment_provider"], synq["payment_status"]) == (None, None)
    again = accepted(making(house))
    assert accepted(making(house))["id"] != again["id"], "no setting says to merge"
    price = accepted(making(house, {"price": ...}, currency=...))["orderItems"][0]["price"]
    assert float(price) > 0, "a line without a price has its variant's"
    invalid(making(house, {"price": ...}, currency="SEK"), "price")
    twice = house.world.polinate_order([0, 0])
    conflict(house.world.polinate.post(twice), "orderItems[1]")


def test_what_reading_shows(house: House) -> None:
    order = house.placed()
    for name, prefix in (("id", "ord_"), ("partnershipId", "prt_")):
        assert order[name].startswith(prefix)
    [line, _] = order["orderItems"]
    entry = line["itemListEntry"]
    for text, prefix in (
        (line["id"], "oi_"), (line["itemListEntryId"], "ile_"), (entry["itemVariantId"], "var_"),
        (entry["itemVariant"]["itemId"], "itm_"),
    ):  # fmt: skip
        assert text == f"{prefix}{uuid.UUID(text.removeprefix(prefix)).hex}"
    assert "unitAmount" not in line
    assert order["internalReference"].startswith("EN-")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", order["createdAt"])
    assert order["buyer"] is None or set(order["buyer"]) == {"name", "email", "phone"}
    told = house.world.konvo_created(friendlyName="#77", externalId="shop-77")
    read = house.world.polinate.order(polinate_id(told["id"]))
    assert (read["internalReference"], read["externalReference"]) == ("#77", "shop-77")
    assert read["expectedDeliveryAt"] == read["createdAt"], "nobody named a day"
    assert read["buyer"]["name"] == "Ada Byron"
    written = accepted(change(house, read["id"], externalReference="PO-77"), 200)
    assert written["externalReference"] == "PO-77"
    cleared = accepted(change(house, read["id"], externalReference=None), 200)
    assert cleared["externalReference"] == "shop-77", "null does not take away what Konvo told"


def test_an_order_without_lines_has_the_member(house: House) -> None:
    order = house.world.polinate.order(mirrored(house, items=[]))
    assert order["orderItems"] == []


def test_the_document_names_the_two_headers_and_no_security(house: House) -> None:
    document = house.world.polinate.get("/openapi/polinate.json").json()
    headers = {"X-Business-Id", "X-API-Key"}
    for path in (POLINATE_ORDERS, f"{POLINATE_ORDERS}/{{id}}"):
        for name, operation in document["paths"][path].items():
            assert operation.get("security", document.get("security")) == [], name
            assert headers <= {one.get("name") for one in operation["parameters"]}
    assert Settings().rate_limit == 10_000


def test_a_correction_of_the_address_gives_way_to_the_next_telling_of_it(house: House) -> None:
    parts = ("firstName", "lastName", "addressLineOne", "addressLineTwo", "zipCode", "city")
    address = dict.fromkeys((*parts, "countryCode"), "Pier")
    order = konvo_order(address=address)
    order_id = mirrored(house, **order)
    told = house.world.polinate.order(order_id)["deliveryAddress"]
    assert "\n" in told
    accepted(change(house, order_id, deliveryAddress="Dock 5"), 200)
    assert house.world.konvo.order(dashed(order_id))["deliveryAddress"] == "Dock 5"
    mirrored(house, **order | {"address": address | {"city": "Rome"}})
    assert "Rome" in house.world.polinate.order(order_id)["deliveryAddress"]


def test_what_deleted_is_in_the_other_dialects(house: House) -> None:
    order_id = mirrored(house, status="completed")
    accepted(change(house, order_id, phase="DELETED"), 200)
    assert house.world.konvo.order(dashed(order_id))["status"] == "COMPLETED"
    unsold = mirrored(house, status="open")
    accepted(change(house, unsold, phase="DELETED"), 200)
    assert house.world.synq.order(dashed(unsold))["status"] == "cancelled"
    page = accepted(house.world.polinate.get(POLINATE_ORDERS, limit=2), 200)
    assert [one["phase"] for one in page["items"]] == ["DELETED"] * 2, "they are listed"


def test_which_order_an_id_means_in_polinate(house: House) -> None:
    name = uuid.uuid4().hex
    order = house.placed(externalReference=f"PO-{name}")
    number = order["id"].removeprefix("ord_")
    spellings = (number, str(uuid.UUID(number)), order["internalReference"], f"PO-{name}")
    for text in (*spellings, order["id"].upper(), number.upper()):
        assert house.world.polinate.order(text) == order
    for _ in range(2):
        house.world.konvo_created(friendlyName=name)
    refused(house.world.polinate.get(f"{POLINATE_ORDERS}/{name}"), 404, "NOT_FOUND")
