"""Touches: recorded by the native API, read back there and as clicks of Konvo's."""

from __future__ import annotations

import uuid
from typing import Any

from tests.acceptance.test_contacts import with_orders
from tests.acceptance.test_native import pointers, problem
from tests.contracts.facts.konvo_contacts import CONTACTS

from entrepot.testing.clients import Body, World, accepted, konvo_order, neighbour
from entrepot.testing.server import Server, eventually


def touch(**changes: Any) -> Body:
    told: Body = {
        "contact": {"email": "jo@example.org"}, "kind": "click", "origin": "broadcast",
        "origin_id": str(uuid.uuid4()),
    } | changes  # fmt: skip
    return told


def test_a_touch_is_recorded_once_under_a_key_and_read_back(world: World) -> None:
    do = world.native.send
    start = accepted(do("GET", "/events?limit=200"), 200)["last"]
    while (more := accepted(do("GET", f"/events?limit=200&after={start}"), 200)["last"]) != start:
        start = more
    told = touch(at="2026-01-02T03:04:05Z", kind="message", origin="ai", channel="whatsapp")
    key = uuid.uuid4().hex
    first = do("POST", "/touches", told, Idempotency_Key=key)
    made = accepted(first)
    again = do("POST", "/touches", told, Idempotency_Key=key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    problem(
        do("POST", "/touches", told | {"origin": "app"}, Idempotency_Key=key), 409, "key-reused"
    )
    accepted(do("POST", "/touches", touch()))
    page = accepted(do("GET", "/touches?limit=1"), 200)
    rest = accepted(do("GET", f"/touches?limit=1&after={page['next']}"), 200)
    assert rest["data"] == [made]
    assert (made["at"], made["click"]) == ("2026-01-02T03:04:05.000Z", None)
    events = accepted(do("GET", f"/events?after={start}&types=touch.recorded"), 200)["data"]
    assert [one["subject"]["kind"] for one in events] == ["touch", "touch"]
    assert events[0]["subject"]["id"] == made["id"]
    body = events[0]["body"]
    assert (body["contact_id"], body["origin"]) == (made["contact_id"], "ai")


def test_an_order_of_any_dialect_is_credited_after_a_touch(server: Server, world: World) -> None:
    mailbox = f"{uuid.uuid4().hex}@example.org"
    told = touch(contact={"email": mailbox}, origin="flow", at="2020-01-01T00:00:00Z")
    accepted(world.native.send("POST", "/touches", told))  # before the window
    made = accepted(world.native.send("POST", "/touches", touch(contact={"email": mailbox})))
    body = world.synq_order()
    body["customer_id"] = made["contact_id"]
    order_id = accepted(world.synq.create(body))["order_id"]

    def credited(count: int) -> list[Body]:
        def there() -> list[Body] | None:
            found = accepted(world.konvo.get("/attributions", contact=made["contact_id"]), 200)
            return found["result"] if found["count"] == count else None

        found: list[Body] = eventually(lambda: there() or (count == 0 and there() is not None), "")
        return found

    [one] = credited(1)
    order = world.konvo.order(order_id)
    assert (one["orderId"], one["orderTotal"]) == (order_id, order["orderTotal"])
    assert (one["originId"], one["type"]) == (made["origin_id"], "MAIN")
    assert (one["currency"], one["contactId"]) == (order["currency"], made["contact_id"])
    with neighbour(server, "Elsewhere") as other:
        assert accepted(other.konvo.get("/attributions"), 200) == {"count": 0, "result": []}
    world.synq.until(order_id, "confirmed")
    accepted(world.native.send("POST", f"/orders/{order_id}/cancel", {}), 200)
    credited(0)
    server.verify()


def test_every_fault_of_a_touch_is_told_and_nothing_is_kept(world: World) -> None:
    do = world.native.send
    before = accepted(do("GET", "/touches?limit=1"), 200)["data"]
    wrong = touch(kind="poke", origin="sms", country="Germany")
    assert pointers(do("POST", "/touches", wrong)) == ["/kind", "/origin", "/country"]
    for told, pointer in (
        (touch(contact={}), "/contact"),
        (touch(contact={"email": "noreply@example.org"}), "/contact"),
        (touch(contact={"id": str(uuid.uuid4()), "email": "jo@example.org"}), "/contact/id"),
        (touch(at="2099-01-01T00:00:00Z"), "/at"),
        (touch(kind="open", click={}), "/click"),
    ):
        assert pointers(do("POST", "/touches", told)) == [pointer], told
    unknown = touch(contact={"id": str(uuid.uuid4())})
    problem(do("POST", "/touches", unknown), 400, "unknown-customer")
    assert accepted(do("GET", "/touches?limit=1"), 200)["data"] == before


def test_a_touched_address_is_the_contact_who_orders_later(server: Server, world: World) -> None:
    name = uuid.uuid4().hex[:12]
    mailbox = f"{name}@example.org"
    made = accepted(world.native.send("POST", "/touches", touch(contact={"email": mailbox})))
    found = with_orders(world.konvo, mailbox, 0)
    assert (found["id"], found["source"]) == (made["contact_id"], "broadcast")
    assert found["lastInteractionDate"] == made["at"]
    who = {"id": name, "firstName": "Jo", "lastName": name}
    who["userIds"] = [{"type": "email", "id": mailbox.upper()}]  # type: ignore[assignment]
    order = accepted(world.konvo.post(konvo_order(customer=who)))["result"][0]
    assert order["contactId"] == made["contact_id"]
    assert with_orders(world.konvo, mailbox, 1)["firstName"] == "Jo"
    with neighbour(server, "Far away") as other:
        theirs = other.native.send
        assert accepted(theirs("GET", "/touches"), 200)["data"] == []
        assert accepted(other.konvo.get("/clicks"), 200) == {"count": 0, "result": []}
        foreign = touch(contact={"id": made["contact_id"]})
        problem(theirs("POST", "/touches", foreign), 400, "unknown-customer")
        own = accepted(theirs("POST", "/touches", touch(contact={"email": mailbox})))
        assert own["contact_id"] != made["contact_id"]
        clicks = accepted(other.konvo.get("/clicks"), 200)
        assert [one["id"] for one in clicks["result"]] == [own["id"]]

        def there() -> bool:
            return bool(accepted(other.konvo.get(CONTACTS), 200)["count"])

        eventually(there, "the other organization's contact is there")
    server.verify()
