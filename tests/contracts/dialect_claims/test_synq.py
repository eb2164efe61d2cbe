"""Claims of docs/dialects/synq.md that no documented fact covers."""

from __future__ import annotations

import json
import time
import uuid
from decimal import Decimal
from typing import Any

import httpx
import pytest
from tests.contracts.facts import House
from tests.contracts.facts.house import polinate_id, reference

from entrepot.testing.clients import ADJUST, SYNQ_ORDERS, Body, accepted, assert_envelope

JSON = {"Content-Type": "application/json"}
CARD = "4242 4242 4242 4242"


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


def create(house: House, line: Body | None = None, **changes: object) -> httpx.Response:
    """The answer to an order of one line, of which some members are other ones."""
    item = house.world.synq_line(0) | (line or {})
    body = house.world.synq_order(reference()) | {"items": [item]} | changes
    for part in (body, item):
        for name in [name for name, value in part.items() if value is ...]:
            del part[name]
    return house.world.synq.create(body)


def made(house: House, line: Body | None = None, **changes: object) -> Body:
    order_id = accepted(create(house, line, **changes))["order_id"]
    return house.world.synq.until(order_id)


def custom(**changes: object) -> Body:
    """A line of no variant, laid over one of the demo's."""
    return {"variant_id": ..., "location_id": ..., "sku": ...} | changes


@pytest.mark.parametrize(
    "path",
    ["integrations", "pim", "pim/products/a/b", "onboard", "team-workspace", "tickets",
     "agent-stream", "ucp/catalog.json"],
)  # fmt: skip
def test_what_synq_does_not_serve_yet_is_404(house: House, path: str) -> None:
    refused(house.world.synq.get(f"/api/v1/{path}"), 404)


