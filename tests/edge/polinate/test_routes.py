"""Polinate's operations over a real book on SQLite, through the whole application."""

import hashlib
import uuid

import pytest

from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.refusal import Refusal
from entrepot.edge.polinate.orders.source import mirror_from_source
from entrepot.writer.envelope import Envelope

from .conftest import ORDERS, Book, decoded
from .samples import Body, source_order, told


def entry(order: Body, place: int = 0) -> str:
    name: str = order["orderItems"][place]["itemListEntryId"]
    return name


async def counted(book: Book) -> int:
    total: int = decoded(await book.http.get(ORDERS), 200)["total"]
    return total


# --- creating


async def test_an_order_is_made_and_read_back(book: Book) -> None:
    order = await book.created(externalReference="PO-1", totalAmount="30.5")
    assert await book.shown(order) == order
    assert (order["phase"], order["status"]) == ("PENDING", "UNASSIGNED")
    assert order["partnershipId"] == f"prt_{book.ours.guest_id.hex()}"
    assert (order["currency"], order["totalAmount"]) == ("EUR", "30.5")
    [line] = order["orderItems"]
    assert (line["price"], line["quantity"], line["currency"]) == ("12.50", 2, "EUR")
    assert (line["unitOfMeasure"], line["cost"], line["orderId"]) == ("each", "0", order["id"])
    number = order["id"].removeprefix("ord_")
    for spelling in (number, str(uuid.UUID(number)), order["internalReference"]):
        assert decoded(await book.http.get(f"{ORDERS}/{spelling}"), 200) == order


async def test_the_total_is_the_sum_unless_told(book: Book) -> None:
    by_entry = {"itemListEntryId": entry(await book.created()), "quantity": 3, "price": "0.5"}
    order = await book.created(orderItems=[by_entry])
    assert order["totalAmount"] == "1.5"


async def test_a_known_partnership_is_kept(book: Book) -> None:
    partnership = f"prt_{book.ours.guest_id.hex()}"
    assert (await book.created(partnershipId=partnership))["partnershipId"] == partnership


@pytest.mark.parametrize(
    ("lines", "changes", "status", "field"),
    [
        ([{"itemVariantId": "var_" + "0" * 32}], {}, 400, "orderItems[0].itemVariantId"),
        ([{"itemListEntryId": "ile_" + "0" * 32}], {}, 400, "orderItems[0].itemListEntryId"),
        ([{}, {}], {}, 409, "orderItems[1].itemVariantId"),
        ([{}], {"currency": "USD"}, 400, "orderItems[0].price"),
        ([{"currency": "EUR"}], {"currency": "USD"}, 400, "orderItems[0].currency"),
        ([{}], {"partnershipId": "prt_" + "0" * 32}, 400, "partnershipId"),
    ],
)
async def test_what_the_book_refuses(
    lines: list[Body], changes: Body, status: int, field: str, book: Book
) -> None:
    lines = [
        {"quantity": 1} | ({} if "itemListEntryId" in line else {"itemVariantId": book.variants[0]})
        | line
        for line in lines
    ]  # fmt: skip
    answer = await book.http.post(ORDERS, json=book.order(orderItems=lines, **changes))
    assert list(decoded(answer, status)["fieldErrors"]) == [field]
    assert await counted(book) == 0


async def test_two_entries_of_one_variant_are_one(book: Book) -> None:
    """A variant and its list entry name the same line."""
    by_entry = {"itemListEntryId": entry(await book.created()), "quantity": 1}
    by_variant = {"itemVariantId": book.variants[0], "quantity": 1}
    body = book.order(orderItems=[by_variant, by_entry])
    refused = decoded(await book.http.post(ORDERS, json=body), 409)
    assert refused["errorCode"] == "CONFLICT"
    assert list(refused["fieldErrors"]) == ["orderItems[1].itemListEntryId"]


# --- keys


async def test_a_repeat_is_answered_with_the_first_answer(book: Book) -> None:
    body = book.order()
    first = await book.http.post(ORDERS, json=body, headers={"Idempotency-Key": "k"})
    order = decoded(first, 201)
    await book.patched(order, {"order": {"notes": "later"}})
    for spelling in ("k", '"k"'):
        again = await book.http.post(ORDERS, json=body, headers={"Idempotency-Key": spelling})
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotent-Replayed"] == "true"
    other = await book.http.post(
        ORDERS, json=body | {"notes": "x"}, headers={"Idempotency-Key": "k"}
    )
    refused = decoded(other, 409)
    assert refused["errorCode"] == "IDEMPOTENCY_KEY_REUSED"
    assert "notes" in refused["message"]
    change = await book.http.patch(
        f"{ORDERS}/{order['id']}", json={}, headers={"Idempotency-Key": "k"}
    )
    assert decoded(change, 409)["errorCode"] == "IDEMPOTENCY_KEY_REUSED"
    assert await counted(book) == 1


