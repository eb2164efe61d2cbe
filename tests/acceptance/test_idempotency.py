"""One key, one order: repeated, at once, changed, malformed, and in another organization."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.pooled import module_database_url  # noqa: F401 - a fixture

from entrepot.testing.clients import (
    SYNQ_ORDERS,
    Body,
    World,
    accepted,
    assert_envelope,
    at_once,
    exact,
    konvo_order,
    neighbour,
    order_number,
)
from entrepot.testing.server import Server

REPLAYED = "Idempotent-Replayed"
ALIKE = 64


def fresh_key() -> str:
    return f"key-{uuid.uuid4()}"


@pytest.fixture(scope="module")
def other(server: Server) -> Iterator[World]:
    with neighbour(server, "Neighbour") as organization:
        yield organization


def how_many(world: World) -> int:
    total: int = accepted(world.polinate.get("/api/v1/orders", limit=1), 200)["total"]
    return total


def create_in(dialect: str, world: World, key: str) -> Callable[[], httpx.Response]:
    """A request with this key, the same whenever it is sent."""
    if dialect == "synq":
        body = world.synq_order(idempotency_key=key)
        return lambda: world.synq.create(body)
    body = world.polinate_order()
    return lambda: world.polinate.post(body, key)


@pytest.mark.parametrize("dialect", ["synq", "polinate"])
def test_sixty_four_at_once_make_one_order(dialect: str, world: World) -> None:
    before = how_many(world)
    send = create_in(dialect, world, fresh_key())
    answers = at_once(ALIKE, range(ALIKE), lambda _: send())
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert how_many(world) == before + 1


@pytest.mark.parametrize("dialect", ["synq", "polinate"])
def test_a_replay_is_the_first_answer_byte_for_byte(dialect: str, world: World) -> None:
    send = create_in(dialect, world, fresh_key())
    first = send()
    again = send()
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"


def test_a_replay_does_not_follow_the_order(world: World) -> None:
    send = create_in("polinate", world, fresh_key())
    first = send()
    order_id = exact(first)["id"]
    accepted(world.polinate.patch(order_id, {"order": {"notes": "later"}}), 200)
    assert send().content == first.content


def test_members_in_another_order_are_the_same_content(world: World) -> None:
    body = world.synq_order()
    first = accepted(world.synq.create(body))
    turned = dict(reversed(body.items()))
    assert accepted(world.synq.create(turned)) == first


def changed(body: Body, path: str, value: object) -> Body:
    """A copy of the body with one member changed; `path` as in `items.0.quantity`."""
    other_body = copy.deepcopy(body)
    place: Any = other_body
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[last] = value
    return other_body


@pytest.mark.parametrize(
    ("dialect", "path", "value"),
    [
        ("synq", "payment_reference", "pi_other"),
        ("synq", "payment_provider", "adyen"),
        ("synq", "currency", "USD"),
        ("synq", "channel", "pos"),
        ("synq", "items.0.quantity", 3),
        ("synq", "items.0.unit_price", 12.51),
        ("synq", "items.1.product_title", "Another"),
        ("polinate", "currency", "USD"),
        ("polinate", "notes", "ring twice"),
        ("polinate", "orderItems.0.quantity", 3),
        ("polinate", "orderItems.1.price", "10.26"),
    ],
)
def test_other_content_is_refused_by_name(
    dialect: str, path: str, value: object, world: World
) -> None:
    before = how_many(world)
    key = fresh_key()
    if dialect == "synq":
        body = world.synq_order(idempotency_key=key)
        world.synq.create(body)
        answer = world.synq.create(changed(body, path, value))
    else:
        body = world.polinate_order()
        world.polinate.post(body, key)
        answer = world.polinate.post(changed(body, path, value), key)
        assert answer.json()["errorCode"] == "IDEMPOTENCY_KEY_REUSED"
    assert answer.status_code == 409
    assert_envelope(dialect, answer, path.partition(".")[0])
    assert how_many(world) == before + 1


def test_a_key_belongs_to_the_dialect_that_used_it(world: World) -> None:
    key = fresh_key()
    accepted(world.synq.create(world.synq_order(idempotency_key=key)))
    answer = world.polinate.post(world.polinate_order(), key)
    assert answer.status_code == 409
    assert_envelope("polinate", answer)


KEYS = [
    ("one character", "k", True),
    ("255 characters", "k" * 255, True),
    ("a uuid", str(uuid.uuid4()), True),
    ("statement text", "';DROP/**/TABLE/**/orders;--", True),
    ("empty", "", False),
    ("256 characters", "k" * 256, False),
    ("a line feed", "a\nb", False),
    ("a NUL", "a\x00b", False),
    ("a delete", "a\x7fb", False),
    ("not ASCII", "caf\u00e9", False),
]


@pytest.mark.parametrize(("key", "good"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
def test_the_syntax_of_a_body_key(key: str, good: bool, world: World) -> None:
    before = how_many(world)
    answer = world.synq.create(world.synq_order(idempotency_key=key))
    assert answer.status_code == (201 if good else 400), answer.text
    if not good:
        assert_envelope("synq", answer, "idempotency_key")
    assert how_many(world) == before + good


@pytest.mark.parametrize(
    ("keys", "good"),
    [
        (["p"], True),
        (["h" * 255], True),
        ([""], False),
        (["h" * 256], False),
        (["one", "two"], False),
        (["caf\u00e9"], False),
    ],
)
def test_the_syntax_of_a_header_key(
    keys: list[str],
    good: bool,
    world: World,
) -> None:
    before = how_many(world)
    headers = [(b"Idempotency-Key", key.encode()) for key in keys]
    answer = world.polinate.http.post(
        "/api/v1/orders", json=world.polinate_order(), headers=headers
    )
    if good:
        assert answer.status_code in {200, 201}, answer.text
    else:
        assert answer.status_code == 400, answer.text
        assert_envelope("polinate", answer, "Idempotency-Key")
    assert how_many(world) == before + good


def test_a_quoted_key_is_the_bare_key(world: World) -> None:
    key = fresh_key()
    body = world.polinate_order()
    first = world.polinate.post(body, key)
    quoted = world.polinate.post(body, f'"{key}"')
    assert (quoted.status_code, quoted.content) == (first.status_code, first.content)


def test_a_missing_body_key_is_refused(world: World) -> None:
    body = world.synq_order()
    del body["idempotency_key"]
    answer = world.synq.create(body)
    assert answer.status_code == 400
    assert_envelope("synq", answer, "idempotency_key")


def test_an_invalid_body_leaves_its_key_free(world: World) -> None:
    body = world.synq_order()
    assert world.synq.create(changed(body, "items.0.quantity", -1)).status_code == 400
    assert REPLAYED not in world.synq.create(body).headers
    body, key = world.polinate_order(), fresh_key()
    assert world.polinate.post(changed(body, "currency", "EURO"), key).status_code == 400
    assert world.polinate.post(body, key).status_code in {200, 201}


def test_a_refusal_is_stored_and_replayed(world: World) -> None:
    """A line that the order already has is refused; the same request later gets that answer."""
    order = world.polinate.create(world.polinate_order([0, 1]))
    line = order["orderItems"][1]
    key = fresh_key()
    again = {
        "createOrderItems": [
            {"itemListEntryId": line["itemListEntryId"], "quantity": 1, "price": "1.00"}
        ]
    }
    refused = world.polinate.patch(order["id"], again, key)
    assert refused.status_code == 409, refused.text
    accepted(world.polinate.patch(order["id"], {"deleteOrderItems": [line["id"]]}), 200)
    repeated = world.polinate.patch(order["id"], again, key)
    assert (repeated.status_code, repeated.content) == (409, refused.content)
    assert repeated.headers[REPLAYED] == "true"
    assert len(world.polinate.order(order["id"])["orderItems"]) == 1


def test_a_change_is_made_once(world: World) -> None:
    order = world.polinate.create(world.polinate_order())
    key = fresh_key()
    change = {"order": {"notes": "once"}}
    first = accepted(world.polinate.patch(order["id"], change, key), 200)
    accepted(world.polinate.patch(order["id"], {"order": {"notes": "since"}}), 200)
    assert accepted(world.polinate.patch(order["id"], change, key), 200) == first
    assert world.polinate.order(order["id"])["notes"] == "since"


def test_konvo_takes_the_same_order_again_unchanged(world: World) -> None:
    before = how_many(world)
    body = konvo_order()
    first = accepted(world.konvo.post(body))
    again = accepted(world.konvo.post(body))
    assert again == first
    assert again["count"] == 1
    assert how_many(world) == before + 1


def test_konvo_takes_the_senders_word_for_a_change(world: World) -> None:
    before = how_many(world)
    body = konvo_order(status="open")
    first = accepted(world.konvo.post(body))["result"][0]
    told = {"status": "cancelled", "orderTotal": 4100, "trackingUrl": "https://example.org/t"}
    after = accepted(world.konvo.post(body | told))["result"][0]
    assert after["id"] == first["id"]
    assert after["status"].lower() == "cancelled"
    assert (after["orderTotal"], after["trackingUrl"]) == (4100, "https://example.org/t")
    assert (after["createdAt"], after["updatedAt"] > first["updatedAt"]) == (
        first["createdAt"],
        True,
    )
    assert how_many(world) == before + 1


def test_organizations_do_not_share_keys(world: World, other: World) -> None:
    key = fresh_key()
    ours = accepted(world.synq.create(world.synq_order(idempotency_key=key)))["order_id"]
    line = {"product_title": "Custom work", "unit_price": 5, "quantity": 1}
    theirs = accepted(other.synq.create(other.synq_order(idempotency_key=key, items=[line])))
    assert theirs["order_id"] != ours
    assert world.synq.get(f"{SYNQ_ORDERS}/{theirs['order_id']}").status_code == 404
    body = konvo_order()
    pair = [accepted(client.konvo.post(body))["result"][0]["id"] for client in (world, other)]
    assert len({order_number(order_id) for order_id in pair}) == 2
