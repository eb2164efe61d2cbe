"""An order that was read can be sent back whole and changes nothing; a mirrored order as well."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.quantities import much

from entrepot.core.commands import DraftLine, VariantRef
from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.results import OrderResult, OrdersResult
from entrepot.edge.access import Principal
from entrepot.edge.konvo.orders import read as konvo
from entrepot.edge.polinate.orders.source import mirror_from_source
from entrepot.writer.envelope import Envelope

from .conftest import ORDERS, Book, decoded
from .samples import Body, source_order, told

ODD = {
    "id": "shop-1", "friendlyName": "#1", "orderTotal": -500.5, "currency": "EURO",
    "customer": {"id": "c", "firstName": "A", "lastName": "B"}, "status": "paid",
    "items": [
        {"id": "v", "sku": "S", "name": "N", "description": "", "price": -500.5, "msrp": 0,
         "imageUrl": "", "currency": currency, "quantity": quantity}
        for currency, quantity in (("EURO", 0), ("HRK", -2), ("USD", 3))
    ],
}  # fmt: skip


async def by_polinate(book: Book) -> Body:
    line = {"itemVariantId": book.variants[0], "quantity": 2, "properties": {"r": 1}}
    return await book.created(properties={"rate": 1.5}, orderItems=[line])


async def by_synq(book: Book) -> Body:
    line = DraftLine(
        "items[0]", VariantRef(names=(("sku", "S"),)), much(1), Amount(1250, 2), "EUR", "Mug"
    )
    said = {"payment_provider": "stripe", "payment_reference": "pi_sent_back"}
    outcome = await book.services.writer.submit(
        Envelope(PlaceOrder(book.ours.org, "synq", "EUR", (line,), said=said))
    )
    assert isinstance(outcome.result, OrderResult)
    return {"id": outcome.result.order.id.hex()}


async def by_konvo(book: Book) -> Body:
    principal = Principal(book.ours.org, book.ours.id, book.ours.tenant_id, "EDITOR")
    command = konvo.mirror_orders(konvo.orders(json.dumps([ODD]).encode()), principal)
    return await mirrored(book, command)


ADDRESS = (
    "firstName", "lastName", "addressLineOne", "addressLineTwo", "zipCode", "city", "countryCode",
    "state", "company", "phone",
)  # fmt: skip
SENT: Body = {
    "id": "shop-2", "friendlyName": "", "externalId": "", "orderTotal": 1000, "currency": "JPY",
    "customer": {"id": "", "firstName": "", "lastName": "",
                 "userIds": [{"type": "email", "id": "a@x.org"}]},
    "status": "shipped", "shipmentStatus": "in_transit", "trackingUrl": "",
    "address": {"firstName": "A", "lastName": "B", "addressLineOne": "1 Pier", "addressLineTwo": "",
                "zipCode": "", "city": "Rome", "countryCode": "IT"},
    "items": [],
}  # fmt: skip


def telling(**changes: Any) -> Any:
    async def by_shipping(book: Book) -> Body:
        principal = Principal(book.ours.org, book.ours.id, book.ours.tenant_id, "EDITOR")
        sent = json.dumps([SENT | changes]).encode()
        return await mirrored(book, konvo.mirror_orders(konvo.orders(sent), principal))

    return by_shipping


async def by_source_with_nulls(book: Book) -> Body:
    odd = source_order(
        properties=None, notes="", deliveryAddress="", externalReference="", membershipId=None,
        totalAmount="-0.50", deliveredAt=None, shippedAt=None,
    )  # fmt: skip
    return await mirrored(
        book, MirrorOrders(book.ours.org, "polinate",
                           (mirror_from_source(told(odd), "ord_123", book.ours.org),))
    )  # fmt: skip


async def by_source_with_long_texts(book: Book) -> Body:
    lines = source_order()["orderItems"]
    odd = source_order(
        notes="n" * 10_000, deliveryAddress="d" * 10_000, externalReference="r" * 255,
        orderItems=[line | {"unitOfMeasure": "u" * 10_000, "currency": "c" * 10_000}
                    for line in lines],
    )  # fmt: skip
    draft = mirror_from_source(told(odd), "ord_123", book.ours.org)
    return await mirrored(book, MirrorOrders(book.ours.org, "polinate", (draft,)))


async def by_source(book: Book) -> Body:
    draft = mirror_from_source(told(source_order(properties=None)), "ord_123", book.ours.org)
    return await mirrored(book, MirrorOrders(book.ours.org, "polinate", (draft,)))


async def mirrored(book: Book, command: MirrorOrders) -> Body:
    outcome = await book.services.writer.submit(Envelope(command))
    assert isinstance(outcome.result, OrdersResult)
    return {"id": outcome.result.orders[0].id.hex()}


ORIGINS = pytest.mark.parametrize(
    "make",
    [
        by_polinate, by_synq, by_konvo, by_source, by_source_with_nulls, telling(),
        telling(status="completed"), telling(status="fulfilled", shipmentStatus="failure"),
        telling(status="refunded", shipmentStatus="none"), telling(status="cancelled"),
        telling(id="i" * 500, externalId="e" * 500, friendlyName="f" * 10_000),
        telling(address=dict.fromkeys(ADDRESS, "x" * 10_000)),
        telling(externalId=None, id="\N{SNOWMAN}" * 500),
        telling(orderTotal=-(10**15), currency="KWD"),
        telling(status="disputed", shipmentStatus="delivered"), telling(status="open"),
        by_source_with_long_texts,
    ],
)  # fmt: skip


@ORIGINS
async def test_an_order_as_read_is_taken_and_changes_nothing(make: Any, book: Book) -> None:
    order = await book.shown(await make(book))
    for body in (
        {"order": order},
        {"updateOrderItems": order["orderItems"]},
        {"order": order, "updateOrderItems": order["orderItems"]},
    ):
        after = await book.patched(order, body)
        # That its words were told here as well is kept the first time.
        assert after == order | {"updatedAt": after["updatedAt"]}
    assert await book.patched(order, {"order": after}) == after


@ORIGINS
async def test_a_part_of_what_was_read_changed_changes_that_part(make: Any, book: Book) -> None:
    order = await book.shown(await make(book))
    after = await book.patched(
        order, {"order": order | {"notes": "new"}, "updateOrderItems": order["orderItems"]}
    )
    same = order | {"notes": "new", "updatedAt": after["updatedAt"]}
    assert after == same


async def test_what_is_another_line_is_not_taken_for_it(book: Book) -> None:
    order = await by_polinate(book)
    [line] = order["orderItems"]
    for member, other in (("itemVariantId", book.variants[1]), ("itemListEntryId", "0" * 32)):
        body = {"updateOrderItems": [{"id": line["id"], "quantity": 1, member: other}]}
        refused = await book.patched(order, body, 400)
        assert list(refused["fieldErrors"]) == [f"updateOrderItems[0].{member}"]
    assert await book.shown(order) == order


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 0}, "updateOrderItems[0].quantity"),
        ({"quantity": -1}, "updateOrderItems[0].quantity"),
        ({"price": "-1"}, "updateOrderItems[0].price"),
        ({"cost": -0.5}, "updateOrderItems[0].cost"),
        ({"currency": "EURO"}, "updateOrderItems[0].currency"),
        ({"currency": "HRK"}, "updateOrderItems[0].currency"),
    ],
)
async def test_only_a_mirror_takes_what_cannot_be_sold(
    change: Body, field: str, book: Book
) -> None:
    ours, theirs = await by_polinate(book), await book.shown(await by_source(book))
    refused = await book.patched(
        ours, {"updateOrderItems": [{"id": ours["orderItems"][0]["id"]} | change]}, 400
    )
    assert list(refused["fieldErrors"]) == [field]
    [line] = theirs["orderItems"]
    after = await book.patched(theirs, {"updateOrderItems": [{"id": line["id"]} | change]})
    [(name, value)] = change.items()
    assert str(after["orderItems"][0][name]) == str(value)


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"totalAmount": "-1"}, "order.totalAmount"),
        ({"totalAmount": -0.01}, "order.totalAmount"),
        ({"currency": "BTC"}, "order.currency"),
        ({"currency": "XAU"}, "order.currency"),
        ({"currency": ""}, "order.currency"),
    ],
)
async def test_a_managed_order_is_in_money(order: Body, field: str, book: Book) -> None:
    ours, theirs = await by_polinate(book), await by_source(book)
    assert list((await book.patched(ours, {"order": order}, 400))["fieldErrors"]) == [field]
    after = await book.patched(theirs, {"order": order})
    [(name, value)] = order.items()
    assert after[name] == str(value)


async def test_a_lines_digits_and_a_propertys_come_through(book: Book) -> None:
    text = '{"amount":12345678901234567.89,"rate":1.50,"tiny":0.0000001,"exp":1E+2}'
    body = json.dumps(book.order(properties="?")).replace('"?"', text)
    headers = {"Content-Type": "application/json"}
    answer = await book.http.post(ORDERS, content=body, headers=headers)
    order = decoded(answer, 201)
    assert f'"properties":{text}' in answer.text
    for path, value in (
        ("rate", "1.50"), ("amount", "12345678901234567.89"), ("tiny", "0.0000001"),
        ("exp", "100.0"),
    ):  # fmt: skip
        query = {"propertyPath": path, "propertyValue": value}
        page = decoded(await book.http.get(ORDERS, params=query), 200)
        assert [one["id"] for one in page["items"]] == [order["id"]], path
    other = b'{"order":{"properties":{"rate":2.10,"more":{"x":3.00}}}}'
    changed = await book.http.patch(f"{ORDERS}/{order['id']}", content=other, headers=headers)
    merged = text.replace("1.50", "2.10").replace("}", ',"more":{"x":3.00}}')
    assert f'"properties":{merged}' in changed.text


async def test_an_odd_mirror_is_shown_exactly(book: Book) -> None:
    order = await book.shown(await by_konvo(book))
    assert (Decimal(order["totalAmount"]), order["currency"]) == (Decimal("-5.005"), "EURO")
    shown = [(line["quantity"], line["currency"]) for line in order["orderItems"]]
    assert shown == [(0, "EURO"), (-2, "HRK"), (3, "USD")]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"order": {"notes": "n", "nots": "x"}}, "order.nots"),
        ({"order": {"notes": "n"}, "comment": 1}, "comment"),
        ({"order": {"notes": None, "a": 1, "b": {}}}, "order.a, order.b"),
        ({"updateOrderItems": [{"quantity": 3, "qty": 1}]}, "updateOrderItems.qty"),
        ({"order": {"notes": "n", 'a"\r\n': 1}}, "order.a%22%0D%0A"),
        ({"order": {"notes": "n"}, "createOrderItems": None}, None),
        ({"order": {"notes": "n"}, "updateOrderItems": []}, None),
        ({}, None),
    ],
)
async def test_members_that_nobody_knows_are_named(
    body: Body, named: str | None, book: Book
) -> None:
    order = await by_polinate(book)
    for line in body.get("updateOrderItems") or ():
        line["id"] = order["orderItems"][0]["id"]
    answer = await book.http.patch(f"{ORDERS}/{order['id']}", json=body)
    assert answer.status_code == 200, answer.text
    said = None if named is None else f'299 - "members that change nothing: {named}"'
    assert answer.headers.get("warning") == said


async def test_an_order_as_read_has_nothing_that_nobody_knows(book: Book) -> None:
    order = await book.shown(await by_source(book))
    body = {"order": order, "updateOrderItems": order["orderItems"]}
    answer = await book.http.patch(f"{ORDERS}/{order['id']}", json=body)
    assert "warning" not in answer.headers


async def test_a_byte_order_mark_is_no_part_of_a_change(book: Book) -> None:
    order = await by_polinate(book)
    body = b'\xef\xbb\xbf{"order": {"notes": "n", "nots": 1}}'
    headers = {"Content-Type": "application/json"}
    answer = await book.http.patch(f"{ORDERS}/{order['id']}", content=body, headers=headers)
    assert (answer.status_code, "order.nots" in answer.headers["warning"]) == (200, True)


async def test_a_word_that_is_shown_is_told_once(book: Book) -> None:
    shown = await book.shown(await by_konvo(book))
    words = {"order": {name: shown[name] for name in ("phase", "status")}}
    told = await book.patched(shown, words)
    assert told == shown | {"updatedAt": told["updatedAt"]}
    assert told["updatedAt"] > shown["updatedAt"], "the order keeps the words as told"
    assert await book.patched(shown, words) == told
