"""One order book: what is told in one dialect is read in the other two."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from entrepot.testing.clients import (
    KONVO_ORDERS,
    POLINATE_ORDERS,
    SYNQ_ORDERS,
    Body,
    World,
    accepted,
    assert_envelope,
    exact,
    konvo_order,
    order_number,
)
from entrepot.testing.server import Server, eventually

Words = tuple[str, str, str, str]


def words_of(world: World, any_id: str) -> Words:
    """How the order is called in Synq, in Polinate (phase, status) and in Konvo."""
    number = order_number(any_id)
    polinate = world.polinate.order(f"ord_{number}")
    konvo = world.konvo.order(str(uuid.UUID(number)))
    return (
        world.synq.order(str(uuid.UUID(number)))["status"],
        polinate["phase"],
        polinate["status"],
        konvo["status"].lower(),
    )


def becomes(world: World, any_id: str, words: Words) -> None:
    """The order is called so in all dialects, at the latest when the pipeline has done its part."""
    seen: list[Words] = []

    def probe() -> bool:
        seen.append(words_of(world, any_id))
        return seen[-1] == words

    try:
        eventually(probe, f"the order is {words}", 20)
    except AssertionError:
        assert seen[-1] == words
        raise


# --- creating in one dialect, reading in the others


def test_a_synq_order_in_all_three(world: World) -> None:
    order = world.synq_created()
    assert (order["status"], order["payment_status"]) == ("confirmed", "authorized")
    assert order["total"] == order["subtotal"] == Decimal("39.85")
    number = order_number(order["id"])
    polinate = world.polinate.order(f"ord_{number}")
    assert Decimal(polinate["totalAmount"]) == Decimal("39.85")
    assert polinate["currency"] == order["currency"] == "EUR"
    lines = [(Decimal(li["price"]), li["quantity"]) for li in polinate["orderItems"]]
    assert lines == [(Decimal("12.50"), 2), (Decimal("4.95"), 3)]
    variants = [li["itemListEntry"]["itemVariantId"] for li in polinate["orderItems"]]
    wanted = [order_number(variant["id"]) for variant in world.variants[:2]]
    assert [variant.removeprefix("var_") for variant in variants] == wanted
    konvo = world.konvo.order(order["id"])
    assert (konvo["orderTotal"], konvo["currency"]) == (3985, "eur")
    assert order_number(konvo["id"]) == number
    assert words_of(world, number) == ("confirmed", "ACTIVE", "ACCEPTED", "open")


def test_a_polinate_order_in_all_three(world: World) -> None:
    told = {"externalReference": "PO-2025-001", "notes": "ring", "deliveryAddress": "Pier 4"}
    order = world.polinate.create(
        world.polinate_order((0, 1), properties={"sage": {"n": 1}}, **told)
    )
    assert {name: order[name] for name in told} == told
    assert order["properties"] == {"sage": {"n": 1}}
    assert order["expectedDeliveryAt"] == "2030-01-15T10:30:00.000Z"
    assert Decimal(order["totalAmount"]) == Decimal("41.00")
    assert order["id"].startswith("ord_")
    prefixes = [order["orderItems"][0][name].split("_")[0] for name in ("id", "itemListEntryId")]
    assert prefixes == ["oi", "ile"]
    dashed = str(uuid.UUID(order_number(order["id"])))
    synq = world.synq.until(dashed)
    assert (synq["status"], synq["total"]) == ("confirmed", Decimal("41.00"))
    konvo = world.konvo.order(dashed)
    assert (konvo["orderTotal"], konvo["currency"]) == (4100, "eur")
    assert words_of(world, dashed) == ("confirmed", "ACTIVE", "ACCEPTED", "open")


def test_a_konvo_order_in_all_three(world: World) -> None:
    told = konvo_order(status="paid", shipmentStatus="in_transit")
    konvo = accepted(world.konvo.post(told))["result"][0]
    assert konvo["externalName"] == "#1059"
    assert konvo["externalId"] == told["externalId"]
    assert (konvo["firstName"], konvo["email"]) == ("Ada", "ada@example.org")
    assert (konvo["orderTotal"], konvo["currency"]) == (3995, "eur")
    number = order_number(konvo["id"])
    synq = world.synq.order(str(uuid.UUID(number)))
    assert (synq["total"], synq["currency"]) == (Decimal("39.95"), "EUR")
    polinate = world.polinate.order(f"ord_{number}")
    assert Decimal(polinate["totalAmount"]) == Decimal("39.95")
    [line] = polinate["orderItems"]
    assert (Decimal(line["price"]), line["quantity"]) == (Decimal("29.99"), 2)
    assert line["itemListEntryId"]
    assert line["itemListEntry"]["itemVariant"]["itemId"]
    again = accepted(world.konvo.post(konvo_order()))["result"][0]
    assert again["contactId"] == konvo["contactId"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"status": "open"}, ("pending_payment", "PENDING", "UNASSIGNED", "open")),
        (
            {"status": "paid", "shipmentStatus": "in_transit"},
            ("fulfilled", "ACTIVE", "IN_TRANSIT", "paid"),
        ),
        (
            {"status": "shipped", "shipmentStatus": "out_for_delivery"},
            ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped"),
        ),
        (
            {"status": "fulfilled", "shipmentStatus": "delivered"},
            ("delivered", "ACTIVE", "DELIVERED", "fulfilled"),
        ),
        (
            {"status": "completed", "shipmentStatus": "delivered"},
            ("completed", "ARCHIVED", "DELIVERED", "completed"),
        ),
        ({"status": "cancelled"}, ("cancelled", "CANCELLED", "UNASSIGNED", "cancelled")),
    ],
)
def test_the_words_of_a_mirrored_order(told: Body, words: Words, world: World) -> None:
    order = world.konvo_created(**told)
    assert words_of(world, order["id"]) == words


@pytest.mark.parametrize(
    ("currency", "minor", "major"), [("JPY", 1200, "1200"), ("KWD", 12345, "12.345")]
)
def test_minor_units_follow_the_currency(
    currency: str, minor: int, major: str, world: World
) -> None:
    order = world.konvo_created(currency=currency, orderTotal=minor, items=[])
    assert order["orderTotal"] == minor
    assert world.synq.order(order["id"])["total"] == Decimal(major)


# --- moving and ending


def test_a_synq_order_is_moved_through_polinate(world: World) -> None:
    order = world.synq_created()
    polinate_id = f"ord_{order_number(order['id'])}"
    for status, words in (
        ("PACKED", ("processing", "ACTIVE", "PACKED", "open")),
        ("IN_TRANSIT", ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
        ("DELIVERED", ("delivered", "ACTIVE", "DELIVERED", "fulfilled")),
    ):
        answer = accepted(world.polinate.patch(polinate_id, {"order": {"status": status}}), 200)
        assert (answer["phase"], answer["status"]) == ("ACTIVE", status)
        assert words_of(world, polinate_id) == words
    assert world.polinate.patch(polinate_id, {"order": {"status": "PACKED"}}).status_code == 409


def test_cancelling_through_polinate_gives_stock_and_money_back(
    server: Server, world: World
) -> None:
    variant = 4
    on_hand = world.variants[variant]["on_hand"]
    accepted(world.synq.adjust(world.variants[variant]["id"], 5 - on_hand), 200)
    lines = [world.synq_line(variant, quantity=5)]
    first = world.synq_created(items=lines)
    assert first["status"] == "confirmed"
    assert world.synq_created(items=lines)["status"] == "failed"
    polinate_id = f"ord_{order_number(first['id'])}"
    accepted(world.polinate.patch(polinate_id, {"order": {"phase": "CANCELLED"}}), 200)
    becomes(world, polinate_id, ("cancelled", "CANCELLED", "ACCEPTED", "cancelled"))
    eventually(
        lambda: world.synq.order(first["id"])["payment_status"] == "voided", "money is given back"
    )
    assert world.synq_created(items=lines)["status"] == "confirmed"
    back = world.polinate.patch(polinate_id, {"order": {"phase": "ACTIVE"}})
    assert back.status_code == 409
    assert_envelope("polinate", back)
    server.verify()


@pytest.mark.parametrize(
    ("reference", "quantity", "reason"),
    [("pi_demo", 100_000_000, "stock"), ("declined-card", 1, "declined")],
)
def test_a_failed_order_says_why(reference: str, quantity: int, reason: str, world: World) -> None:
    order = world.synq_created(reference, items=[world.synq_line(1, quantity=quantity)])
    assert order["status"] == "failed"
    assert order["payment_status"] in {None, "declined"}
    assert reason in order["reason"]
    assert words_of(world, order["id"]) == ("failed", "REJECTED", "UNASSIGNED", "cancelled")


@pytest.mark.parametrize("reference", ["flaky-2-x", "unknown-1-x", "slow-50-x"])
def test_a_troubled_payment_comes_through(reference: str, world: World) -> None:
    assert world.synq_created(reference)["status"] == "confirmed"


# --- PATCH


def test_lines_and_fields_change_together(world: World) -> None:
    spare = world.polinate.create(world.polinate_order([2]))["orderItems"][0]
    order = world.polinate.create(world.polinate_order([0, 1]))
    first, second = order["orderItems"]
    answer = accepted(
        world.polinate.patch(
            order["id"],
            {
                "order": {"notes": "changed", "externalReference": "PO-7"},
                "createOrderItems": [
                    {"itemListEntryId": spare["itemListEntryId"], "quantity": 4, "price": "1.50"}
                ],
                "updateOrderItems": [{"id": first["id"], "quantity": 3}],
                "deleteOrderItems": [second["id"]],
            },
        ),
        200,
    )
    assert (answer["notes"], answer["externalReference"]) == ("changed", "PO-7")
    kept, made = sorted(answer["orderItems"], key=lambda line: line["lineNumber"])
    assert (kept["id"], kept["quantity"]) == (first["id"], 3)
    assert made["itemListEntryId"] == spare["itemListEntryId"]
    assert (made["quantity"], Decimal(made["price"]), made["lineNumber"]) == (4, Decimal("1.5"), 3)
    assert Decimal(answer["totalAmount"]) == Decimal("36.75")
    assert answer["updatedAt"] > order["updatedAt"]
    assert world.polinate.order(order["id"]) == answer


def test_a_line_is_replaced_in_one_call(world: World) -> None:
    order = world.polinate.create(world.polinate_order([0]))
    [line] = order["orderItems"]
    entry = {"itemListEntryId": line["itemListEntryId"], "quantity": 9, "price": "2.00"}
    change = {"deleteOrderItems": [line["id"]], "createOrderItems": [entry]}
    [made] = accepted(world.polinate.patch(order["id"], change), 200)["orderItems"]
    assert made["id"] != line["id"]
    assert made["quantity"] == 9


def test_properties_are_merged_deeply(world: World) -> None:
    order = world.polinate.create(world.polinate_order(properties={"unleashed": {"guid": "123"}}))
    steps = [
        ({"sage": {"salesOrderNo": 456, "list": [1, 2]}}, 456),
        ({"sage": {"invoiceNo": None, "list": [3]}}, 456),
        ({"sage": {"salesOrderNo": None}}, None),
    ]
    answer: Body = {}
    for properties, number in steps:
        change = {"order": {"properties": properties}}
        answer = accepted(world.polinate.patch(order["id"], change), 200)
        assert answer["properties"]["sage"]["salesOrderNo"] == number
    assert answer["properties"] == {
        "unleashed": {"guid": "123"},
        "sage": {"salesOrderNo": None, "invoiceNo": None, "list": [3]},
    }


UNKNOWN_LINE = "oi_" + "0" * 32
Change = Callable[[Body], Body]
REFUSED_CHANGES: list[tuple[str, Change, str]] = [
    (
        "a second line of one entry",
        lambda first: {
            "createOrderItems": [
                {"itemListEntryId": first["itemListEntryId"], "quantity": 1, "price": "1.00"}
            ]
        },
        "itemListEntryId",
    ),
    (
        "an unknown entry",
        lambda _: {"createOrderItems": [{"itemListEntryId": "ile_" + "0" * 32, "quantity": 1}]},
        "itemListEntryId",
    ),
    (
        "an unknown line to update",
        lambda _: {"updateOrderItems": [{"id": UNKNOWN_LINE, "quantity": 1}]},
        "updateOrderItems[0].id",
    ),
    (
        "an unknown line to delete",
        lambda _: {"deleteOrderItems": [UNKNOWN_LINE]},
        "deleteOrderItems[0]",
    ),
]


@pytest.mark.parametrize(
    ("change", "word"),
    [row[1:] for row in REFUSED_CHANGES],
    ids=[row[0] for row in REFUSED_CHANGES],
)
def test_a_refused_change_changes_nothing(change: Change, word: str, world: World) -> None:
    order = world.polinate.create(world.polinate_order([0, 1]))
    first, second = order["orderItems"]
    world.synq.until(str(uuid.UUID(order_number(order["id"]))))
    before = world.polinate.get(f"{POLINATE_ORDERS}/{order['id']}").content
    good = {
        "order": {"notes": "must not stay", "properties": {"x": 1}},
        "updateOrderItems": [{"id": second["id"], "quantity": 7}],
    }
    bad = change(first)
    bad["updateOrderItems"] = bad.get("updateOrderItems", []) + good["updateOrderItems"]
    answer = world.polinate.patch(order["id"], good | bad)
    assert answer.status_code in {400, 409}, answer.text
    assert_envelope("polinate", answer, word)
    assert world.polinate.get(f"{POLINATE_ORDERS}/{order['id']}").content == before


def unknown_order(world: World) -> list[tuple[str, httpx.Response]]:
    number = uuid.uuid4()
    return [
        ("synq", world.synq.get(f"{SYNQ_ORDERS}/{number}")),
        ("polinate", world.polinate.get(f"{POLINATE_ORDERS}/ord_{number.hex}")),
        ("konvo", world.konvo.get(f"{KONVO_ORDERS}/{number}")),
    ]


def test_an_unknown_order_is_not_found(world: World) -> None:
    for dialect, answer in unknown_order(world):
        assert answer.status_code == 404
        assert_envelope(dialect, answer)


def test_the_same_story_in_three_dialects(world: World) -> None:
    """One article, 2 x 10.00, ordered in each dialect: all views agree but for ids and times."""
    line: Any = {"product_title": "Article", "unit_price": 10, "quantity": 2}
    synq = world.synq_created(items=[line])
    konvo_line = konvo_order()["items"][0] | {"price": 1000}
    konvo = world.konvo_created(status="open", orderTotal=2000, items=[konvo_line])
    polinate_line = world.polinate_order([0])["orderItems"][0] | {"price": "10.00"}
    polinate = world.polinate.create(world.polinate_order([0], orderItems=[polinate_line]))
    for any_id in (synq["id"], konvo["id"], polinate["id"]):
        number = uuid.UUID(order_number(any_id))
        assert world.synq.order(str(number))["total"] == 20
        view = exact(world.polinate.get(f"{POLINATE_ORDERS}/ord_{number.hex}"))
        assert Decimal(view["totalAmount"]) == 20
        [shown] = view["orderItems"]
        assert (Decimal(shown["price"]), shown["quantity"]) == (Decimal(10), 2)
        assert world.konvo.order(str(number))["orderTotal"] == 2000