async def test_a_change_is_made_once_and_belongs_to_its_order(book: Book) -> None:
    first, second = await book.created(), await book.created()
    headers, change = {"Idempotency-Key": "k"}, {"order": {"notes": "once"}}
    path = f"{ORDERS}/{first['id']}"
    answer = await book.http.patch(path, json=change, headers=headers)
    await book.patched(first, {"order": {"notes": "since"}})
    again = await book.http.patch(path, json=change, headers=headers)
    assert again.content == answer.content
    assert (await book.shown(first))["notes"] == "since"
    other = await book.http.patch(f"{ORDERS}/{second['id']}", json=change, headers=headers)
    assert "another id" in decoded(other, 409)["message"]


async def test_two_keys_are_none(book: Book) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    answer = await book.http.post(ORDERS, json=book.order(), headers=headers)
    assert list(decoded(answer, 400)["fieldErrors"]) == ["Idempotency-Key"]
    assert await counted(book) == 0


# --- notifications


async def test_a_notification_is_taken_by_any_name(book: Book) -> None:
    order = await book.created(externalReference="PO-1")
    for name in (order["id"], order["internalReference"], "PO-1"):
        answer = await book.http.post(ORDERS, json={"orderId": name, "businessId": book.business})
        assert decoded(answer, 200) == {"success": True}


async def test_an_unknown_order_is_announced_and_its_key_looks_again(book: Book) -> None:
    text = f"PO-1-{book.business}-order-integration"
    headers = {"Idempotency-Key": hashlib.sha256(text.encode()).hexdigest()}
    notice = {"orderId": "PO-1", "businessId": book.business}
    announced = await book.http.post(ORDERS, json=notice, headers=headers)
    assert decoded(announced, 200) == {"success": True}
    await book.created(externalReference="PO-1")
    taken = await book.http.post(ORDERS, json=notice, headers=headers)
    assert decoded(taken, 200) == {"success": True}
    again = await book.http.post(ORDERS, json=notice, headers=headers)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (taken.content, "true")


# --- changing


async def test_everything_changes_together(book: Book) -> None:
    spare = await book.created(
        currency="EUR",
        orderItems=[{"itemVariantId": book.variants[1], "quantity": 1, "price": "1"}],
    )
    order = await book.created(properties={"unleashed": {"guid": "123"}})
    [line] = order["orderItems"]
    answer = await book.patched(
        order,
        {
            "order": {
                "phase": "DELETED", "externalReference": "PO-2", "properties": {"sage": {"n": 4}},
            },
            "createOrderItems": [
                {"itemListEntryId": entry(spare), "quantity": 4, "price": "1.50"}
            ],
            "updateOrderItems": [{"id": line["id"], "quantity": 3, "properties": {"lot": "A"}}],
        },
        409,
    )  # fmt: skip
    assert answer["errorCode"] == "CONFLICT"
    assert await book.shown(order) == order, "a refused change changes nothing"
    answer = await book.patched(
        order,
        {
            "order": {
                "externalReference": "PO-2", "expectedDeliveryAt": "2031-01-01T00:00:00Z",
                "properties": {"sage": {"n": 4}, "unleashed": {"id": None}},
            },
            "createOrderItems": [
                {"itemListEntryId": entry(spare), "quantity": 4, "price": "1.50"}
            ],
            "updateOrderItems": [{"id": line["id"], "quantity": 3, "properties": {"lot": "A"}}],
        },
    )  # fmt: skip
    assert answer == await book.shown(order)
    assert (answer["externalReference"], answer["totalAmount"]) == ("PO-2", "43.50")
    assert answer["expectedDeliveryAt"] == "2031-01-01T00:00:00.000Z"
    assert answer["properties"] == {"unleashed": {"guid": "123", "id": None}, "sage": {"n": 4}}
    assert answer["updatedAt"] > order["updatedAt"]
    kept, made = answer["orderItems"]
    assert (kept["id"], kept["quantity"], kept["properties"]) == (line["id"], 3, {"lot": "A"})
    assert (made["lineNumber"], made["price"], made["currency"]) == (2, "1.50", "EUR")


async def test_a_line_is_replaced_in_one_call(book: Book) -> None:
    order = await book.created()
    [line] = order["orderItems"]
    new = {"itemListEntryId": entry(order), "quantity": 9}
    refused = await book.patched(order, {"createOrderItems": [new]}, 409)
    assert list(refused["fieldErrors"]) == ["createOrderItems[0].itemListEntryId"]
    change = {"createOrderItems": [new], "deleteOrderItems": [line["id"]]}
    [made] = (await book.patched(order, change))["orderItems"]
    assert (made["id"] != line["id"], made["quantity"]) == (True, 9)


async def test_an_empty_change_is_none(book: Book) -> None:
    order = await book.created()
    unwritable = ("id", "partnershipId", "internalReference", "createdAt", "orderItems", "reason")
    for body in ({}, {"order": {}}, {"order": {name: order[name] for name in unwritable}}):
        assert (await book.patched(order, body))["updatedAt"] == order["updatedAt"]


