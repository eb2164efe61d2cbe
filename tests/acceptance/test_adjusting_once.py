"""One key, one adjustment: a repeat after a timeout counts once."""

from __future__ import annotations

import uuid

import pytest

from entrepot.testing.clients import World, accepted, at_once


@pytest.fixture
def shelf(world: World) -> str:
    """A variant that nobody else adjusts: of a custom line, on no shelf so far."""
    line = {"product_title": f"Thing {uuid.uuid4()}", "unit_price": 1, "quantity": 1}
    order_id = accepted(world.synq.create(world.synq_order(items=[line])))["order_id"]
    variant: str = world.synq.order(order_id)["items"][0]["variant_id"]
    return variant


def free(world: World, variant: str) -> int:
    """Stock on hand, as the refusal of taking too much tells it."""
    refused = world.synq.adjust(variant, -(2**31))
    assert refused.status_code == 409
    return int(refused.json()["error"].split(": ")[1].split(" ")[0])


def test_a_repeat_adjusts_nothing_and_gets_the_first_answer(world: World, shelf: str) -> None:
    key = str(uuid.uuid4())
    answers = at_once(8, range(8), lambda _: world.synq.adjust(shelf, 5, key))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    assert free(world, shelf) == 5
    # A key in quotation marks is that key; without one each request adjusts.
    assert world.synq.adjust(shelf, 5, f'"{key}"').content == answers[0].content
    accepted(world.synq.adjust(shelf, 5), 200)
    assert free(world, shelf) == 10


def test_another_adjustment_under_the_key_is_refused(world: World, shelf: str) -> None:
    key = str(uuid.uuid4())
    accepted(world.synq.adjust(shelf, 5, key), 200)
    reused = world.synq.adjust(shelf, 6, key)
    assert (reused.status_code, "quantity_delta" in reused.json()["error"]) == (409, True)
    order = world.synq.create(world.synq_order(idempotency_key=key))
    assert (order.status_code, free(world, shelf)) == (409, 5)


@pytest.mark.parametrize("key", ["", "\x7f", "k" * 256, "\xe9"])
def test_a_key_that_cannot_be_one_adjusts_nothing(key: str, world: World, shelf: str) -> None:
    accepted(world.synq.adjust(shelf, 5), 200)
    refused = world.synq.http.post(
        "/api/v1/inventory/adjust",
        json={"variant_id": shelf, "location_id": world.synq.location_id, "quantity_delta": 1},
        headers={"Idempotency-Key": key.encode("latin-1")},  # type: ignore[dict-item]
    )
    assert (refused.status_code, free(world, shelf)) == (400, 5)
