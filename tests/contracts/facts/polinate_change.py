"""Facts 24 to 56 and 148 to 181, 449, 450: changing an order through Polinate."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
from tests.contracts import polinate
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import dashed, polinate_id, reference, valid

from entrepot.testing.clients import (
    POLINATE_ORDERS,
    Body,
    accepted,
    assert_envelope,
    konvo_order,
    neighbour,
)
from entrepot.testing.server import eventually

facts = Facts("polinate orders")
SAMPLE: Body = {
    "order": {
        "phase": "ACTIVE",
        "status": "PACKED",
        "externalReference": "PO-2025-001",
        "notes": "Confirmed and ready for shipment",
    }
}
PHASES: list[tuple[object, ...]] = [
    (word,)
    for word in ["DRAFT", "PENDING", "ACTIVE", "ARCHIVED", "REJECTED", "CANCELLED", "DELETED"]
]
STATUSES: list[tuple[object, ...]] = [(word,) for word in polinate.STATUS.enum]
LATER = "2030-02-03T04:05:06.000Z"
# A time that the goods of an order of today can have.
EARLIER = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.000Z"


def patched(house: House, order_id: str, body: object) -> Body:
    answer = house.world.polinate.patch(order_id, body)  # type: ignore[arg-type]
    order: Body = accepted(answer, 200)
    return order


def refused(answer: httpx.Response, status: int, field: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("polinate", answer, field)


def mirrored(house: House, **told: object) -> str:
    return polinate_id(house.world.konvo_created(**told)["id"])


@facts.each(
    24,
    [
        ("Polinate", "the sample body is taken and shown"),
        ("Konvo", "sample on an order told by Konvo"),
        ("Synq", "sample on an order placed by Synq"),
    ],
    "PATCH on an order of {}: {}",
    "seed 001",
)
def _(house: House, origin: str, _says: str) -> None:
    order = patched(house, house.origins()[origin]["id"], SAMPLE)
    assert SAMPLE["order"].items() <= order.items()


@facts.each(27, [("X-Business-Id",), ("X-API-Key",)], "PATCH {} required", "seed 001")
def _(house: House, header: str) -> None:
    headers = {k: v for k, v in house.world.polinate.headers.items() if k != header}
    path = f"{house.server.url}{POLINATE_ORDERS}/{house.placed()['id']}"
    refused(httpx.patch(path, json=SAMPLE, headers=headers), 401)


@facts(29, "PATCH Idempotency-Key optional; a repeat gets the first answer", "seed 001")
def _(house: House) -> None:
    order_id, key = house.placed()["id"], str(uuid.uuid4())
    first = house.world.polinate.patch(order_id, {"order": {"notes": "first"}}, key)
    patched(house, order_id, {"order": {"notes": "second"}})
    again = house.world.polinate.patch(order_id, {"order": {"notes": "first"}}, key)
    assert (accepted(first, 200)["notes"], again.content) == ("first", first.content)
    assert house.world.polinate.order(order_id)["notes"] == "second"


@facts.each(
    30,
    [("order",), ("createOrderItems",), ("updateOrderItems",), ("deleteOrderItems",)],
    "PATCH member {} optional",
    "seed 001",
)
def _(house: House, _member: str) -> None:
    before = house.placed()
    assert patched(house, before["id"], {}) == before


@facts.each(
    34,
    [
        ("order", "is an object", "text"),
        ("createOrderItems", "object[]", [1]),
        ("updateOrderItems", "object[]", [1]),
        ("deleteOrderItems", "string[]", [1]),
    ],
    "PATCH {} {}",
    "seed 001",
)
def _(house: House, member: str, _says: str, wrong: object) -> None:
    refused(house.world.polinate.patch(house.placed()["id"], {member: wrong}), 400, member)


@facts(38, "PATCH answers the full updated order with all lines", "seed 001")
@facts(39, "PATCH answer keeps Order's required members", "seed 001")
def _(house: House) -> None:
    order = patched(house, house.placed()["id"], SAMPLE)
    assert order == house.world.polinate.order(order["id"])
    answer = house.world.polinate.get(f"{POLINATE_ORDERS}/{order['id']}").json()
    valid(answer, polinate.ORDER_READ)
    assert len(order["orderItems"]) == 2


@facts(40, "lines made and deleted with fields in one request", "seed 001, page R-ord-patch")
@facts(41, "PATCH updateOrderItems changes a line", "seed 001")
def _(house: House) -> None:
    order = house.placed()
    first, second = order["orderItems"]
    new = house.world.polinate_order([2])["orderItems"][0]
    body = {
        "order": {"notes": "all at once"},
        "createOrderItems": [new],
        "updateOrderItems": [{"id": second["id"], "quantity": 7}],
        "deleteOrderItems": [first["id"]],
    }
    after = patched(house, order["id"], body)
    assert after["notes"] == "all at once"
    assert [line["quantity"] for line in after["orderItems"]] == [7, 2]


@facts.each(
    42, PHASES, "phase word {} can be written on a mirrored order and is read back", "seed 001"
)
def _(house: House, word: str) -> None:
    order_id = mirrored(house)
    assert patched(house, order_id, {"order": {"phase": word}})["phase"] == word
    assert house.world.polinate.order(order_id)["phase"] == word


@facts.each(
    49, STATUSES, "status word {} can be written on a mirrored order and is read back", "seed 001"
)
def _(house: House, word: str) -> None:
    order_id = mirrored(house)
    assert patched(house, order_id, {"order": {"status": word}})["status"] == word
    assert house.world.polinate.order(order_id)["status"] == word


@facts(56, "PATCH unknown enum words are refused", "seed 001")
def _(house: House) -> None:
    for member in ("phase", "status"):
        answer = house.world.polinate.patch(house.placed()["id"], {"order": {member: "X"}})
        refused(answer, 400, member)


@facts(147, "phase=ACTIVE&status=ACCEPTED + not exported is the ERP poll", "page R-ord-list")
@facts(148, "... and finds a freshly confirmed order (ready to be exported)", "page R-ord-list")
def _(house: House) -> None:
    made = [
        house.placed()["id"],
        polinate_id(house.world.synq_created(reference())["id"]),
        mirrored(house, status="paid"),
    ]
    poll = {
        "phase": "ACTIVE",
        "status": "ACCEPTED",
        "propertyPath": "erp.exported",
        "propertyExists": "false",
    }
    page = accepted(house.world.polinate.get(POLINATE_ORDERS, limit=100, **poll), 200)
    assert {*made} <= {order["id"] for order in page["items"]}


@facts(149, "phase and status set independently in one PATCH", "page R-ord-list")
def _(house: House) -> None:
    order = patched(house, mirrored(house), {"order": {"phase": "ARCHIVED", "status": "DELIVERED"}})
    assert (order["phase"], order["status"]) == ("ARCHIVED", "DELIVERED")


@facts(150, "properties deep merge keeps other providers", "page R-ord-patch")
@facts(151, "nested keys merged", "page R-ord-patch")
@facts(152, "null is stored", "page R-ord-patch")
def _(house: House) -> None:
    order_id = house.placed(properties={"unleashed": {"guid": "1"}, "sage": {"no": "7"}})["id"]
    change = {"sage": {"invoiceNo": "I-1"}, "other": None}
    order = patched(house, order_id, {"order": {"properties": change}})
    assert order["properties"] == {
        "unleashed": {"guid": "1"},
        "sage": {"no": "7", "invoiceNo": "I-1"},
        "other": None,
    }


@facts(
    153,
    "a section is dropped by sending back the complete object",
    "page R-ord-patch",
    ours="the page's other rule, a deep merge, forbids it: what is absent stays",
)
def _(house: House) -> None:
    order_id = house.placed(properties={"sage": {"no": "7"}, "kept": 1})["id"]
    order = patched(house, order_id, {"order": {"properties": {"kept": 1}}})
    assert order["properties"] == {"sage": {"no": "7"}, "kept": 1}


@facts.each(
    154,
    [
        ("externalReference", "PO-9"),
        ("notes", "a note"),
        ("deliveryAddress", "Pier 4"),
        ("expectedDeliveryAt", LATER),
        ("deliveredAt", EARLIER),
        ("shippedAt", EARLIER),
        ("totalAmount", "40.00"),
        ("currency", "AUD"),
        ("properties", {"a": {"b": 1}}),
    ],
    "order.{0} writable",
    "page R-ord-patch",
)
def _(house: House, member: str, value: object) -> None:
    order_id = house.placed()["id"]
    order = patched(house, order_id, {"order": {member: value}})
    assert order[member] == value


@facts(163, "order.phase writable", "page R-ord-patch")
@facts(164, "order.status writable", "page R-ord-patch")
def _(house: House) -> None:
    order = patched(house, house.placed()["id"], {"order": {"status": "ACCEPTED"}})
    assert order["status"] == "ACCEPTED"
    assert patched(house, order["id"], {"order": {"phase": "CANCELLED"}})["phase"] == "CANCELLED"


@facts(165, "one line per item list entry in an order", "page R-ord-patch")
def _(house: House) -> None:
    order = house.placed()
    line = house.world.polinate_order([0])["orderItems"][0]
    answer = house.world.polinate.patch(order["id"], {"createOrderItems": [line]})
    refused(answer, 409, "createOrderItems")


@facts(166, "totalAmount writable on an order placed by Synq", "page R-ord-patch")
def _(house: House) -> None:
    synq = house.world.synq_created(reference())
    order_id = polinate_id(synq["id"])
    same = str(house.world.polinate.order(order_id)["totalAmount"])
    assert patched(house, order_id, {"order": {"totalAmount": same}})["totalAmount"] == same
    house.world.synq.until(synq["id"])  # its payment is authorised
    assert patched(house, order_id, {"order": {"totalAmount": "1.00"}})["totalAmount"] == "1.00"


@facts(167, "PATCH status right after the create (order still PENDING)", "page R-ord-patch")
def _(house: House) -> None:
    made = accepted(house.world.polinate.post(house.world.polinate_order()))
    assert patched(house, made["id"], {"order": {"status": "ACCEPTED"}})["status"] == "ACCEPTED"


TABLE = "an order of our own moves by docs/lifecycle.md"


def _phase_refused(number: int, word: str) -> None:
    says = f"phase {word} can be written on an ACTIVE order of our own"

    @facts(number, says, "page R-ord-patch (enum, no restriction stated)", ours=TABLE)
    def _(house: House) -> None:
        answer = house.world.polinate.patch(house.placed()["id"], {"order": {"phase": word}})
        refused(answer, 409)


for _number, _word in {168: "ARCHIVED", 171: "DRAFT", 172: "DELETED"}.items():
    _phase_refused(_number, _word)


@facts(
    169,
    "phase REJECTED can be written on an ACTIVE order of our own",
    "page R-ord-patch (enum, no restriction stated)",
)
def _(house: House) -> None:
    order = patched(house, house.placed()["id"], {"order": {"phase": "REJECTED"}})
    assert order["phase"] == "REJECTED"


@facts(
    170,
    "phase PENDING can be written on an ACTIVE order of our own",
    "page R-ord-patch (enum, no restriction stated)",
    ours="it is taken and moves nothing: the pipeline says whether an order is confirmed",
)
def _(house: House) -> None:
    order = patched(house, house.placed()["id"], {"order": {"phase": "PENDING"}})
    assert order["phase"] == "ACTIVE"


def _status_taken(number: int, word: str) -> None:
    says = f"status {word} can be written on an ACTIVE order of our own"

    @facts(number, says, "page R-ord-patch (enum, no restriction stated)")
    def _(house: House) -> None:
        order = patched(house, house.placed()["id"], {"order": {"status": word}})
        assert order["status"] == word


TAKEN = {173: "IN_TRANSIT", 174: "DELIVERED", 176: "NOT_APPLICABLE", 177: "PACKED"}
for _number, _word in TAKEN.items():
    _status_taken(_number, _word)


@facts(
    175,
    "status RETURNED can be written on an ACTIVE+UNASSIGNED order of our own",
    "page R-ord-patch (enum, no restriction stated)",
    ours="goods that have not left cannot come back",
)
def _(house: House) -> None:
    answer = house.world.polinate.patch(house.placed()["id"], {"order": {"status": "RETURNED"}})
    refused(answer, 409)


@facts(
    178,
    "create answers show full buyer and item/variant context",
    "page G-orders",
    ours="the seed's schema of a line has ids only; an order says who its buyer is",
)
def _(house: House) -> None:
    order = house.placed()
    assert "buyer" in order
    assert set(order["orderItems"][0]["itemListEntry"]) == {"itemVariantId", "itemVariant"}


@facts(179, "orders reference partnershipId and membershipId", "page G-orders")
@facts(180, "lines reference item variants with quantity and pricing", "page G-orders")
def _(house: House) -> None:
    order = house.placed(membershipId="mem_1")
    assert order["membershipId"] == "mem_1"
    again = house.placed(partnershipId=order["partnershipId"])
    assert again["partnershipId"] == order["partnershipId"]
    line = again["orderItems"][0]
    assert dashed(line["itemListEntry"]["itemVariantId"].replace("var_", "ord_"))
    assert (line["quantity"], Decimal(line["price"])) == (2, Decimal("10.25"))


@facts(181, "automatic merging of orders", "page G-orders")
def _(house: House) -> None:
    """By a rule of our own, for the page's rules are not in what can be read. Off unless chosen."""
    with neighbour(house.server, "Merging") as world:
        vase = {"sku": "VASE", "name": "Vase", "currency": "EUR", "price": "5", "tracked": False}
        world.variants = [accepted(world.native.send("POST", "/variants", vase))]
        accepted(world.native.send("PATCH", "/settings", {"merging": "same_day"}), 200)
        buyer = accepted(world.polinate.http.post("/api/v1/buyers", json={"buyer": {"name": "B"}}))
        said = {"partnershipId": buyer["partnershipId"]}
        older, newer = (world.polinate.create(world.polinate_order([0], **said)) for _ in "ab")
        merged = lambda: world.polinate.order(newer["id"])["phase"] == "CANCELLED"  # noqa: E731
        eventually(merged, "the newer order has ended")
        [line] = world.polinate.order(older["id"])["orderItems"]
        assert line["quantity"] == 2 * newer["orderItems"][0]["quantity"]


@facts(449, "an Order as read is a valid `order` of PATCH", "seeds 001, 002")
@facts(450, "an OrderItem as read is a valid updateOrderItems element", "seeds 001, 002")
def _(house: House) -> None:
    origins = house.origins()
    origins["Konvo, lost"] = house.world.polinate.order(
        mirrored(house, status="shipped", shipmentStatus="failure", items=konvo_order()["items"])
    )
    for order in origins.values():
        path = f"{POLINATE_ORDERS}/{order['id']}"
        read = house.world.polinate.get(path).json()
        body = {"order": read, "updateOrderItems": read["orderItems"]}
        after = house.world.polinate.http.patch(path, json=body)
        assert after.status_code == 200, after.text
        assert after.json() | {"updatedAt": read["updatedAt"]} == read | {
            "orderItems": after.json()["orderItems"]
        }
