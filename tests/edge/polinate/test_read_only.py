"""Members that only show are named where they are told otherwise, and not where they were read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from entrepot.edge import read_only

from .conftest import ORDERS, Book, decoded
from .samples import Body

ITEMS, BUYERS = "/api/v1/items", "/api/v1/buyers"
_OTHER = "0" * 31 + "f"


def named(answer: Any) -> list[str]:
    """The members that a change's `Warning` names."""
    assert answer.status_code == 200, answer.text
    _, _, told = answer.headers.get("Warning", "").partition("change nothing: ")
    return told.rstrip('"').split(", ") if told else []


ORDER: list[tuple[Body, list[str]]] = [
    ({"id": f"ord_{_OTHER}"}, ["order.id"]),
    ({"internalReference": "SO-9"}, ["order.internalReference"]),
    ({"notes": "n", "partnershipId": f"prt_{_OTHER}"}, ["order.partnershipId"]),
    ({"membershipId": "m", "integrationId": "i"}, ["order.membershipId", "order.integrationId"]),
    ({"createdAt": "2020-01-01T00:00:00Z"}, ["order.createdAt"]),
    ({"buyer": {"name": "Somebody else"}}, ["order.buyer"]),
    ({"orderItems": []}, ["order.orderItems"]),
    ({"reason": "x", "updatedAt": "2020-01-01T00:00:00Z"}, []),
]


@pytest.mark.parametrize(("told", "names"), ORDER)
async def test_of_an_order(told: Body, names: list[str], book: Book) -> None:
    order = await book.created()
    path = f"{ORDERS}/{order['id']}"
    assert named(await book.http.patch(path, json={"order": order})) == []
    assert named(await book.http.patch(path, json={"order": order | told})) == names
    keyed = {"Idempotency-Key": "a key"}
    for _ in range(2):
        answer = await book.http.patch(path, json={"order": told}, headers=keyed)
        assert named(answer) == names


async def test_of_the_lines_of_an_order(book: Book) -> None:
    order = await book.created()
    path, [line] = f"{ORDERS}/{order['id']}", order["orderItems"]
    more = order | {"orderItems": [line | {"quantity": 9}]}
    assert named(await book.http.patch(path, json={"order": more})) == ["order.orderItems"]
    # Lines that the same body changes are what was read before.
    both = {"order": order, "updateOrderItems": [line | {"quantity": 3}]}
    assert named(await book.http.patch(path, json=both)) == []
    other = line["itemListEntry"] | {"itemVariantId": book.variants[1]}
    change = {"id": line["id"], "quantity": 3, "lineNumber": 7, "itemListEntry": other}
    answer = await book.http.patch(path, json={"updateOrderItems": [change]})
    assert named(answer) == ["updateOrderItems.lineNumber", "updateOrderItems.itemListEntry"]
    assert decoded(answer, 200)["orderItems"][0]["itemListEntry"] == line["itemListEntry"]


async def test_of_an_item(book: Book) -> None:
    sent = {"item": {"name": "Mug", "handle": "mug"}, "variants": [{"currency": "EUR", "price": 1}]}
    made = decoded(await book.http.post(ITEMS, json=sent), 201)
    path = f"{ITEMS}/{made['id']}"
    item = decoded(await book.http.get(path), 200)
    [variant] = item["variants"]
    for told, names in (
        (item, []),
        ({"name": "Cup", "handle": "cup", "type": "X"}, ["handle", "type"]),
        ({"name": "Cup", "variants": [variant | {"price": 2}]}, ["variants"]),
        ({"updateVariants": [variant | {"itemId": f"itm_{_OTHER}"}]}, ["updateVariants.itemId"]),
        (item | {"createVariants": [{"currency": "EUR", "price": 3}]}, []),
        (item | {"deleteVariants": [variant["id"]]}, []),
        (item | {"status": "DELETED", "variants": None}, ["variants"]),
    ):
        assert named(await book.http.patch(path, json=told)) == names, told


async def test_of_a_buyer(book: Book) -> None:
    sent = {"buyer": {"name": "Bo"}, "emails": [{"email": "a@x.org"}, {"email": "b@x.org"}]}
    made = decoded(await book.http.post(BUYERS, json=sent), 201)
    path = f"{BUYERS}/{made['phantomId']}"
    buyer = decoded(await book.http.get(path), 200)
    first = buyer["emails"][0]
    for told, names in (
        ({"buyer": buyer}, []),
        ({"buyer": {"name": "Bo", "partnershipStatus": "PAUSED"}}, ["buyer.partnershipStatus"]),
        ({"buyer": {"name": "Bo", "itemListId": f"list_{_OTHER}"}}, ["buyer.itemListId"]),
        ({"buyer": {"name": "Bo", "emails": [first]}}, ["buyer.emails"]),
        ({"updateEmails": [first | {"isVerified": True}]}, ["updateEmails.isVerified"]),
        ({"buyer": buyer | {"primaryEmail": "b@x.org"}}, []),
        ({"buyer": buyer, "deleteEmails": [first["id"]]}, []),
        ({"buyer": buyer, "partnershipStatus": "PAUSED"}, []),
    ):
        assert named(await book.http.patch(path, json=told)) == names, told


def claimed(told: Mapping[str, Any], shown: Mapping[str, Any]) -> list[str]:
    sent = {name: Raw(msgspec.json.encode(value)) for name, value in told.items()}
    return read_only.otherwise(read_only.of_thing(sent, sent), msgspec.json.encode(shown))


@pytest.mark.parametrize(
    ("told", "shown", "same"),
    [
        ("ORD_" + _OTHER.upper(), f"ord_{_OTHER}", True),
        (f"{'0' * 8}-0000-0000-0000-{'0' * 11}f", f"ord_{_OTHER}", True),
        ("ord_123", "ord_123", True),
        ("ord_123", "ord_124", False),
        ("10.5", "10.50", True),
        ("10.51", "10.50", False),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000Z", True),
        (1.0, 1, True),
        (True, 1, False),
        (None, "x", False),
        ([{"id": "b"}, {"id": "a"}], [{"id": "a"}, {"id": "b"}], True),
        ([{"id": "a", "updatedAt": "x", "n": 1}], [{"id": "a", "updatedAt": "y", "n": 1}], True),
        ([{"id": "a"}], [{"id": "a"}, {"id": "b"}], False),
        ([2, 1], [1, 2], False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 2}, {"a": 1, "b": 2}, False),
    ],
)
def test_two_spellings_of_one_value_are_one(told: Any, shown: Any, same: bool) -> None:
    assert claimed({"x": told}, {"x": shown}) == ([] if same else ["x"])
