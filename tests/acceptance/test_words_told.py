"""Words follow what was told: the life of a shop's order, read in all three dialects."""

from __future__ import annotations

import uuid

import pytest
from tests.acceptance.test_three_languages import Words, words_of

from entrepot.testing.clients import (
    KONVO_ORDERS,
    POLINATE_ORDERS,
    Body,
    World,
    accepted,
    konvo_order,
    order_number,
)

LIFE: list[tuple[str, str, Words]] = [
    ("paid", "none", ("confirmed", "ACTIVE", "ACCEPTED", "paid")),
    ("paid", "in_transit", ("fulfilled", "ACTIVE", "IN_TRANSIT", "paid")),
    ("shipped", "in_transit", ("fulfilled", "ACTIVE", "IN_TRANSIT", "shipped")),
    ("fulfilled", "in_transit", ("fulfilled", "ACTIVE", "IN_TRANSIT", "fulfilled")),
    ("fulfilled", "failure", ("fulfilled", "ACTIVE", "IN_TRANSIT", "fulfilled")),
    ("shipped", "delivered", ("delivered", "ACTIVE", "DELIVERED", "shipped")),
    ("completed", "delivered", ("completed", "ARCHIVED", "DELIVERED", "completed")),
    ("refunded", "delivered", ("refunded", "ARCHIVED", "DELIVERED", "refunded")),
]


def told(world: World, order: Body, *others: Body, **words: object) -> Body:
    answer: Body = accepted(world.konvo.post(order | words, *others))
    return answer


@pytest.mark.parametrize(
    "first", [{}, {"status": "open"}, {"status": "open", "shipmentStatus": "none"}, None]
)
def test_only_the_first_telling_differs(first: Body | None, world: World) -> None:
    order = konvo_order()
    if first is not None:
        del order["status"]
        [made] = told(world, order, **first)["result"]
        assert words_of(world, made["id"]) == ("pending_payment", "PENDING", "UNASSIGNED", "open")
    for status, shipment, words in LIFE:
        [shown] = told(world, order, status=status, shipmentStatus=shipment)["result"]
        assert words_of(world, shown["id"]) == words


def test_the_poll_for_orders_to_export_finds_what_is_confirmed_wherever_it_came_from(
    world: World,
) -> None:
    """Nobody told more than that the order is there, and paid where another system runs it."""
    synq = world.synq_created(items=[world.synq_line(3)])
    made = world.polinate.create(world.polinate_order([3]))
    world.synq.until(str(uuid.UUID(order_number(made["id"]))))
    mirrored = world.konvo_created(status="paid")
    refunded = world.konvo_created(status="refunded")
    query = {
        "phase": "ACTIVE", "status": "ACCEPTED", "limit": 100,
        "propertyPath": "erp.number", "propertyExists": "false",
    }  # fmt: skip
    page = accepted(world.polinate.get(POLINATE_ORDERS, **query), 200)
    found = {order["id"] for order in page["items"]}
    wanted = {f"ord_{order_number(one['id'])}" for one in (synq, made, mirrored)}
    assert wanted <= found
    assert f"ord_{order_number(refunded['id'])}" not in found
    number = {"order": {"properties": {"erp": {"number": "E-1"}}}}
    for order_id in wanted:
        accepted(world.polinate.patch(order_id, number), 200)
    page = accepted(world.polinate.get(POLINATE_ORDERS, **query), 200)
    assert not wanted & {order["id"] for order in page["items"]}


def test_a_retelling_does_not_take_back_what_another_dialect_told(world: World) -> None:
    order = konvo_order(status="paid", shipmentStatus="confirmed")
    [made] = told(world, order)["result"]
    polinate_id = f"ord_{order_number(made['id'])}"
    accepted(world.polinate.patch(polinate_id, {"order": {"status": "DELIVERED"}}), 200)
    told(world, order, metadata={"note": "again"})
    assert words_of(world, made["id"]) == ("delivered", "ACTIVE", "DELIVERED", "paid")
    told(world, order, status="open", shipmentStatus="none")
    # The goods have arrived all the same.
    assert words_of(world, made["id"]) == ("delivered", "ACTIVE", "DELIVERED", "open")
    assert world.synq.order(str(uuid.UUID(order_number(made["id"]))))["reason"].startswith(
        "moved_back"
    )


def test_a_deleted_sale_reads_as_the_sale_that_it_was(world: World) -> None:
    order = konvo_order(status="completed", shipmentStatus="delivered")
    [made] = told(world, order)["result"]
    polinate_id = f"ord_{order_number(made['id'])}"
    accepted(world.polinate.patch(polinate_id, {"order": {"phase": "DELETED"}}), 200)
    shown = ("completed", "DELETED", "DELIVERED", "completed")
    assert words_of(world, made["id"]) == shown
    # Its sender tells of it as before, and keeps no other order out.
    answer = told(world, order, konvo_order(), status="refunded")
    assert answer["count"] == 2
    assert answer["result"][0]["status"] == "COMPLETED"
    assert words_of(world, made["id"]) == shown


