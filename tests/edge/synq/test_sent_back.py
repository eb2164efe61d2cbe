"""An order as Synq shows it is taken as a body, under its key, and makes no second order."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, NamedTuple

import httpx
import pytest

from entrepot.core import ids
from entrepot.edge.admission import Admission
from entrepot.edge.app import build_app
from entrepot.edge.services import Services
from entrepot.edge.synq.dialect import DIALECT
from entrepot.edge.synq.orders import sent_back
from entrepot.store import accounts
from entrepot.store.engines.opening import open_database
from entrepot.testing import furnishing
from entrepot.writer.writer import Writer

Body = dict[str, Any]
ORDERS = "/api/v1/oms/orders"
MARCH_FIRST = 1_772_323_200_000_000
VARIANT = "11111111-1111-4111-8111-111111111111"
SOMEBODY = "22222222-2222-4222-8222-222222222222"
PLAIN: Body = {"product_title": "Mug", "unit_price": 12.5, "quantity": 2}


class Book(NamedTuple):
    http: httpx.AsyncClient
    location: str

    async def placed(self, body: Body) -> Body:
        """The order that this body makes, as it is read."""
        answer = await self.http.post(ORDERS, json=body)
        assert answer.status_code == 201, answer.text
        return await self.read(answer.json()["order_id"])

    async def read(self, order_id: str) -> Body:
        answer = await self.http.get(f"{ORDERS}/{order_id}")
        assert answer.status_code == 200, answer.text
        body: Body = json.loads(answer.content)
        return body

    async def count(self) -> int:
        return len((await self.http.get(ORDERS)).json()["orders"])


@pytest.fixture
async def book(one_database: Callable[[], str]) -> AsyncIterator[Book]:
    database = open_database(one_database())
    ticks, numbers = itertools.count(MARCH_FIRST, 1_000_000), itertools.count(1)

    def new_id() -> bytes:
        return next(numbers).to_bytes(16, "big")

    ours = await database.write(
        partial(accounts.create_organization, name="ours", now=1, new_id=new_id)
    )
    made = furnishing.NewCredential(ours.org, new_id(), "editor", "synq", "EDITOR", "editor")
    await database.write(partial(furnishing.add_credential, made=made, now=1))
    writer = Writer(database, now=lambda: next(ticks), new_id=new_id)
    services = Services(database, writer, Admission(database, monotonic=lambda: 0.0, rate=None))
    app = build_app(services, (DIALECT,), {}, lambda: "request-1")
    headers = {
        "Authorization": "Bearer editor",
        "X-Tenant-ID": ids.dashed(ours.tenant_id),
        "X-Org-ID": ids.dashed(ours.id),
    }
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", headers=headers
    ) as http:
        yield Book(http, ids.dashed(ours.default_location))
    await writer.drain()
    await database.close()


def body(*lines: Body, **changes: Any) -> Body:
    return {
        "idempotency_key": "key-1", "payment_provider": "stripe", "payment_reference": "pi_1",
        "items": list(lines or (PLAIN,)),
    } | changes  # fmt: skip


SHAPES = {
    "a custom line": body(),
    "custom lines with and without a sku": body(PLAIN | {"sku": "S"}, PLAIN | {"quantity": 1}),
    "two custom lines of one title": body(PLAIN, PLAIN | {"unit_price": 1}),
    "empty texts": body(PLAIN | {"sku": "", "variant_title": ""}, channel="", source_platform=""),
    "null members": body(
        PLAIN | {"sku": None, "variant_title": None, "variant_id": None, "location_id": None},
        channel=None, customer_id=None, currency=None,
    ),
    "every member": body(
        PLAIN | {"sku": "S", "variant_title": "Blue", "requires_shipping": False},
        channel="web", source_platform="shopify", currency="EUR", customer_id=SOMEBODY,
    ),
    "a price finer than the currency": body(PLAIN | {"unit_price": 0.3333, "quantity": 1}),
    "a fine price that rounds up": body(PLAIN | {"unit_price": 1.2575, "quantity": 3}),
    "a fine price of yen": body(PLAIN | {"unit_price": 10.5, "quantity": 1}, currency="jpy"),
    "nothing to pay": body(PLAIN | {"unit_price": 0}),
    "a small price": body(PLAIN | {"unit_price": 0.0001, "quantity": 1}),
    "stock": body(PLAIN | {"variant_id": VARIANT, "location_id": "here"}),
    "stock and a custom line": body(PLAIN | {"variant_id": VARIANT, "location_id": "here"}, PLAIN),
    "a location without a variant": body(PLAIN | {"location_id": "here"}),
    "the other name of the lines": body(items=None, line_items=[PLAIN]),
}  # fmt: skip


def located(told: Body, location: str) -> Body:
    text = json.dumps(told).replace('"here"', json.dumps(location))
    there: Body = json.loads(text)
    return there


@pytest.mark.parametrize("told", SHAPES.values(), ids=SHAPES.keys())
async def test_an_order_as_read_is_taken_and_changes_nothing(told: Body, book: Book) -> None:
    order = await book.placed(located(told, book.location))
    again = await book.placed(order)
    assert again == order
    assert await book.count() == 1


@pytest.mark.parametrize("told", SHAPES.values(), ids=SHAPES.keys())
async def test_an_order_as_read_is_taken_under_a_new_key(told: Body, book: Book) -> None:
    order = await book.placed(located(told, book.location))
    other = await book.placed(order | {"idempotency_key": "key-2"})
    same = set(order) - {"id", "idempotency_key", "created_at", "updated_at", "items"} - {
        "order_number", "reason", "customer",
    }  # fmt: skip
    assert {name: other[name] for name in same} == {name: order[name] for name in same}
    assert [line | {"id": ""} for line in other["items"]] == [
        line | {"id": ""} for line in order["items"]
    ]


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"customer_id": SOMEBODY}, "customer_id"),
        ({"currency": "EUR"}, "currency"),
        ({"channel": "web"}, "channel"),
        ({"payment_reference": "pi_2"}, "payment_reference"),
    ],
)
async def test_a_changed_order_under_its_key_is_another_content(
    change: Body, differs: str, book: Book
) -> None:
    order = await book.placed(body(customer_id=VARIANT))
    answer = await book.http.post(ORDERS, json=order | change)
    assert answer.status_code == 409, answer.text
    assert differs in answer.json()["error"]


async def test_a_line_shows_the_sku_of_its_variant_and_is_sent_back(book: Book) -> None:
    stocked = PLAIN | {"variant_id": VARIANT, "location_id": book.location}
    await book.placed(body(stocked | {"sku": "S"}, idempotency_key="key-0"))
    for key, customer in (("key-1", None), ("key-2", SOMEBODY)):
        order = await book.placed(body(stocked, idempotency_key=key, customer_id=customer))
        assert order["items"][0]["sku"] == "S"
        assert (await book.placed(order))["id"] == order["id"]
        [line] = order["items"]
        changes: list[Body] = [{"sku": "T"}, {"quantity": 3}, {"variant_id": SOMEBODY}]
        for change in changes:
            other = {"items": [line | change], "total": None, "subtotal": None}
            answer = await book.http.post(ORDERS, json=order | other)
            assert answer.status_code == 409, answer.text
        # The id of another order makes it no order as read.
        answer = await book.http.post(ORDERS, json=order | {"id": SOMEBODY})
        assert answer.status_code == 409, answer.text
    assert await book.count() == 3


async def test_an_order_of_nobody_is_no_order_of_somebody(book: Book) -> None:
    order = await book.placed(body())
    for other in (SOMEBODY, VARIANT, "prt_" + SOMEBODY):
        answer = await book.http.post(ORDERS, json=order | {"customer_id": other})
        assert answer.status_code == 409, answer.text
        assert "customer_id" in answer.json()["error"]
    for nobody in (None, "prt_" + order["customer_id"], order["customer_id"].upper()):
        assert (await book.placed(order | {"customer_id": nobody}))["id"] == order["id"]


async def test_an_order_of_somebody_is_no_order_of_nobody(book: Book) -> None:
    guest = (await book.placed(body()))["customer_id"]
    order = await book.placed(body(customer_id=SOMEBODY, idempotency_key="key-2"))
    for nobody in (None, guest):
        answer = await book.http.post(ORDERS, json=order | {"customer_id": nobody})
        assert answer.status_code == 409, answer.text


@pytest.mark.parametrize("line_id", [None, 5, "", "mine", {}, ["a"], '"'])
async def test_only_a_line_as_read_has_a_variant_without_a_location(
    line_id: object, book: Book
) -> None:
    order = await book.placed(body())
    [line] = order["items"]
    for told in (
        order | {"items": [line | {"id": line_id}]},
        order | {"id": line_id},
        body(line | {"id": line_id}),
    ):
        answer = await book.http.post(ORDERS, json=told)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"].startswith("items[0].location_id")


SHOWN = b"""{"id": "11111111-1111-4111-8111-111111111111", "status": "confirmed", "total": 1.00,
"items": [{"quantity": 1.5}], "idempotency_key": "k", "updated_at": "2026-03-01T00:00:00Z"}"""


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True), ({"total": 1}, True), ({"status": "processing", "updated_at": "later"}, True),
        ({"total": 2}, False), ({"items": [{"quantity": 1}]}, False), ({"more": None}, False),
        ({"idempotency_key": "other"}, False),
    ],
)  # fmt: skip
def test_a_body_says_what_the_order_shows(change: Body, same: bool) -> None:
    told: Body = json.loads(SHOWN) | change
    assert sent_back.is_as_shown(json.dumps(told).encode(), SHOWN) is same
    assert not sent_back.is_as_shown(json.dumps(told).encode() + b" " * 8 * len(SHOWN), SHOWN)
    twice = json.dumps(told)[:-1] + ', "total": 1}'
    assert not sent_back.is_as_shown(twice.encode(), SHOWN)
    told.pop("total")
    assert not sent_back.is_as_shown(json.dumps(told).encode(), SHOWN)


@pytest.mark.parametrize(
    "text",
    [b"[]", b"{", b"", b'{"id": 5}', b'{"id": "x"}', b"{}", b"null", b'{"a": ' + b"[" * 5_000,
     b'{"id": "\xff' + b"x" * 35 + b'"}'],
)  # fmt: skip
def test_a_body_that_names_no_order(text: bytes) -> None:
    assert sent_back.named(text) is None
    assert sent_back.named(SHOWN) == uuid.UUID(VARIANT).bytes