def test_methods_and_addresses(house: House) -> None:
    http = house.world.synq.http
    refused(http.delete(SYNQ_ORDERS), 405)
    assert http.delete(SYNQ_ORDERS).headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    options = http.options(SYNQ_ORDERS, headers={"Origin": "https://shop.example"})
    assert (options.status_code, options.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "Access-Control-Allow-Credentials" not in options.headers
    assert (http.head(SYNQ_ORDERS).status_code, http.head(SYNQ_ORDERS).content) == (200, b"")
    for path in (f"{SYNQ_ORDERS}/", SYNQ_ORDERS.replace("orders", "%6frders")):
        refused(http.get(path), 404)
    refused(http.post(SYNQ_ORDERS, content=b"{}", headers={"Content-Type": "text/plain"}), 400)
    refused(house.world.synq.get(SYNQ_ORDERS, colour="red"), 400, "colour")
    refused(http.get(f"{SYNQ_ORDERS}?limit=1&limit=1"), 400, "limit")


def test_an_id_in_any_spelling_and_a_told_name(house: House) -> None:
    order = made(house)
    number = uuid.UUID(order["id"]).hex
    for text in (number, number.upper(), f"ord_{number}", order["id"].upper()):
        assert house.world.synq.order(text) == order
    told = house.world.konvo_created(friendlyName=f"#{uuid.uuid4()}")
    assert house.world.synq.order(told["externalId"])["id"] == told["id"]
    variant = f"var_{uuid.UUID(house.world.variants[0]['id']).hex}"
    assert made(house, {"variant_id": variant})["items"][0]["variant_id"] == str(
        uuid.UUID(house.world.variants[0]["id"])
    )
    refused(create(house, {"location_id": str(uuid.uuid4())}), 400, "items[0].location_id")


KEYS: list[tuple[object, int]] = [
    ("q" * 255, 201), ("c d", 201), ("q" * 256, 400), (" a", 400), ("\u00e9", 400), ("a\tb", 400),
]  # fmt: skip


@pytest.mark.parametrize(("key", "status"), KEYS)
def test_keys_of_the_body(house: House, key: object, status: int) -> None:
    answer = create(house, idempotency_key=key)
    assert answer.status_code == status, answer.text


WRONG: list[tuple[str, Body, Body]] = [
    ("payment_reference", {}, {"payment_reference": CARD}),
    ("payment_provider", {}, {"payment_provider": CARD.replace(" ", "")}),
    ("payment_provider", {}, {"payment_provider": "x" * 101}),
    ("payment_reference", {}, {"payment_reference": "x" * 256}),
    ("customer_id", {}, {"customer_id": "x"}), ("line_items", {}, {"line_items": [{
        "product_title": "Mug", "unit_price": 1, "quantity": 1}]}),
    *(("currency", {}, {"currency": code}) for code in (
        "XXX", "XTS", "XAU", "XDR", "CLF", "\u017fek", "EURO")),
    ("unit_price", {"unit_price": 1.00001}, {}), ("unit_price", {"unit_price": -1}, {}),
    ("unit_price", {"unit_price": "1"}, {}), ("quantity", {"quantity": 1.5}, {}),
    ("quantity", {"quantity": 10**9 + 1}, {}), ("requires_shipping", {"requires_shipping": 1}, {}),
    ("location_id", custom(location_id="x"), {}),
    *((name, {}, {name: 1}) for name in (
        "total", "subtotal", "tax_total", "shipping_total", "discount_total")),
    ("total", {"total": 1}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "line", "order"), WRONG)
def test_what_an_order_refuses(house: House, field: str, line: Body, order: Body) -> None:
    refused(create(house, line, **order), 400, field)


RIGHT: list[tuple[Body, Body]] = [
    ({}, {"payment_provider": "x" * 100}), ({}, {"payment_reference": "x" * 255}),
    ({}, {"currency": "eur"}), ({}, {"customer_id": None, "channel": None}),
    ({"unit_price": 12.5, "quantity": 2.0}, {"total": 25, "subtotal": 25.0, "tax_total": 0}),
    ({"quantity": 10**9, "unit_price": 0}, {}), ({"requires_shipping": None}, {}),
    (custom(unit_price=0.1111), {}),
    (custom(location_id=str(uuid.uuid4())), {}),
    ({}, {"tenant_id": "x", "org_id": "x", "colour": "red"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "order"), RIGHT)
def test_what_an_order_takes(house: House, line: Body, order: Body) -> None:
    accepted(create(house, line, **order))


def test_what_cannot_be_taken_is_named_by_its_place(house: House) -> None:
    answer = create(house, {"unit_price": -1})
    assert answer.json()["error"].startswith("items[0].unit_price: ")


def test_what_is_refused_leaves_nothing_behind(house: House) -> None:
    def newest() -> str:
        page = accepted(house.world.synq.get(SYNQ_ORDERS, limit=1), 200)
        order_id: str = page["orders"][0]["id"]
        return order_id

    made(house)
    before, key = newest(), str(uuid.uuid4())
    refused(create(house, {"quantity": 0}, idempotency_key=key), 400)
    assert newest() == before
    accepted(create(house, idempotency_key=key))
    assert newest() != before


def test_a_list_and_its_pages_are_plain(house: House) -> None:
    order = made(house)
    page = accepted(house.world.synq.get(SYNQ_ORDERS, limit=1), 200)
    assert page["orders"] == [order], "the order itself, as it is read alone"
    past = accepted(house.world.synq.get(SYNQ_ORDERS, offset=10**9), 200)
    assert past["orders"] == []


def test_an_order_of_another_dialect_has_no_key(house: House) -> None:
    told = house.world.synq.order(house.world.konvo_created()["id"])
    assert told["idempotency_key"] is None
    text = json.dumps(told, default=float)
    answer = house.world.synq.http.post(SYNQ_ORDERS, content=text, headers=JSON)
    refused(answer, 400, "idempotency_key")


def test_at_most_500_lines(house: House) -> None:
    line: Body = {"product_title": "Mug", "unit_price": 1, "quantity": 1}
    refused(create(house, items=[line] * 501), 400, "items")
    accepted(create(house, items=[line] * 500))


def test_defaults_and_other_names(house: House) -> None:
    order = made(house, currency="", items=..., line_items=[house.world.synq_line(0)])
    assert order["currency"] == "USD"
    assert order["items"][0]["requires_shipping"] is True
    guest = order["customer_id"]
    assert made(house)["customer_id"] == guest
    ours = str(uuid.uuid4())
    assert made(house, customer_id=ours)["customer_id"] == ours != guest


def test_a_new_variant_has_no_stock(house: House) -> None:
    order = made(house, {"variant_id": str(uuid.uuid4())})
    assert order["status"] == "failed"
    assert order["reason"].startswith("out_of_stock")


def test_a_variant_that_was_never_adjusted_is_not_tracked(house: House) -> None:
    """A custom line's own variant is one; an adjustment tracks it from then on."""
    [line] = made(house, custom(product_title=uuid.uuid4().hex))["items"]
    wanted = {"variant_id": line["variant_id"], "quantity": 5}
    assert made(house, wanted)["status"] == "confirmed"
    assert house.world.synq.adjust(line["variant_id"], 1).status_code == 200
    assert made(house, wanted)["status"] == "failed"


def test_a_custom_line_is_found_again(house: House) -> None:
    title = uuid.uuid4().hex
    by_title = [made(house, custom(product_title=title))["items"][0]["variant_id"] for _ in "ab"]
    by_sku = [
        made(house, custom(product_title=f"{n}", sku=title))["items"][0]["variant_id"] for n in "ab"
    ]
    assert len(set(by_title)) == len(set(by_sku)) == 1
    assert by_title != by_sku


ROUNDED = [
    ("EUR", 0.125, "0.12"), ("EUR", 0.135, "0.14"), ("EUR", 12.5, "12.5"), ("JPY", 10.5, "10"),
    ("KWD", 0.0015, "0.002"),
]  # fmt: skip


@pytest.mark.parametrize(("currency", "price", "total"), ROUNDED)
def test_the_sum_is_rounded_once(house: House, currency: str, price: float, total: str) -> None:
    order = made(house, custom(unit_price=price), currency=currency)
    assert order["subtotal"] == order["total"] == Decimal(total)
    assert order["items"][0]["unit_price"] == Decimal(str(price)), "as it is written"
    polinate = house.world.polinate.order(polinate_id(order["id"]))
    assert Decimal(polinate["totalAmount"]) == Decimal(total)


def test_an_order_of_nothing_asks_nobody_for_money(house: House) -> None:
    order = made(house, {"unit_price": 0}, payment_reference="declined_zero")
    assert (order["status"], order["payment_status"]) == ("confirmed", None)


def test_the_answer_to_an_order(house: House) -> None:
    body = house.world.synq_order(reference())
    first = house.world.synq.create(body)
    assert set(first.json()) == {"order_id", "workflow_id", "run_id"}
    assert "Idempotent-Replayed" not in first.headers
    house.world.synq.until(first.json()["order_id"])
    line = body["items"][0]
    same = dict(reversed(body.items())) | {"colour": "red"}
    same["line_items"] = same.pop("items")
    again = house.world.synq.http.post(
        SYNQ_ORDERS, content=json.dumps(same, indent=2).replace("12.5,", "12.50,"), headers=JSON
    )
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = house.world.synq.create(body | {"items": [line]})
    refused(other, 409, "items")
    theirs = house.other.synq.create(body | {"items": [custom_line()]})
    assert accepted(theirs)["order_id"] != first.json()["order_id"]


def custom_line() -> Body:
    return {"product_title": "Mug", "unit_price": 1, "quantity": 1}


def test_a_decline_says_why_and_frees_the_reference(house: House) -> None:
    wanted = f"declined_{uuid.uuid4()}"
    order = made(house, payment_reference=wanted)
    assert order["status"] == "failed"
    assert order["reason"].startswith("payment_declined")
    paid = reference()
    first, second = (made(house, payment_reference=paid) for _ in range(2))
    assert "shared_payment" not in (first["reason"] or "")
    shared = f"shared_payment: stripe {paid} was already the payment of order"
    assert shared in second["reason"]
    house.world.polinate.patch(polinate_id(first["id"]), {"order": {"phase": "CANCELLED"}})
    house.world.polinate.patch(polinate_id(second["id"]), {"order": {"phase": "CANCELLED"}})
    free = made(house, payment_reference=paid, payment_provider="STRIPE")
    assert "shared_payment" not in (free["reason"] or "")


def test_what_an_order_shows(house: House) -> None:
    order = made(house)
    additions = {
        "tenant_id", "org_id", "customer_id", "items", "reason", "parked", "order_number",
        "external_id", "shipping_address", "customer",
    }  # fmt: skip
    assert additions <= set(order)
    assert order["tags"] is None
    assert order["order_number"].startswith("EN-")
    told = house.world.konvo_created(
        orderTotal=3995, status="partially_refunded", friendlyName="#31",
        address=dict.fromkeys(("firstName", "lastName", "addressLineOne", "addressLineTwo",
                               "zipCode", "city", "countryCode"), "Pier"),
    )  # fmt: skip
    seen = house.world.synq.order(told["id"])
    assert seen["payment_status"] == "captured", "the money is with the merchant"
    assert (seen["subtotal"], seen["discount_total"], seen["total"]) == tuple(
        map(Decimal, ("59.98", "20.03", "39.95"))
    )
    assert (seen["order_number"], seen["external_id"]) == ("#31", told["externalId"])
    assert "\n" in seen["shipping_address"]
    assert "Ada" in json.dumps(seen["customer"])
    above = house.world.synq.order(house.world.konvo_created(orderTotal=7000)["id"])
    assert (above["shipping_total"], above["total"]) == (Decimal("10.02"), 70)
    answer = house.world.synq.get(f"{SYNQ_ORDERS}/{order['id']}")
    known = {"If-None-Match": answer.headers["ETag"]}
    again = house.world.synq.http.get(f"{SYNQ_ORDERS}/{order['id']}", headers=known)
    assert (again.status_code, again.content) == (304, b"")


def test_finer_than_four_places_is_rounded_here_only(house: House) -> None:
    told = house.world.konvo_created(orderTotal=0.1234567)
    assert house.world.synq.order(told["id"])["total"] == Decimal("0.0012")
    assert house.world.konvo.order(told["id"])["orderTotal"] == Decimal("0.1234567")


def test_moves_through_another_dialect(house: House) -> None:
    """`processing` can still be cancelled; what was deleted goes on showing what it was."""
    order = made(house)
    packed = {"order": {"status": "PACKED"}}
    accepted(house.world.polinate.patch(polinate_id(order["id"]), packed), 200)
    assert house.world.synq.order(order["id"])["status"] == "processing"
    off = {"order": {"phase": "CANCELLED"}}
    accepted(house.world.polinate.patch(polinate_id(order["id"]), off), 200)
    cancelled = house.world.synq.until(order["id"], "cancelled")
    assert cancelled["status"] == "cancelled"
    sold = house.world.konvo_created(status="completed")["id"]
    gone = {"order": {"phase": "DELETED"}}
    accepted(house.world.polinate.patch(polinate_id(sold), gone), 200)
    assert house.world.synq.order(sold)["status"] == "completed"


def test_adjusting(house: House) -> None:
    synq, variant = house.world.synq, str(uuid.uuid4())
    first = synq.adjust(variant, 5, "k-1")
    assert set(accepted(first, 200)) == {
        "id", "org_id", "tenant_id", "variant_id", "location_id", "quantity_delta",
        "transaction_type", "notes", "created_at",
    }  # fmt: skip
    again = synq.adjust(variant, 5, "k-1")
    assert again.content == first.content
    refused(synq.adjust(variant, 6, "k-1"), 409)
    accepted(synq.adjust(variant, -5), 200)
    refused(synq.adjust(variant, -1), 409)
    for _ in range(2):
        accepted(synq.adjust(variant, 1), 200)
    held = made(house, {"variant_id": variant, "quantity": 2})
    assert held["status"] == "confirmed"
    refused(synq.adjust(variant, -1), 409)  # what is reserved stays
    zero = [accepted(synq.adjust(variant, 0), 200)["id"] for _ in range(2)]
    assert zero[0] != zero[1], "0 writes an entry"
    spent = {"items": [custom_line()], "idempotency_key": "k-1"}
    refused(synq.create(house.world.synq_order(reference()) | spent), 409)
    shelf: Any = {"variant_id": variant, "location_id": str(uuid.uuid4()), "quantity_delta": 1}
    accepted(synq.http.post(ADJUST, json=shelf), 200)
    assert accepted(house.other.synq.http.post(ADJUST, json=shelf), 200)["quantity_delta"] == 1


def test_soft_allocation(house: House) -> None:
    world = house.sourced
    house.server.command("org", "allocation", world.synq.headers["X-Org-ID"], "SOFT")
    variant = str(uuid.uuid4())
    accepted(world.synq.adjust(variant, -3), 200)
    line = custom_line() | {"variant_id": variant, "location_id": world.synq.location_id}
    body = world.synq_order(reference()) | {"items": [line]}
    order_id = accepted(world.synq.create(body))["order_id"]
    assert world.synq.until(order_id)["status"] == "confirmed"


def test_tokens(house: House) -> None:
    """Roles in either case; 30 seconds of leeway; claims that contradict the headers are 403."""

    def asked(method: str = "GET", **changes: object) -> int:
        claims = house.issuer.claims(house.trusting) | changes
        headers = house.trusting.synq.headers | {
            "Authorization": f"Bearer {house.issuer.sign(claims)}"
        }
        url = str(house.trusting.synq.http.base_url.join(SYNQ_ORDERS))
        body = {"items": []} if method == "POST" else None
        return httpx.request(method, url, headers=headers, json=body).status_code

    now = int(time.time())
    assert asked(exp=now - 10) == 200
    assert asked(exp=now - 60) == 401
    for role in ("ADMIN", "editor", "Viewer", "member", "MANAGER", "SYSTEM"):
        assert asked(role=role) == 200, role
    assert asked(role="visitor") == 403
    assert asked("POST", role="VIEWER") == 403
    assert asked("POST", role="editor") == 400, "let in, and refused for the body"
    assert asked(org_id=str(uuid.uuid4())) == 403
    assert house.trusting.synq.get(SYNQ_ORDERS).status_code == 200, "an opaque token"