async def test_null_takes_away_what_may_be_missing(book: Book) -> None:
    order = await book.created(notes="n", externalReference="e", deliveryAddress="d")
    dates = {"shippedAt": "2025-01-01T00:00:00Z", "deliveredAt": "2025-01-02T00:00:00Z"}
    answer = await book.patched(order, {"order": dates})
    assert answer["deliveredAt"] == "2025-01-02T00:00:00.000Z"
    names = ("notes", "externalReference", "deliveryAddress", "shippedAt", "deliveredAt")
    answer = await book.patched(order, {"order": dict.fromkeys(names)})
    assert {answer[name] for name in names} == {None}


async def test_the_lines_follow_the_orders_currency(book: Book) -> None:
    order = await book.created()
    answer = await book.patched(order, {"order": {"currency": "USD"}})
    assert (answer["currency"], answer["orderItems"][0]["currency"]) == ("USD", "USD")
    change = {"updateOrderItems": [{"id": answer["orderItems"][0]["id"], "currency": "EUR"}]}
    refused = await book.patched(order, change, 400)
    assert list(refused["fieldErrors"]) == ["updateOrderItems[0].currency"]
    assert await book.shown(order) == answer


async def test_a_lines_properties_do_not_recompute_the_total(book: Book) -> None:
    order = await book.created(totalAmount="99")
    line = order["orderItems"][0]["id"]
    change = {"updateOrderItems": [{"id": line, "properties": {"sage": 1}, "cost": "2"}]}
    assert (await book.patched(order, change))["totalAmount"] == "99"
    change = {"updateOrderItems": [{"id": line, "quantity": 3}]}
    assert (await book.patched(order, change))["totalAmount"] == "37.50"


@pytest.mark.parametrize("path", ["nothing", "ord_" + "0" * 32, "%00"])
async def test_an_unknown_order(path: str, book: Book) -> None:
    for answer in (
        await book.http.get(f"{ORDERS}/{path}"),
        await book.http.patch(f"{ORDERS}/{path}", json={}),
    ):
        assert decoded(answer, 404)["errorCode"] == "NOT_FOUND"


# --- listing


async def test_pages(book: Book) -> None:
    orders = [await book.created(notes=str(number)) for number in range(5)]
    page = decoded(await book.http.get(ORDERS, params={"page": 2, "limit": 2}), 200)
    assert page == {"items": [orders[2], orders[1]], "total": 5, "page": 2, "pageSize": 2}
    far = decoded(await book.http.get(ORDERS, params={"page": 10**9, "limit": 100}), 200)
    assert (far["items"], far["total"]) == ([], 5)


async def test_what_is_shown_at_a_time_is_not_later_than_it(book: Book) -> None:
    orders = [await book.created() for _ in range(3)]
    for query in ("createdSince", "updatedSince", "modifiedSince"):
        params = {query: orders[1]["createdAt"]}
        page = decoded(await book.http.get(ORDERS, params=params), 200)
        assert [order["id"] for order in page["items"]] == [orders[2]["id"]]


async def test_properties_are_found_by_path_and_text(book: Book) -> None:
    told_as = ({"n": 456}, {"n": "456"}, {"n": None}, {})
    made = [await book.created(properties={"sage": one}) for one in told_as]
    for query, places in (
        ({"propertyValue": "456"}, [1, 0]),
        ({"propertyValue": "45"}, []),
        ({"propertyExists": "true"}, [2, 1, 0]),
        ({"propertyExists": "false"}, [3]),
    ):
        params = {"propertyPath": "sage.n"} | query
        page = decoded(await book.http.get(ORDERS, params=params), 200)
        assert [o["id"] for o in page["items"]] == [made[place]["id"] for place in places]


# --- orders of a source


async def test_a_fetched_order_is_shown_as_it_was_told(book: Book) -> None:
    draft = mirror_from_source(told(source_order()), "ord_123", book.ours.org)
    for _ in range(2):
        command = MirrorOrders(book.ours.org, "polinate", (draft,))
        outcome = await book.services.writer.submit(Envelope(command))
        assert not isinstance(outcome.result, Refusal)
    page = decoded(await book.http.get(ORDERS), 200)
    assert page["total"] == 1
    [order] = page["items"]
    same = (
        "phase", "status", "externalReference", "notes", "deliveryAddress", "expectedDeliveryAt",
        "deliveredAt", "shippedAt", "currency", "totalAmount", "properties", "integrationId",
    )  # fmt: skip
    assert {name: order[name] for name in same} == {name: source_order()[name] for name in same}
    [line] = order["orderItems"]
    for name in ("quantity", "unitOfMeasure", "currency", "price", "cost", "properties"):
        assert line[name] == source_order()["orderItems"][0][name]
    for name in ("ord_123", "PO-2025-001"):
        answer = await book.http.post(ORDERS, json={"orderId": name, "businessId": book.business})
        assert decoded(answer, 200) == {"success": True}