def test_an_array_with_faulty_orders_names_them_and_the_others_go_in(world: World) -> None:
    ours = world.synq_created(items=[world.synq_line(3)])
    good = [konvo_order() for _ in range(3)]
    moved = [konvo_order(id=ours["id"], status=status) for status in ("paid", "refunded")]
    answer = world.konvo.post(good[0], moved[0], good[1], moved[1], good[2])
    assert answer.status_code == 409
    message = answer.json()["message"]
    assert "[1]: payment moves only with its provider" in message
    assert "[3]: payment moves only with its provider" in message
    assert message.endswith("send the other orders without these.")
    assert accepted(world.konvo.post(*good))["count"] == 3
    broken = world.konvo.post(good[0], konvo_order(currency=1), konvo_order(items=None))
    assert broken.status_code == 400
    assert "[1].currency" in broken.json()["message"]
    assert "[2].items" in broken.json()["message"]


def test_words_told_right_after_placing_are_taken(world: World) -> None:
    """Whether the order is confirmed by then or not."""
    for change, status in (
        ({"status": "ACCEPTED"}, "ACCEPTED"),
        ({"phase": "ACTIVE"}, "ACCEPTED"),
        ({"phase": "ACTIVE", "status": "PACKED"}, "PACKED"),
    ):
        order_id = accepted(
            world.synq.create(world.synq_order("pending-1", items=[world.synq_line(3)]))
        )["order_id"]
        polinate_id = f"ord_{order_number(order_id)}"
        waiting = accepted(world.polinate.patch(polinate_id, {"order": change}), 200)
        assert waiting["phase"] in {"PENDING", "ACTIVE"}
        made = world.synq_created(items=[world.synq_line(3)])
        told_late = f"ord_{order_number(made['id'])}"
        shown = accepted(world.polinate.patch(told_late, {"order": change}), 200)
        assert (shown["phase"], shown["status"]) == ("ACTIVE", status)
        accepted(world.polinate.patch(polinate_id, {"order": {"phase": "CANCELLED"}}), 200)


def test_the_list_of_konvo_shows_the_same_words(world: World) -> None:
    order = konvo_order(status="fulfilled", shipmentStatus="in_transit")
    [made] = told(world, order)["result"]
    listed = accepted(world.konvo.get(KONVO_ORDERS, limit=200), 200)["result"]
    assert {one["status"] for one in listed if one["id"] == made["id"]} == {"FULFILLED"}


def test_goods_may_be_told_to_leave_before_the_order_is_confirmed(world: World) -> None:
    """The answers are those of a confirmed order; so is what is shown in the end."""
    line = world.synq_line(3)
    placed = world.synq.create(world.synq_order("slow-1500", items=[line]))
    order_id = accepted(placed)["order_id"]
    polinate_id = f"ord_{order_number(order_id)}"
    refused = world.polinate.patch(polinate_id, {"order": {"status": "RETURNED"}})
    assert refused.status_code == 409
    waits = accepted(world.polinate.patch(polinate_id, {"order": {"status": "IN_TRANSIT"}}), 200)
    told(world, konvo_order(id=order_id, status="fulfilled", shipmentStatus="delivered"))
    if waits["phase"] == "PENDING":
        assert "told ahead: polinate_status=IN_TRANSIT" in waits["reason"]
    accepted(world.polinate.patch(polinate_id, {"order": {"phase": "ARCHIVED"}}), 200)
    world.synq.until(order_id, "completed")
    shown = ("completed", "ARCHIVED", "DELIVERED", "completed")
    assert words_of(world, order_id) == shown
    late = world.polinate.patch(polinate_id, {"order": {"phase": "CANCELLED"}})
    assert late.status_code == 409


def test_goods_that_were_told_to_leave_stay_where_the_payment_is_declined(world: World) -> None:
    placed = world.synq.create(world.synq_order("declined-1", items=[world.synq_line(3)]))
    order_id = accepted(placed)["order_id"]
    polinate_id = f"ord_{order_number(order_id)}"
    answer = world.polinate.patch(polinate_id, {"order": {"status": "DELIVERED"}})
    failed = world.synq.until(order_id, "failed")
    if answer.status_code == 200:
        assert "told ahead and dropped: polinate_status=DELIVERED" in failed["reason"]
    else:
        assert answer.status_code == 409  # it had failed by then
    assert words_of(world, order_id)[1:3] == ("REJECTED", "UNASSIGNED")
