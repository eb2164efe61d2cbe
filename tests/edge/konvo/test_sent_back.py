"""What Konvo shows of an order can be told again with what it does not show, and changes nothing.

Seed 003 demands `friendlyName`, `customer` and `items` of what is told, and has none of them in an
answer. So an answer alone is refused, and an answer laid over what was told is taken.
"""

from __future__ import annotations

from typing import Any

import pytest

from entrepot.core.refusal import Refused
from entrepot.edge.konvo import routes

from .conftest import Book
from .samples import Body, address, customer, item, order, told
from .test_routes import decoded, listed, managed, post

SHAPES: dict[str, Body] = {
    "the required members": order(),
    "every word": order(status="paid", shipmentStatus="in_transit", trackingUrl="https://t.x"),
    "null members": order(status=None, trackingUrl=None, metadata=None, address=None),
    "empty texts": order(
        id="", externalId="", friendlyName="", trackingUrl="", currency="",
        customer=customer(id="", firstName="", lastName=""),
    ),
    "an external id": order(externalId="order_1", metadata={"a": 1.50}),
    "no items": order(items=[], orderTotal=0),
    "zero and less": order(orderTotal=-10.5, items=[item(price=-10.5, quantity=-2, msrp=0)]),
    "a quantity of nothing": order(items=[item(quantity=0)]),
    "an item's own currency": order(items=[item(currency="USD"), item(id="v2", currency="HRK")]),
    "a currency without places": order(currency="JPY", orderTotal=1200),
    "a currency with three": order(currency="KWD", orderTotal=12345),
    "a currency that is none": order(currency="EURO"),
    "an address": order(address=address()),
    "shipped": order(status="shipped", shipmentStatus="delivered"),
    "refunded": order(status="refunded"),
    "lost": order(status="fulfilled", shipmentStatus="failure"),
    "cancelled": order(status="cancelled"),
}  # fmt: skip


async def read(book: Book, order_id: str) -> Body:
    body = decoded(await routes.get_order(book.call(order_id=order_id)), 200)
    [one] = body["result"]
    shown: Body = one
    return shown


@pytest.mark.parametrize("sent", SHAPES.values(), ids=SHAPES.keys())
async def test_what_is_shown_over_what_was_told_changes_nothing(sent: Body, book: Book) -> None:
    first = (await post(book, sent))["result"][0]
    shown = await read(book, first["id"])
    assert shown == first
    for body in (sent | shown, sent | shown | {"id": sent["id"]}):
        await post(book, body)
        again = await read(book, first["id"])
        assert again == shown | {"updatedAt": again["updatedAt"]}
    assert (await listed(book))["count"] == 1


@pytest.mark.parametrize("sent", SHAPES.values(), ids=SHAPES.keys())
async def test_an_answer_alone_is_refused_for_what_the_seed_demands(sent: Body, book: Book) -> None:
    shown = (await post(book, sent))["result"][0]
    with pytest.raises(Refused) as refused:
        await routes.create_orders(book.call(body=told(shown)))
    said = str(refused.value.refusal)
    assert all(name in said for name in ("friendlyName", "customer", "items"))
    assert await read(book, shown["id"]) == shown


async def test_what_is_shown_of_an_order_of_ours_moves_nothing(book: Book) -> None:
    order_id = await managed(book)
    shown: Any = await read(book, order_id)
    await post(book, order() | shown)
    again = await read(book, order_id)
    assert again == shown | {"updatedAt": again["updatedAt"]}
